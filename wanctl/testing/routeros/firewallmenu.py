"""The menus of the firewall. The matchers are those of the argument tree; what kind each is comes from the manual.

Measured on CHR 7.23.7: a rule always shows `bytes`, `packets`, `dynamic` and `invalid`; `disabled`, `log` and
`log-prefix` only once they were written.
"""

from collections.abc import Mapping

from wanctl.testing.routeros.grammar import settable
from wanctl.testing.routeros.kind import TEXT, Boolean, Choice, Kind, Reference, Whole
from wanctl.testing.routeros.matcher import (
    Classifier,
    Listed,
    Negated,
    Numbered,
    Ports,
    Prefixes,
    Renamed,
    Timeout,
    Words,
)
from wanctl.testing.routeros.menu import COMMENT, DISABLED, DYNAMIC, INVALID, Field, Menu, counters, words

_ANY_INTERFACE = ("all-ethernet", "all-ppp", "all-vlan", "all-wireless")
_INTERFACE = Negated(Renamed(Reference(("/interface",), _ANY_INTERFACE), "interface"))
_LIST = Negated(Renamed(Reference(("/interface/list",), ("all", "dynamic", "none", "static")), "interface-list"))
_TYPE = Negated(Words(("unicast", "local", "broadcast", "multicast", "blackhole")))
_TABLE = Reference(("/routing/table",))
_ADDRESS_LISTS = "add-dst-to-address-list add-src-to-address-list"

# The words are those that the command line completes on a router with 7.22 (tikoci/restraml, Unlicense).
_PROTOCOLS = (
    "dccp ddp egp encap etherip ggp gre hmp icmp icmpv6 idpr-cmtp igmp ipencap ipip ipsec-ah ipsec-esp ipv6-encap "
    "ipv6-frag ipv6-nonxt ipv6-opts ipv6-route iso-tp4 l2tp ospf pim pup rdp rspf rsvp sctp st tcp udp udp-lite vmtp "
    "vrrp xns-idp xtp"
)
_OPTIONS = (
    "any loose-source-routing no-record-route no-router-alert no-source-routing no-timestamp none record-route "
    "router-alert strict-source-routing timestamp"
)


def _words(text: str) -> Negated:
    return Negated(Words(tuple(text.split())))


_KINDS: Mapping[str, Kind] = {
    "protocol": Negated(Numbered(tuple(_PROTOCOLS.split()), Whole(0, 255))),
    "connection-type": _words("ftp h323 irc pptp quake3 sip tftp"),
    "hotspot": _words("auth from-client http local-dst to-client"),
    "ipv4-options": Choice(tuple(_OPTIONS.split())),
    "per-connection-classifier": Negated(Classifier()),
    "in-bridge-port": _INTERFACE,
    "out-bridge-port": _INTERFACE,
    "in-bridge-port-list": _LIST,
    "out-bridge-port-list": _LIST,
    "connection-state": Negated(Words(("invalid", "established", "related", "new", "untracked"))),
    "connection-nat-state": Negated(Words(("srcnat", "dstnat"))),
    "dst-address-type": _TYPE,
    "src-address-type": _TYPE,
    "in-interface": _INTERFACE,
    "out-interface": _INTERFACE,
    "in-interface-list": _LIST,
    "out-interface-list": _LIST,
    "routing-mark": Negated(_TABLE),
    "new-routing-mark": _TABLE,
    "passthrough": Boolean(),
    "log": Boolean(),
    "disabled": Boolean(),
    "fragment": Boolean(),
    "src-address": Negated(Prefixes()),
    "dst-address": Negated(Prefixes()),
    "src-port": Negated(Ports()),
    "dst-port": Negated(Ports()),
    "port": Negated(Ports()),
    "dscp": Negated(Whole(0, 63)),
    "new-dscp": Numbered(("from-priority", "from-priority-to-high-3-bits"), Whole(0, 63)),
    "random": Whole(1, 99),
}

_MANGLE = (
    f"accept {_ADDRESS_LISTS} change-dscp change-mss change-ttl clear-df fasttrack-connection jump log mark-connection "
    "mark-packet mark-routing passthrough return route set-priority sniff-pc sniff-tzsp strip-ipv4-options"
)
# No list of these two has been recorded: the manual's.
_FILTER = f"accept {_ADDRESS_LISTS} drop fasttrack-connection jump log passthrough reject return tarpit"
_NAT = (
    f"accept {_ADDRESS_LISTS} dst-nat endpoint-independent-nat jump log masquerade netmap passthrough redirect return "
    "same src-nat"
)


def _rules(path: str, actions: str) -> Menu:
    special = {"action", "chain", "comment"}
    return Menu(
        path,
        (
            Field("chain"),
            Field("action", Choice(tuple(actions.split())), "accept"),
            *(Field(name, _KINDS.get(name, TEXT)) for name in settable(path) if name not in special),
            Field("place-before", access="add", hidden=True),
            COMMENT,
            DYNAMIC,
            INVALID,
            *counters("bytes", "packets"),
        ),
        words("add set remove enable disable comment find get print move unset reset-counters reset-counters-all"),
        required=("chain",),
    )


MANGLE = _rules("/ip/firewall/mangle", _MANGLE)
FILTER = _rules("/ip/firewall/filter", _FILTER)
NAT = _rules("/ip/firewall/nat", _NAT)

ADDRESS_LIST = Menu(
    "/ip/firewall/address-list",
    (
        Field("list"),
        Field("address", Listed()),
        Field("timeout", Timeout()),
        Field("dynamic", Boolean(), "false"),
        Field("creation-time", access="read"),
        COMMENT,
        DISABLED,
    ),
    words("add set remove enable disable comment find get print"),
    required=("list", "address"),
)

FIREWALL = (MANGLE, FILTER, NAT, ADDRESS_LIST)
