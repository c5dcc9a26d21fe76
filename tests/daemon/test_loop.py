"""The loop of ticks when its parts fail: the queues are opened, it is said, and the loop goes on."""

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.daemon.test_journal import StandingClock
from tests.daemon.test_notify import Ear
from tests.daemon.test_supervisor import dumped
from tests.site.loop import make_plan
from wanctl.actuator import Actuator, Target
from wanctl.config.law import build_site
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.fitting import fit
from wanctl.daemon.heartbeat import Heartbeat
from wanctl.daemon.listeners import Listeners
from wanctl.daemon.loop import Loop
from wanctl.daemon.notify import Notifier
from wanctl.daemon.preflight import read_checked
from wanctl.daemon.shaping.connect import connect
from wanctl.daemon.state.dump import Dumps
from wanctl.daemon.supervisor import Supervisor, life_program
from wanctl.decision import Decision, SetRate
from wanctl.lifecycle import Lifecycle
from wanctl.plan import SitePlan
from wanctl.routeros import Queues
from wanctl.routeros.way import Transport, Ways
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import DOWNLOAD_QUEUE, PASSWORD, write_site

SECOND_NS = 1_000_000_000
PLAN = SitePlan("home", (make_plan(),))


class Clock(StandingClock):
    """Time that goes on as far as somebody sleeps."""

    def sleep_until(self, due_ns: int) -> None:  # type: ignore[override]
        self.now_ns = max(self.now_ns, due_ns)


class Shaper:
    """What is wanted of it, by queue, and whether it still works."""

    def __init__(self, actuator: Actuator) -> None:
        self.actuator, self.failure = actuator, None
        self.wanted: dict[tuple[str, str], int] = {}

    def want(self, intents: Iterable[SetRate]) -> None:
        self.wanted |= {(one.wan, one.direction): one.rate_bps for one in intents}

    def take(self) -> tuple[tuple[()], tuple[()]]:
        return (), ()

    def take_moved(self) -> tuple[()]:
        return ()


class Prober:
    """Answers nothing, and fails when it is told."""

    def __init__(self) -> None:
        self.fault: Exception | None = None

    def drain(self, now_ns: int) -> list[Any]:
        if self.fault is not None:
            raise self.fault
        return []

    def send(self, now_ns: int) -> list[Any]:
        return []

    def withdraw(self) -> list[Any]:
        return []

    def heed(self, now_ns: int, signals: object) -> None:
        pass


class Broken:
    """A listener that fails when it is told."""

    fails = False

    def say(self, text: str) -> None:
        pass

    def decided(self, decision: Decision) -> None:
        if self.fails:
            raise LookupError("in the keeper")

    def close(self) -> None:
        pass


