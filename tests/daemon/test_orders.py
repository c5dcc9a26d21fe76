"""A running site takes a new file, holds still, records, and goes on after a restart."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.serving import ask, daemon, eventually
from wanctl.daemon.state.archive import read
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import DOWNLOAD_QUEUE, UPLOAD_QUEUE, write_site


@pytest.fixture
def site(tmp_path: Path, router: RouterosEmulator, reflectors: Reflectors) -> Path:
    return write_site(tmp_path, router, reflectors.addresses)


class Asked:
    """A daemon by its control socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, verb: str, **arguments: Any) -> dict[str, Any]:
        answer = ask(self.folder, {"verb": verb, **arguments})
        deadline = time.monotonic() + 20
        while not answer["ok"] and "does not answer" in answer["error"]:  # it has just started, and the machine is busy
            assert time.monotonic() < deadline, answer
            answer = ask(self.folder, {"verb": verb, **arguments})
        assert answer["ok"], answer
        result: dict[str, Any] = answer["result"]
        return result

    def refused(self, verb: str, **arguments: Any) -> str:
        answer = ask(self.folder, {"verb": verb, **arguments})
        assert not answer["ok"], answer
        return str(answer["error"])

    def wan(self) -> dict[str, Any]:
        (wan,) = self("status")["wans"]
        return dict(wan)

    def states(self) -> set[str]:
        return {state["path"] for state in self.wan()["states"]}


def halve(site: Path) -> None:
    """Give the download half its plan."""
    text = site.read_text()
    assert "plan: 50Mbit" in text
    site.write_text(text.replace("plan: 50Mbit", "plan: 25Mbit"))


def stop(running: subprocess.Popen[str]) -> str:
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 0, err
    return err


def test_a_reload_changes_the_limits_and_the_wan_goes_on(site: Path, tmp_path: Path, router: RouterosEmulator) -> None:
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: "baseline.TRACKING" in asked.states())
        before = asked("status")
        halve(site)
        told = asked("reload")
        assert (told["changed"], told["anew"], told["confirm_s"]) == (True, [], None)
        eventually(lambda: asked.wan()["download"]["ceiling_bps"] == 21_250_000)
        assert "baseline.LEARNING" not in asked.states()
        assert asked("status")["pid"] == before["pid"]
        # The router is shaped by the new configuration, and both queues are there.
        eventually(lambda: asked.wan()["download"]["applied_bps"] == router.max_limit(DOWNLOAD_QUEUE))
        assert asked("reload")["changed"] is False
        err = stop(running)
    assert "RUNNING → RELOADING" in err
    assert router.max_limit(DOWNLOAD_QUEUE) == 21_250_000
    assert router.max_limit(UPLOAD_QUEUE) == 10_200_000


def test_a_bad_file_changes_nothing_and_says_where(site: Path, tmp_path: Path, router: RouterosEmulator) -> None:
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: asked.wan()["download"]["applied_bps"] is not None)
        good = site.read_text()
        for bad, code in (
            (good.replace("plan: 50Mbit", "plan: 50Mbti"), "WC1"),
            (good.replace(DOWNLOAD_QUEUE, "gone"), "WC171"),
        ):
            site.write_text(bad)
            told = asked("reload")
            assert told["changed"] is False
            (fault,) = told["refused"]
            assert fault.startswith(f"{site}:")
            assert f"error[{code}" in fault
            assert asked.wan()["download"]["ceiling_bps"] == 42_500_000
        command = [sys.executable, "-m", "wanctl", "reload", "demo"]
        environment = {**os.environ, "RUNTIME_DIRECTORY": str(tmp_path / "run"), "XDG_RUNTIME_DIR": str(tmp_path)}
        (tmp_path / "wanctl").symlink_to(tmp_path / "renamed")
        (tmp_path / "renamed").mkdir()
        (tmp_path / "renamed" / "demo").symlink_to(tmp_path / "run")
        outcome = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert outcome.returncode == 1, outcome.stderr
        assert "refused, and nothing has changed" in outcome.stderr
        err = stop(running)
    assert "reload refused, nothing has changed" in err


def test_a_reload_takes_a_new_password_though_the_site_file_is_the_same(
    site: Path, tmp_path: Path, router: RouterosEmulator
) -> None:
    password = tmp_path / "router.password"
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: asked.wan()["download"]["applied_bps"] is not None)
        assert asked("reload")["changed"] is False
        password.write_text("not that of the router\n")
        (fault,) = asked("reload")["refused"]
        assert "does not accept the user 'wanctl'" in fault
        router.account.password = "another one"
        password.write_text("another one\n")
        assert asked("reload")["changed"] is True
        err = stop(running)
    assert "another one" not in err
    assert router.max_limit(DOWNLOAD_QUEUE) == 42_500_000


def test_sighup_reloads(site: Path, tmp_path: Path) -> None:
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: "download.GREEN.CRUISE" in asked.states())
        halve(site)
        running.send_signal(signal.SIGHUP)
        eventually(lambda: asked.wan()["download"]["ceiling_bps"] == 21_250_000)
        stop(running)


