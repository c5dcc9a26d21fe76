"""`wanctl status` and `wanctl why`, against a socket that answers as a daemon does, and against a daemon."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import PLAIN, WANCTL
from tests.daemon.serving import daemon, eventually
from tests.observe.views import VIEW
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.control.server import ControlServer
from wanctl.daemon.runfolder import prepare
from wanctl.observe.health import report as told
from wanctl.observe.view import SiteView
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import PASSWORD, World, write_site

HEAVY = {"pydantic", "yaml", "transitions", "requests", "paramiko", "networkx", "rich", "asyncio", "starlette", "ssl"}


def wanctl(base: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**PLAIN, "XDG_RUNTIME_DIR": str(base)}
    environment.pop("RUNTIME_DIRECTORY", None)
    return subprocess.run([*WANCTL, *args], capture_output=True, text=True, check=False, env=environment)


class Sites:
    """Control sockets below a run folder, each answering with a view."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.servers: list[ControlServer] = []

    def add(self, view: SiteView) -> None:
        folder = self.base / "wanctl" / view.site
        prepare(folder)
        answer: Mapping[str, Any] = told(view)
        self.servers.append(ControlServer(folder, {"status": lambda _request: answer}, SystemClock(), print))
        self.servers[-1].start()


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    made = Sites(tmp_path)
    yield made
    for server in made.servers:
        server.stop()


def test_a_healthy_site_is_one_line_and_a_line_for_each_wan(sites: Sites) -> None:
    sites.add(replace(VIEW, classes=()))
    done = wanctl(sites.base, "status", "home")
    assert (done.returncode, done.stderr) == (0, "")
    head, columns, cable, lte, asked, resting = done.stdout.splitlines()
    assert head == "home  fine  up 3 h 12 min  1,204 writes (27 a minute, 8,796 a day left)"
    assert columns.split() == ["WAN", "link", "rtt", "queue", "loss", "download", "upload"]
    assert cable.split() == ["cable", "UP", "20.4", "+1.2", "0.0%", "GREEN", "412/412", "YELLOW", "30.1/32.3"]
    assert lte.split() == ["lte", "UP", "(TCP)", "48.0", "-0.3", "-", "GREEN", "51/51", "HOLD", "17/17"]
    assert asked == "packets a day to a reflector, at most: cable 288,000"
    assert resting == "  ! cable: silent while others answer, and asked seldom: 9.9.9.9"
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_where_each_class_is_and_what_the_wans_cost_it_is_a_matrix(sites: Sites) -> None:
    sites.add(VIEW)
    told = wanctl(sites.base, "status", "home").stdout.splitlines()
    begin = next(number for number, line in enumerate(told) if line.startswith("CLASS"))
    assert told[begin].split() == ["CLASS", "state", "cable", "lte"]
    assert told[begin + 1].split() == ["realtime", "STEERED", "82", "ms", "!", "*35", "ms"]
    assert told[begin + 3] == "  ! realtime: cable: delay 82 ms > 40 ms"


def test_what_is_wrong_comes_first(sites: Sites) -> None:
    router = replace(VIEW.router, failures=3, troubles=("write to WAN-Download: no answer within 5 s",))
    sites.add(replace(VIEW, router=router))
    done = wanctl(sites.base, "status", "home")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("home  1 problem  up")
    assert done.stdout.splitlines()[1] == "  ! router: write to WAN-Download: no answer within 5 s"


def test_without_a_name_every_site_is_shown(sites: Sites) -> None:
    sites.add(VIEW)
    sites.add(replace(VIEW, site="office", silent_s=4.0))
    done = wanctl(sites.base, "status")
    assert done.returncode == 1
    assert "home  fine" in done.stdout
    assert "  ! ticks: the tick loop has been silent for 4.0 s" in done.stdout


def test_a_file_means_the_site_that_is_named_after_it(sites: Sites) -> None:
    sites.add(VIEW)
    assert wanctl(sites.base, "status", "sites/home.yaml").returncode == 0


def test_programs_get_json_with_a_schema(sites: Sites) -> None:
    sites.add(VIEW)
    done = wanctl(sites.base, "status", "home", "--json")
    answer = json.loads(done.stdout)
    assert (answer["schema"], answer["problems"]) == ("wanctl.status/1", [])
    assert answer["wans"][0]["download"] == asdict(VIEW.wans[0].download)


def test_a_name_nobody_answers_to_says_what_runs_and_what_to_do(sites: Sites) -> None:
    sites.add(VIEW)
    for verb in ("status", "why"):
        done = wanctl(sites.base, verb, "hone")
        assert done.returncode == 2
        assert "no daemon of the site 'hone' is reachable" in done.stderr
        assert "Running here: home" in done.stderr
        assert done.stdout == ""


def test_a_daemon_that_was_killed_is_told_from_one_that_runs(sites: Sites) -> None:
    import socket

    folder = sites.base / "wanctl" / "home"
    prepare(folder)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(folder / "control.sock"))
    done = wanctl(sites.base, "status", "home")
    assert (done.returncode, done.stdout) == (2, "")
    assert "has gone without a word" in done.stderr


def test_status_loads_nothing_heavy(sites: Sites) -> None:
    sites.add(VIEW)
    command = [sys.executable, "-X", "importtime", "-m", "wanctl", "status", "home"]
    environment = {**PLAIN, "XDG_RUNTIME_DIR": str(sites.base)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "click" in loaded
    assert loaded & HEAVY == set()


def test_why_tells_the_last_transitions_and_what_blocks_the_next(tmp_path: Path) -> None:
    clock, folder = SystemClock(), tmp_path / "wanctl" / "demo"
    with (
        RouterosEmulator(user="wanctl", password=PASSWORD) as router,
        World(router, clock, 10_000_000_000, 3, shaped=True) as world,
    ):
        site = write_site(tmp_path, router, world.reflectors.addresses)
        with daemon(site, folder):
            eventually(lambda: router.max_limit("WAN-Download-Cable") == 21_250_000)
            world.begin()
            eventually(lambda: "Mbit/s wanted; router " in wanctl(tmp_path, "why", "demo", "-n", "50").stdout)
            done = wanctl(tmp_path, "why", "demo", "cable", "-n", "50")
            answer = json.loads(wanctl(tmp_path, "why", "--json", "-n", "500").stdout)
            none = wanctl(tmp_path, "why", "demo", "-n", "0")
    assert (done.returncode, done.stderr) == (0, "")
    text = done.stdout
    moved = r"^cable  download  GREEN\.\w+ → \S+  \d\d:\d\d:\d\d\.\d{3}  \(after .*s\)$"
    assert re.search(moved, text, re.MULTILINE)
    assert re.search(r"^  row     download\.GREEN\S*#\d+ +machines/direction\.yaml:\d+$", text, re.MULTILINE)
    assert "  why     " in text
    assert "  guard   " in text
    assert "  values  " in text
    assert "Mbit/s wanted; router " in text
    assert "  blocked " in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert answer["schema"] == "wanctl.why/1"
    assert [record["number"] for record in answer["transitions"]] == list(range(1, len(answer["transitions"]) + 1))
    assert any(record["router"] and record["router"]["applied_bps"] for record in answer["transitions"])
    assert none.stdout.startswith("cable  connectivity  UP.ICMP for ")


def test_nothing_runs_and_it_says_how_to_start() -> None:
    if any(any(Path(base).glob("*/control.sock")) for base in ("/run/wanctl", f"/tmp/wanctl-{os.getuid()}")):
        pytest.skip("a site runs on this host")
    done = wanctl(Path("/nonexistent"), "status")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Start one: wanctl run SITE" in done.stderr
