"""Messages to and from nf_tables about the table `inet wanctl`, byte for byte.

Source: include/uapi/linux/netfilter/nf_tables.h and nfnetlink.h.
"""

import struct
from collections.abc import Iterable
from typing import NamedTuple

from wanctl.linux.channel import ACK, DUMP, REQUEST
from wanctl.linux.steering.attribute import big, bigger, nest, number, pairs, plain, text, words
from wanctl.linux.steering.ruleset import Chain, Rule, Set
from wanctl.linux.steering.setup import TABLE

_SUBSYSTEM, _INET, _CREATE, _APPEND = 10, 1, 0x400, 0x800
_BEGIN, _END = 0x10, 0x11
_NEW_TABLE, _GET_TABLE, _DELETE_TABLE = 0, 1, 2
_NEW_CHAIN, _GET_CHAIN, _DELETE_CHAIN = 3, 4, 5
_NEW_RULE, _GET_RULE, _DELETE_RULE = 6, 7, 8
_NEW_SET, _GET_SET, _DELETE_SET = 9, 10, 11
_NEW_ELEMENT, _GET_ELEMENT, _DELETE_ELEMENT = 12, 13, 14
_HEADER = struct.Struct("=IHHIIBBH")  # netlink's header; then family, version, and in the network's order a subsystem
_HEADER_BYTES = _HEADER.size
_HOOKS = {"prerouting": 0, "output": 3, "postrouting": 4}
_INTERVAL, _TIMEOUT = 0x04, 0x10
_COMMENT = 0  # the kind of a comment in a rule's userdata


class Held(NamedTuple):
    """A rule as the kernel holds it: enough to know it again."""

    chain: str
    comment: str


class Element(NamedTuple):
    """An element of a set, as it was read."""

    key: bytes
    expires_in_ms: int | None  # None: it stays


def begin() -> bytes:
    """The start of a transaction."""
    return _message(_BEGIN, REQUEST, b"", family=0, subsystem=_SUBSYSTEM)


def end() -> bytes:
    """The end of a transaction."""
    return _message(_END, REQUEST, b"", family=0, subsystem=_SUBSYSTEM)


def add_table() -> bytes:
    """Make the table, or find it there."""
    return _of_tables(_NEW_TABLE, REQUEST | _CREATE, text(1, TABLE))


def delete_table() -> bytes:
    """Remove the table with all that is in it. It must be there."""
    return _of_tables(_DELETE_TABLE, REQUEST, text(1, TABLE))


def get_table() -> bytes:
    """Ask for the table."""
    return _of_tables(_GET_TABLE, REQUEST | ACK, text(1, TABLE))


def add_set(one: Set, number_in_batch: int) -> bytes:
    """Make a set, or find it there with its elements."""
    flags = _TIMEOUT if one.timed else _INTERVAL
    body = text(1, TABLE) + text(2, one.name) + big(3, flags) + big(4, one.type_id) + big(5, one.key_bytes)
    return _of_tables(_NEW_SET, REQUEST | _CREATE, body + big(10, number_in_batch))


def delete_set(name: str) -> bytes:
    """Remove a set. No rule may name it."""
    return _of_tables(_DELETE_SET, REQUEST, text(1, TABLE) + text(2, name))


def list_sets() -> bytes:
    """All sets of the table."""
    return _of_tables(_GET_SET, REQUEST | DUMP, text(1, TABLE))


def add_chain(chain: Chain) -> bytes:
    """Make a chain, or find it there with its rules."""
    body = text(1, TABLE) + text(3, chain.name)
    if chain.hook:
        hook = nest(4, big(1, _HOOKS[chain.hook]), big(2, chain.priority & 0xFFFFFFFF))
        body += hook + text(7, chain.type)
    return _of_tables(_NEW_CHAIN, REQUEST | _CREATE, body)


def delete_chain(name: str) -> bytes:
    """Remove an empty chain to which no rule leads."""
    return _of_tables(_DELETE_CHAIN, REQUEST, text(1, TABLE) + text(3, name))


