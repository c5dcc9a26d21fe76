"""Where the files that ship with wanctl are: machines, profiles, example sites.

In an installed wheel they lie inside the package (`wanctl/_data`); in a source tree, as with an editable install, they
are the folders beside the package.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """The folder of shipped files called `name` ("machines" or "configs"); `FileNotFoundError` in a broken install."""
    for parent in (_PACKAGE / "_data", _PACKAGE.parent):
        folder = parent / name
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"this installation of wanctl lacks its folder '{name}': install it again")
