"""Preparing a host for steering, looking at what is prepared, and taking it away again.

Everything is idempotent, and everything of ours is found again by its name (the table of nftables) or its maker (rules
and routes). The sysctls are the host's own: they are looked at, and told.
"""

from pathlib import Path

from wanctl.linux.error import KernelRefused
from wanctl.linux.steering import table
from wanctl.linux.steering.links import LinkTables
from wanctl.linux.steering.netfilter import NOT_THERE, Netfilter, without_nftables
from wanctl.linux.steering.ruleset import Rule, Ruleset, ruleset
from wanctl.linux.steering.setup import TABLE, Setup

SYSCTLS = Path("/proc/sys/net/ipv4")
_STRICT = 1  # of rp_filter: an answer is dropped unless the main table would send there where it came from


def apply(setup: Setup) -> tuple[str, ...]:
    """Set everything up, and say in sentences what is still missing (a device that is not there yet, a sysctl).

    The table is changed in one transaction; switches that are on stay on, address lists keep their elements. Raises
    `KernelWithoutNftables`, `NotPermitted`, `KernelRefused` or `KernelSilent`.
    """
    netfilter, links = Netfilter(), LinkTables(setup)
    try:
        _install(netfilter, ruleset(setup))
        links.apply()
    finally:
        netfilter.close()
        links.close()
    return lacks(setup)


def remove(setup: Setup | None = None) -> None:
    """Take everything of ours away, whatever setup it came from; once more does no harm. Raises as `apply` does."""
    netfilter, links = Netfilter(), LinkTables(setup or Setup((), ()))
    try:
        refused = netfilter.change([table.add_table(), table.delete_table()])
        if refused is not None:
            raise KernelRefused(f"the kernel keeps the table inet {TABLE}: {refused[1].reason}")
        links.remove()
    finally:
        netfilter.close()
        links.close()


def lacks(setup: Setup, sysctls: Path = SYSCTLS) -> tuple[str, ...]:
    """What is missing for a setup to steer, in sentences; empty when all is well. Changes nothing."""
    netfilter, links = Netfilter(), LinkTables(setup)
    try:
        return (*_missing(netfilter, ruleset(setup)), *links.lacks(), *_sysctls(setup, sysctls))
    finally:
        netfilter.close()
        links.close()


def _install(netfilter: Netfilter, wanted: Ruleset) -> None:
    """The table as it is wanted, in one transaction; stale chains and sets go."""
    chains = {chain.name for chain in wanted.chains}
    sets = {one.name for one in wanted.sets}
    has_sets, has_chains = _names(netfilter)
    parts: list[tuple[bytes, str]] = [(table.add_table(), f"table inet {TABLE}")]
    parts += [(table.add_set(one, place + 1), f"set {one.name}") for place, one in enumerate(wanted.sets)]
    parts += [(table.add_chain(chain), f"chain {chain.name} {chain.type}") for chain in wanted.chains]
    parts.append((table.delete_rules(), "flush"))
    parts += [(table.add_rule(rule), rule.words) for rule in wanted.rules]
    parts += [(table.delete_chain(name), f"delete chain {name}") for name in has_chains - chains]
    parts += [(table.delete_set(name), f"delete set {name}") for name in has_sets - sets]
    refused = netfilter.change([message for message, _ in parts])
    if refused is None:
        return
    place, answer = refused
    if answer.errno == NOT_THERE:  # what the kernel says for an expression or a type of chain that it does not know
        raise without_nftables(parts[place][1])
    raise KernelRefused(f"the kernel refuses '{parts[place][1]}': {answer.reason}", f"see nft list table inet {TABLE}")


def _missing(netfilter: Netfilter, wanted: Ruleset) -> list[str]:
    """How the table differs from what is wanted."""
    (answer,) = netfilter.ask([table.get_table()])
    if answer.errno == NOT_THERE:
        return [f"there is no table inet {TABLE}: nothing is steered, and all traffic takes the main table"]
    has_sets, has_chains = _names(netfilter)
    lacking = [f"the table inet {TABLE} lacks the set {one.name}" for one in wanted.sets if one.name not in has_sets]
    (listed,) = netfilter.ask([table.list_rules()])
    held = table.held_rules(listed.messages)
    for chain in wanted.chains:
        if chain.name not in has_chains:
            lacking.append(f"the table inet {TABLE} lacks the chain {chain.name}")
            continue
        has = [rule.comment for rule in held if rule.chain == chain.name]
        lacking += _difference(chain.name, has, [rule for rule in wanted.rules if rule.chain == chain.name])
    lacking += [f"the chain {name} of inet {TABLE} is not ours" for name in sorted(has_chains - {*_chains(wanted)})]
    return lacking


def _difference(chain: str, has: list[str], wanted: list[Rule]) -> list[str]:
    comments = [rule.comment for rule in wanted]
    if has == comments:
        return []
    told = [f"the chain {chain} lacks '{rule.words}'" for rule in wanted if rule.comment not in has]
    told += [f"the chain {chain} has a rule that is not ours: '{one}'" for one in has if one not in comments]
    return told or [f"the rules of the chain {chain} are not in their order"]


def _sysctls(setup: Setup, root: Path) -> list[str]:
    told = []
    if _sysctl(root / "ip_forward") == 0:
        told.append("this host does not forward: sysctl -w net.ipv4.ip_forward=1")
    overall = _sysctl(root / "conf/all/rp_filter") or 0
    for link in setup.links:
        if max(overall, _sysctl(root / "conf" / link.device / "rp_filter") or 0) == _STRICT:
            line = f"sysctl -w net.ipv4.conf.{link.device.replace('.', '/')}.rp_filter=2"
            told.append(f"answers that come by {link.name} may be dropped, for rp_filter is strict: {line}")
    return told


def _sysctl(path: Path) -> int | None:
    return int(path.read_text()) if path.is_file() else None


def _names(netfilter: Netfilter) -> tuple[set[str], set[str]]:
    """The sets and the chains that are there."""
    (sets,) = netfilter.ask([table.list_sets()])
    (chains,) = netfilter.ask([table.list_chains()])
    return table.names_of_sets(sets.messages), table.names_of_chains(chains.messages)


def _chains(wanted: Ruleset) -> list[str]:
    return [chain.name for chain in wanted.chains]
