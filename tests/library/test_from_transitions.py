"""docs/from-transitions.md: both libraries do what the page says of them."""

from pathlib import Path

import pytest

from tests.library.page import replay, write_files

PAGE = "from-transitions.md"


def test_every_example_gives_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_files(PAGE, tmp_path) == ["charger.yaml", "sensor.yaml", "lamp.yaml"]
    count, differences = replay(PAGE)
    assert differences == ""
    assert count > 25
