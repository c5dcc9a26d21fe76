"""The guest of the lab, for tests that need a kernel with CAKE; and why they are skipped where there is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.boot import boot
from lab.kernel import cache, kernel

LIMIT_S = 120.0


def answers(module: str, folder: Path) -> dict[str, Any]:
    """Run a module in the guest, and give back what it wrote down in found.json."""
    program = kernel()
    if program is None:
        pytest.skip(f"no kernel with CAKE in {cache()}: make lab-kernel builds one")
    ended = boot(program, module, folder, LIMIT_S)
    said = (folder / "guest.log").read_text() if (folder / "guest.log").exists() else ""
    assert ended, f"not over after {LIMIT_S} s\n{said}"
    assert (folder / "found.json").exists(), said
    found: dict[str, Any] = json.loads((folder / "found.json").read_text())
    return found
