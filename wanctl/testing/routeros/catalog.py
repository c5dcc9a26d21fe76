"""The menus that the emulator has.

Field and command names are those of the argument tree of RouterOS 7.24 (published by tikoci/restraml); which fields an
answer always has is taken from answers that the provider of terraform and other public projects recorded. Guesses are
marked.
"""

from collections.abc import Mapping

from wanctl.testing.routeros.firewallmenu import FIREWALL
from wanctl.testing.routeros.kind import TEXT, Boolean, Choice, Kind, Pair, Rate, Reference, Size, Time, Whole
from wanctl.testing.routeros.matcher import Words
from wanctl.testing.routeros.menu import COMMENT, DISABLED, DYNAMIC, INVALID, Field, Menu, counters
from wanctl.testing.routeros.menu import words as _words
from wanctl.testing.routeros.routingmenu import ROUTING
from wanctl.testing.routeros.systemmenu import SYSTEM


def _choice(text: str) -> Choice:
    return Choice(tuple(text.split()))


BOOLEAN, RATE, TIME = Boolean(), Rate(), Time()
QUEUE_TYPE = Reference(("/queue/type",))

TREE = Menu(
    "/queue/tree",
    (
        Field("name"),
        Field("parent", Reference(("/interface", "/queue/tree"), ("global",))),
        Field("packet-mark", default=""),
        Field("limit-at", RATE, "0"),
        Field("queue", QUEUE_TYPE, "default-small"),
        Field("priority", Whole(1, 8), "8"),
        *(Field(name, RATE, "0") for name in ("max-limit", "burst-limit", "burst-threshold")),
        Field("burst-time", TIME, "0s"),
        Field("bucket-size", default="0.1"),
        COMMENT,
        DISABLED,
        INVALID,
        *counters("bytes", "packets", "dropped", "rate", "packet-rate", "queued-bytes", "queued-packets"),
        Field("pcq-queues", access="read"),
    ),
    _words("add set remove enable disable comment find get print reset-counters reset-counters-all"),
    first_id=0x1000000,
    required=("parent",),  # guess: without one a queue is nowhere
)

SIMPLE = Menu(
    "/queue/simple",
    (
        Field("name"),
        Field("target", default=""),
        Field("dst", Reference(("/interface",))),
        Field("parent", Reference(("/queue/simple",), ("none",)), "none"),
        Field("packet-marks", default=""),
        Field("queue", Pair(QUEUE_TYPE), "default-small/default-small"),
        Field("priority", Pair(Whole(1, 8)), "8/8"),
        *(Field(name, Pair(RATE), "0/0") for name in ("limit-at", "max-limit", "burst-limit", "burst-threshold")),
        Field("burst-time", Pair(TIME), "0s/0s"),
        Field("bucket-size", Pair(TEXT), "0.1/0.1"),
        Field("time"),
        *(Field(f"total-{name}", RATE) for name in ("limit-at", "max-limit", "burst-limit", "burst-threshold")),
        Field("total-burst-time", TIME),
        Field("total-bucket-size"),
        Field("total-priority", Whole(1, 8)),
        Field("total-queue", QUEUE_TYPE),
        COMMENT,
        DISABLED,
        DYNAMIC,
        INVALID,
        *counters("bytes", "packets", "dropped", "rate", "packet-rate", "queued-bytes", "queued-packets", pair=True),
        *counters("total-bytes", "total-packets", "total-dropped", "total-rate", "total-packet-rate"),
        *counters("total-queued-bytes", "total-queued-packets"),
    ),
    _words("add set remove enable disable comment find get print move unset reset-counters reset-counters-all"),
    required=(),
)


# Whole KiB, whatever unit is written. Other fields of the types take any text.
_TYPE_KINDS: Mapping[str, Kind] = {
    "pcq-limit": Size(2**10), "pcq-total-limit": Size(2**10), "fq-codel-memlimit": Size(), "pcq-rate": Rate(),
    "pcq-classifier": Words(("", "src-address", "dst-address", "src-port", "dst-port")),
    "codel-target": Time(), "codel-interval": Time(), "fq-codel-target": Time(), "fq-codel-interval": Time(),
}  # fmt: skip


def _type_fields(kind: str, **defaults: str) -> tuple[Field, ...]:
    fields = {f"{kind}-{name.replace('_', '-')}": value for name, value in defaults.items()}
    return tuple(Field(name, _TYPE_KINDS.get(name, TEXT), value, only=kind) for name, value in fields.items())


