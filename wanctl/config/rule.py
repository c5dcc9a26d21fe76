"""What several keys of a site decide together.

The rules read the node tree, not the typed values, so that they speak even while some value is still wrong: a person
wants every fault of a file at once.
"""

import re
from collections.abc import Iterator

from wanctl.config import value
from wanctl.config.classic import check_classic
from wanctl.config.field import TRANSPORTS
from wanctl.config.lookup import DIRECTIONS, law_of, maps, rate_of, shown, text_of, texts_of
from wanctl.config.model import CEILING_OF_PLAN, FLOOR_OF_CEILING, START_OF_CEILING, Direction, Router
from wanctl.config.reading import key_place, misspelt
from wanctl.config.secret import PLACEHOLDER
from wanctl.config.value import BadValueError, printable
from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import Map, Node, Text

QUEUE_KINDS = ("queue", "simple_queue", "device")
# Limits have keys of their own; as parameters they would be a second place for the same thing.
LIMIT_PARAM = re.compile(r"(?:(?P<direction>download|upload)_)?(?P<limit>ceiling|floor|start)(?:_.*)?")


def check_rules(root: Map, findings: Findings) -> None:
    """Add what is wrong between the keys of a site to `findings`."""
    _check_backend(root, findings)
    _check_router(root, findings)
    wans = root.get("wans")
    if isinstance(wans, Map) and not wans:
        findings.error("WC103", "'wans' names no WAN", root.keys["wans"], "add one: NAME: {download: ..., upload: ...}")
    for wan, node in maps(wans):
        for direction in DIRECTIONS:
            _check_direction(root, ("wans", wan, direction), findings)
        check_classic(root, wan, findings)
        _check_params(node.get("params"), findings)
    _check_params(root.get("params"), findings)
    _check_queues(root, findings)
    _check_ways(wans, findings)
    _check_classes(root, findings)
    _check_budget(root, findings)


def shaped(root: Map) -> Iterator[tuple[str, str, Map]]:
    """The shaped directions that are maps: WAN, direction, and the map."""
    for wan, node in maps(root.get("wans")):
        for direction in DIRECTIONS:
            inner = node.get(direction)
            if isinstance(inner, Map):
                yield wan, direction, inner


def _check_backend(root: Map, findings: Findings) -> None:
    if "router" in root and "linux" in root:
        message = f"'router' (line {root.keys['router'].line}) and 'linux' cannot both be in a site"
        findings.error("WC120", message, root.keys["linux"], "keep the one that shapes")
    elif "router" not in root and "linux" not in root:
        hint = "add router: {...}, or linux: {} if this host shapes"
        findings.error("WC120", "the file lacks 'router'", root.place, hint)


def _check_router(root: Map, findings: Findings) -> None:
    router = root.get("router")
    if not isinstance(router, Map):
        return
    meant = misspelt(router, Router.model_fields)
    transports = [item.value for item in texts_of(router.get("transport"))]
    if "rest" in transports and not {"ca_file", "pin"} & ({*router} | meant):
        hint = "add ca_file: FILE or pin: sha256//BASE64; TLS is never used unverified"
        findings.error("WC125", "'router' lacks 'ca_file' or 'pin' for rest", root.keys["router"], hint)
    if "ca_file" in router and "pin" in router:
        first, second = sorted(("ca_file", "pin"), key=lambda key: router.keys[key])
        message = f"'{second}' beside '{first}' (line {router.keys[first].line})"
        findings.error("WC125", message, router.keys[second], "keep one: they are two ways to know the router")
    if "ssh" in transports and "host_key" not in {*router} | meant:
        hint = "add host_key: SHA256:BASE64; 'run' refuses a router whose key it cannot know"
        findings.warning("WC151", "'router' lacks 'host_key' for ssh", root.keys["router"], hint)
    if "host_key" in router and transports and "ssh" not in transports and set(transports) <= set(TRANSPORTS):
        findings.warning("WC155", "'host_key' has no use: ssh is not in 'transport'", router.keys["host_key"])


def _check_direction(root: Map, path: tuple[str, str, str], findings: Findings) -> None:
    wan = root["wans"]
    assert isinstance(wan, Map)
    node = wan[path[1]]
    direction = node.get(path[2]) if isinstance(node, Map) else None
    if not isinstance(direction, Map):
        return
    place = key_place(root, path)
    kinds = sorted((kind for kind in QUEUE_KINDS if kind in direction), key=lambda kind: direction.keys[kind])
    wanted = ("device",) if "linux" in root and "router" not in root else ("queue", "simple_queue")
    meant = misspelt(direction, Direction.model_fields)  # told once, where it is misspelt
    if not kinds and not meant & set(QUEUE_KINDS):
        hint = f"add {wanted[0]}: NAME" + (" (a queue tree) or simple_queue: NAME" if len(wanted) > 1 else "")
        findings.error("WC121", f"'{path[2]}' lacks the queue that shapes it", place, hint)
    elif len(kinds) > 1:
        message = f"'{kinds[1]}' beside '{kinds[0]}' (line {direction.keys[kinds[0]].line})"
        findings.error("WC121", message, direction.keys[kinds[1]], "a direction is shaped by exactly one")
    elif kinds and kinds[0] not in wanted and ("linux" in root) != ("router" in root):
        backend = "linux" if "linux" in root else "router"
        message = f"'{kinds[0]}' does not go with '{backend}'"
        findings.error("WC126", message, direction.keys[kinds[0]], "use " + " or ".join(f"'{kind}'" for kind in wanted))
    if not {"plan", "ceiling"} & ({*direction} | meant):
        hint = "add plan: what the provider sold, such as 100Mbit"
        findings.error("WC122", f"'{path[2]}' lacks 'plan' or 'ceiling'", place, hint)
    if law_of(root, path[1]) != "classic":
        _check_limits(direction, findings)
    plan, ceiling = rate_of(direction.get("plan")), rate_of(direction.get("ceiling"))
    if plan and ceiling and ceiling > plan:
        message = f"the ceiling is above the plan ({shown(plan)})"
        hint = "the queue will stand in the modem; 85 % of the plan is the default"
        findings.warning("WC152", message, direction["ceiling"].place, hint)


