"""A state survives what a disk and a kill do to it, or says that it did not."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wanctl.daemon.state import store as store_module
from wanctl.daemon.state.store import Store, StoreError

KILLS = 1_000 if os.environ.get("WANCTL_SOAK") else 50


def stored(folder: Path, *values: int) -> Store:
    store = Store(folder, "budget")
    for value in values:
        store.save({"spent": value})
    return store


def file_of(folder: Path, generation: int) -> Path:
    """The first generation lies in the first file, the second in the second, the third in the first again."""
    return folder / f"budget.{(generation + 1) % 2}"


def put(path: Path, content: bytes) -> None:
    path.unlink()  # a file that is cut to nothing and written again is flushed to the disk by some file systems
    path.write_bytes(content)


def damaged(content: bytes) -> Iterator[bytes]:
    """Every prefix, every byte with each bit turned over, every tail that a disk left zero."""
    for at in range(len(content)):
        yield content[:at]
        if content[at:].strip(b"\0"):
            yield content[:at] + b"\0" * (len(content) - at)
        for bit in range(8):
            yield content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
    yield content + b"x"


def test_what_was_saved_last_is_loaded(tmp_path: Path) -> None:
    stored(tmp_path, 1, 2, 3)
    loaded = Store(tmp_path, "budget").load()
    assert (loaded.value, loaded.generation, loaded.note) == ({"spent": 3}, 3, "")


def test_the_first_start_finds_nothing_and_that_is_no_trouble(tmp_path: Path) -> None:
    loaded = Store(tmp_path / "not-made-yet", "budget").load()
    assert (loaded.value, loaded.generation, loaded.note) == (None, 0, "")


def test_a_store_goes_on_counting_where_the_last_process_stopped(tmp_path: Path) -> None:
    stored(tmp_path, 1, 2)
    stored(tmp_path, 3)
    assert Store(tmp_path, "budget").load().generation == 3


def test_states_of_different_names_do_not_meet(tmp_path: Path) -> None:
    Store(tmp_path, "budget").save({"spent": 1})
    Store(tmp_path, "machines").save({"cable": {}})
    assert Store(tmp_path, "budget").load().value == {"spent": 1}


def test_others_cannot_read_a_state(tmp_path: Path) -> None:
    stored(tmp_path / "state", 1)
    assert file_of(tmp_path / "state", 1).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_every_damage_to_the_newest_generation_gives_the_one_before_and_says_so(tmp_path: Path) -> None:
    stored(tmp_path, 6, 7)
    newest = file_of(tmp_path, 2)
    for content in damaged(newest.read_bytes()):
        put(newest, content)
        loaded = Store(tmp_path, "budget").load()
        assert loaded.value == {"spent": 6}, content
        assert loaded.generation == 1
        assert "budget.1" in loaded.note
        assert "generation 1 of budget.0 is used" in loaded.note


def test_every_damage_to_the_older_generation_costs_nothing(tmp_path: Path) -> None:
    stored(tmp_path, 6, 7)
    older = file_of(tmp_path, 1)
    for content in damaged(older.read_bytes()):
        put(older, content)
        assert Store(tmp_path, "budget").load().value == {"spent": 7}, content


def test_damage_to_both_generations_is_told_and_nothing_is_made_up(tmp_path: Path) -> None:
    stored(tmp_path, 6, 7)
    whole = [file_of(tmp_path, 1).read_bytes(), file_of(tmp_path, 2).read_bytes()]
    for first, second in zip(*map(damaged, whole), strict=True):
        put(file_of(tmp_path, 1), first)
        put(file_of(tmp_path, 2), second)
        loaded = Store(tmp_path, "budget").load()
        assert (loaded.value, loaded.generation) == (None, 0)
        assert "nothing is left of 'budget'" in loaded.note


def test_after_damage_the_next_save_leaves_the_good_generation_alone(tmp_path: Path) -> None:
    stored(tmp_path, 6, 7)
    file_of(tmp_path, 2).write_bytes(b"")
    stored(tmp_path, 8)
    file_of(tmp_path, 2).unlink()
    assert Store(tmp_path, "budget").load().value == {"spent": 6}


def test_a_temporary_file_cut_off_at_any_byte_changes_nothing(tmp_path: Path) -> None:
    stored(tmp_path, 6, 7)
    third = stored(tmp_path / "other", 1, 2, 8)
    assert third.load().generation == 3
    content = file_of(tmp_path / "other", 3).read_bytes()
    for length in range(len(content) + 1):
        (tmp_path / "budget.0.part").write_bytes(content[:length])
        loaded = Store(tmp_path, "budget").load()
        assert (loaded.value, loaded.note) == ({"spent": 7}, "")
    stored(tmp_path, 8)
    assert Store(tmp_path, "budget").load().value == {"spent": 8}
    assert not (tmp_path / "budget.0.part").exists()


def test_a_file_of_another_name_or_version_is_no_state(tmp_path: Path) -> None:
    Store(tmp_path, "machines").save({"spent": 9})
    (tmp_path / "machines.0").rename(tmp_path / "budget.0")
    (tmp_path / "budget.1").write_bytes(b'wanctl.store/2 budget 4 x\n{"spent":9}\n')
    loaded = Store(tmp_path, "budget").load()
    assert loaded.value is None
    assert "belongs to another state ('machines')" in loaded.note
    assert "is of another version (wanctl.store/2, wanted wanctl.store/1)" in loaded.note


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "budget.0").mkdir()
    assert "cannot be read" in Store(tmp_path, "budget").load().note


WRITER = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("store", sys.argv[1])
module = sys.modules["store"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
store = module.Store(Path(sys.argv[2]), "budget")
loaded = store.load()
number = loaded.generation
while True:
    number += 1
    store.save({"number": number, "fill": "x" * (number * 37 % 9000)})
    print(number, flush=True)
"""


