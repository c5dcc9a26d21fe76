"""The table `inet wanctl`: which chains, sets and rules steer the traffic classes of a site. Data, not yet installed.

Theory of operation
A connection belongs to a link by the mark that conntrack keeps for it. Three kinds of rules, in this order, in the hook
prerouting:
1. Who comes in from outside stays on the link it came by.
2. A new connection of a class, from the LAN, gets the mark of the first link whose switch is on, else of its home.
3. Each packet of a connection that belongs to a link bears the link's mark, and so is routed by the link's table.
Rule 2 asks for the *first* packet of a connection without a mark, so a connection stays where it began: a move is for
new ones only. A switch is a set that holds `ipv4` with a timeout: when nobody refreshes it, the kernel forgets it by
itself, and new connections go home. A link whose table has no route is no link: routing goes on to the main table.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from wanctl.linux.steering import statement as st
from wanctl.linux.steering.setup import Class, Setup, switch_set
from wanctl.linux.steering.statement import Statement

_BEFORE_MANGLE, _BEHIND_SRCNAT = -151, 110  # beside those of nft(8)'s names, mangle -150 and srcnat 100
_IPV4_ADDRESS, _NFPROTO = 7, 2  # of nft(8)'s types


class Chain(NamedTuple):
    """A chain; a base chain has a type, a hook (its number in the kernel's inet family) and a priority."""

    name: str
    type: str = ""
    hook: str = ""
    priority: int = 0


class Set(NamedTuple):
    """A set of nftables: a switch, or a list of addresses."""

    name: str
    type_name: str  # nft(8)'s
    type_id: int
    key_bytes: int
    timed: bool  # its elements expire; else they are intervals


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a chain, with a comment that says what it is for and ends in a digest of its words."""

    chain: str
    statements: tuple[Statement, ...]
    why: str

    @property
    def words(self) -> str:
        """The rule as nft(8) reads it, without its comment."""
        return " ".join(one.words for one in self.statements)

    @property
    def comment(self) -> str:
        """By this a rule is told from another, and from what somebody else has made of it."""
        digest = hashlib.sha256(f"{self.chain} {self.words}".encode()).hexdigest()[:8]
        return f"{self.why} [{digest}]"


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Everything in the table, in order."""

    sets: tuple[Set, ...]
    chains: tuple[Chain, ...]
    rules: tuple[Rule, ...]


def ruleset(setup: Setup) -> Ruleset:
    """What a setup wants in the table."""
    switches = [Set(switch_set(*pair), "nf_proto", _NFPROTO, 1, timed=True) for pair in setup.switches()]
    names = dict.fromkeys(name for one in setup.classes for name in one.traffic.lists)
    lists = [Set(f"list.{name}", "ipv4_addr", _IPV4_ADDRESS, 4, timed=False) for name in names]
    chains = (
        *(Chain(_chain_of(one)) for one in setup.classes),
        Chain("classify"),
        Chain("prerouting", "filter", "prerouting", _BEFORE_MANGLE),
        Chain("output", "route", "output", _BEFORE_MANGLE),
        Chain("postrouting", "nat", "postrouting", _BEHIND_SRCNAT),
    )
    rules = (*_choosing(setup), *_classifying(setup), *_marking(setup))
    return Ruleset((*switches, *lists), chains, rules)


def _chain_of(one: Class) -> str:
    return f"class.{one.name}"


def _choosing(setup: Setup) -> Iterator[Rule]:
    """In the chain of each class: the first link whose switch is on, else home."""
    for one in setup.classes:
        for link in one.prefer[1:]:
            marked = (st.mark_connection(setup.mark(link)), st.go_back())
            condition = st.is_switched_on(switch_set(one.name, link))
            yield Rule(_chain_of(one), (condition, *marked), f"{one.name} by {link} while its switch is on")
        home = one.prefer[0]
        yield Rule(_chain_of(one), (st.mark_connection(setup.mark(home)),), f"{one.name} at home: {home}")


def _classifying(setup: Setup) -> Iterator[Rule]:
    """In `classify`: the first class that the connection belongs to."""
    for link in setup.links:
        yield Rule("classify", (st.arrives_at(link.device), st.go_back()), f"{link.name} is no LAN")
    yield Rule("classify", (st.arrives_at("lo"), st.go_back()), "this host is no LAN")
    places: list[tuple[Statement, ...]] = [(st.arrives_at(device),) for device in setup.lan] or [()]
    for one in setup.classes:
        traffic = one.traffic
        conditions = [
            *(st.has_dscp(code_point) for code_point in traffic.dscp),
            *(st.comes_from(network) for network in traffic.hosts),
            *(st.goes_to(ports) for ports in traffic.ports),
            *(st.comes_from_list(f"list.{name}") for name in traffic.lists),
        ]
        for place in places:
            for condition in conditions:
                yield Rule("classify", (*place, condition, st.goto(_chain_of(one))), f"{one.name}: {condition.words}")


def _marking(setup: Setup) -> Iterator[Rule]:
    """In the base chains."""
    marks = [(link, setup.mark(link.name)) for link in setup.links]
    fresh = (st.is_new(), st.is_unmarked())
    for link, mark in marks:
        statements = (st.arrives_at(link.device), *fresh, st.mark_connection(mark))
        yield Rule("prerouting", statements, f"who comes by {link.name} stays there")
    yield Rule("prerouting", (*fresh, st.is_ipv4(), st.jump("classify")), "new connections, once each")
    for chain in ("prerouting", "output"):
        for link, mark in marks:
            yield Rule(chain, (st.belongs_to(mark), st.mark_packet(mark)), f"route by {link.name}")
    for link in setup.links:
        statements = (st.leaves_by(link.device), st.is_ipv4(), st.is_marked(), st.masquerade())
        yield Rule("postrouting", statements, f"the address of {link.name}")