class Running:
    """A loop, and everything that can be seen of it."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.prober, self.said = Clock(), Prober(), []
        limits = PLAN.wans[0]
        targets = tuple(
            Target("cable", way, way, side.floor_bps, side.ceiling_bps)
            for way, side in (("download", limits.download), ("upload", limits.upload))
        )
        self.shaper = Shaper(Actuator(targets))
        site = build_site(PLAN, 0)
        fitting = SimpleNamespace(
            plan=PLAN, site=site, probers={"cable": self.prober}, shaper=self.shaper, steerer=None
        )
        notes: deque[str] = deque(maxlen=100)
        self.ear = Ear(str(folder / "notify"))
        notifier = Notifier(str(folder / "notify"), 10 * SECOND_NS)
        dumps = Dumps(folder, list, self.clock, notes.append)
        self.supervisor = Supervisor(Lifecycle(life_program(), 0), dumps, dict, notes.append)
        self.heartbeat = Heartbeat(notifier, self.supervisor)
        self.broken = Broken()
        listeners = Listeners((self, self.broken), self.supervisor.failed)
        self.loop = Loop(fitting, self.supervisor, notifier, listeners, self.clock, notes)  # type: ignore[arg-type]
        self.supervisor.watch("decisions", self.loop.begin_anew)
        self.ticks, self.heard = 0, list[str]()

    def say(self, text: str) -> None:
        self.said.append(text)

    def decided(self, decision: Decision) -> None:
        self.ticks += 1
        self.heartbeat.decided(decision)
        self.heard += self.ear.heard()  # the kernel holds ten datagrams

    def close(self) -> None:
        pass

    def run(self, seconds: float) -> None:
        until = self.ticks + round(seconds * 20)
        self.supervisor.life.condition.leaving = False
        self.loop.run(lambda: self.ticks >= until)

    @property
    def ceilings(self) -> dict[tuple[str, str], int]:
        return {(one.wan, one.direction): one.ceiling_bps for one in self.shaper.actuator.targets}


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path)


def fail_after(running: Running, seconds: float, **changes: Any) -> None:
    """Let something happen to the prober between two ticks."""
    at = running.clock.now_ns + round(seconds * SECOND_NS)

    def strike(now_ns: int) -> None:
        if now_ns < at:
            running.loop.errands.waiting.append((strike, deque_like()))
        else:
            vars(running.prober).update(changes)

    running.loop.errands.waiting.append((strike, deque_like()))


def deque_like() -> Any:
    return SimpleNamespace(put=lambda _answer: None)


def test_ready_is_said_with_the_first_decision_and_stopping_at_the_end(running: Running) -> None:
    running.run(2)
    heard = [text for text in (*running.heard, *running.ear.heard()) if not text.startswith(("STATUS", "WATCHDOG"))]
    assert heard == ["READY=1", "STOPPING=1"]


def test_decisions_are_handed_to_the_shaper(running: Running) -> None:
    running.run(1)
    wan = running.loop.site.wans["cable"]
    # On the way out every queue is wanted at its ceiling.
    assert running.shaper.wanted == running.ceilings
    assert wan.signals.download.wanted_bps < running.ceilings["cable", "download"]


def test_a_fault_in_a_tick_opens_the_queues_and_the_loop_goes_on(running: Running, tmp_path: Path) -> None:
    fail_after(running, 1, fault=ZeroDivisionError("a surprise"))
    running.run(5)
    assert running.ticks == 100
    assert running.shaper.wanted == running.ceilings
    assert "daemon RUNNING → SAFE: what decides or writes has failed" in running.said
    assert any("decisions: ZeroDivisionError: a surprise" in text for text in running.said)
    (dump,) = dumped(tmp_path)
    assert "drain" in dump["traceback"]
    # The watchdog is fed: the loop is alive, and says in its status why it decides nothing.
    assert running.heard.count("WATCHDOG=1") >= 2
    safe = [text for text in running.heard if text.startswith("STATUS=SAFE: decisions: ZeroDivisionError: a surprise")]
    assert safe != []


def test_what_has_failed_is_started_anew_after_a_minute(running: Running) -> None:
    fail_after(running, 1, fault=ZeroDivisionError("a surprise"))
    fail_after(running, 30, fault=None)
    before = running.loop.site
    running.run(63)
    assert running.loop.site is not before
    assert "decisions: started again" in running.said
    assert "daemon SAFE → RUNNING: it has been started anew" in running.said


def test_a_fault_that_stays_is_told_once_a_minute_and_not_twenty_times_a_second(
    running: Running, tmp_path: Path
) -> None:
    fail_after(running, 1, fault=ZeroDivisionError("a surprise"))
    running.run(200)
    assert sum("a surprise" in text for text in running.said) <= 4
    assert len(dumped(tmp_path)) <= 4
    assert running.shaper.wanted == running.ceilings


def test_a_listener_that_fails_is_told_and_the_others_go_on(running: Running, tmp_path: Path) -> None:
    running.broken.fails = True
    running.run(2)
    assert running.ticks == 40
    assert any(text.startswith("daemon STARTING → RUNNING.IMPAIRED") for text in running.said)
    assert any("broken: LookupError: in the keeper" in text for text in running.said)
    assert len(dumped(tmp_path)) == 1


def test_somebody_who_asks_for_something_impossible_hurts_nobody(running: Running) -> None:
    answers: list[Any] = []
    errand = (lambda _now_ns: 1 // 0, SimpleNamespace(put=answers.append))
    running.loop.errands.waiting.append(errand)  # type: ignore[arg-type]
    running.run(1)
    ((result, error),) = answers
    assert result is None
    assert isinstance(error, ZeroDivisionError)
    assert running.ticks == 20


def test_a_shaper_that_dies_is_replaced_and_every_queue_gets_its_ceiling(tmp_path: Path) -> None:
    clock, notes = SystemClock(), deque[str](maxlen=100)
    broken = [ZeroDivisionError("in the shaper")]
    with RouterosEmulator(user="wanctl", password=PASSWORD) as router:
        checked = read_checked(write_site(tmp_path, router, ("udp://127.0.0.1:9",)))

        def connecting(name: Transport) -> Queues:
            if broken:
                raise broken.pop()
            return connect(checked.file, clock, name)

        site = build_site(checked.file.plan(), clock.monotonic_ns())
        fitting = fit(checked, site, None, clock, notes.append, ways=Ways(("rest",), connecting))
        dumps = Dumps(tmp_path / "state", list, clock, notes.append)
        supervisor = Supervisor(Lifecycle(life_program(), clock.monotonic_ns()), dumps, dict, notes.append)
        loop = Loop(fitting, supervisor, Notifier(), Listeners((), supervisor.failed), clock, notes)
        supervisor.watch("shaper", loop.replace_shaper)
        fitting.shaper.start()
        deadline = clock.monotonic_ns() + 20 * SECOND_NS
        loop.run(lambda: router.max_limit(DOWNLOAD_QUEUE) == 42_500_000 or clock.monotonic_ns() > deadline)
        assert router.max_limit(DOWNLOAD_QUEUE) == 42_500_000
        assert supervisor.failures == ("shaper: ZeroDivisionError: in the shaper",)
        assert fitting.shaper.stop()
        loop.end()
        fitting.close()
    assert len(dumped(tmp_path / "state")) == 1
