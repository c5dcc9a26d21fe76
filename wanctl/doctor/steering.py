"""Is the router prepared for steering, and does something else on it stand in the way?"""

from collections.abc import Iterator, Sequence

from wanctl.config import SiteFile
from wanctl.daemon.steering.layout import steering_plan
from wanctl.doctor.finding import ROUTER, Finding, on_host, on_router
from wanctl.engine.diagnostic import FileError
from wanctl.routeros import Route, Rule
from wanctl.routeros.prepare import has_ipv6, steps
from wanctl.routeros.steering import EVERYBODY, SteeringPlan
from wanctl.routeros.survey import Surveyor

MOST_NAMED = 3
_CHAINS = ("prerouting", "forward")  # where a connection of the LAN could get a mark before ours


def steering(file: SiteFile, router: Surveyor) -> Iterator[Finding]:
    """What there is to say about the steering of a site with classes. Raises `RouterError`."""
    try:
        plan = steering_plan(file)
    except FileError as error:
        for item in error.findings.items:
            if item.code == "WC157":
                yield Finding(ROUTER, "steering.file", "fail", item.message, item.hint)
        return
    yield from _prepared(plan, router)
    yield from _main(router.read_routes())
    yield from _marked_before(plan, router.read_rules("mangle"))
    if has_ipv6(router):
        told = "the router has a default route for IPv6, and IPv6 is not steered"
        yield Finding(ROUTER, "steering.ipv6", "warn", told, "what a class sends over IPv6 stays where it is")


def _prepared(plan: SteeringPlan, router: Surveyor) -> Iterator[Finding]:
    todo = steps(plan, router)
    if not todo:
        count = len(plan.objects())
        yield Finding(ROUTER, "steering.rules", "ok", f"the {count} objects that steering needs are there, in order")
        return
    named = "; ".join(f"{step.comment}: {step.why}" for step in todo[:MOST_NAMED])
    more = f"; and {len(todo) - MOST_NAMED} more" if len(todo) > MOST_NAMED else ""
    why = "a switch without its rules moves nobody, so no class is steered until they are there"
    do = on_host(f"wanctl init --steering {plan.site} --apply")
    yield Finding(ROUTER, "steering.rules", "fail", f"it is not prepared for steering: {named}{more}", why, do)


def _main(routes: Sequence[Route]) -> Iterator[Finding]:
    if any(one.dst_address == EVERYBODY and one.table == "main" and one.active for one in routes):
        return
    why = "a table of a WAN can only lead where the main table leads as well, and what no WAN carries falls back to it"
    do = on_router("/ip/route/add gateway=GATEWAY check-gateway=ping")
    yield Finding(ROUTER, "steering.main", "warn", "its main table has no active default route", why, do)


def _marked_before(plan: SteeringPlan, rules: Sequence[Rule]) -> Iterator[Finding]:
    for rule in rules:
        if rule.comment.startswith(plan.tag):
            return
        if rule.action == "mark-connection" and not rule.disabled and rule.chain in _CHAINS:
            mark = rule.fields.get("new-connection-mark", "")
            told = f"a rule before ours gives connections the mark '{mark}' ({rule.comment or rule.id})"
            why = "a connection has one mark: what that rule marks is not steered. Queues can do with packet marks"
            yield Finding(ROUTER, "steering.marks", "warn", told, why)
