"""Whether the traffic meets the queues at all: FastTrack, interfaces, address lists."""

from collections.abc import Iterator, Mapping, Sequence

from wanctl.doctor.finding import QUEUES, Finding, on_router
from wanctl.engine.diagnostic import did_you_mean
from wanctl.routeros import Rule
from wanctl.routeros.quote import ros_quote
from wanctl.routeros.survey import Interface, TreeNode, chain

GLOBAL = "global"


def fasttrack(rules: Sequence[Rule], bypassed: Sequence[str]) -> Iterator[Finding]:
    """Rules that let connections past queues. `bypassed` are those queues of the site that FastTrack does not pass.

    FastTrack skips simple queues and trees below `global`; it passes those below an interface. Source: the manual.
    """
    culprits = [rule for rule in rules if rule.bypasses_queues and not rule.invalid]
    if not bypassed:
        why = "its queues hang below interfaces, which FastTrack passes"
        yield Finding(QUEUES, "rule.fasttrack", "ok", f"FastTrack does not bypass the site's queues: {why}")
    elif not culprits:
        yield Finding(QUEUES, "rule.fasttrack", "ok", "no enabled FastTrack rule bypasses the site's queues")
    for rule in culprits if bypassed else ():
        yield Finding(
            QUEUES,
            "rule.fasttrack",
            "fail",
            f"an enabled FastTrack rule ({rule.id}, chain {rule.chain}) bypasses {', '.join(bypassed)}",
            "fast-tracked connections see neither simple queues nor queues below 'global': nothing is shaped",
            on_router(
                f"/ip/firewall/filter/disable {rule.id}",
                f"# or keep it for unmarked connections: /ip/firewall/filter/set {rule.id} connection-mark=no-mark",
            ),
        )


def bypassed_trees(queues: Sequence[str], nodes: Sequence[TreeNode]) -> list[str]:
    """Those of the queues whose chain of parents ends in `global`."""
    parents = {node.name: node.parent for node in nodes}
    return [queue for queue in queues if GLOBAL in chain(queue, parents)]


def interface(wan: str, name: str, interfaces: Mapping[str, Interface]) -> Finding:
    """The router's interface of a WAN, whose counters wanctl reads."""
    found = interfaces.get(name)
    if found is None:
        hint = did_you_mean(name, interfaces)
        return Finding(
            QUEUES,
            "interface.missing",
            "fail",
            f"the router has no interface '{name}' ({wan})" + (f": {hint}" if hint else ""),
            "its counters tell how much of the line is in use",
            on_router("/interface/print"),
        )
    if found.disabled or not found.running:
        state = "disabled" if found.disabled else "not running"
        why = "no packet comes or goes by this WAN"
        enable = on_router(f"/interface/enable {ros_quote(name)}") if found.disabled else ()
        return Finding(QUEUES, "interface.down", "warn", f"the interface '{name}' ({wan}) is {state}", why, enable)
    return Finding(QUEUES, "interface.fine", "ok", f"the interface '{name}' ({wan}) runs")


def address_list(traffic_class: str, name: str, known: frozenset[str]) -> Finding:
    """An address list that a class of traffic names."""
    if name in known:
        return Finding(QUEUES, "list.fine", "ok", f"the address list '{name}' ({traffic_class}) has entries")
    hint = did_you_mean(name, known)
    return Finding(
        QUEUES,
        "list.missing",
        "warn",
        f"the router has no entry in an address list '{name}' ({traffic_class})" + (f": {hint}" if hint else ""),
        "the class matches no traffic by it",
        on_router(f"/ip/firewall/address-list/add list={ros_quote(name)} address=ADDRESS"),
    )


def packet_marks(rules: Sequence[Rule]) -> frozenset[str]:
    """The packet marks that enabled mangle rules give."""
    return frozenset(
        rule.fields.get("new-packet-mark", "") for rule in rules if rule.action == "mark-packet" and not rule.disabled
    )
