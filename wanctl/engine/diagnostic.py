"""What is wrong in a file: a stable code, the place, a sentence and a hint.

All findings of a file are collected and reported at once. A diagnostic renders as

    site.yaml:7:5: error[WC101]: unknown key 'quue'
      7 |     quue: wan2-down
        |     ^
        = help: did you mean 'queue'?
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a text file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding."""

    code: str
    message: str
    place: Place
    hint: str = ""
    severity: Severity = "error"

    def concise(self) -> str:
        """The finding on one line: `file:line:col: error[WC101]: message`."""
        return f"{self.place}: {self.severity}[{self.code}]: {self.message}"

    def render(self, source: str = "") -> str:
        """The finding with the line it is about, a caret and the hint."""
        out = [self.concise()]
        lines = source.splitlines()
        if 0 < self.place.line <= len(lines):
            number = str(self.place.line)
            text = lines[self.place.line - 1].replace("\t", " ").rstrip()
            start = max(0, self.place.column - 80)  # keep the caret in view on long lines
            out.append(f"  {number} | {text[start : start + 100]}")
            out.append(f"  {' ' * len(number)} | {' ' * (self.place.column - 1 - start)}^")
        if self.hint:
            out.append(f"  {'' if not lines else ' ' * len(str(self.place.line))} = help: {self.hint}")
        return "\n".join(out)

    def as_dict(self) -> dict[str, object]:
        """The finding for `--json`."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "hint": self.hint,
        }


@dataclass(slots=True)
class Findings:
    """The findings about a set of files, and the texts they point into."""

    items: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)

    def error(self, code: str, message: str, place: Place, hint: str = "") -> None:
        """Note an error."""
        self._add(Diagnostic(code, message, place, hint))

    def warning(self, code: str, message: str, place: Place, hint: str = "") -> None:
        """Note something that is allowed but deserves a look."""
        self._add(Diagnostic(code, message, place, hint, "warning"))

    def _add(self, item: Diagnostic) -> None:
        if item not in self.items:  # a template that is used twice has each of its faults once
            self.items.append(item)

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors alone, in file order."""
        return [item for item in self if item.severity == "error"]

    def render(self) -> str:
        """Every finding in full, in file order."""
        return "\n".join(item.render(self.sources.get(item.place.file, "")) for item in self)

    def raise_errors(self) -> None:
        """Raise `FileError` if there is any error."""
        if self.errors:
            raise FileError(self)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self.items, key=lambda item: item.place))

    def __len__(self) -> int:
        return len(self.items)


class FileError(Exception):
    """A file that cannot be used; `findings` says everything that is wrong with it."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings.render())
        self.findings = findings


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest known word, or the few known ones, or nothing."""
    names = sorted(set(known))
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if 0 < len(names) <= 12:
        return "known here: " + ", ".join(names)
    return ""
