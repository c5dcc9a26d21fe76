"""Where a site keeps what outlives its process: machines, budgets, the history, dumps.

`$STATE_DIRECTORY` under systemd, else `$XDG_STATE_HOME/wanctl/SITE`, else `~/.local/state/wanctl/SITE`. Nothing heavy
is imported here, and nothing is made before somebody writes.
"""

from collections.abc import Mapping
from pathlib import Path

SYSTEM_FOLDER = Path("/var/lib/wanctl")  # where the units have theirs


class StateFolderError(Exception):
    """There is no place for state; the text says why and what to do."""


def state_folder(site: str, environment: Mapping[str, str]) -> Path:
    """The state folder of a site that starts in this environment; `StateFolderError` when none is known."""
    given = environment.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else _base(environment) / site


def state_folders(site: str, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the state of a site may lie that somebody else runs, the likeliest first."""
    system = SYSTEM_FOLDER / site
    try:
        return state_folder(site, environment), system
    except StateFolderError:
        return (system,)


def _base(environment: Mapping[str, str]) -> Path:
    home, state = environment.get("HOME", ""), environment.get("XDG_STATE_HOME", "")
    if state:
        return Path(state) / "wanctl"
    if not home:
        raise StateFolderError("no place to keep state: set STATE_DIRECTORY or HOME")
    return Path(home) / ".local" / "state" / "wanctl"
