"""A file of rows is whole or not there; an interrupted one keeps its complete rows."""

import os
import stat
from pathlib import Path

import pytest

from wanctl.engine import FileError
from wanctl.replay.rowfile import RowFile


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    file = RowFile(str(target))
    file.rows += ["a\n"] * 5_000
    file.flush_if_full()
    assert not target.exists()
    file.rows.append("b\n")
    file.finish()
    assert target.read_text() == "a\n" * 5_000 + "b\n"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old\n")
    file = RowFile(str(target))
    file.rows.append("new\n")
    file.flush()
    assert target.read_text() == "old\n"
    file.discard()
    assert target.read_text() == "old\n"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_file_is_readable_as_other_files_are(tmp_path: Path) -> None:
    file = RowFile(str(tmp_path / "out.csv"))
    file.finish()
    (tmp_path / "other").touch()
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("out.csv", "other")}
    assert modes["out.csv"] == modes["other"]


def test_a_link_goes_on_pointing_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "out.csv")
    file = RowFile(str(tmp_path / "link.csv"))
    file.rows.append("a\n")
    file.finish()
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "out.csv").read_text() == "a\n"


def test_a_full_disk_is_told_in_words() -> None:
    file = RowFile("/dev/full")
    file.rows.append("a\n")
    with pytest.raises(FileError, match=r"/dev/full.*cannot be written: no space left on device"):
        file.flush()


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written: no such file or directory"):
        RowFile(str(tmp_path / "none" / "out.csv"))
    with pytest.raises(FileError, match="cannot be written: is a directory"):
        RowFile(str(tmp_path))


def test_a_pipe_is_written_to_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    file = RowFile(str(pipe))
    file.rows.append("a\n")
    file.finish()
    assert os.read(reader, 100) == b"a\n"
    file.discard()
    os.close(reader)
