"""The lines of a trace, block by block: a plain file, a `.gz`, or standard input, in constant memory."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from wanctl.replay.fault import refuse, refuse_file

BLOCK_BYTES = 1 << 16
MAX_LINE_BYTES = 4_096  # a row of a trace has some 50; what is longer is no trace

Block = tuple[int, list[str]]  # number of the first line, from 1, and the lines without their ends


class LineSource:
    """The text lines of one file. Read once, from front to back; then it closes itself.

    After the last block `torn` holds what stood behind the last newline: a row whose end nobody wrote.
    """

    def __init__(self, path: str) -> None:
        self.name = "stdin" if path == "-" else path
        self.torn = ""
        self.torn_number = 0
        self.total_bytes: int | None = None  # on disk; None for standard input and pipes
        self._block_lines = self._block_bytes = (0, 0)  # of the newest block, where it begins and ends
        self._raw, self._stream = self._open(path)

    def _open(self, path: str) -> tuple[BinaryIO, BinaryIO]:
        if path == "-":
            return sys.stdin.buffer, sys.stdin.buffer
        file = Path(path)
        try:
            raw = file.open("rb")
            self.total_bytes = file.stat().st_size if file.is_file() else None
        except OSError as error:
            refuse_file("WC140", f"cannot be read: {(error.strerror or str(error)).lower()}", path)
        stream = gzip.GzipFile(fileobj=raw, mode="rb") if path.endswith(".gz") else raw
        return raw, stream  # type: ignore[return-value]  # GzipFile reads like any binary file

    def share(self, lines: int) -> float | None:
        """How much of the file its first `lines` lines are, by bytes on disk; None where the size is not known."""
        if not self.total_bytes:
            return None
        begin_line, end_line = self._block_lines
        begin_bytes, end_bytes = self._block_bytes
        inside = min(max(lines - begin_line, 0) / max(end_line - begin_line, 1), 1.0)
        return min((begin_bytes + inside * (end_bytes - begin_bytes)) / self.total_bytes, 1.0)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._raw is not sys.stdin.buffer:
            self._stream.close()
            self._raw.close()

    def blocks(self) -> Iterator[Block]:
        """The complete lines, some thousand at a time."""
        number = 1
        rest = ""
        while True:
            text = self._read(number)
            if not text:
                break
            if "\r" in text or rest.endswith("\r"):
                text = (rest + text).replace("\r\n", "\n")
                rest = ""
            lines = (rest + text).split("\n")
            rest = lines.pop()
            if lines:
                first, number = number, number + len(lines)
                self._block_lines = first - 1, number - 1
                if self.total_bytes is not None:
                    self._block_bytes = self._block_bytes[1], self._raw.tell()
                yield first, lines
            if len(rest) > MAX_LINE_BYTES:
                hint = "a trace is text, one row a line"
                refuse("WC703", "a line without an end: this is no trace", self.name, number, hint)
        self.torn, self.torn_number = rest, number
        self.close()

    def _read(self, number: int) -> str:
        try:
            # Latin-1 takes every byte; what is not a number or a name is found where it stands.
            return self._stream.read1(BLOCK_BYTES).decode("latin-1")  # type: ignore[attr-defined,no-any-return]
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            hint = "copy the file again, or unpack what is left of it"
            refuse("WC701", f"the compressed file is damaged behind this line: {error}", self.name, number, hint)
        except OSError as error:
            refuse("WC140", f"cannot be read: {(error.strerror or str(error)).lower()}", self.name, number)
