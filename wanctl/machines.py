"""Finding machine files: by path, by name in `./machines/`, or, where there is none, a shipped one."""

from collections.abc import Callable
from pathlib import Path

from wanctl.data import data_folder
from wanctl.engine.diagnostic import FileError, Findings, Place, did_you_mean
from wanctl.engine.document import MAX_BYTES

SUFFIX = ".yaml"
TEST_SUFFIX = ".test.yaml"

TemplateReader = Callable[[str], tuple[str, str] | None]


def shipped_machines() -> dict[str, Path]:
    """The machines that come with wanctl, by name."""
    return _machines_in(data_folder("machines"))


def known_machines() -> dict[str, Path]:
    """The machines that a name can mean here: those of `./machines/` before the shipped ones."""
    return shipped_machines() | _machines_in(Path("machines"))


def is_file(path: Path) -> bool:
    """Whether a path names a file; a name that no file can have names none."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def find_machine(machine: str) -> Path:
    """The file that MACHINE on the command line means.

    A path if it contains `/` or ends in `.yaml`, else the name of a machine. `FileError` (WC161) says where it was
    looked for.
    """
    if "/" in machine or machine.endswith(SUFFIX):
        return Path(machine)
    known = known_machines()
    if machine in known:
        return known[machine]
    findings = Findings()
    hint = did_you_mean(machine, known) or "a name of a file in ./machines/ or of a shipped machine, or a path"
    findings.error("WC161", f"there is no machine '{machine}'", Place(machine), hint)
    raise FileError(findings)


def read_machine(machine: str) -> tuple[str, str]:
    """Text and file name of a machine, found as `find_machine` does; `FileError` (WC140) when it cannot be read."""
    path = find_machine(machine)
    return read_text(path), str(path)


def read_text(path: Path) -> str:
    """The text of a file; `FileError` when it cannot be read (WC140) or is not UTF-8 (WC108)."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # one more, so that who parses it sees that it is too large
    except OSError as error:
        findings = Findings()
        findings.error("WC140", f"cannot be read: {(error.strerror or str(error)).lower()}", Place(str(path)))
        raise FileError(findings) from error
    return decode(data, str(path))


def decode(data: bytes, file: str) -> str:
    """The text of a file's bytes; `FileError` (WC108) when they are not UTF-8."""
    try:
        return data.decode("utf-8-sig", "ignore" if len(data) > MAX_BYTES else "strict")
    except UnicodeDecodeError as error:
        findings = Findings()
        line = data[: error.start].count(b"\n") + 1
        findings.error("WC108", "the file is not UTF-8 text", Place(file, line), "save it as UTF-8")
        raise FileError(findings) from error


def templates_for(machine: Path) -> TemplateReader:
    """A reader of templates for a machine file: a name means a file beside it first, then what `find_machine` finds."""

    def read(name: str) -> tuple[str, str] | None:
        for path in (machine.parent / f"{name}{SUFFIX}", known_machines().get(name)):
            if path is not None and is_file(path):
                return read_text(path), str(path)
        return None

    return read


def _machines_in(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    files = sorted(folder.glob(f"*{SUFFIX}"))
    return {path.stem: path for path in files if not path.name.endswith(TEST_SUFFIX)}
