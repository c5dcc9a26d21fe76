"""Whether the running kernel has CAKE at all, and what to install when it has not. Only files are read.

A kernel loads `sch_cake` by itself when the first qdisc of that kind is made, so that it is not loaded says nothing.
"""

import os
from pathlib import Path
from typing import Literal

MODULE = "sch_cake"
Support = Literal["present", "absent", "unknown"]

# What brings sch_cake, by ID and ID_LIKE of os-release(5): the distribution's full kernel. Small images leave it out.
PACKAGES = {
    "openwrt": "install kmod-sched-cake",
    "ubuntu": "apt install linux-modules-extra-{release}",
    "debian": "apt install linux-image-{machine}, and boot it",
    "alpine": "apk add linux-lts, and boot it",
    "arch": "pacman -S linux, and boot it",
}
DEBIAN_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armmp"}


def cake_support(root: Path = Path("/"), release: str | None = None) -> Support:
    """Whether this kernel has CAKE, built in, loaded or as a module; "unknown" where no file says so."""
    modules = root / "lib/modules" / (release or os.uname().release)
    if (root / "sys/module" / MODULE).exists():
        return "present"
    lists = [modules / "modules.builtin", modules / "modules.dep"]
    known = [path.read_text(errors="replace") for path in lists if path.is_file()]
    if any(f"/{MODULE}.ko" in text for text in known):
        return "present"
    return "absent" if len(known) == len(lists) else "unknown"


def package_hint(root: Path = Path("/"), release: str | None = None, machine: str | None = None) -> str:
    """What to type on this distribution to get a kernel with CAKE."""
    names = _distributions(root)
    machine = machine or os.uname().machine
    for name in names:
        if name in PACKAGES:
            return PACKAGES[name].format(
                release=release or os.uname().release, machine=DEBIAN_MACHINES.get(machine, machine)
            )
    return f"install a kernel with CONFIG_NET_SCH_CAKE ({MODULE})"


def _distributions(root: Path) -> list[str]:
    """The ids in os-release, the most exact first."""
    path = next((root / name for name in ("etc/os-release", "usr/lib/os-release") if (root / name).is_file()), None)
    if path is None:
        return []
    pairs = dict(line.split("=", 1) for line in path.read_text(errors="replace").splitlines() if "=" in line)
    return [name for key in ("ID", "ID_LIKE") for name in pairs.get(key, "").strip("\"'").split()]