def _check_limits(direction: Map, findings: Findings) -> None:
    """Floor <= start <= ceiling, with the defaults where nothing is written."""
    plan = rate_of(direction.get("plan"))
    ceiling = rate_of(direction.get("ceiling")) or (plan and round(plan * CEILING_OF_PLAN))
    floor, start = rate_of(direction.get("floor")), rate_of(direction.get("start"))
    how = "the ceiling" if "ceiling" in direction else "the ceiling, 85 % of the plan:"
    if ceiling and floor and floor > ceiling:
        findings.error("WC123", f"the floor is above {how} {shown(ceiling)}", direction["floor"].place)
    if ceiling and start and start > ceiling:
        findings.error("WC123", f"the start is above {how} {shown(ceiling)}", direction["start"].place)
    if floor and start and start < floor:
        findings.error("WC123", f"the start is below the floor {shown(floor)}", direction["start"].place)
    if ceiling and start and "floor" not in direction and start < round(ceiling * FLOOR_OF_CEILING):
        lowest = shown(round(ceiling * FLOOR_OF_CEILING))
        message = f"the start is below the floor, {FLOOR_OF_CEILING:.0%} of the ceiling: {lowest}"
        hint = f"write a floor, or leave 'start' out for {START_OF_CEILING:.0%} of the ceiling"
        findings.error("WC123", message, direction["start"].place, hint)


def _check_params(params: Node | None, findings: Findings) -> None:
    for name in params if isinstance(params, Map) else ():
        if match := LIMIT_PARAM.fullmatch(name):
            home = match["direction"] or "download' or 'upload"
            assert isinstance(params, Map)
            hint = f"write '{match['limit']}' under '{home}'"
            findings.error("WC132", f"'{name}' is no parameter but a limit", params.keys[name], hint)


def _check_queues(root: Map, findings: Findings) -> None:
    """No queue is shaped by two; but the two sides of one simple queue are the two directions of one WAN."""
    owners: dict[tuple[str, str], tuple[str, str, Place]] = {}
    for wan, direction, limits in shaped(root):
        for kind in QUEUE_KINDS:
            node = limits.get(kind)
            if not isinstance(node, Text) or not node.value:
                continue
            first = owners.setdefault((kind, node.value), (wan, direction, node.place))
            if first[:2] == (wan, direction) or (kind == "simple_queue" and first[0] == wan):
                continue
            message = f"'{printable(node.value)}' already shapes wans.{first[0]}.{first[1]} (line {first[2].line})"
            findings.error("WC124", message, node.place, "each direction needs a queue of its own")


def _check_ways(wans: Node | None, findings: Findings) -> None:
    """Probes of two WANs that leave by the same way measure the same link twice."""
    seen: dict[tuple[str, str, str], str] = {}
    for wan, node in maps(wans):
        way = (text_of(node.get("source")), text_of(node.get("device")), text_of(node.get("fwmark")))
        if any(PLACEHOLDER.search(part) for part in way):
            continue
        first = seen.setdefault(way, wan)
        if first != wan:
            message = f"the probes of '{wan}' leave by the same way as those of '{first}'"
            hint = "give each WAN a source, a device or a fwmark"
            assert isinstance(wans, Map)
            findings.warning("WC153", message, wans.keys[wan], hint)


def _check_classes(root: Map, findings: Findings) -> None:
    wans = root.get("wans")
    if not isinstance(wans, Map):
        return
    for name, node in maps(root.get("classes")):
        if name in wans:
            message, place = f"a WAN and a class are both called '{name}'", key_place(root, ("classes", name))
            findings.error("WC127", message, place, "give the class another name: 'wanctl pin' and 'why' take either")
        for item in texts_of(node.get("prefer")):
            if item.value not in wans:
                message = f"the class '{name}' prefers '{printable(item.value)}', which is no WAN"
                findings.error("WC127", message, item.place, did_you_mean(item.value, wans))
        who = node.get("who")
        if isinstance(who, Map) and not who:
            place = node.keys["who"]
            findings.error("WC103", "'who' names no traffic", place, "add dscp, hosts, ports or lists")


def _check_budget(root: Map, findings: Findings) -> None:
    budget = root.get("budget")
    if not isinstance(budget, Map) or "minute" not in budget or "day" not in budget:
        return
    try:
        minute, day = (value.writes(text_of(budget[key])) for key in ("minute", "day"))
    except BadValueError:
        return
    if day < minute:
        findings.error("WC128", f"fewer writes a day ({day}) than a minute ({minute})", budget["day"].place)
