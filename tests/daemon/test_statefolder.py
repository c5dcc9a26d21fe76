"""Where state lies: under systemd, for a user, and nowhere."""

from pathlib import Path

import pytest

from wanctl.daemon.state.statefolder import StateFolderError, state_folder, state_folders


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/wanctl/home"}, "/var/lib/wanctl/home"),
        ({"STATE_DIRECTORY": "/var/lib/wanctl/home:/var/lib/other", "HOME": "/people/ann"}, "/var/lib/wanctl/home"),
        ({"XDG_STATE_HOME": "/people/ann/.state", "HOME": "/people/ann"}, "/people/ann/.state/wanctl/home"),
        ({"HOME": "/people/ann"}, "/people/ann/.local/state/wanctl/home"),
    ],
)
def test_the_state_folder_follows_the_environment(environment: dict[str, str], folder: str) -> None:
    assert state_folder("home", environment) == Path(folder)


def test_without_any_place_it_says_what_to_set() -> None:
    with pytest.raises(StateFolderError, match="set STATE_DIRECTORY or HOME"):
        state_folder("home", {})


def test_the_state_of_a_service_is_looked_for_after_ones_own() -> None:
    assert state_folders("home", {"HOME": "/people/ann"}) == (
        Path("/people/ann/.local/state/wanctl/home"),
        Path("/var/lib/wanctl/home"),
    )
    assert state_folders("home", {}) == (Path("/var/lib/wanctl/home"),)