def test_a_writer_that_is_killed_at_any_moment_never_leaves_a_corrupt_state(tmp_path: Path) -> None:
    chance = random.Random(20_260_825)
    for _ in range(KILLS):
        command = [sys.executable, "-I", "-S", "-c", WRITER, store_module.__file__, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _line in range(chance.randrange(1, 12)):
                writer.stdout.readline()
            for _turn in range(chance.randrange(0, 3_000)):
                pass  # somewhere in the middle of a save
            writer.send_signal(signal.SIGKILL)
            said, _ = writer.communicate()
        loaded = Store(tmp_path, "budget").load()
        assert loaded.note == ""
        assert loaded.value == {"number": loaded.generation, "fill": "x" * (loaded.generation * 37 % 9_000)}
        # Whatever was said to be saved is there: `save` returns when it is on the disk.
        assert loaded.generation >= max(map(int, said.split()), default=0)


def test_a_file_that_may_not_grow_is_an_error_with_a_reason_and_the_state_stays(tmp_path: Path) -> None:
    stored(tmp_path, 6)
    script = f"""
import resource, signal
from pathlib import Path
from wanctl.daemon.state.store import Store, StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
try:
    Store(Path({str(tmp_path)!r}), "budget").save({{"fill": "x" * 4000}})
except StoreError as error:
    print(error.reason)
"""
    assert outcome_of([sys.executable, "-c", script]) == "the file may not become that large"
    assert Store(tmp_path, "budget").load().value == {"spent": 6}
    assert not (tmp_path / "budget.1.part").exists()


def test_a_full_disk_is_an_error_with_a_reason_and_the_state_stays(tmp_path: Path) -> None:
    answer = outcome_of(in_small_filesystem(tmp_path, "", 'Store(folder, "budget").save({"fill": "x" * 70_000})'))
    assert answer == "the disk is full\n{'spent': 6}"


def test_a_read_only_disk_is_an_error_with_a_reason_and_the_state_stays(tmp_path: Path) -> None:
    freeze = f"mount -o remount,ro {tmp_path}; "
    answer = outcome_of(in_small_filesystem(tmp_path, freeze, 'Store(folder, "budget").save({"spent": 7})'))
    assert answer == "the file system is read-only\n{'spent': 6}"


def test_a_folder_that_cannot_be_made_is_an_error_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot save .*budget.0: File exists"):
        Store(tmp_path / "state", "budget").save({})


def in_small_filesystem(folder: Path, meanwhile: str, attempt: str) -> list[str]:
    """A shell that saves one state in a file system of 64 KiB of its own, does `meanwhile`, and tries to save again."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare(1) here")
    begin = f"mount -t tmpfs -o size=64k none {folder}"
    probe = subprocess.run(["unshare", "-m", "sh", "-c", begin], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"no file system of our own can be mounted here: {probe.stderr.strip()}")
    head = f"from pathlib import Path; from wanctl.daemon.state.store import *; folder = Path({str(folder)!r})"
    save = f'{head}\nStore(folder, "budget").save({{"spent": 6}})'
    again = f"{head}\ntry:\n    {attempt}\nexcept StoreError as error:\n    print(error.reason)"
    again += '\nprint(Store(folder, "budget").load().value)'
    steps = f"{begin} && \"$0\" -c '{save}' && {meanwhile}\"$0\" -c '{again}'".replace(repr(str(folder)), f'"{folder}"')
    return ["unshare", "-m", "sh", "-c", steps, sys.executable]


def outcome_of(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
