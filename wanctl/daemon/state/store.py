"""What survives a crash: one JSON object per name, in two generations, each whole or not there at all.

Theory of operation. A store `budget` has two files, `budget.0` and `budget.1`. A save never touches the newest good
one: it writes a temporary file, flushes it to the disk, renames it over the *other* file, and flushes the folder. Cut
off at any point, power included, the newest generation before the save is still there. A file is

    wanctl.store/1 budget 41 SHA256
    {"spent": 12}

and its sum covers schema, name, generation and value, so that neither a torn tail nor a bit that fell over is taken for
a state, and no file for another one. What is recovered is told in a sentence, never passed over.

Everything here waits for a disk: it belongs in a thread that may.
"""

import errno
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = "wanctl.store/1"
FAMILY = "wanctl.store/"
MOST_BYTES = 8 * 1_024 * 1_024  # of one file: more is not ours, or a fault
REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file may not become that large",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EIO: "the disk fails",
}


class StoreError(Exception):
    """A state that could not be saved. `reason` says why, without the path; what was stored before is still there."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot save {path}: {reason}")
        self.path, self.reason = path, reason


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a store held."""

    value: dict[str, Any] | None  # None: nothing, or nothing that is whole
    generation: int  # 0 when there is none
    note: str  # what was lost or recovered, in a sentence; empty when all is well, and at the first start


@dataclass(frozen=True, slots=True)
class _Broken:
    """A file that is there and no state."""

    reason: str


class Store:
    """One named value in a folder. One process uses it, and one thread at a time."""

    def __init__(self, folder: Path, name: str) -> None:
        """`name` is a word of letters, digits, `-` and `_`. Nothing is touched yet."""
        assert re.fullmatch(r"[A-Za-z0-9_-]+", name), name
        self._folder, self._name = folder, name
        self._paths = folder / f"{name}.0", folder / f"{name}.1"
        self._newest: tuple[int, int] | None = None  # index of its file, generation; None: not looked at yet

    def load(self) -> Loaded:
        """The newest generation that is whole; never an exception."""
        found = [_read(path, self._name) for path in self._paths]
        whole = [(index, *one) for index, one in enumerate(found) if isinstance(one, tuple)]
        broken = [f"{self._paths[i].name} {one.reason}" for i, one in enumerate(found) if isinstance(one, _Broken)]
        index, generation, value = max(whole, key=lambda one: one[1], default=(1, 0, None))
        self._newest = index, generation
        return Loaded(value, generation, self._note(broken, generation, index))

    def save(self, value: Mapping[str, Any]) -> None:
        """Keep this from now on, when it returns. Raises `StoreError`; what is no JSON object is a fault of ours."""
        if self._newest is None:
            self.load()
        assert self._newest is not None
        index, generation = 1 - self._newest[0], self._newest[1] + 1
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        assert len(body) < MOST_BYTES
        content = _header(self._name, generation, body) + body + b"\n"
        path = self._paths[index]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(path, content)
        except OSError as error:
            raise StoreError(path, REASONS.get(error.errno or 0, error.strerror or str(error))) from error
        self._newest = index, generation

    def _note(self, broken: list[str], generation: int, index: int) -> str:
        if not broken:
            return ""
        what = f"{self._folder}: {' and '.join(broken)}"
        if generation:
            return f"{what}: generation {generation} of {self._paths[index].name} is used"
        return f"{what}: nothing is left of '{self._name}', it begins anew"


def _replace(path: Path, content: bytes) -> None:
    """Put the content in the file's place, all of it or nothing, on the disk when this returns."""
    part = path.with_name(f"{path.name}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(fd, left) :]
        os.fsync(fd)
    except OSError:
        part.unlink(missing_ok=True)  # gives the room back that a full disk lacks
        raise
    finally:
        os.close(fd)
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _header(name: str, generation: int, body: bytes) -> bytes:
    signed = f"{SCHEMA} {name} {generation} ".encode()
    return signed + hashlib.sha256(signed + body).hexdigest().encode() + b"\n"


def _read(path: Path, name: str) -> tuple[int, dict[str, Any]] | _Broken | None:
    """Generation and value; what is wrong with the file; None when there is no file."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _Broken(f"cannot be read ({REASONS.get(error.errno or 0, error.strerror or str(error))})")
    head, newline, rest = content.partition(b"\n")
    words = head.decode("ascii", "replace").split(" ")
    if words[0].startswith(FAMILY) and words[0] != SCHEMA:
        return _Broken(f"is of another version ({words[0][:40]}, wanted {SCHEMA})")
    if not newline or len(words) != 4 or not words[2].isascii() or not words[2].isdecimal() or len(words[2]) > 20:
        return _Broken("is torn")
    body = rest.removesuffix(b"\n")
    if len(rest) == len(body) or _header(name, int(words[2]), body) != head + b"\n":
        return _Broken("is torn" if words[1] == name else f"belongs to another state ('{words[1][:40]}')")
    value = json.loads(body)  # the sum says that we wrote it
    return int(words[2]), value
