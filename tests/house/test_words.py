"""Words that have no business in this repository."""

import ast
import re

from tests.house.repository import read, sources, tracked

# Split, so that this file does not find itself.
HOSTS = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "deb.debian" + ".org")
PLACES = (r"/ro" + r"ot/", r"/wo" + r"rk/", r"/op" + r"t/(pypi|wheels)", r"/home/(?!wanctl)\w+/", r"/tmp/br" + "ief")

# The part of monkeypatch that sets up the process, not our own code.
OF_THE_PROCESS = {"setenv", "delenv", "chdir", "context"}


def lines_with(pattern: str, flags: int = 0) -> list[str]:
    found = re.compile(pattern, flags)
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in tracked()
        if found.search(read(path))
        for number, line in enumerate(read(path).splitlines(), 1)
        if found.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert lines_with("|".join(map(re.escape, HOSTS)), re.IGNORECASE) == []


def test_no_file_names_a_place_on_the_machine_it_was_written_on() -> None:
    assert lines_with("|".join(rf"(?<![\w.]){place}" for place in PLACES)) == []


def test_no_test_replaces_a_part_of_our_own_code() -> None:
    replaced = []
    for source in sources():
        for node in ast.walk(source.tree):
            match node:
                case ast.ImportFrom(module="unittest", names=names) if any(alias.name == "mock" for alias in names):
                    replaced.append(f"{source.path}:{node.lineno} mock")
                case (
                    ast.ImportFrom(module="unittest.mock") | ast.Name(id="MagicMock") | ast.Attribute(attr="MagicMock")
                ):
                    replaced.append(f"{source.path}:{node.lineno} mock")
                case ast.Attribute(value=ast.Name(id="monkeypatch"), attr=name) if name not in OF_THE_PROCESS:
                    replaced.append(f"{source.path}:{node.lineno} monkeypatch.{name}")
    assert replaced == []


def test_no_exception_is_swallowed() -> None:
    swallowed = []
    for source in sources("wanctl/"):
        for node in ast.walk(source.tree):
            match node:
                case ast.ExceptHandler(type=None | ast.Name(id="Exception" | "BaseException"), body=[ast.Pass()]):
                    swallowed.append(f"{source.path}:{node.lineno}")
    assert swallowed == []
