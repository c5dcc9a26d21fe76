"""Where a running site has its socket and its lock, and where to look for the sites that run on this host.

`$RUNTIME_DIRECTORY` under systemd, else `$XDG_RUNTIME_DIR/wanctl/SITE`, else `/tmp/wanctl-UID/SITE`. Nothing heavy is
imported here: `wanctl status` begins with it.
"""

import errno
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

SOCKET_NAME = "control.sock"
SYSTEM_FOLDER = Path("/run/wanctl")  # where the units have theirs
_PATIENCE_S = 2.0
MAX_SOCKET_PATH = 107  # bytes of sun_path, less the end. Source: unix(7)


class RunFolderError(Exception):
    """The run folder cannot be used; the text says why and what to do."""


def run_folder(site: str, environment: Mapping[str, str]) -> Path:
    """The run folder of a site that starts in this environment."""
    given = environment.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(given) if given else _base(environment) / site


def prepare(folder: Path) -> None:
    """Make the folder, for its owner alone; `RunFolderError` when that fails or when it is somebody else's."""
    try:
        for path in (folder.parent, folder):
            if not path.exists():
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"cannot make the run folder {folder}: {error.strerror}") from error
    # Under /tmp anybody could have made it first.
    for path in (folder.parent, folder) if folder.parent == _shared() else (folder,):
        is_ours(path)
    if len(os.fsencode(folder / SOCKET_NAME)) > MAX_SOCKET_PATH:
        raise RunFolderError(f"the path of the run folder is too long for a socket: {folder}")


def is_ours(folder: Path) -> None:
    """`RunFolderError` unless the folder is a real one that belongs to this user or to root."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (0, os.geteuid()):
        raise RunFolderError(f"{folder} is not a folder of this user: remove it, or set RUNTIME_DIRECTORY")


def sockets(environment: Mapping[str, str]) -> dict[str, Path]:
    """The control sockets on this host that this user may find, by the site's name."""
    found: dict[str, Path] = {}
    for folder in (*_given(environment), *_folders(environment)):
        path = folder / SOCKET_NAME
        if path.is_socket():
            found.setdefault(folder.name, path)
    return found


def is_served(site: str, environment: Mapping[str, str]) -> bool:
    """Whether a daemon of the site answers at a socket that this user may find."""
    path = sockets(environment).get(site)
    if path is None:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PATIENCE_S)
        return probe.connect_ex(str(path)) in (0, errno.EACCES)  # one that is not ours to ask is somebody's


def _given(environment: Mapping[str, str]) -> tuple[Path, ...]:
    return (run_folder("", environment),) if environment.get("RUNTIME_DIRECTORY") else ()


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    for base in dict.fromkeys((SYSTEM_FOLDER, _base(environment), _shared())):
        try:
            if base == _shared():
                is_ours(base)
            names = sorted(os.listdir(base))  # noqa: PTH208  (without the cost of pathlib's objects)
        except (OSError, RunFolderError):
            continue  # not there, or not ours to read: no sites of ours in it
        yield from (base / name for name in names)


def _base(environment: Mapping[str, str]) -> Path:
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    return Path(runtime) / "wanctl" if runtime else _shared()


def _shared() -> Path:
    return Path(f"/tmp/wanctl-{os.getuid()}")  # noqa: S108  (its owner is checked)
