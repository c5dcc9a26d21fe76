"""Findings on the terminal, for scripts, and for code review on GitHub."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import Literal

import click

from wanctl.engine.diagnostic import Diagnostic, Findings

Format = Literal["full", "concise", "json", "github"]
FORMATS: tuple[Format, ...] = ("full", "concise", "json", "github")
_COLOURS = {"error": "red", "warning": "yellow"}
_NARROWEST, _WIDEST = 40, 100


def report_width() -> int:
    """How wide a report may be: the terminal, within reason."""
    return max(_NARROWEST, min(shutil.get_terminal_size().columns, _WIDEST))


def lines(findings: Findings, form: Format, width: int = 80) -> Iterator[str]:
    """The findings in file order, as text with colours; `json` is not of this kind."""
    for item in findings:
        source = findings.sources.get(item.place.file)
        match form:
            case "concise":
                yield _head(item, known=source is not None)
            case "github":
                yield _github(item)
            case _:
                yield "\n".join(_full(item, source, width))


def count(findings: Iterable[Diagnostic]) -> str:
    """How many there are: `2 errors, 1 warning`; "" for none."""
    items = list(findings)
    parts = []
    for severity in ("error", "warning"):
        number = sum(1 for item in items if item.severity == severity)
        if number:
            parts.append(f"{number} {severity}{'s' if number > 1 else ''}")
    return ", ".join(parts)


def _head(item: Diagnostic, *, known: bool) -> str:
    # A file that could not be read, or a name that means none, has no lines to point into.
    place = click.style(_clean(str(item.place) if known else item.place.file), bold=True)
    mark = click.style(f"{item.severity}[{item.code}]", fg=_COLOURS[item.severity], bold=True)
    return f"{place}: {mark}: {_clean(item.message)}"


def _full(item: Diagnostic, source: str | None, width: int) -> Iterator[str]:
    yield _head(item, known=source is not None)
    rows = source.splitlines() if source else []
    number = str(item.place.line) if item.place.line <= len(rows) else ""
    gutter = " " * len(number)
    if number:
        text = _clean(rows[item.place.line - 1]).rstrip()
        room = width - len(number) - 5
        # The caret stays in view, with some of what follows it.
        start = max(0, item.place.column - room * 2 // 3) if item.place.column > room - 12 else 0
        caret = click.style("^", fg=_COLOURS[item.severity], bold=True)
        yield f"  {click.style(f'{number} |', dim=True)} {text[start : start + room]}"
        yield f"  {gutter} {click.style('|', dim=True)} {' ' * (item.place.column - 1 - start)}{caret}"
    if item.hint:
        first = f"  {gutter} {click.style('=', dim=True)} {click.style('help', fg='cyan')}: "
        rest = " " * (len(gutter) + 11)
        wrapped = textwrap.wrap(_clean(item.hint), width - len(rest), break_long_words=False, break_on_hyphens=False)
        yield first + f"\n{rest}".join(wrapped)


def _clean(text: str) -> str:
    """A text of a file, without what a terminal would take for a command."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _github(item: Diagnostic) -> str:
    """A workflow command, which GitHub shows beside the line. Source: GitHub Actions, workflow commands."""
    place = item.place
    text = item.message + (f" ({item.hint})" if item.hint else "")
    fields = {"file": place.file, "line": place.line, "col": place.column, "title": item.code}
    properties = ",".join(f"{key}={_escaped(str(field), ':,')}" for key, field in fields.items())
    return f"::{item.severity} {properties}::{_escaped(_clean(text), '')}"


def _escaped(text: str, also: str) -> str:
    for letter in "%\r\n" + also:
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text
