"""A router on loopback, a site that it fits, and the doctor."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wanctl.config import load_site
from wanctl.daemon.clock import SystemClock
from wanctl.doctor import Finding, Report
from wanctl.doctor.examine import look_at_router
from wanctl.testing.routeros import RouterosEmulator

PASSWORD = "canary-5d1e"
DOWN, UP = "WAN-Download-Cable", "WAN-Upload-Cable"


@pytest.fixture
def router() -> Iterator[RouterosEmulator]:
    """A router that lacks nothing: each queue has its mark, the user comes from here alone and may do no more."""
    with RouterosEmulator(password=PASSWORD, ssh_port=0) as emulator:
        for mark in ("wan-in-cable", "wan-out-cable"):
            emulator.state.add(
                "/ip/firewall/mangle", {"chain": "forward", "action": "mark-packet", "new-packet-mark": mark}
            )
        emulator.state.set("/user", emulator.state.id_of("/user", "wanctl") or "", {"address": "127.0.0.1"})
        yield emulator


class Office:
    """Where a site is examined. `site` may be changed before; None leaves a key out."""

    def __init__(self, folder: Path, router: RouterosEmulator) -> None:
        self.folder, self.router = folder, router
        (folder / "password").touch(mode=0o600)
        (folder / "password").write_text(PASSWORD)
        self.keys: dict[str, Any] = {
            "address": "127.0.0.1",
            "port": router.port,
            "ssh_port": router.ssh_port,
            "user": "wanctl",
            "password_file": "password",
            "pin": router.pin,
            "host_key": router.host_key_sha256,
            "transport": "[rest, ssh]",
        }
        self.download = f"{{queue: {DOWN}, plan: 900Mbit}}"
        self.upload = f"{{queue: {UP}, plan: 38Mbit}}"
        self.more = ""

    def write(self) -> Path:
        """The site's file."""
        keys = "".join(f"  {key}: {value}\n" for key, value in self.keys.items() if value is not None)
        wan = f"  cable:\n    interface: ether1\n    download: {self.download}\n    upload: {self.upload}\n"
        path = self.folder / "home.yaml"
        path.write_text(f"router:\n{keys}wans:\n{wan}{self.more}")
        return path

    def examine(self) -> Report:
        """What the doctor says about the router."""
        report = Report("home", "home.yaml")
        look_at_router(load_site(self.write()), {}, SystemClock(), report)
        return report

    def found(self, mark: str = "fail") -> list[Finding]:
        """The findings with a mark."""
        return [finding for finding in self.examine().findings if finding.mark == mark]


@pytest.fixture
def office(tmp_path: Path, router: RouterosEmulator) -> Office:
    return Office(tmp_path, router)
