"""One daemon a site: a lock in the run folder, held as long as the process lives, whatever becomes of it."""

import fcntl
import os
from pathlib import Path

from wanctl.daemon.runfolder import RunFolderError, prepare


class ControlError(Exception):
    """The site cannot be controlled, or runs already."""


class SiteLock:
    """The lock of one site."""

    def __init__(self, folder: Path, site: str) -> None:
        """Raises `ControlError` when another process holds it, `RunFolderError` when there is no place for it."""
        prepare(folder)
        try:
            self._fd = os.open(folder / "daemon.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise RunFolderError(f"cannot make a lock in {folder}: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            who = f" (process {holder})" if holder else ""
            raise ControlError(f"the site '{site}' runs already{who}: stop that one first") from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another daemon have the site."""
        os.close(self._fd)
