"""One boot of the guest: a module of this checkout runs in it as root, on a kernel of its own, in virtual time."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COVERED = ("/tmp/", "/run/", "/var/")  # what the guest has in memory


def boot(kernel: Path, module: str, folder: Path, limit_s: float) -> bool:
    """Run `python -m MODULE /run/lab` in the guest, where /run/lab is `folder`; whether the guest ended in time.

    guest.log in the folder has what the module said, kernel.log what the kernel did.
    """
    with (folder / "kernel.log").open("w") as log:
        try:
            subprocess.run(
                _command(kernel, module, folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
    return True


def _command(kernel: Path, module: str, folder: Path) -> list[str]:
    own = ROOT / ".venv/bin/python"
    python = str(own) if own.exists() else sys.executable
    needed = {str(ROOT), str(Path(python).resolve().parents[1])}
    shown = sorted(path for path in needed if f"{path}/".startswith(COVERED))
    return [
        str(kernel),
        "mem=768M",
        "root=/dev/root",
        "rootfstype=hostfs",
        "rootflags=/",
        "ro",
        # The clock stands still while anything computes, and leaps to the next timer when all wait.
        "time-travel=inf-cpu",
        "time-travel-start=1700000000000000000",
        "con=null",
        "quiet",
        "panic=-1",
        f"init={ROOT}/lab/guest/init",
        f"LAB_JOB={folder.resolve()}",
        f"LAB_MODULE={module}",
        f"LAB_PYTHON={python}",
        f"LAB_ROOT={ROOT}",
        f"LAB_SHOW={os.pathsep.join(shown)}",
    ]
