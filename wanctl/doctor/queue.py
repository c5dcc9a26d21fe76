"""The queues that a site names, as they stand on the router: there, alone of their name, in use, and really shaping.

How limits work together along a chain of parents is HTB's way: RouterOS manual, Queues.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from wanctl.doctor.finding import QUEUES, Finding, on_router
from wanctl.engine.diagnostic import did_you_mean
from wanctl.plan import DirectionPlan
from wanctl.routeros.quote import ros_quote
from wanctl.routeros.survey import Interface, QueueType, SimpleNode, TreeNode, chain

FAIR = ("cake", "fq-codel")
WITHOUT_MARK = ("", "no-mark")


class Named(NamedTuple):
    """A queue that a site names for one direction, and the limits that wanctl will write."""

    wan: str
    direction: str
    queue: str
    limits: DirectionPlan
    interface: str  # of the WAN on the router, or a word in its place

    @property
    def told(self) -> str:
        """The queue with its place in the site, for people."""
        return f"'{self.queue}' ({self.wan} {self.direction})"


class Menu(NamedTuple):
    """The words for one kind of queue."""

    path: str
    what: str

    def find(self, name: str) -> str:
        """An expression for the queue of that name."""
        return f"[find where name={ros_quote(name)}]"


TREE, SIMPLE = Menu("/queue/tree", "queue tree entry"), Menu("/queue/simple", "simple queue")
Types = Mapping[str, QueueType]


def tree(
    named: Named, nodes: Sequence[TreeNode], types: Types, interfaces: Mapping[str, Interface], marks: frozenset[str]
) -> Iterator[Finding]:
    """One entry of the queue tree; `marks` are the packet marks that an enabled mangle rule gives."""
    found = [node for node in nodes if node.name == named.queue]
    if len(found) != 1:
        yield _not_one(named, TREE, [node.name for node in nodes], [node.id for node in found])
        return
    node = found[0]
    problems = [
        *_state(named, TREE, node.disabled, node.invalid, f"its parent '{node.parent}' or its type '{node.type}'"),
        *_above(named, node, {one.name: one for one in nodes}, interfaces),
        *_limit_at(named, TREE, node.limit_at_bps, sum(one.limit_at_bps for one in nodes if one.parent == node.name)),
        *_type(named, TREE, node.type, types),
    ]
    if node.packet_mark not in WITHOUT_MARK and node.packet_mark not in marks:
        problems.append(
            Finding(
                QUEUES,
                "rule.mark-missing",
                "warn",
                f"no enabled mangle rule gives the packet mark '{node.packet_mark}' of {named.told}",
                "the queue then gets no packet, and the direction is not shaped at all",
                on_router(
                    f"/ip/firewall/mangle/add chain=forward action=mark-packet "
                    f"new-packet-mark={ros_quote(node.packet_mark)} passthrough=no "
                    f"{'in' if named.direction == 'download' else 'out'}-interface={named.interface}"
                ),
            )
        )
    yield from problems or [_fine(named)]


def simple(named: Named, nodes: Sequence[SimpleNode], types: Types) -> Iterator[Finding]:
    """One side of a simple queue: the download of a WAN is the download of the queue's target."""
    found = [node for node in nodes if node.name == named.queue]
    if len(found) != 1:
        yield _not_one(named, SIMPLE, [node.name for node in nodes], [node.id for node in found])
        return
    node, side = found[0], 0 if named.direction == "upload" else 1
    problems = [
        *_state(named, SIMPLE, node.disabled, node.invalid, "its target, its parent or its type"),
        *_limit_at(named, SIMPLE, node.limit_at_bps[side], 0),
        *_type(named, SIMPLE, node.types[side], types),
    ]
    for parent in chain(node.name, {one.name: one.parent for one in nodes}):
        above = next((one for one in nodes if one.name == parent), None)
        if above is not None:
            problems += _held(named, SIMPLE, parent, above.max_limit_bps[side], disabled=above.disabled)
    if node.dynamic:
        why = "it goes and comes back with its limit whenever that service does"
        problems.append(Finding(QUEUES, "queue.dynamic", "warn", f"{named.told} was made by a service", why))
    yield from problems or [_fine(named)]


def _fine(named: Named) -> Finding:
    return Finding(QUEUES, "queue.fine", "ok", f"{named.told} is there, and its limit holds")


def _not_one(named: Named, menu: Menu, names: Sequence[str], ids: Sequence[str]) -> Finding:
    if ids:
        return Finding(
            QUEUES,
            "queue.ambiguous",
            "fail",
            f"{len(ids)} of the router's objects are called {named.told}",
            "wanctl changes nothing where it cannot tell which one is meant",
            on_router(f"{menu.path}/print where name={ros_quote(named.queue)}")
            + on_router(*(f"{menu.path}/set {id_} name={ros_quote(f'{named.queue}-old')}" for id_ in ids[1:])),
        )
    hint = did_you_mean(named.queue, names)
    ceiling = named.limits.ceiling_bps
    new = (
        f"/queue/tree/add name={ros_quote(named.queue)} parent={named.interface} queue=default max-limit={ceiling}"
        if menu is TREE
        else f"/queue/simple/add name={ros_quote(named.queue)} target={named.interface} max-limit={ceiling}/{ceiling}"
    )
    return Finding(
        QUEUES,
        "queue.missing",
        "fail",
        f"the router has no {menu.what} {named.told}" + (f": {hint}" if hint else ""),
        "there is nothing to shape this direction with",
        on_router(f"{menu.path}/print", new),
    )


