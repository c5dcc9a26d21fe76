"""diagrams/ is what the machines say now."""

from pathlib import Path

import pytest

from tests.cli.command import run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every machine, drawn as `make diagrams` does."""
    folder = tmp_path_factory.mktemp("diagrams")
    done = run("graph", "--all", "-o", str(folder), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_diagram_is_current(drawn: Path) -> None:
    stale = [file.name for file in drawn.iterdir() if not _same(file, ROOT / "diagrams" / file.name)]
    assert stale == [], "run: make diagrams"


def test_no_diagram_is_of_a_machine_that_is_gone(drawn: Path) -> None:
    assert {file.name for file in (ROOT / "diagrams").iterdir()} == {file.name for file in drawn.iterdir()}


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()
