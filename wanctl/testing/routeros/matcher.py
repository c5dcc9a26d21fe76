# ruff: noqa: D102  (`keep`, `recall` and `show` are described once, in `Kind`)
"""The kinds of values of firewall rules, routes, addresses and groups."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime

from wanctl.testing.routeros.kind import Kept, Kind, Names, Ref, Time, Whole
from wanctl.testing.routeros.trap import Trap

# In the order in which a router shows them.
POLICIES = (
    "local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox",
    "password", "web", "sniff", "sensitive", "api", "romon", "rest-api",
)  # fmt: skip


@dataclass(frozen=True)
class Negated(Kind):
    """A value that `!` may stand before: everything but it."""

    kind: Kind

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        if not text.startswith("!"):
            return self.kind.keep(text, argument, names)
        return "!", self.kind.keep(text[1:], argument, names)

    def recall(self, text: str, argument: str, names: Names) -> Kept:
        if not text.startswith("!"):
            return self.kind.recall(text, argument, names)
        return "!", self.kind.recall(text[1:], argument, names)

    def show(self, kept: Kept, names: Names) -> str:
        if isinstance(kept, tuple) and not isinstance(kept, Ref):
            return "!" + self.kind.show(kept[1], names)
        return self.kind.show(kept, names)


@dataclass(frozen=True)
class Words(Kind):
    """Some of a few words, joined by commas."""

    words: tuple[str, ...]

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        if not set(text.split(",")) <= set(self.words):
            raise Trap(f"input does not match any value of {argument}")
        return text


@dataclass(frozen=True)
class Numbered(Kind):
    """One of a few words, or a number."""

    words: tuple[str, ...]
    number: Whole

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        if text in self.words:
            return text
        if not text.isdigit():
            raise Trap(f"input does not match any value of {argument}")
        return self.number.keep(text, argument, names)


class Classifier(Kind):
    """What connections are dealt out by: `both-addresses:2/0`, the first of two shares."""

    _FORM = re.compile(r"(?:(?:both|src|dst)-(?:address(?:es)?(?:-and-ports?)?|ports?)):(\d+)/(\d+)")

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        match = self._FORM.fullmatch(text)
        if match is None or int(match[2]) >= int(match[1]):
            raise Trap(f"invalid value for argument {argument}")
        return text


@dataclass(frozen=True)
class Renamed(Kind):
    """A value whose error texts call it otherwise than the argument is called. Measured: CHR 7.23.7, `interface`."""

    kind: Kind
    called: str

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del argument
        return self.kind.keep(text, self.called, names)

    def recall(self, text: str, argument: str, names: Names) -> Kept:
        del argument
        return self.kind.recall(text, self.called, names)

    def show(self, kept: Kept, names: Names) -> str:
        return self.kind.show(kept, names)


@dataclass(frozen=True)
class Moment(Kind):
    """A date or a time of day, in the form that `strftime` calls so."""

    form: str

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        try:
            datetime.strptime(text, self.form)  # noqa: DTZ007  (only its form is looked at)
        except ValueError:
            raise Trap(f"invalid value for argument {argument}") from None
        return text


class Flag(Kind):
    """Something that an object has or has not; shown as the empty text (`fib`, `blackhole`)."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        if text not in ("", "yes", "true", "no", "false"):
            raise Trap(f"input does not match any value of {argument}")
        return ""


class Network(Kind):
    """A prefix; bits beyond its length are cleared. A single address stands for a prefix of full length."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        try:
            return str(ipaddress.ip_network(text, strict=False))
        except ValueError:
            raise Trap(f"invalid value for argument {argument}") from None


class Host(Kind):
    """An address with the length of its prefix, 32 if it has none."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        try:
            return str(ipaddress.ip_interface(text))
        except ValueError:
            raise Trap(f"invalid value for argument {argument}") from None


class Listed(Kind):
    """What an address list holds: an address, a prefix, a range, or a host name."""

    _RANGE = re.compile(r"[\d.]+-[\d.]+")
    _NAME = re.compile(r"(?!\d+(\.\d+)*$)[A-Za-z0-9.-]+")

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        if self._RANGE.fullmatch(text) or self._NAME.fullmatch(text):
            return text
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise Trap(f"invalid value for argument {argument}") from None
        return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


class Prefixes(Kind):
    """What a rule matches addresses by: an address, a prefix, or a range."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        try:
            for one in text.split("-") if "/" not in text else [text]:
                ipaddress.ip_network(one, strict=False)
        except ValueError:
            raise Trap(f"invalid value for argument {argument}") from None
        return text


class Ports(Kind):
    """Ports and ranges of ports, joined by commas."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        numbers = re.split(r"[,-]", text)
        if not all(number.isascii() and number.isdigit() for number in numbers):
            raise Trap(f"invalid value for argument {argument}")
        if any(int(number) > 65_535 for number in numbers):
            raise Trap(f"value of {argument} out of range (0..65535)")
        return text


class Timeout(Kind):
    """How long an entry stays: a span, or that it stays until the reboot (`none-dynamic`) or for ever."""

    WORDS = ("none-dynamic", "none-static")

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        return text if text in self.WORDS else Time().keep(text, argument, names)


class Gateway(Kind):
    """An address, an interface, or an address with an interface after `%`. Measured text: CHR 7.23.7."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del argument
        address, percent, interface = text.partition("%")
        if names.id_of("/interface", interface if percent else text) is not None:
            return text
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise Trap("invalid or unexpected argument base") from None
        if percent:
            raise Trap("invalid or unexpected argument base")
        return text


class PolicyList(Kind):
    """What a group may do: `read,write,!ftp`. Shown in full: what is granted first, then the rest with `!`."""

    def keep(self, text: str, argument: str, names: Names) -> Kept:
        del names
        words = [word for word in text.split(",") if word]
        if not {word.removeprefix("!") for word in words} <= set(POLICIES):
            raise Trap(f"input does not match any value of {argument}")
        granted: set[str] = set()
        for word in words:
            granted = granted - {word[1:]} if word.startswith("!") else granted | {word}
        return policy_text(granted)


def policy_text(granted: set[str]) -> str:
    """A group's policy as RouterOS shows it."""
    yes = [word for word in POLICIES if word in granted]
    return ",".join([*yes, *(f"!{word}" for word in POLICIES if word not in granted)])


def granted_policies(text: str) -> set[str]:
    """The policies that a text such as `read,write,!ftp` grants."""
    return {word for word in text.split(",") if word and not word.startswith("!")}
