"""Bringing a router to what a steering plan needs, and away from it again: only what bears the plan's tag is touched.

What is to be done is found out first, as a list of steps that a person can read; nothing is changed by that. Rules are
in order by where they are made; ours that stand in another order are made anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from wanctl.routeros.error import NotFound, Refused
from wanctl.routeros.record import Record, flag, rule
from wanctl.routeros.steering import (
    ADDRESS_LIST,
    FILTER,
    MANGLE,
    NAT,
    ROUTE,
    TABLE,
    Prepared,
    SteeringPlan,
    inside_list,
    switch_list,
)
from wanctl.routeros.survey import Surveyor

MENUS = (TABLE, ROUTE, ADDRESS_LIST, MANGLE, NAT, FILTER)
RULES = (MANGLE, NAT, FILTER)
_DEFAULTS = {"passthrough": "true", "distance": "1"}
_TRUTHS = {"yes": "true", "no": "false"}


class Installer(Surveyor, Protocol):
    """A router whose objects can be made, changed and removed. `RestRouter` and `SshRouter` are both of this kind."""

    def add(self, menu: str, values: Record) -> None:
        """Make an object."""
        ...

    def change(self, menu: str, id_: str, values: Record) -> None:
        """Change the object that has just been found under this id."""
        ...

    def remove(self, menu: str, id_: str) -> None:
        """Remove the object that has just been found under this id."""
        ...


class Step(NamedTuple):
    """One change of the router. `why` is a sentence about what is there instead."""

    what: Literal["add", "change", "remove"]
    menu: str
    values: Mapping[str, str]
    id: str  # of what is changed or removed; "" for what is made
    why: str

    @property
    def comment(self) -> str:
        """What the object is known by."""
        return self.values["comment"]


def steps(plan: SteeringPlan, router: Surveyor) -> tuple[Step, ...]:
    """What has to be done for the router to have all of a plan, and nothing of its tag beside it."""
    has = {menu: _objects(menu, plan, router) for menu in MENUS}
    wanted = [*plan.objects(), *(plan.slow_lane() if _fast(has[FILTER]) else ())]
    found: list[Step] = []
    for menu in MENUS:
        found += _of_menu(menu, [one for one in wanted if one.menu == menu], has[menu], plan)
    return tuple(found)


def removals(plan: SteeringPlan, router: Surveyor) -> tuple[Step, ...]:
    """What has to be done for the router to have nothing of a plan's tag: rules before the tables that they name."""
    return tuple(
        _removal(menu, one, "it is not wanted any more")
        for menu in reversed(MENUS)
        for one in _objects(menu, plan, router)
        if one.get("comment", "").startswith(plan.tag)
    )


def carry_out(todo: Iterable[Step], router: Installer) -> None:
    """Do the steps in order. Raises `RouterError`; what was done until then stays, and another round does the rest."""
    for step in todo:
        match step.what:
            case "add":
                router.add(step.menu, _placed(step, router))
            case "change":
                router.change(step.menu, step.id, step.values)
            case "remove":
                router.remove(step.menu, step.id)


def has_ipv6(router: Surveyor) -> bool:
    """Whether the router has a default route for IPv6, which is not steered."""
    try:
        routes = router.select("ipv6/route", ("dst-address", "disabled"))
    except (NotFound, Refused):
        return False  # its IPv6 package is not there
    return any(one.get("dst-address") == "::/0" and not flag(one, "disabled") for one in routes)


def _objects(menu: str, plan: SteeringPlan, router: Surveyor) -> Sequence[Record]:
    """The objects of a menu. Of address lists only ours: others may have tens of thousands of entries."""
    if menu != ADDRESS_LIST:
        return router.select(menu, ())
    lists = (inside_list(plan.site), *(switch_list(*switch) for switch in plan.switches()))
    return [
        {
            ".id": one.id,
            "list": one.list,
            "address": one.address,
            "comment": one.comment,
            "disabled": "true" if one.disabled else "false",
        }
        for one in router.read_lists(lists)
    ]


def _of_menu(menu: str, wanted: Sequence[Prepared], has: Sequence[Record], plan: SteeringPlan) -> list[Step]:
    ours: dict[str, list[Record]] = {}
    for one in has:
        if one.get("comment", "").startswith(plan.tag) and not _is_switch(one, plan):
            ours.setdefault(one["comment"], []).append(one)
    todo = [
        _removal(menu, one, "it is there twice" if number else "it is not wanted any more")
        for comment, same in ours.items()
        for number, one in enumerate(same)
        if number or comment not in {prepared.comment for prepared in wanted}
    ]
    anew = menu in RULES and not _in_order(menu, wanted, has)
    for prepared in wanted:
        record = ours.get(prepared.comment, [None])[0]
        if record is not None and anew:
            todo.append(_removal(menu, record, "the rules stand in another order"))
            record = None
        if record is None:
            why = "the rules stand in another order" if prepared.comment in ours else "it is not there"
            todo.append(Step("add", menu, prepared.fields, "", why))
        elif changed := _changed(prepared, record):
            values = {"comment": prepared.comment, **changed}
            told = ", ".join(name for name in changed)
            todo.append(Step("change", menu, values, record.get(".id", ""), f"it has another {told}"))
    return todo


def _changed(prepared: Prepared, record: Record) -> dict[str, str]:
    if flag(record, "disabled"):
        return {"disabled": "no"}  # a disabled route does not show the rest; it is compared in the next round
    return {
        name: text
        for name, text in prepared.fields.items()
        if _normal(record.get(name, _DEFAULTS.get(name))) != _normal(text)
    }


def _normal(text: str | None) -> str | None:
    # `fib` and its kind are there or not: what they show when they are there differs between the transports.
    return {"": "true", None: None}.get(text, _TRUTHS.get(text or "", text))


def _in_order(menu: str, wanted: Sequence[Prepared], has: Sequence[Record]) -> bool:
    at = {one.get("comment", ""): number for number, one in enumerate(has)}
    places = [at[one.comment] for one in wanted if one.comment in at]
    if menu == FILTER and places:
        fast = _fast(has)
        return max(places) < min(number for number, one in enumerate(has) if one in fast) if fast else True
    # What is missing is made at the end, so it must be the last of ours.
    return places == sorted(places) and all(one.comment in at for one in wanted[: len(places)])


def _placed(step: Step, router: Surveyor) -> Mapping[str, str]:
    """The values of a new rule, with the place among the others that it needs."""
    if step.menu == FILTER:
        fast = _fast(router.select(FILTER, ()))
        return {**step.values, "place-before": fast[0][".id"]} if fast else step.values
    return step.values


def _fast(filter_rules: Iterable[Record]) -> list[Record]:
    """The rules that let marked connections past the marks."""
    return [one for one in filter_rules if rule(one).bypasses_queues]


def _is_switch(record: Record, plan: SteeringPlan) -> bool:
    return record.get("comment", "").startswith(f"{plan.tag}on:")


def _removal(menu: str, record: Record, why: str) -> Step:
    return Step("remove", menu, {"comment": record.get("comment", "")}, record.get(".id", ""), why)
