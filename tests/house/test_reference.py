"""Error codes: one meaning each, and a reference that is current."""

from tests.house.reference import error_codes, render_errors
from tests.house.repository import read

# Codes that more than one room reports, because they mean the same wherever a file is opened.
SHARED = {"WC140": "a file cannot be read"}


def test_an_error_code_belongs_to_one_room() -> None:
    assert {
        code: uses.rooms for code, uses in error_codes().items() if len(uses.rooms) > 1 and code not in SHARED
    } == {}


def test_the_reference_of_error_codes_is_current() -> None:
    assert read("docs/errors.md") == render_errors(), "run: make docs"
