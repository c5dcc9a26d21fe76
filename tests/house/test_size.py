"""Files and functions stay small enough to keep in mind, and are named after what they are."""

import ast
from pathlib import PurePosixPath
from statistics import median

from tests.house.repository import sources

MOST_LINES = 500
MOST_MEDIAN_LINES = 200
MOST_FUNCTION_LINES = 60
NOT_A_NOUN = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common", "stuff"}

# Longer than the rule allows, each with the reason. Nothing may be added without one.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {
    "tests/classic/transcription.py:measured": "the classic law in one piece, to be read beside its description",
}


def lengths() -> dict[str, int]:
    return {source.path: source.text.count("\n") for source in sources()}


def long_functions() -> dict[str, int]:
    found = {}
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                lines = node.end_lineno - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    found[f"{source.path}:{node.name}"] = lines
    return found


def test_no_file_is_longer_than_the_rule_allows() -> None:
    assert {path: lines for path, lines in lengths().items() if lines > MOST_LINES and path not in LONG_FILES} == {}


def test_the_median_file_of_the_product_is_short() -> None:
    of_the_product = [lines for path, lines in lengths().items() if path.startswith("wanctl/") and lines]
    assert median(of_the_product) <= MOST_MEDIAN_LINES


def test_no_function_is_longer_than_the_rule_allows() -> None:
    assert {name: lines for name, lines in long_functions().items() if name not in LONG_FUNCTIONS} == {}


def test_every_exception_is_still_needed() -> None:
    assert [path for path in LONG_FILES if lengths().get(path, 0) <= MOST_LINES] == []
    assert [name for name in LONG_FUNCTIONS if name not in long_functions()] == []


def test_a_module_is_named_after_what_it_is() -> None:
    vague = [
        source.path
        for source in sources()
        if NOT_A_NOUN & set(PurePosixPath(source.path).with_suffix("").parts)
        or NOT_A_NOUN & set(PurePosixPath(source.path).stem.split("_"))
    ]
    assert vague == []
