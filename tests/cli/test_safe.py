"""`wanctl safe`: ceilings restored without a daemon, over whatever transport works, in time."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import PLAIN, WANCTL
from wanctl.config import load_site
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.lock import SiteLock
from wanctl.daemon.shaping.safe import Restored, restore
from wanctl.testing.routeros import RouterosEmulator, Write

DOWN, UP = "WAN-Download-Cable", "WAN-Upload-Cable"
CEILINGS = {DOWN: 800_000_000, UP: 30_000_000}
PATIENCE_NS = 20_000_000_000


@pytest.fixture
def router() -> Iterator[RouterosEmulator]:
    """A router that a daemon left at low rates."""
    with RouterosEmulator(password="x", ssh_port=0) as emulator:
        for queue in (DOWN, UP):
            emulator.state.set("/queue/tree", emulator.state.id_of("/queue/tree", queue) or "", {"max-limit": "5M"})
        emulator.state.add("/queue/simple", {"name": "lte", "max-limit": "1M/2M"})
        yield emulator


@pytest.fixture
def writes(router: RouterosEmulator) -> list[Write]:
    heard: list[Write] = []
    router.on_write(heard.append)
    return heard


@pytest.fixture
def site(router: RouterosEmulator, tmp_path: Path) -> Path:
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text("x")
    path = tmp_path / "home.yaml"
    path.write_text(
        f"router: {{address: 127.0.0.1, port: {router.port}, ssh_port: {router.ssh_port}, user: wanctl, "
        f"password_file: password, pin: {router.pin}, host_key: '{router.host_key_sha256}', transport: [rest, ssh]}}\n"
        "wans:\n"
        f"  cable: {{download: {{queue: {DOWN}, ceiling: 800Mbit}}, upload: {{queue: {UP}, ceiling: 30Mbit}}}}\n"
        "  lte: {download: {simple_queue: lte, ceiling: 60Mbit}, upload: {simple_queue: lte, ceiling: 20Mbit}}\n"
    )
    return path


def wanctl(site: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**PLAIN, "RUNTIME_DIRECTORY": str(site.parent / "run")}
    return subprocess.run(
        [*WANCTL, "safe", str(site), *args], capture_output=True, text=True, check=False, env=environment
    )


def done(site: Path, patience_ns: int = PATIENCE_NS) -> Restored:
    return restore(load_site(site), SystemClock(), patience_ns)


def at_ceilings(router: RouterosEmulator) -> bool:
    pair = router.state.records("/queue/simple")[0]["max-limit"]
    return {queue: router.max_limit(queue) for queue in CEILINGS} == CEILINGS and pair == "20000000/60000000"


def test_every_queue_goes_to_its_ceiling_and_it_says_so(site: Path, router: RouterosEmulator) -> None:
    result = wanctl(site)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "home  every queue is at its ceiling (over REST)",
        f"  {DOWN}: 5 Mbit/s -> 800 Mbit/s",
        f"  {UP}: 5 Mbit/s -> 30 Mbit/s",
        "  lte: download 2, upload 1 Mbit/s -> download 60, upload 20 Mbit/s",
    ]
    assert at_ceilings(router)


def test_what_is_right_is_not_written_again(site: Path, router: RouterosEmulator, writes: list[Write]) -> None:
    assert done(site).is_complete
    assert len(writes) == 3  # both sides of the simple queue in one
    writes.clear()
    again = wanctl(site, "--json")
    told = json.loads(again.stdout)
    assert (again.returncode, told["schema"], told["complete"], told["transport"]) == (0, "wanctl.safe/1", True, "rest")
    assert {queue["outcome"] for queue in told["queues"]} == {"already"}
    assert writes == []


@pytest.mark.parametrize("trouble", ["down", "certificate", "denied over REST"])
def test_the_other_transport_does_it(site: Path, router: RouterosEmulator, trouble: str) -> None:
    match trouble:
        case "down":
            router.faults.down = {"rest"}
        case "certificate":
            router.swap_certificate()
        case "denied over REST":
            router.account.policies.discard("rest-api")
    restored = done(site)
    assert (restored.is_complete, restored.transport) == (True, "ssh")
    assert at_ceilings(router)


@pytest.mark.parametrize("trouble", ["half_writes", "refused_but_done", "no_patch", "stray_denials", "new ids", "slow"])
def test_a_router_in_trouble_is_right_in_the_end(site: Path, router: RouterosEmulator, trouble: str) -> None:
    match trouble:
        case "half_writes" | "refused_but_done" | "stray_denials":
            setattr(router.faults, trouble, 1)
        case "no_patch":
            router.faults.no_patch = True
        case "new ids":
            router.reboot()
        case "slow":
            router.faults.delay_ns = 200_000_000
    assert done(site).is_complete
    assert at_ceilings(router)


def test_a_router_that_comes_back_in_time_is_waited_for(site: Path, router: RouterosEmulator) -> None:
    router.reboot(down_ns=700_000_000)
    assert done(site).is_complete
    assert at_ceilings(router)


def test_a_queue_that_is_missing_keeps_no_other_from_its_ceiling(site: Path, router: RouterosEmulator) -> None:
    router.state.set("/queue/tree", router.state.id_of("/queue/tree", DOWN) or "", {"name": "renamed"})
    result = wanctl(site)
    assert result.returncode == 1
    assert "1 of 3 queues are not at their ceiling" in result.stdout
    assert f"the router has no queue tree entry '{DOWN}'" in result.stdout
    assert router.max_limit("renamed") == 5_000_000
    assert router.max_limit(UP) == CEILINGS[UP]


def test_a_router_that_is_away_ends_it_in_time(site: Path, router: RouterosEmulator) -> None:
    router.faults.down = {"rest", "ssh"}
    result = wanctl(site, "--timeout", "1s")
    assert result.returncode == 2
    assert "3 of 3 queues are not at their ceiling" in result.stdout


def test_a_router_that_never_answers_ends_it_in_time(site: Path, router: RouterosEmulator) -> None:
    router.faults.delay_ns = 3_600 * 10**9
    assert not done(site, 300_000_000).is_answered


def test_while_a_daemon_runs_it_refuses_and_says_what_to_do(site: Path, router: RouterosEmulator) -> None:
    lock = SiteLock(site.parent / "run", "home")
    result = wanctl(site)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"process {os.getpid()}" in result.stderr
    assert "--force" in result.stderr
    assert router.max_limit(UP) == 5_000_000
    assert wanctl(site, "--force").returncode == 0
    lock.release()
    assert at_ceilings(router)


def test_a_file_that_is_wrong_is_told_with_its_place(site: Path) -> None:
    (site.parent / "password").chmod(0o644)
    result = wanctl(site)
    assert result.returncode == 2
    assert "error[WC141]" in result.stderr
    site.write_text("router: nonsense\n")
    assert wanctl(site).returncode == 2
