"""The preparation in words that a person can read and run: a script for nft(8), and lines of ip(8) and sysctl(8)."""

from wanctl.linux.steering.ruleset import Chain, Ruleset, Set, ruleset
from wanctl.linux.steering.setup import PROTOCOL, TABLE, Setup


def nft_script(setup: Setup) -> str:
    """What `nft -f` takes. Switches that are on stay on; the rules are made anew, in one transaction."""
    wanted: Ruleset = ruleset(setup)
    lines = [f"add table inet {TABLE}", *(_of_set(one) for one in wanted.sets)]
    lines += [_of_chain(chain) for chain in wanted.chains]
    lines.append(f"flush table inet {TABLE}")
    for rule in wanted.rules:
        lines.append(f'add rule inet {TABLE} {rule.chain} {rule.words} comment "{rule.comment}"')
    return "\n".join(lines) + "\n"


def removal() -> str:
    """What takes everything away again, as a shell reads it."""
    rules = f"while ip -4 rule delete protocol {PROTOCOL} 2>/dev/null; do :; done"
    routes = f"ip -4 route flush table all protocol {PROTOCOL}"
    return f"nft delete table inet {TABLE}\n{rules}\n{routes}\n"


def _of_set(one: Set) -> str:
    flags = "timeout" if one.timed else "interval"
    return f"add set inet {TABLE} {one.name} {{ type {one.type_name}; flags {flags}; }}"


def _of_chain(chain: Chain) -> str:
    hook = f" {{ type {chain.type} hook {chain.hook} priority {chain.priority}; }}" if chain.hook else ""
    return f"add chain inet {TABLE} {chain.name}{hook}"