def list_chains() -> bytes:
    """All chains of all tables of the family."""
    return _of_tables(_GET_CHAIN, REQUEST | DUMP, b"")


def add_rule(rule: Rule) -> bytes:
    """Append a rule to its chain."""
    expressions = nest(4, *(code for one in rule.statements for code in one.code))
    comment = rule.comment.encode() + b"\0"
    told = plain(7, bytes([_COMMENT, len(comment)]) + comment)
    body = text(1, TABLE) + text(2, rule.chain) + expressions + told
    return _of_tables(_NEW_RULE, REQUEST | _CREATE | _APPEND, body)


def delete_rules() -> bytes:
    """Remove the rules of all chains of the table."""
    return _of_tables(_DELETE_RULE, REQUEST, text(1, TABLE))


def list_rules() -> bytes:
    """All rules of the table, those of a chain in order."""
    return _of_tables(_GET_RULE, REQUEST | DUMP, text(1, TABLE))


def add_element(set_name: str, key: bytes, timeout_ms: int) -> bytes:
    """Put an element into a set for that long. Whether one that is there takes the new time differs by kernel."""
    return _of_element(_NEW_ELEMENT, REQUEST | _CREATE, set_name, nest(1, plain(1, key)), bigger(4, timeout_ms))


def delete_element(set_name: str, key: bytes) -> bytes:
    """Take an element out of a set. It must be there."""
    return _of_element(_DELETE_ELEMENT, REQUEST, set_name, nest(1, plain(1, key)))


def get_element(set_name: str, key: bytes) -> bytes:
    """Ask for an element; ENOENT where there is none, or an expired one."""
    return _of_element(_GET_ELEMENT, REQUEST | ACK, set_name, nest(1, plain(1, key)))


def names_of_sets(answers: Iterable[bytes]) -> set[str]:
    """The names in the answers to `list_sets`."""
    return {words(found[2]) for found in map(_attributes, answers)}


def names_of_chains(answers: Iterable[bytes]) -> set[str]:
    """The names of our table's chains in the answers to `list_chains`."""
    return {words(found[3]) for found in map(_attributes, answers) if words(found[1]) == TABLE}


def held_rules(answers: Iterable[bytes]) -> list[Held]:
    """The rules in the answers to `list_rules`."""
    return [Held(words(found[2]), _comment(found.get(7, b""))) for found in map(_attributes, answers)]


def elements_of(answers: Iterable[bytes]) -> list[Element]:
    """The elements in the answers to `get_element`."""
    found = []
    for listed in map(_attributes, answers):
        for _, element in pairs(listed.get(3, b"")):
            fields = dict(pairs(element))
            key = dict(pairs(fields[1]))[1]
            found.append(Element(key, number(fields[5]) if 5 in fields else None))
    return found


def _comment(userdata: bytes) -> str:
    at = 0
    while at + 2 <= len(userdata):
        kind, length = userdata[at], userdata[at + 1]
        if kind == _COMMENT:
            return words(userdata[at + 2 : at + 2 + length])
        at += 2 + length
    return ""


def _attributes(message: bytes) -> dict[int, bytes]:
    return dict(pairs(message[_HEADER_BYTES:]))


def _of_element(kind: int, flags: int, set_name: str, *attributes: bytes) -> bytes:
    return _of_tables(kind, flags, text(1, TABLE) + text(2, set_name) + nest(3, nest(1, *attributes)))


def _of_tables(kind: int, flags: int, body: bytes) -> bytes:
    return _message(_SUBSYSTEM << 8 | kind, flags, body, family=_INET, subsystem=0)


def _message(kind: int, flags: int, body: bytes, *, family: int, subsystem: int) -> bytes:
    head = _HEADER.pack(_HEADER_BYTES + len(body), kind, flags, 0, 0, family, 0, 0)
    return head[:-2] + struct.pack(">H", subsystem) + body
