"""What is wrong with a trace: the file, the line, what, and what to do; and what `--tolerant` does about it.

WC140 and WC701 to WC703 are about a whole file. WC704 to WC708 are about one row, which `--tolerant` skips and counts.
"""

from typing import NamedTuple, NoReturn

from wanctl.engine.diagnostic import Diagnostic, FileError, Findings, Place

_MAX_QUOTE = 60


class Reason(NamedTuple):
    """Why a row cannot be used."""

    code: str
    message: str  # about this row
    what: str  # its kind, in a few words
    hint: str


TORN = Reason(
    "WC704",
    "the file ends in the middle of a row",
    "torn",
    "the file was cut; if this row is whole, end it with a newline",
)


def wrong_width(fields: int, columns: int) -> Reason:
    """A row with too few or too many fields."""
    message = f"the row has {fields} fields, the header {columns}"
    if fields < columns:
        return Reason("WC704", message, "too few fields", "a torn row?")
    return Reason("WC704", message, "too many fields", "two rows in one, or a comma inside a number?")


class TraceError(FileError):
    """A trace that cannot be replayed; `findings` holds the one reason."""


def refuse(code: str, message: str, file: str, line: int = 1, hint: str = "") -> NoReturn:
    """Raise `TraceError` about a line of a file."""
    # The text of the file is not kept; the entry says that the line is known.
    raise TraceError(Findings([Diagnostic(code, message, Place(file, line), hint)], {file: ""}))


def refuse_file(code: str, message: str, file: str, hint: str = "") -> NoReturn:
    """Raise `TraceError` about a file as a whole."""
    raise TraceError(Findings([Diagnostic(code, message, Place(file), hint)]))


class RowFaults:
    """The faulty rows of one file: the first is an error, or with `tolerant` each is skipped and counted."""

    def __init__(self, file: str, *, tolerant: bool) -> None:
        self.file = file
        self.tolerant = tolerant
        self.skipped: dict[str, int] = {}  # what -> rows
        self.first_line = 0

    @property
    def count(self) -> int:
        """How many rows were skipped."""
        return sum(self.skipped.values())

    def note(self, line: int, row: str, reason: Reason) -> None:
        """Take note of a faulty row."""
        if not self.tolerant:
            quoted = row if len(row) <= _MAX_QUOTE else row[:_MAX_QUOTE] + "..."
            hint = f"{reason.hint}; --tolerant skips such rows"
            refuse(reason.code, f"{reason.message} (the row is {quoted!r})", self.file, line, hint)
        self.skipped[reason.what] = self.skipped.get(reason.what, 0) + 1
        self.first_line = self.first_line or line

    def describe(self) -> str:
        """`skipped 3 rows of FILE (2 torn, 1 negative RTT), the first on line 17`; "" when nothing was."""
        if not self.skipped:
            return ""
        kinds = ", ".join(f"{count} {what}" for what, count in sorted(self.skipped.items()))
        rows = "row" if self.count == 1 else "rows"
        return f"skipped {self.count} {rows} of {self.file} ({kinds}), the first on line {self.first_line}"