def _state(named: Named, menu: Menu, disabled: bool, invalid: bool, what: str) -> Iterator[Finding]:
    if disabled:
        yield Finding(
            QUEUES,
            "queue.disabled",
            "fail",
            f"{named.told} is disabled",
            "the router takes the limit and shapes nothing",
            on_router(f"{menu.path}/enable {menu.find(named.queue)}"),
        )
    if invalid:
        yield Finding(
            QUEUES,
            "queue.invalid",
            "fail",
            f"{named.told} is invalid: {what} is gone",
            "the router takes the limit and shapes nothing",
            on_router(f"{menu.path}/print detail where name={ros_quote(named.queue)}"),
        )


def _above(
    named: Named, node: TreeNode, nodes: Mapping[str, TreeNode], interfaces: Mapping[str, Interface]
) -> Iterator[Finding]:
    """What stands above an entry: other entries, whose limits bind it, and at the top an interface or "global"."""
    top = node
    for parent in chain(node.name, {name: one.parent for name, one in nodes.items()}):
        if parent in nodes:
            top = nodes[parent]
            yield from _held(named, TREE, parent, top.max_limit_bps, disabled=top.disabled)
    interface = interfaces.get(top.parent)
    if interface is not None and (interface.disabled or not interface.running):
        state = "disabled" if interface.disabled else "not running"
        why = "no packet passes the queue while it is"
        yield Finding(
            QUEUES, "queue.interface", "warn", f"the interface '{top.parent}' of {named.told} is {state}", why
        )


def _held(named: Named, menu: Menu, parent: str, limit_bps: int, *, disabled: bool) -> Iterator[Finding]:
    if disabled:
        yield Finding(
            QUEUES,
            "queue.parent-disabled",
            "fail",
            f"'{parent}' above {named.told} is disabled",
            "the queues below a disabled one shape nothing",
            on_router(f"{menu.path}/enable {menu.find(parent)}"),
        )
    if 0 < limit_bps < named.limits.ceiling_bps:
        yield Finding(
            QUEUES,
            "queue.parent-limit",
            "fail",
            f"'{parent}' above {named.told} is held at {mbit(limit_bps)}, below its ceiling of "
            f"{mbit(named.limits.ceiling_bps)}",
            "above that, whatever wanctl writes is void: the queue stands where wanctl does not see it",
            on_router(f"{menu.path}/set {menu.find(parent)} max-limit={_unlimited(menu)}"),
        )


def _limit_at(named: Named, menu: Menu, own_bps: int, below_bps: int) -> Iterator[Finding]:
    """Guarantees (`limit-at`) that are stronger than the limit."""
    floor = named.limits.floor_bps
    if own_bps > floor:
        yield Finding(
            QUEUES,
            "queue.limit-at",
            "fail",
            f"{named.told} has limit-at={mbit(own_bps)}, above its floor of {mbit(floor)}",
            "the router takes no max-limit below limit-at, so that wanctl cannot cut as far as it must",
            on_router(f"{menu.path}/set {menu.find(named.queue)} limit-at={_unlimited(menu)}"),
        )
    if below_bps > floor:
        yield Finding(
            QUEUES,
            "queue.limit-at",
            "warn",
            f"the queues below {named.told} are guaranteed {mbit(below_bps)}, more than its floor of {mbit(floor)}",
            "a guarantee is kept even beyond the limit of the queue above it",
            on_router(f"{menu.path}/set [find where parent={ros_quote(named.queue)}] limit-at=0"),
        )


def _type(named: Named, menu: Menu, name: str, types: Types) -> Iterator[Finding]:
    found = types.get(name)
    new = f"{named.wan}-{named.direction}"
    if found is None:
        return  # a dangling type makes the queue invalid, which is told
    if found.kind not in FAIR:
        yield Finding(
            QUEUES,
            "queue.type",
            "warn",
            f"{named.told} is a plain '{found.kind}' ({name})",
            "its packets wait for each other: CAKE or fq_codel keeps calls short while a download fills the queue",
            on_router(
                f"/queue/type/add name={ros_quote(new)} kind=cake cake-flowmode=triple-isolate cake-nat=yes",
                f"{menu.path}/set {menu.find(named.queue)} queue={_queue_value(menu, name, new, named.direction)}",
            ),
        )
    elif 0 < found.cake_bandwidth_bps < named.limits.ceiling_bps:
        yield Finding(
            QUEUES,
            "queue.two-shapers",
            "fail",
            f"the type '{name}' of {named.told} shapes at {mbit(found.cake_bandwidth_bps)} by itself",
            "wanctl writes the queue's max-limit; a lower bandwidth in the type makes it void",
            on_router(f"/queue/type/set [find where name={ros_quote(name)}] cake-bandwidth=0"),
        )


def _queue_value(menu: Menu, old: str, new: str, direction: str) -> str:
    if menu is TREE:
        return ros_quote(new)
    return ros_quote(f"{new}/{old}" if direction == "upload" else f"{old}/{new}")


def _unlimited(menu: Menu) -> str:
    return "0" if menu is TREE else "0/0"


def mbit(rate_bps: int) -> str:
    """A rate in Mbit/s, as people write it."""
    return f"{rate_bps / 1e6:g} Mbit/s"
