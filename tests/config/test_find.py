"""Which file a name on the command line means."""

from pathlib import Path

import pytest

from tests.config.sites import SITE, with_files
from wanctl.config import find_site
from wanctl.data import data_folder
from wanctl.engine import FileError
from wanctl.machines import find_machine, read_machine, shipped_machines, templates_for


def test_a_site_with_a_slash_or_a_suffix_is_a_path() -> None:
    assert find_site("elsewhere/home") == Path("elsewhere/home")
    assert find_site("home.yaml") == Path("home.yaml")


def test_a_sites_name_is_looked_for_in_the_folders_in_order(tmp_path: Path) -> None:
    here, system = tmp_path / "here", tmp_path / "system"
    with_files(system, SITE, "home.yaml")
    with_files(system, SITE, "office.yaml")
    with_files(here, SITE, "home.yaml")
    assert find_site("home", (here, system)) == here / "home.yaml"
    assert find_site("office", (here, system)) == system / "office.yaml"


def test_an_unknown_site_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with_files(tmp_path, SITE, "home.yaml")
    with pytest.raises(FileError) as raised:
        find_site("hom", (tmp_path,))
    assert [(item.code, item.hint) for item in raised.value.findings] == [("WC160", "did you mean 'home'?")]


def test_a_name_of_a_site_never_leaves_the_folders(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        find_site("..", (tmp_path,))


def test_the_shipped_machines_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {"wan", "direction", "classic"} <= set(shipped_machines())
    assert find_machine("wan") == data_folder("machines") / "wan.yaml"


def test_a_machine_beside_us_goes_before_a_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("machines").mkdir()
    Path("machines/wan.yaml").write_text("machine: mine\n")
    Path("machines/wan.test.yaml").write_text("machine: mine\ntests: []\n")
    assert read_machine("wan") == ("machine: mine\n", "machines/wan.yaml")
    assert find_machine("direction") == data_folder("machines") / "direction.yaml"


def test_an_unknown_machine_is_answered_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError) as raised:
        find_machine("clasic")
    assert [(item.code, item.hint) for item in raised.value.findings] == [("WC161", "did you mean 'classic'?")]


def test_a_template_beside_a_machine_goes_before_all_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "direction.yaml").write_text("machine: direction\n")
    read = templates_for(tmp_path / "mine.yaml")
    assert read("direction") == ("machine: direction\n", str(tmp_path / "direction.yaml"))
    assert read("classic") is not None
    assert read("nothing") is None


def test_a_file_that_is_missing_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(FileError) as raised:
        read_machine(str(tmp_path / "none.yaml"))
    assert [item.code for item in raised.value.findings] == ["WC140"]


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"machine: x\nsummary: gr\xfc\xdfe\n")
    with pytest.raises(FileError) as raised:
        read_machine(str(tmp_path / "latin.yaml"))
    assert [(item.code, item.place.line) for item in raised.value.findings] == [("WC108", 2)]
