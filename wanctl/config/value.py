"""The values of a site file: each function reads one text, or says with `BadValueError` what is wrong with it.

Rates are whole bit/s, times ms, shares ratios. Nothing is guessed: a number without its unit is an error.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from math import isfinite

from wanctl.engine.diagnostic import did_you_mean
from wanctl.engine.unit import UNITS, UnitError, format_quantity, parse_quantity

MIN_RATE_BPS = 8_000
MAX_RATE_BPS = 100_000_000_000
# What may stand in a name that is sent to a router. Quoting makes names safe there; this list makes them safe twice.
OBJECT_NAME = re.compile(r"[A-Za-z0-9 _.:/-]{1,64}")
# Names of WANs and classes become labels of metrics and parts of the names of machines; a dot would cut those in two.
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
# IFNAMSIZ is 16 with its final zero.
DEVICE_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,15}")
USER_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_CLASS_SELECTORS = tuple(f"cs{number}" for number in range(8))
_ASSURED = tuple(f"af{queue}{drop}" for queue in range(1, 5) for drop in range(1, 4))
DSCP_NAMES = ("be", "df", "ef", "le", "va", *_CLASS_SELECTORS, *_ASSURED)
SHA256_BYTES = 32


class BadValueError(ValueError):
    """A text that is not what its place asks for."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Quota:
    """An amount of traffic in a period: `20GB/month`."""

    size_bytes: int
    period: str  # "day", "week" or "month"

    def __str__(self) -> str:
        return f"{format_quantity(float(self.size_bytes), 'size')}/{self.period}"


def rate(text: str) -> int:
    """A rate with its unit (`38Mbit`) in whole bit/s."""
    value = round(_quantity(text, "rate", "a rate", "38Mbit"))
    if not MIN_RATE_BPS <= value <= MAX_RATE_BPS:
        low, high = (format_quantity(float(bound), "rate") for bound in (MIN_RATE_BPS, MAX_RATE_BPS))
        raise BadValueError(
            "WC111", f"{format_quantity(value, 'rate')} is no rate of a WAN", f"between {low} and {high}"
        )
    return value


def duration(text: str) -> float:
    """A time with its unit (`40ms`) in ms, above 0."""
    value = _quantity(text, "time", "a time", "40ms")
    if value <= 0.0:
        raise BadValueError("WC111", f"'{printable(text)}' must be above 0")
    return value


def time_to_live(text: str) -> float:
    """How long a switch of steering stays on by itself, in ms."""
    value = duration(text)
    if not 30_000.0 <= value <= 3_600_000.0:
        hint = "90s is the default; a daemon that dies leaves traffic where it is for so long"
        raise BadValueError("WC111", f"'{printable(text)}' is not between 30s and 1h", hint)
    return value


def share(text: str) -> float:
    """A share with its unit (`1%`) as a ratio from 0 to 1."""
    value = _quantity(text, "ratio", "a share", "1%")
    if not 0.0 <= value <= 1.0:
        raise BadValueError("WC111", f"'{printable(text)}' is no share", "between 0% and 100%")
    return value


def number(text: str) -> float:
    """A value of a law's parameter in the canonical unit of whatever dimension it has."""
    try:
        return _finite(parse_quantity(text).value, text)
    except UnitError as error:
        raise BadValueError(
            "WC110", printable(str(error)), _unit_hint(text) or "a number with its unit, such as 15ms"
        ) from error


def _quantity(text: str, dimension: str, what: str, example: str) -> float:
    hint = _unit_hint(text) or f"write a number with its unit, such as {example}"
    try:
        quantity = parse_quantity(text)
    except UnitError as error:
        raise BadValueError("WC110", f"'{printable(text)}' is not {what}", hint) from error
    if quantity.dimension != dimension:
        raise BadValueError("WC110", f"'{printable(text)}' is not {what}", hint)
    return _finite(quantity.value, text)


def _finite(number: float, text: str) -> float:
    if not isfinite(number):  # 1e999
        raise BadValueError("WC111", f"'{printable(text)}' is out of range")
    return number


# What people and providers write for the units of a rate; `m` is left out on purpose, it could be anything.
_RATE_SPELLINGS = {"kbps": "kbit", "mbps": "Mbit", "gbps": "Gbit", "k": "kbit", "M": "Mbit", "G": "Gbit", "bps": "bit"}


def _unit_hint(text: str) -> str:
    """A hint that repeats the number with the unit that was meant, if that is clear."""
    match = re.fullmatch(r"\s*([+-]?[\d.]+)\s*([A-Za-z/%]+)\s*", text)
    if not match or match[2] in UNITS:
        return ""
    by_case = {unit.lower(): unit for unit in UNITS}
    unit = _RATE_SPELLINGS.get(match[2]) or _RATE_SPELLINGS.get(match[2].lower()) or by_case.get(match[2].lower())
    return f"did you mean '{match[1]}{unit}'?" if unit else ""