def test_a_reload_that_nobody_confirms_is_taken_back(site: Path, tmp_path: Path) -> None:
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: "download.GREEN.CRUISE" in asked.states())
        halve(site)
        assert asked("reload", confirm_s=5)["confirm_s"] == 5
        assert "not confirmed yet" in asked.refused("reload")
        eventually(lambda: asked.wan()["download"]["ceiling_bps"] == 21_250_000)
        eventually(lambda: asked.wan()["download"]["ceiling_bps"] == 42_500_000)
        assert "no reload waits" in asked.refused("confirm")
        err = stop(running)
    assert "nobody has confirmed it in time" in err


def test_a_confirmed_reload_stays_and_can_be_rolled_back_even_after_a_restart(site: Path, tmp_path: Path) -> None:
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: "download.GREEN.CRUISE" in asked.states())
        assert "no configuration was before" in asked.refused("rollback")
        halve(site)
        asked("reload", confirm_s=60)
        assert asked("confirm")["confirmed"] is True
        stop(running)
    with daemon(site, tmp_path / "run") as running:
        eventually(lambda: asked.wan()["download"]["ceiling_bps"] == 21_250_000)
        assert asked("rollback")["rolled_back"] is True
        eventually(lambda: asked.wan()["download"]["ceiling_bps"] == 42_500_000)
        stop(running)


def test_a_pin_holds_the_rates_until_it_is_taken_out_or_its_time_is_over(site: Path, tmp_path: Path) -> None:
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: "download.GREEN.CRUISE" in asked.states())
        assert "has no WAN 'cabel'" in asked.refused("pin", wan="cabel")
        assert asked("pin", wan="cable", for_s=600)["for_s"] == 600
        eventually(lambda: {"download.HOLD.PINNED", "upload.HOLD.PINNED"} <= asked.states())
        halve(site)
        asked("reload")  # a pin outlives it
        eventually(lambda: asked.wan()["download"]["ceiling_bps"] == 21_250_000)
        assert "download.HOLD.PINNED" in asked.states()
        asked("unpin", wan="cable")
        eventually(lambda: "download.HOLD.PINNED" not in asked.states())
        assert "is not pinned" in asked.refused("unpin", wan="cable")
        asked("pin", wan="cable", for_s=3)
        eventually(lambda: "download.HOLD.PINNED" in asked.states())
        eventually(lambda: "download.HOLD.PINNED" not in asked.states())
        err = stop(running)
    assert "the time of its pin is over" in err


def test_a_pin_goes_on_after_a_kill(site: Path, tmp_path: Path) -> None:
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: "download.GREEN.CRUISE" in asked.states())
        asked("pin", wan="cable", for_s=600)
        stop(running)
    with daemon(site, tmp_path / "run") as running:
        eventually(lambda: "download.HOLD.PINNED" in asked.states())
        asked("unpin", wan="cable")
        eventually(lambda: "download.HOLD.PINNED" not in asked.states())
        stop(running)


def test_what_was_learnt_goes_on_after_a_restart_and_the_history_is_there_without_a_daemon(
    site: Path, tmp_path: Path
) -> None:
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: "baseline.TRACKING" in asked.states())
        stop(running)
    state = tmp_path / "run.state"
    kept = read(state, 0, None, 100)
    assert [(one["from"], one["to"]) for one in kept if one["region"] == "baseline"] == [("LEARNING", "TRACKING")]
    with daemon(site, tmp_path / "run") as running:
        # It does not learn again what it knows.
        eventually(lambda: asked("status")["ticks"] > 5)
        assert "baseline.LEARNING" not in asked.states()
        stop(running)
    environment = {**os.environ, "STATE_DIRECTORY": str(state)}
    command = [sys.executable, "-m", "wanctl", "why", "demo", "--since", "1h", "--json"]
    outcome = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert outcome.returncode == 0, outcome.stderr
    told = [one["row"] for one in json.loads(outcome.stdout)["transitions"]]
    assert told == [one["row"] for one in read(state, 0, None, 100)]
    assert told.count("baseline.LEARNING#1") == 1


def test_a_state_that_is_damaged_is_said_and_the_site_runs(site: Path, tmp_path: Path) -> None:
    state = tmp_path / "run.state"
    state.mkdir()
    for name in ("site.0", "site.1", "budget.0", "before.1"):
        (state / name).write_bytes(b"torn")
    with daemon(site, tmp_path / "run") as running:
        eventually(lambda: "download.GREEN.CRUISE" in Asked(tmp_path / "run").states())
        err = stop(running)
    assert "nothing is left of 'site', it begins anew" in err
    assert "nothing is left of 'budget', it begins anew" in err


def test_a_recording_of_a_running_site_can_be_replayed(site: Path, tmp_path: Path) -> None:
    with daemon(site, tmp_path / "run") as running:
        asked = Asked(tmp_path / "run")
        eventually(lambda: "download.GREEN.CRUISE" in asked.states())
        folder = Path(asked("record", action="start", for_s=60)["folder"])
        assert "goes on already" in asked.refused("record", action="start")
        begun = asked("status")["ticks"]
        eventually(lambda: asked("status")["ticks"] > begun + 40)
        assert asked("record", action="stop")["folder"] == str(folder)
        stop(running)
    command = [sys.executable, "-m", "wanctl", "replay", str(folder / "cable.csv"), "--site", str(site), "--json"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert json.loads(outcome.stdout)["ticks"] >= 35
