"""The daemon as a process of its own, against a router over HTTPS and reflectors over UDP."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wanctl.daemon.clock import SystemClock
from wanctl.daemon.state.store import Store
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import DOWNLOAD_QUEUE, PASSWORD, UPLOAD_QUEUE, World, allow_ssh, write_site

CEILING_BPS = 42_500_000  # 85 % of the plan of 50 Mbit/s


def start(site: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "wanctl", "run", str(site), *options]
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(site.parent / "run" / site.stem)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def finish(daemon: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = daemon.communicate(timeout=30)
    return daemon.returncode, out, err


def eventually(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


def test_the_daemon_sets_both_queues_and_leaves_them_at_their_ceilings(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    daemon = start(write_site(tmp_path, router, reflectors.addresses), "--summary", str(tmp_path / "out.json"))
    eventually(lambda: router.max_limit(DOWNLOAD_QUEUE) == CEILING_BPS // 2)
    eventually(lambda: router.max_limit(UPLOAD_QUEUE) == 5_100_000)
    daemon.send_signal(signal.SIGTERM)
    code, _out, err = finish(daemon)
    assert code == 0, err
    assert router.max_limit(DOWNLOAD_QUEUE) == CEILING_BPS // 1_000 // 42_500 * 42_500_000
    assert router.max_limit(UPLOAD_QUEUE) == 10_200_000
    summary = json.loads((tmp_path / "out.json").read_text())
    assert summary["ceilings_restored"] is True
    assert summary["writes"] >= 4


def test_a_full_link_is_shaped_until_its_queue_is_gone(router: RouterosEmulator, tmp_path: Path) -> None:
    clock = SystemClock()
    with World(router, clock, 20_000_000_000, 3, shaped=True) as world:
        running = threading.Event()
        router.on_write(lambda _write: running.set())
        daemon = start(write_site(tmp_path, router, world.reflectors.addresses))
        try:
            assert running.wait(20)
            world.begin()
            live = world.live
            assert live is not None
            # The line falls from 40 to 16 Mbit/s after 6 s: the shaped rate follows it.
            eventually(lambda: live.capacity_bps("download") < 17e6)
            eventually(lambda: router.max_limit(DOWNLOAD_QUEUE) < 17_000_000)
            eventually(lambda: live.queue_ms("download") < 5.0)
        finally:
            daemon.send_signal(signal.SIGTERM)
            code, _out, err = finish(daemon)
    assert code == 0, err
    # The journal says what moved, and why.
    cuts = [line for line in err.splitlines() if "cable download" in line and ("→ YELLOW" in line or "RED" in line)]
    assert cuts
    assert all(": " in line for line in cuts)


def test_a_queue_that_the_router_lacks_is_an_error_with_its_place(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    site = write_site(tmp_path, router, reflectors.addresses)
    site.write_text(site.read_text().replace("WAN-Download-Cable", "WAN-Downlod-Cable"))
    code, _out, err = finish(start(site))
    assert code == 78
    assert "demo.yaml:" in err
    assert "WC171" in err
    assert "did you mean 'WAN-Download-Cable'?" in err
    assert "Traceback" not in err


def test_a_certificate_of_another_authority_is_refused(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    site = write_site(tmp_path, router, reflectors.addresses)
    with RouterosEmulator(user="wanctl", password=PASSWORD) as stranger:
        (tmp_path / "router-ca.pem").write_bytes(stranger.ca_file.read_bytes())
    before = router.max_limit(DOWNLOAD_QUEUE)
    code, _out, err = finish(start(site))
    assert code == 78
    assert "certificate" in err
    assert "Traceback" not in err
    assert router.max_limit(DOWNLOAD_QUEUE) == before


def test_a_wrong_password_is_refused_and_never_shown(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    site = write_site(tmp_path, router, reflectors.addresses)
    (tmp_path / "router.password").write_text("canary-7781\n")
    code, out, err = finish(start(site))
    assert code == 78
    assert "canary-7781" not in out + err
    assert "Traceback" not in err


def test_a_password_that_others_can_read_is_refused(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    site = write_site(tmp_path, router, reflectors.addresses)
    (tmp_path / "router.password").chmod(0o644)
    code, _out, err = finish(start(site))
    assert code == 78
    assert "chmod 600" in err


def test_a_key_that_is_not_served_yet_stops_the_daemon(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    site = write_site(tmp_path, router, reflectors.addresses)
    profile = "    profile: default\n"
    site.write_text(site.read_text().replace(profile, f"{profile}    metered: 20GB/month\n"))
    code, _out, err = finish(start(site))
    assert code == 78
    assert "WC154" in err


def test_a_slow_router_leaves_the_ticks_alone(router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path) -> None:
    site = write_site(tmp_path, router, reflectors.addresses)
    daemon = start(site, "--duration", "4s", "--summary", str(tmp_path / "out.json"))
    eventually(lambda: router.max_limit(DOWNLOAD_QUEUE) == CEILING_BPS // 2)
    router.faults.delay_ns = 2_000_000_000
    code, _out, err = finish(daemon)
    assert code == 0, err
    summary = json.loads((tmp_path / "out.json").read_text())
    assert summary["ticks"] + summary["overruns"] >= 78  # 4 s of 50 ms: none was spent waiting for an answer
    assert summary["ticks"] > 60


def test_a_router_that_is_gone_at_the_start_is_tried_again(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    site = write_site(tmp_path, router, reflectors.addresses)
    unused = site.read_text().replace(f"port: {router.port}", "port: 1")
    site.write_text(unused)
    code, _out, err = finish(start(site, "--duration", "2s"))
    assert code == 0
    assert "trying again" in err
    assert err.count("refused") <= 8  # said when it changes, not each time


def test_watch_shows_states_delays_and_rates(router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path) -> None:
    site = write_site(tmp_path, router, reflectors.addresses)
    code, out, err = finish(start(site, "--watch", "--duration", "2s"))
    assert code == 0, err
    assert "download GREEN" in out
    assert "Mbit/s" in out
    assert all(len(line) <= 91 for line in out.splitlines())


@pytest.fixture
def both_ways() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(user="wanctl", password=PASSWORD, ssh_port=0) as emulator:
        yield emulator


def test_the_daemon_goes_on_by_ssh_when_rest_dies(
    both_ways: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    daemon = start(allow_ssh(write_site(tmp_path, both_ways, reflectors.addresses), both_ways))
    eventually(lambda: both_ways.max_limit(DOWNLOAD_QUEUE) == CEILING_BPS // 2)
    assert both_ways.ssh.commands == 0  # its library is not even loaded
    both_ways.faults.down = {"rest"}
    both_ways.drop_connections({"rest"})
    eventually(lambda: both_ways.ssh.commands > 3)
    daemon.send_signal(signal.SIGTERM)
    code, _out, err = finish(daemon)
    assert code == 0, err
    assert "router transport → SSH: REST is shut" in err
    assert both_ways.max_limit(UPLOAD_QUEUE) == 10_200_000


@pytest.mark.parametrize("transports", ["ssh", "ssh, rest"])
def test_a_site_that_prefers_ssh_never_asks_over_rest(
    transports: str, both_ways: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    site = allow_ssh(write_site(tmp_path, both_ways, reflectors.addresses), both_ways, transports)
    daemon = start(site)
    eventually(lambda: both_ways.max_limit(DOWNLOAD_QUEUE) == CEILING_BPS // 2)
    daemon.send_signal(signal.SIGTERM)
    assert finish(daemon)[0] == 0
    assert both_ways.max_limit(DOWNLOAD_QUEUE) > CEILING_BPS // 2
    assert both_ways.requests == 0


def test_another_host_key_at_the_start_is_refused(
    both_ways: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    site = allow_ssh(write_site(tmp_path, both_ways, reflectors.addresses), both_ways, "ssh")
    both_ways.ssh.swap_host_key()
    before = both_ways.max_limit(DOWNLOAD_QUEUE)
    code, _out, err = finish(start(site))
    assert code == 78
    assert "host key" in err
    assert both_ways.max_limit(DOWNLOAD_QUEUE) == before


def test_both_directions_are_shaped_by_one_simple_queue(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    router.state.place("/queue/simple", {"name": "lte", "target": "192.0.2.0/24", "max-limit": "50M/100M"})
    site = write_site(tmp_path, router, reflectors.addresses)
    text = site.read_text().replace(f"queue: {DOWNLOAD_QUEUE}", "simple_queue: lte")
    site.write_text(text.replace(f"queue: {UPLOAD_QUEUE}", "simple_queue: lte"))

    def limit() -> str:
        return router.state.records("/queue/simple")[0]["max-limit"]

    daemon = start(site, "--summary", str(tmp_path / "out.json"))
    eventually(lambda: limit() == f"5100000/{CEILING_BPS // 2}")
    daemon.send_signal(signal.SIGTERM)
    assert finish(daemon)[0] == 0
    assert limit() == "10200000/42500000"
    assert json.loads((tmp_path / "out.json").read_text())["writes"] == 2


def test_the_write_budget_outlives_the_daemon(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path, state_home: Path
) -> None:
    site = write_site(tmp_path, router, reflectors.addresses)
    site.write_text(site.read_text() + "budget: {minute: 60, day: 100}\n")
    for _ in range(2):
        daemon = start(site)
        eventually(lambda: router.max_limit(DOWNLOAD_QUEUE) == CEILING_BPS // 2)
        eventually(lambda: router.max_limit(UPLOAD_QUEUE) == 5_100_000)
        daemon.send_signal(signal.SIGTERM)
        assert finish(daemon)[0] == 0
    left = Store(state_home / "wanctl" / "demo", "budget").load().value
    assert left is not None
    assert 91.5 < left["left"]["day"] < 93  # four writes each, and what has flowed in meanwhile
