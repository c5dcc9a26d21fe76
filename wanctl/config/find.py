"""Finding the file that SITE on the command line means."""

from pathlib import Path

from wanctl.config.value import printable
from wanctl.engine.diagnostic import FileError, Findings, Place, did_you_mean
from wanctl.machines import is_file

SITE_FOLDERS = (Path("sites"), Path("/etc/wanctl/sites"))


def find_site(site: str, folders: tuple[Path, ...] = SITE_FOLDERS) -> Path:
    """A path if `site` contains `/` or ends in `.yaml`, else the name of a file in one of the folders, in their order.

    `FileError` (WC160) says where it was looked for; a path is handed on as it is.
    """
    if "/" in site or site.endswith(".yaml"):
        return Path(site)
    for folder in folders:
        path = folder / f"{site}.yaml"
        if is_file(path):
            return path
    known = {path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.yaml")}
    findings = Findings()
    looked = " and ".join(f"{_shown(folder)}/" for folder in folders)
    hint = did_you_mean(site, known) or f"a path, or the name of a file in {looked}"
    findings.error("WC160", f"there is no site '{printable(site)}'", Place(site), hint)
    raise FileError(findings)


def _shown(folder: Path) -> str:
    return str(folder) if folder.is_absolute() else f"./{folder}"