_CAKE_SCHEMES = (
    # `convervative` is the router's spelling
    "raw convervative ipoa-vcmux ipoa-llcsnap bridged-vcmux bridged-llcsnap pppoa-vcmux pppoa-llc pppoe-vcmux "
    "pppoe-llcsnap pppoe-ptm bridged-ptm via-ethernet ethernet ether-vlan docsis"
)
_CAKE_FLOWS = "triple-isolate flowblind srchost dsthost hosts flows dual-srchost dual-dsthost"
_CAKE_RTTS = "none datacentre lan metro regional internet oceanic satellite interplanetary"
_CAKE = (
    # No answer with a CAKE type has been published: which of these are always there is a guess from an export.
    Field("cake-bandwidth", RATE, "0", only="cake"),
    Field("cake-diffserv", _choice("diffserv3 diffserv4 diffserv8 besteffort precedence"), "diffserv3"),
    Field("cake-flowmode", _choice(_CAKE_FLOWS), "triple-isolate"),
    Field("cake-nat", BOOLEAN, "false"),
    Field("cake-wash", BOOLEAN, "false"),
    Field("cake-ack-filter", _choice("none filter aggressive"), "none"),
    Field("cake-overhead", Whole(-64, 256), "0"),
    Field("cake-overhead-scheme", _choice(_CAKE_SCHEMES)),
    Field("cake-mpu", Whole(0, 256)),
    Field("cake-atm", _choice("none atm ptm")),
    Field("cake-rtt", TIME, "100ms"),
    Field("cake-rtt-scheme", _choice(_CAKE_RTTS)),
    Field("cake-autorate-ingress", BOOLEAN),
    Field("cake-memlimit", Size()),
)

TYPE = Menu(
    "/queue/type",
    (
        Field("name"),
        Field("kind", _choice("bfifo cake codel fq-codel mq-pfifo none pcq pfifo red sfq")),
        Field("default", BOOLEAN, "false", access="read"),
        *(Field(one.name, one.kind, one.default, only="cake") for one in _CAKE),
        *_type_fields("pfifo", limit="50"),
        *_type_fields("bfifo", limit="15000"),
        *_type_fields("mq-pfifo", limit="2000"),
        *_type_fields("sfq", perturb="5", allot="1514"),
        *_type_fields("red", limit="60", min_threshold="10", max_threshold="50", burst="20", avg_packet="1000"),
        *_type_fields("codel", limit="1000", target="5ms", interval="100ms", ecn="false"),
        *_type_fields("fq-codel", limit="10240", flows="1024", target="5ms", interval="100ms", quantum="1514"),
        *_type_fields("fq-codel", memlimit="33554432", ecn="true"),
        *_type_fields("pcq", rate="0", limit="50", classifier="", total_limit="2000", burst_rate="0"),
        *_type_fields("pcq", burst_threshold="0", burst_time="10s", src_address_mask="32", dst_address_mask="32"),
        *_type_fields("pcq", src_address6_mask="128", dst_address6_mask="128"),
    ),
    _words("add set remove find get print"),
)

INTERFACE = Menu(
    "/interface",
    (
        Field("name"),
        *(Field(name, access="read") for name in ("default-name", "type")),
        Field("mtu", default="1500"),
        Field("actual-mtu", access="read"),
        Field("l2mtu"),
        *(Field(name, access="read") for name in ("mac-address", "last-link-up-time")),
        COMMENT,
        DISABLED,
        *(Field(name, BOOLEAN, access="read") for name in ("slave", "dynamic")),
        Field("running", BOOLEAN, "true", access="read"),
        Field("link-downs", default="0", access="read"),
        Field("vrf", default="main", access="read"),
        *counters("rx-byte", "tx-byte", "rx-packet", "tx-packet", "rx-drop", "tx-drop", "rx-error", "tx-error"),
        *counters("tx-queue-drop", "fp-rx-byte", "fp-tx-byte", "fp-rx-packet", "fp-tx-packet", "fp-rps-drop"),
    ),
    _words("set enable disable comment find get print reset-counters monitor-traffic"),
)

INTERFACE_LIST = Menu(
    "/interface/list",
    (
        Field("name"),
        *(Field(name, default="") for name in ("include", "exclude")),
        COMMENT,
        *(Field(name, BOOLEAN, "false", access="read") for name in ("builtin", "dynamic")),
    ),
    _words("add set remove comment find get print"),
)

MENUS = {menu.path: menu for menu in (INTERFACE, INTERFACE_LIST, TYPE, TREE, SIMPLE, *FIREWALL, *ROUTING, *SYSTEM)}
