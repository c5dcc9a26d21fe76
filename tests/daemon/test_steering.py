"""A daemon with traffic classes, on a router that is prepared for them: what it does, shows and keeps."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.daemon.serving import ask, daemon, eventually
from wanctl.cli.status import lines
from wanctl.daemon.clock import SystemClock
from wanctl.testing.crossroads import Crossroads


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Crossroads]:
    folder = tmp_path / "house"
    folder.mkdir()
    with Crossroads(folder, SystemClock()) as house:
        yield house


def realtime(folder: Path) -> dict[str, Any]:
    """The class as `status` has it; a daemon that has just started cannot tell yet."""
    eventually(lambda: ask(folder, {"verb": "status"})["ok"] is True)
    view = ask(folder, {"verb": "status"})["result"]
    found: dict[str, Any] = next(one for one in view["classes"] if one["name"] == "realtime")
    return found


def applied(folder: Path, wan: str) -> Callable[[], bool]:
    return lambda: realtime(folder)["applied"] == wan


def test_a_class_leaves_a_dead_link_within_seconds_and_status_and_why_say_so(house: Crossroads, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with daemon(house.site, folder):
        eventually(applied(folder, "cable"))
        eventually(lambda: all(one["cost_ms"] is not None for one in realtime(folder)["candidates"]))
        assert house.on("realtime") == []
        house.rtt_ms["cable"] = None
        eventually(lambda: house.on("realtime") == ["dsl"])
        eventually(applied(folder, "dsl"))
        assert realtime(folder)["candidates"][0]["refused"] == "it is down"
        assert house.on("work") == []
        answer = ask(folder, {"verb": "why", "wan": "realtime", "most": 5})["result"]
        assert [one["why"] for one in answer["transitions"]][-2:] == [
            "home carries nothing, another link does",
            "it has been moved",
        ]
        told = list(lines(ask(folder, {"verb": "status"})["result"]))
        row = click.unstyle(next(line for line in told if line.startswith("realtime")))
        assert max(len(click.unstyle(line)) for line in told) <= 80
        assert row.split()[:3] == ["realtime", "STEERED", "down"]
        assert row.split()[3].startswith("*")  # dsl, in use


def test_a_class_is_pinned_and_let_go(house: Crossroads, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with daemon(house.site, folder):
        eventually(applied(folder, "cable"))
        answer = ask(folder, {"verb": "pin", "wan": "realtime", "to": "lte", "for_s": 60})["result"]
        assert (answer["class"], answer["wan"]) == ("realtime", "lte")
        eventually(lambda: house.on("realtime") == ["lte"])
        refused = ask(folder, {"verb": "pin", "wan": "work", "to": "lte"})
        assert "the class 'work' may not use 'lte'" in str(refused)
        assert "only a traffic class" in str(ask(folder, {"verb": "pin", "wan": "cable", "to": "lte"}))
        ask(folder, {"verb": "unpin", "wan": "realtime"})
        eventually(lambda: realtime(folder)["states"][0]["path"].startswith("place.STEERED"))


def test_a_killed_daemon_leaves_its_switch_on_and_the_next_one_goes_on_from_there(
    house: Crossroads, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    house.rtt_ms["cable"] = 300.0
    with daemon(house.site, folder) as running:
        eventually(lambda: house.on("realtime") == ["dsl"])
        running.kill()
        running.communicate()
    assert house.on("realtime") == ["dsl"]
    with daemon(house.site, folder):
        eventually(applied(folder, "dsl"))
        assert realtime(folder)["states"][0]["path"].startswith("place.STEERED")
        assert house.on("realtime") == ["dsl"]
