"""The menus of users, services, the log, the history, and of what the router says about itself."""

from wanctl.testing.routeros.kind import Boolean, Choice, Reference, Time, Whole
from wanctl.testing.routeros.matcher import Moment, PolicyList
from wanctl.testing.routeros.menu import COMMENT, DISABLED, INVALID, Field, Menu, words

RESOURCE = Menu(
    "/system/resource",
    (
        *(Field(name, access="read") for name in ("architecture-name", "board-name", "build-time", "version")),
        *(Field(name, access="read") for name in ("cpu", "cpu-count", "cpu-frequency", "cpu-load")),
        *(Field(name, access="read") for name in ("free-hdd-space", "free-memory", "factory-software", "platform")),
        *(Field(name, access="read") for name in ("total-hdd-space", "total-memory", "bad-blocks")),
        *(Field(name, access="read") for name in ("write-sect-since-reboot", "write-sect-total")),
        Field("uptime", Time(), "0s", access="read"),
    ),
    words("get print"),
    singleton=True,
)

IDENTITY = Menu("/system/identity", (Field("name", default="MikroTik"),), words("get print set"), True)

# Not in the recorded part of the argument tree: from the manual. The zone is UTC and stays so.
CLOCK = Menu(
    "/system/clock",
    (
        Field("date", Moment("%Y-%m-%d")),
        Field("time", Moment("%H:%M:%S")),
        Field("time-zone-autodetect", Boolean(), "true"),
        Field("time-zone-name", Choice(("UTC",)), "UTC"),
        Field("gmt-offset", default="+00:00", access="read"),
        Field("dst-active", Boolean(), "false", access="read"),
    ),
    words("get print set"),
    singleton=True,
)

# Answers of this menu have not been published: the field names are those of the command line's columns.
HISTORY = Menu(
    "/system/history",
    tuple(Field(name, access="read") for name in ("action", "by", "policy", "time", "undoable")),
    words("find get print"),
    required=(),
)

LOG = Menu(
    "/log",
    tuple(Field(name, access="read") for name in ("time", "topics", "message", "extra-info")),
    words("find get print"),
    required=(),
)

SERVICE = Menu(
    "/ip/service",
    (
        Field("name", access="read"),
        Field("port", Whole(1, 65_535)),
        Field("address", default=""),
        Field("available-from", default=None),
        Field("certificate"),
        Field("tls-version", Choice(("any", "only-1.2"))),
        Field("max-sessions", Whole(1, 1_000), "20"),
        Field("vrf", default="main"),
        Field("proto", default="tcp", access="read"),
        DISABLED,
        Field("dynamic", Boolean(), "false", access="read"),
        INVALID,
    ),
    words("set enable disable find get print"),
    first_id=0,
)

GROUP = Menu(
    "/user/group",
    (Field("name"), Field("policy", PolicyList(), ""), Field("skin", default="default"), COMMENT),
    words("add set remove comment find get print"),
)

# Not in the recorded part of the argument tree: from the manual. A password is written and never read.
USER = Menu(
    "/user",
    (
        Field("name"),
        Field("group", Reference(("/user/group",))),
        Field("address", default=""),
        Field("password", hidden=True),
        Field("inactivity-policy", default="none"),
        Field("inactivity-timeout", Time(), "10m"),
        COMMENT,
        DISABLED,
        Field("last-logged-in", access="read"),
        Field("expired", Boolean(), "false", access="read"),
    ),
    words("add set remove enable disable comment find get print"),
    required=("name", "group"),
)

SYSTEM = (RESOURCE, IDENTITY, CLOCK, HISTORY, LOG, SERVICE, GROUP, USER)
