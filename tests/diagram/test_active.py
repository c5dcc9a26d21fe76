"""--active: what a name means, and what cannot be."""

import pytest

from tests.diagram.drawn import machine
from wanctl.diagram import ActiveError, lit


def paths(name: str, *states: str) -> list[str]:
    model = machine(name)
    return sorted(model.states[index].path for index in lit(model, states))


def test_a_path_lights_its_state_and_all_around_it() -> None:
    assert paths("classic", "download.GREEN.COUNT") == ["download", "download.GREEN", "download.GREEN.COUNT"]


def test_the_end_of_a_path_is_enough_where_it_is_the_only_one() -> None:
    assert paths("classic", "SOFT_RED") == ["download", "download.SOFT_RED"]


def test_of_several_states_the_outermost_is_meant() -> None:
    assert paths("zoo", "up") == ["left", "left.C", "left.C.C2", "left.C.C2.up"]


def test_states_of_different_regions_are_active_together() -> None:
    assert paths("zoo", "U2", "D1", "S-2") == [
        "left",
        "left.C",
        "left.C.C2",
        "left.C.C2.down",
        "left.C.C2.down.D1",
        "left.C.C2.up",
        "left.C.C2.up.U2",
        "right",
        "right.S-2",
    ]


def test_a_state_and_the_state_around_it_may_both_be_named() -> None:
    assert paths("classic", "download", "download.RED", "download.RED") == ["download", "download.RED"]


def test_no_names_light_nothing() -> None:
    assert paths("classic") == []


@pytest.mark.parametrize(
    ("states", "says"),
    [
        (["SOFTRED"], "classic has no state 'SOFTRED': did you mean 'SOFT_RED'?"),
        (["xyz"], "classic has no state 'xyz': the outermost are download, upload"),
        (["RED"], "'RED' could be download.RED or upload.RED: write more of its path"),
        (["wnload.RED"], "classic has no state 'wnload.RED'"),
        (["download.RED", "SOFT_RED"], "download.RED and download.SOFT_RED are never active together: 'download' is"),
        (["START", "download.COUNT"], "'START' could be download.GREEN.START or upload.GREEN.START"),
    ],
)
def test_what_cannot_be_active_is_refused(states: list[str], says: str) -> None:
    with pytest.raises(ActiveError, match=f"^{says.replace('?', '[?]')}"):
        lit(machine("classic"), states)


def test_a_history_is_never_active() -> None:
    with pytest.raises(ActiveError, match="no state 'HISTORY'"):
        lit(machine("zoo"), ["HISTORY"])