def whole(low: int, high: int, what: str, text: str) -> int:
    """A whole number without a unit, decimal or 0x hexadecimal, from `low` to `high`."""
    if not re.fullmatch(r"\d{1,20}|0[xX][0-9a-fA-F]{1,16}", text):
        raise BadValueError("WC114", f"'{printable(text)}' is not {what}", f"a whole number from {low} to {high}")
    value = int(text, 16) if text[:2].lower() == "0x" else int(text)
    if not low <= value <= high:
        raise BadValueError("WC114", f"{text} is not {what}", f"a whole number from {low} to {high}")
    return value


def port(text: str) -> int:
    """A TCP or UDP port."""
    return whole(1, 65_535, "a port", text)


def fwmark(text: str) -> int:
    """A firewall mark of Linux."""
    return whole(1, 0xFFFF_FFFF, "a firewall mark", text)


def writes(text: str) -> int:
    """A number of writes a minute or a day."""
    return whole(1, 1_000_000, "a number of writes", text)


def object_name(text: str) -> str:
    """The name of a queue, rule, list or interface of a router."""
    return _allowed(text, OBJECT_NAME, r"[A-Za-z0-9 _.:/-]", "letters, digits, blanks and _ . : / -, at most 64")


def device(text: str) -> str:
    """The name of a network interface of this host."""
    if text in (".", ".."):
        raise BadValueError("WC112", f"'{text}' is no name of an interface")
    return _allowed(text, DEVICE_NAME, r"[A-Za-z0-9_.:-]", "letters, digits and _ . : -, at most 15")


def identifier(text: str) -> str:
    """The name of a WAN or of a traffic class."""
    hint = "a letter, then letters, digits, _ and -, at most 32"
    if text[:1].isdigit():
        raise BadValueError("WC112", f"the name '{printable(text)}' starts with a digit", hint)
    return _allowed(text, IDENTIFIER, r"[A-Za-z0-9_-]", hint)


def user(text: str) -> str:
    """The name of a router's user."""
    return _allowed(text, USER_NAME, r"[A-Za-z0-9_.@-]", "letters, digits and _ . @ -, at most 64")


def _allowed(text: str, pattern: re.Pattern[str], letter: str, hint: str) -> str:
    if pattern.fullmatch(text):
        return text
    odd = sorted({character for character in text if not re.fullmatch(letter, character)})
    if odd:
        shown = " ".join(repr(character) if character != "'" else '"\'"' for character in odd[:4])
        raise BadValueError("WC112", f"the name '{printable(text)}' holds {shown}", f"allowed are {hint}")
    raise BadValueError("WC112", f"the name '{printable(text)}' is not allowed", f"allowed are {hint}")


def printable(text: str, longest: int = 60) -> str:
    """A text of a file as it may stand in a message: on one line, without control characters, not too long."""
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."


def path(text: str) -> str:
    """The name of a file."""
    if "\0" in text:
        raise BadValueError("WC112", "the name of a file holds a zero byte")
    return text


def pin(text: str) -> str:
    """A pinned certificate: `sha256//` and the base64 of the SHA-256 of its public key."""
    kind, slashes, digest = text.partition("//")
    if kind != "sha256" or not slashes or not _is_digest(digest, padded=True):
        raise BadValueError("WC116", "this is no pin of a certificate", "sha256//, then 44 characters of base64")
    return text


def host_key(text: str) -> str:
    """The fingerprint of an SSH host key as OpenSSH prints it: `SHA256:` and unpadded base64."""
    kind, colon, digest = text.partition(":")
    if kind != "SHA256" or not colon or not _is_digest(digest, padded=False):
        raise BadValueError("WC116", "this is no fingerprint of a host key", "SHA256:, then 43 characters of base64")
    return text


def _is_digest(text: str, *, padded: bool) -> bool:
    try:
        digest = base64.b64decode(text if padded else text + "=", validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(digest) == SHA256_BYTES and text.endswith("=") == padded


def dscp(text: str) -> str:
    """A code point of a traffic class: a name (`ef`, `af41`, `cs3`) or a number from 0 to 63."""
    if text in DSCP_NAMES or (re.fullmatch(r"\d{1,2}", text) and int(text) < 64):
        return text
    raise BadValueError(
        "WC115", f"'{printable(text)}' is no DSCP", did_you_mean(text, DSCP_NAMES) or "such as ef, af41, 46"
    )


def quota(text: str) -> Quota:
    """An amount of traffic in a period."""
    size, _, period = text.partition("/")
    if period.strip() not in ("day", "week", "month"):
        raise BadValueError("WC110", f"'{printable(text)}' is no quota", "such as 20GB/month; per day, week or month")
    size_bytes = round(_quantity(size, "size", "an amount of traffic", "20GB/month"))
    if size_bytes <= 0:
        raise BadValueError("WC111", f"'{printable(text)}' must be above 0")
    return Quota(size_bytes, period.strip())


def choice(known: tuple[str, ...], text: str) -> str:
    """One of a few words."""
    if text in known:
        return text
    raise BadValueError("WC115", f"'{printable(text)}' is not known here", did_you_mean(text, known))
