"""The menus of addresses, routes, routing tables and rules."""

from wanctl.testing.routeros.kind import Boolean, Choice, Reference, Whole
from wanctl.testing.routeros.matcher import Flag, Gateway, Host, Network
from wanctl.testing.routeros.menu import COMMENT, DISABLED, DYNAMIC, INVALID, Field, Menu, words

_TABLE = Reference(("/routing/table",))
_INTERFACE = Reference(("/interface",))
_EDITING = "add set remove enable disable comment find get print"

ROUTE = Menu(
    "/ip/route",
    (
        Field("dst-address", Network(), "0.0.0.0/0"),
        Field("routing-table", _TABLE, "main"),
        Field("pref-src"),
        Field("gateway", Gateway()),
        Field("immediate-gw", access="read"),  # made up when it is shown: see `behaviour.Route`
        Field("check-gateway", Choice(("none", "arp", "bfd", "ping"))),
        Field("distance", Whole(1, 255), "1"),
        Field("scope", Whole(0, 255), "30"),
        Field("target-scope", Whole(0, 255), "10"),
        Field("blackhole", Flag()),
        Field("vrf-interface", _INTERFACE),
        Field("suppress-hw-offload", Boolean(), access="read"),
        Field("disabled", Boolean()),
        COMMENT,
        DYNAMIC,
        Field("static", Boolean(), "true", access="read"),
        *(Field(name, access="read") for name in ("active", "inactive")),
        *(Field(name, access="read") for name in ("connect", "dhcp", "ecmp", "hw-offloaded", "local-address")),
    ),
    words(f"{_EDITING} unset"),
    first_id=0x80000000,
    required=(),
)

TABLE = Menu(
    "/routing/table",
    (Field("name"), Field("fib", Flag()), COMMENT, Field("disabled", Boolean()), DYNAMIC, INVALID),
    words(f"{_EDITING} unset"),
)

RULE = Menu(
    "/routing/rule",
    (
        Field("action", Choice(("drop", "lookup", "lookup-only-in-table", "mangle", "unreachable")), "lookup"),
        Field("chain", Choice(("local", "main", "mangle", "user", "vrf-lookup", "vrf-unreach"))),
        Field("dst-address", Network()),
        Field("src-address", Network()),
        Field("interface", _INTERFACE),
        Field("routing-mark", _TABLE),
        Field("table", Reference(("/routing/table",), ("local",))),
        *(Field(name) for name in ("min-prefix", "realm", "vrf")),
        Field("place-before", access="add", hidden=True),
        COMMENT,
        DISABLED,
        Field("inactive", Boolean(), "false", access="read"),
    ),
    words(f"{_EDITING} move unset"),
    required=(),
)

# Not in the recorded part of the argument tree: from the manual, and from answers in the manual's REST pages.
ADDRESS = Menu(
    "/ip/address",
    (
        Field("address", Host()),
        Field("interface", _INTERFACE),
        *(Field(name) for name in ("network", "broadcast", "netmask")),
        COMMENT,
        DISABLED,
        DYNAMIC,
        INVALID,
        Field("actual-interface", access="read"),
    ),
    words(_EDITING),
    required=("address", "interface"),
)

ROUTING = (ROUTE, TABLE, RULE, ADDRESS)
