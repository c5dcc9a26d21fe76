"""Error codes: one owner and one meaning each, and a reference that is current."""

import pytest

from tests.house.reference import error_codes, rendered
from tests.house.repository import read
from wanctl.cli.page import all_codes
from wanctl.config.code import CODES

# The room that a hundred of codes belongs to.
OWNERS = {
    "WC0": "engine",
    "WC1": "config",
    "WC2": "engine",
    "WC3": "engine",
    "WC4": "engine",
    "WC6": "suite",
    "WC7": "replay",
}


def test_an_error_code_is_reported_by_the_room_that_owns_it() -> None:
    strangers = {
        code: uses.rooms
        for code, uses in error_codes().items()
        if code not in CODES and uses.rooms != {OWNERS.get(code[:3])}
    }
    assert strangers == {}


def test_every_code_about_a_site_file_is_explained_and_every_explained_one_is_reported() -> None:
    assert {code for code in error_codes() if OWNERS.get(code[:3]) == "config"} == set(CODES)


def test_every_code_that_is_reported_is_explained_and_every_explained_one_is_reported() -> None:
    assert set(error_codes()) == set(all_codes())


@pytest.mark.parametrize("path", rendered())
def test_what_is_generated_is_current(path: str) -> None:
    assert read(path) == rendered()[path], "run: make docs"
