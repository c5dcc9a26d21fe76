# ruff: noqa: D102  (`keep`, `recall` and `show` are described once, in `Kind`)
"""The kinds of values that a RouterOS field can have: how each is read from what a client writes, kept, and shown.

A kept value is text in REST's own spelling (`10M` is kept as `10000000`), a reference to another object (which survives
the renaming of that object, and outlives its removal as a dangling id), or a pair of these.

This reads values on its own, apart from `wanctl.routeros.value`: what tests an adapter should not share its mistakes.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from wanctl.testing.routeros.trap import Trap

_TRUE, _FALSE = ("yes", "true", ""), ("no", "false")
_RATE = re.compile(r"(\d+)(k|K|M|G)?(?:bps)?")
_THOUSANDS = {None: 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9}
_TIME = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?(?:(\d+)us)?")
_SECONDS = re.compile(r"\d+")
_CLOCK = re.compile(r"(?P<days>(?:\d+w)?(?:\d+d)?) ?(?P<hours>\d+):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)")
_SIZE = re.compile(r"(\d+)(KiB|MiB|GiB|k|K|M|G)?")
_BINARY = {None: 1, "KiB": 2**10, "k": 2**10, "K": 2**10, "MiB": 2**20, "M": 2**20, "GiB": 2**30, "G": 2**30}
_TIME_NS = (604_800 * 10**9, 86_400 * 10**9, 3_600 * 10**9, 60 * 10**9, 10**9, 10**6, 10**3)
_TIME_UNITS = ("w", "d", "h", "m", "s", "ms", "us")
_ID = re.compile(r"\*[0-9A-F]+")


class Ref(NamedTuple):
    """A reference to the object `id` of `menu`."""

    menu: str
    id: str


Kept = str | Ref | tuple["Kept", "Kept"]
Item = dict[str, Kept]


class Names(Protocol):
    """Who knows which object has which name."""

    def id_of(self, menu: str, name: str) -> str | None:
        """The id of the first object of that name."""
        ...

    def name_of(self, menu: str, id_: str) -> str | None:
        """The name of an object."""
        ...


class Kind:
    """Free text, and the base of all other kinds."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        """What a client wrote, as it is kept. Raises `Trap` in RouterOS's words."""
        del argument, names
        return text

    def recall(self, text: str, argument: str, names: Names) -> Kept:
        """What was shown before, as it is kept: unlike a client, a stored state may hold dangling ids."""
        return self.keep(text, argument, names)

    def show(self, kept: Kept, names: Names) -> str:
        """A kept value as REST shows it."""
        del names
        assert isinstance(kept, str)
        return kept


TEXT = Kind()


class Boolean(Kind):
    """Written `yes`, `no`, `true` or `false`; shown `true` or `false`."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        if text not in _TRUE + _FALSE:
            raise Trap(f"input does not match any value of {argument}")
        return "true" if text in _TRUE else "false"


class Rate(Kind):
    """bit/s, with or without k, M or G; shown in plain digits. Measured: the provider of terraform asserts this."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        match = _RATE.fullmatch(text)
        if match is None:
            raise Trap(f"invalid value for argument {argument}")
        return str(int(match[1]) * _THOUSANDS[match[2]])


class Time(Kind):
    """A span such as `1w2d3h4m5s`, `650us`, `00:01:30` or plain seconds; shown normalised."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        if _SECONDS.fullmatch(text):
            text = f"{text}s"
        elif clock := _CLOCK.fullmatch(text):
            text = f"{clock['days']}{clock['hours']}h{clock['minutes']}m{clock['seconds']}s"
        match = _TIME.fullmatch(text)
        if match is None or not text:
            raise Trap(f"invalid value for argument {argument}")
        return span(sum(int(part or 0) * unit for part, unit in zip(match.groups(), _TIME_NS, strict=True)))

    def nanoseconds(self, kept: Kept) -> int:
        """A kept span in ns."""
        match = _TIME.fullmatch(str(kept))
        assert match is not None
        return sum(int(part or 0) * unit for part, unit in zip(match.groups(), _TIME_NS, strict=True))


@dataclass(frozen=True)
class Size(Kind):
    """A size with or without KiB, MiB or GiB, shown in plain digits of `unit` bytes."""

    unit: int = 1

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        match = _SIZE.fullmatch(text)
        if match is None:
            raise Trap(f"invalid value for argument {argument}")
        number = int(match[1])
        return str(number * _BINARY[match[2]] // self.unit if match[2] else number)


@dataclass(frozen=True)
class Whole(Kind):
    """An integer within bounds that the error text names."""

    low: int
    high: int

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        if not re.fullmatch(r"-?\d+", text):
            raise Trap(f"invalid value for argument {argument}")
        if not self.low <= int(text) <= self.high:
            raise Trap(f"value of {argument} out of range ({self.low}..{self.high})")
        return str(int(text))


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    words: tuple[str, ...]

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        if text not in self.words:
            raise Trap(f"input does not match any value of {argument}")
        return text


@dataclass(frozen=True)
class Reference(Kind):
    """The name of an object of one of `menus`, or one of a few words. A dangling one shows the id of what is gone."""

    menus: tuple[str, ...]
    words: tuple[str, ...] = ()

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        if text in self.words:
            return text
        for menu in self.menus:
            found = names.id_of(menu, text)
            if found is not None:
                return Ref(menu, found)
            if _ID.fullmatch(text) and names.name_of(menu, text) is not None:
                return Ref(menu, text)
        raise Trap(f"input does not match any value of {argument}")

    def recall(self, text: str, argument: str, names: Names) -> Kept:
        return Ref(self.menus[0], text) if _ID.fullmatch(text) else self.keep(text, argument, names)

    def show(self, kept: Kept, names: Names) -> str:
        if isinstance(kept, Ref):
            return names.name_of(kept.menu, kept.id) or kept.id
        return super().show(kept, names)


@dataclass(frozen=True)
class Pair(Kind):
    """Two values of a kind, upload and download: `20M/100M`. A single one stands for both."""

    kind: Kind

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        first, slash, second = text.partition("/")
        upload = self.kind.keep(first, argument, names)
        return upload, self.kind.keep(second, argument, names) if slash else upload

    def recall(self, text: str, argument: str, names: Names) -> Kept:
        first, slash, second = text.partition("/")
        upload = self.kind.recall(first, argument, names)
        return upload, self.kind.recall(second, argument, names) if slash else upload

    def show(self, kept: Kept, names: Names) -> str:
        assert isinstance(kept, tuple)
        assert not isinstance(kept, Ref)
        return "/".join(self.kind.show(one, names) for one in kept)


def span(nanoseconds: int) -> str:
    """A span of time as RouterOS writes it: `4m58s`, `650us`, `0s`."""
    out = ""
    for unit, size in zip(_TIME_UNITS, _TIME_NS, strict=True):
        number, nanoseconds = divmod(nanoseconds, size)
        out += f"{number}{unit}" if number else ""
    return out or "0s"
