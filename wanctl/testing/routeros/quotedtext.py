"""The text between double quotes on RouterOS's command line.

Measured byte by byte on CHR 7.23.3 and 7.24rc3 (tikoci/centrs): which escapes are accepted, that hexadecimal digits are
upper case, that a backslash before a blank or the end of a line swallows both, that a raw tab becomes four blanks.
"""

from typing import NamedTuple

_SINGLE = {
    '"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t", "$": "$", "_": " ", "a": "\a", "b": "\b", "f": "\f",
    "v": "\v", "?": "?",
}  # fmt: skip
_HEX = "0123456789ABCDEF"


class Quoted(NamedTuple):
    """Text up to the next thing that needs an interpreter; `end` is where that, or the closing quote, stands."""

    data: bytes
    end: int


class BadEscape(Exception):  # noqa: N818
    """A backslash before something that it may not stand before; `at` is where."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def read_quoted(source: str, start: int) -> Quoted:
    """Read from `start`, which is behind a quote, to the next unescaped `"` or `$`. Raises `BadEscape`."""
    data = bytearray()
    at = start
    while at < len(source) and source[at] not in '"$':
        if source[at] == "\\":
            at = _escape(source, at, data)
        elif source[at] == "\t":
            data += b"    "
            at += 1
        else:
            data += source[at].encode("utf-8", "surrogateescape")
            at += 1
    if at >= len(source):
        raise BadEscape(at)
    return Quoted(bytes(data), at)


def _escape(source: str, at: int, data: bytearray) -> int:
    """Read one escape into `data`; where it ends."""
    follows = source[at + 1 : at + 2]
    pair = source[at + 1 : at + 3]
    # `\b`, `\a` and `\f` are lower case and never hexadecimal; `\?` and `\_` are no digits at all.
    if len(pair) == 2 and pair[0] in _HEX and pair[1] in _HEX:
        data.append(int(pair, 16))
        return at + 3
    if follows and follows in _SINGLE:
        data += _SINGLE[follows].encode()
        return at + 2
    if pair == "\r\n":
        return at + 3
    if follows and follows in " \t\r\n":
        return at + 2
    raise BadEscape(at + 1)
