"""A file of rows that is either whole or not there.

Rows go to a hidden file beside the target, which takes the target's name at the end. What is not a plain file (`-`, a
pipe, a device) is written to as it is. A replay that was interrupted keeps its complete rows.
"""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from wanctl.replay.fault import refuse_file

_BLOCK_ROWS = 4_096


class RowFile:
    """Complete lines, buffered; `rows` may be appended to directly, then `flush_if_full` must follow now and then."""

    def __init__(self, path: str, option: str = "--decisions") -> None:
        self._option = option  # how the user named it
        self.name = "stdout" if path == "-" else path
        self.rows: list[str] = []  # each with its newline
        self._target = Path(path).resolve()
        self._part: Path | None = None
        self._done_bytes = 0
        try:
            self._file = self._open(path)
        except OSError as error:
            self._refuse(error)

    def _open(self, path: str) -> BinaryIO:
        if path == "-":
            return sys.stdout.buffer
        if self._target.exists() and not self._target.is_file() and not self._target.is_dir():
            return self._target.open("wb", buffering=0)
        if self._target.is_dir():
            raise IsADirectoryError(0, "Is a directory")
        self._part = self._target.with_name(f".{self._target.name}.{os.getpid()}.part")
        return self._part.open("wb", buffering=0)

    def flush_if_full(self) -> None:
        """Write the rows when there are some thousand."""
        if len(self.rows) >= _BLOCK_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the rows; `TraceError` (WC710) when that fails, as on a full disk."""
        block = "".join(self.rows).encode("ascii")
        try:
            rest = memoryview(block)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError as error:
            self._refuse(error)
        self._done_bytes += len(block)
        self.rows.clear()

    def finish(self) -> None:
        """Write what is left and give the file its name."""
        try:
            if self._part is not None:  # an interrupted write may have left a piece of a block
                self._file.seek(self._done_bytes)
                self._file.truncate()
            self.flush()
            self._file.flush()
            if self._part is not None:
                self._file.close()
                self._part.replace(self._target)
                self._part = None
        except OSError as error:
            self._refuse(error)

    def discard(self) -> None:
        """Leave nothing behind of a file that was not finished."""
        self.rows.clear()
        if self._file is not sys.stdout.buffer:
            self._file.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    def _refuse(self, error: OSError) -> None:
        if self._part is not None:
            self._part.unlink(missing_ok=True)
        if isinstance(error, BrokenPipeError):
            raise error
        hint = f"name another file with {self._option}, or make room there"
        refuse_file("WC710", f"cannot be written: {(error.strerror or str(error)).lower()}", self.name, hint)
