"""What a site knows after a restart, by how long ago it was kept and on which boot."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.site.loop import make_plan
from tests.site.test_wan import Line
from wanctl.daemon.control.pins import Pins
from wanctl.daemon.state.disk import Disk
from wanctl.daemon.state.keep import PERIOD_NS, Keeper, memory_of, wake
from wanctl.daemon.state.store import Loaded, Store
from wanctl.decision import Decision
from wanctl.plan import SitePlan
from wanctl.site import Site

SECOND_NS = 1_000_000_000
BOOT_NS = 1_790_000_000 * SECOND_NS
PLAN = SitePlan("home", (make_plan(),))


@dataclass
class Moment:
    """A clock that stands."""

    monotonic: int = 0
    booted: int = BOOT_NS

    def monotonic_ns(self) -> int:
        return self.monotonic

    def boottime_ns(self) -> int:
        return self.monotonic

    def realtime_ns(self) -> int:
        return self.booted + self.monotonic


@pytest.fixture(scope="module")
def line() -> Line:
    """A line that was idle, then full, at 25 s after the boot."""
    line = Line()
    line.ticks(400, 20.0, 1.0, 0.2)
    line.ticks(100, 90.0, 12.0, 0.2)
    return line


@pytest.fixture(scope="module")
def kept(line: Line) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(json.dumps(memory_of(Site({"cable": line.wan}), Pins(), Moment(line.now_ns))))
    return state


def loaded(value: dict[str, Any] | None, note: str = "") -> Loaded:
    return Loaded(value, 0 if value is None else 1, note)


def after(seconds: float, line: Line, *, booted_later_s: float = 0.0) -> Moment:
    """So long after the state was kept; with a reboot the monotonic clock has begun anew."""
    if booted_later_s:
        monotonic = 5 * SECOND_NS
        return Moment(monotonic, BOOT_NS + line.now_ns + round(seconds * SECOND_NS) - monotonic)
    return Moment(line.now_ns + round(seconds * SECOND_NS))


def test_after_two_seconds_everything_goes_on(line: Line, kept: dict[str, Any]) -> None:
    woken = wake(PLAN, loaded(kept), after(2, line))
    wan = woken.site.wans["cable"]
    assert (woken.taken_up, woken.lost) == (("cable",), ())
    assert wan.machine.leaves == line.wan.machine.leaves
    assert wan.signals.download.wanted_bps == line.signals.download.wanted_bps


@pytest.mark.parametrize(
    ("seconds", "rebooted", "machines", "rates"),
    [
        (59, False, True, True),
        (61, False, False, True),
        (5, True, False, True),
        (599, True, False, True),
        (601, False, False, False),
        (3_599, False, False, False),
    ],
)
def test_what_is_taken_up_depends_on_its_age(
    line: Line, kept: dict[str, Any], seconds: float, rebooted: bool, machines: bool, rates: bool
) -> None:
    woken = wake(PLAN, loaded(kept), after(seconds, line, booted_later_s=seconds if rebooted else 0))
    wan = woken.site.wans["cable"]
    assert woken.lost == ()
    assert (woken.taken_up == ("cable",)) is machines
    assert (wan.signals.download.wanted_bps == line.signals.download.wanted_bps) is rates
    assert len(wan.memory()["delay"]["floors"]) == 6


@pytest.mark.parametrize(
    ("clock", "why"),
    [
        (Moment(4_000 * SECOND_NS), "old: everything begins anew"),
        (Moment(5 * SECOND_NS, BOOT_NS - 3_600 * SECOND_NS), "of an unknown time"),
    ],
)
def test_a_state_that_is_too_old_or_of_the_future_begins_anew_and_is_said(
    kept: dict[str, Any], clock: Moment, why: str
) -> None:
    woken = wake(PLAN, loaded(kept), clock)
    assert woken.taken_up == ()
    assert why in woken.lost[0]
    assert woken.site.wans["cable"].memory()["delay"]["floors"] == []


def test_at_the_first_start_nothing_is_missed() -> None:
    assert wake(PLAN, loaded(None), Moment()).lost == ()


def test_a_state_that_was_lost_is_said() -> None:
    assert wake(PLAN, loaded(None, "site.0 is torn"), Moment()).lost == ("site.0 is torn",)


def test_a_wan_whose_memory_does_not_fit_begins_anew_and_is_said(line: Line, kept: dict[str, Any]) -> None:
    broken = {**kept, "wans": {"cable": {**kept["wans"]["cable"], "delay": {"floors": [["icmp", 1, 2]]}}}}
    woken = wake(PLAN, loaded(broken), after(1, line))
    assert woken.taken_up == ()
    assert woken.lost[0].startswith("cable begins anew: what was kept of it does not fit")
    assert "baseline.LEARNING" in woken.site.wans["cable"].signals.states


def test_a_pin_goes_on_with_its_machine(line: Line, kept: dict[str, Any]) -> None:
    pinned = {**kept, "pins": {"cable": 90 * SECOND_NS, "gone": 1}}
    assert wake(PLAN, loaded(pinned), after(1, line)).pins == {"cable": 90 * SECOND_NS}
    assert wake(PLAN, loaded(pinned), after(100, line)).pins == {}  # its machine begins anew, and holds nothing


def test_a_wan_that_the_site_has_no_more_is_left_out(line: Line, kept: dict[str, Any]) -> None:
    others = {**kept, "wans": {"lte": kept["wans"]["cable"]}}
    woken = wake(PLAN, loaded(others), after(1, line))
    assert (woken.taken_up, woken.lost, list(woken.site.wans)) == ((), (), ["cable"])


@pytest.mark.parametrize("value", [{}, {"schema": "wanctl.site/9"}, {"schema": "wanctl.site/1", "wans": []}])
def test_a_state_of_another_kind_begins_anew(value: dict[str, Any]) -> None:
    assert "of an unknown time" in wake(PLAN, loaded(value), Moment()).lost[0]


class Notes:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.failed: list[str] = []

    def fail(self, name: str, error: BaseException) -> None:
        self.failed.append(f"{name}: {error}")


def test_the_state_is_saved_every_ten_seconds_and_at_the_end(line: Line, tmp_path: Path) -> None:
    notes, store, clock = Notes(), Store(tmp_path, "site"), Moment(line.now_ns)
    disk = Disk(notes.fail)
    disk.start()
    keeper = Keeper(lambda: Site({"cable": line.wan}), Pins(), store, disk, clock, notes.said.append)
    keeper.decided(Decision(clock.monotonic, (), (), {}))
    keeper.decided(Decision(clock.monotonic + PERIOD_NS, (), (), {}))
    keeper.close()
    assert disk.stop()
    kept = Store(tmp_path, "site").load()
    assert 1 <= kept.generation <= 2  # the second may have taken the place of the first
    assert wake(PLAN, kept, clock).taken_up == ("cable",)
    assert notes.said == notes.failed == []


def test_a_disk_that_takes_nothing_is_said_once_and_when_it_takes_it_again(line: Line, tmp_path: Path) -> None:
    notes, clock = Notes(), Moment(line.now_ns)
    blocked = tmp_path / "state"
    blocked.write_text("a file in the folder's place")
    disk = Disk(notes.fail)
    disk.start()
    keeper = Keeper(lambda: Site({"cable": line.wan}), Pins(), Store(blocked, "site"), disk, clock, notes.said.append)

    def keep() -> None:
        keeper.keep()
        done = threading.Event()
        disk.post("done", done.set)
        assert done.wait(10)

    keep()
    keep()
    blocked.unlink()
    keep()
    disk.stop()
    assert len(notes.said) == 2
    assert "a restart will begin anew" in notes.said[0]
    assert "it can be saved again" in notes.said[1]


def test_jobs_of_one_name_take_each_others_place_and_others_wait_their_turn() -> None:
    done: list[str] = []
    go = threading.Event()
    disk = Disk(Notes().fail)
    disk.start()
    disk.post("slow", lambda: done.append("slow") if go.wait() else None)
    for number in range(1_000):
        disk.post("state", lambda number=number: done.append(f"state {number}"))  # type: ignore[misc]
        disk.post("history", lambda: done.append("history"))
    go.set()
    assert disk.stop()
    assert done[-1] in ("history", "state 999")
    assert "state 999" in done
    assert len(done) <= 5


def test_a_job_with_a_fault_of_ours_is_told_by_its_name() -> None:
    notes = Notes()
    disk = Disk(notes.fail)
    empty: list[int] = []
    disk.post("history", lambda: empty.remove(1))
    disk.start()
    assert disk.stop()
    assert notes.failed == ["history: list.remove(x): x not in list"]
    assert not disk.is_alive
