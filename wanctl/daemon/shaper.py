"""The thread that carries writes out and reads byte counters: everything that waits for a router waits here.

The tick hands over what it wants and takes what came back, and never waits for either. A router that is slow, gone or
wrong is data: a confirmation that says so. Only the newest wish of each queue is kept, and the queues of readings and
confirmations are bounded, so nothing grows when nobody takes it.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from wanctl.actuator import Actuator, Target, Write, ceilings
from wanctl.control.sample import Confirmation, Reading
from wanctl.daemon.clock import Clock
from wanctl.decision import SetRate
from wanctl.routeros import Resting, Router, RouterError, TimedOut

READ_PERIOD_NS = 200_000_000
AUDIT_PERIOD_NS = 10_000_000_000  # how often uptime and limits are compared with what we believe
MOST_KEPT = 256
STOP_TIMEOUT_NS = 8_000_000_000  # longer than one read time-out of the router's adapter

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Meter:
    """Where the bytes of one WAN are counted: an interface of the router, else its two queues."""

    wan: str
    interface: str | None
    download: str
    upload: str


class Shaper:
    """Owns the router and the actuator. `note` is told what an operator should know, each thing once."""

    def __init__(self, router: Router, actuator: Actuator, meters: Sequence[Meter], clock: Clock, note: Note) -> None:
        self._router, self.actuator, self._meters, self._clock, self._note = (
            router,
            actuator,
            tuple(meters),
            clock,
            note,
        )
        self._changed = threading.Condition()
        self._wishes: dict[tuple[str, str], int] = {}
        self._stopping = False
        self._readings: deque[Reading] = deque(maxlen=MOST_KEPT)
        self._confirmations: deque[Confirmation] = deque(maxlen=MOST_KEPT)
        self._trouble: dict[str, str] = {}
        self._uptime_ns = 0
        self._read_due_ns = self._audit_due_ns = clock.monotonic_ns()
        self._thread = threading.Thread(target=self._run, name="shaper", daemon=True)
        self.failure: BaseException | None = None  # an error of ours that ended the thread

    # -- the tick's side -------------------------------------------------------------------------------------------
    def want(self, intents: Iterable[SetRate]) -> None:
        """Take new wishes; never waits."""
        with self._changed:
            for intent in intents:
                self._wishes[intent.wan, intent.direction] = intent.rate_bps
            self._changed.notify()

    def take(self) -> tuple[tuple[Reading, ...], tuple[Confirmation, ...]]:
        """What came back since the last call; never waits."""
        readings, confirmations = self._readings, self._confirmations
        if not readings and not confirmations:
            return (), ()
        # popleft and append of a deque are atomic: no lock, so a tick can never wait for this thread.
        return (
            tuple(readings.popleft() for _ in range(len(readings))),
            tuple(confirmations.popleft() for _ in range(len(confirmations))),
        )

    @property
    def troubles(self) -> tuple[str, ...]:
        """What does not work at present, in sentences; any thread may ask."""
        return tuple(f"{what}: {trouble}" for what, trouble in list(self._trouble.items()) if trouble)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> bool:
        """Leave every queue at its ceiling and end; False when the router did not answer in time."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(STOP_TIMEOUT_NS / 1e9)
        return not self._thread.is_alive() and not any(not t.is_in_sync for t in self.actuator.targets)

    # -- the thread --------------------------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
            self._leave()
        except BaseException as error:  # noqa: BLE001  (kept for the loop, which ends the daemon: never a silent dead thread)
            self.failure = error
        finally:
            self._router.close()

    def _turn(self) -> None:
        now_ns = self._clock.monotonic_ns()
        with self._changed:
            wishes, self._wishes = self._wishes, {}
        for (wan, direction), rate_bps in wishes.items():
            self.actuator.want(wan, direction, rate_bps, now_ns)
        write = self.actuator.next_write(now_ns)
        if write is not None:
            self._write(write)
        elif now_ns >= self._audit_due_ns:
            self._audit_due_ns = now_ns + AUDIT_PERIOD_NS
            self._try("audit", self._audit)
        elif now_ns >= self._read_due_ns:
            # On the grid, but never two at once after a router that was slow.
            self._read_due_ns = max(self._read_due_ns + READ_PERIOD_NS, now_ns)
            for meter in self._meters:
                self._try(f"counters of {meter.wan}", lambda meter=meter: self._read(meter))  # type: ignore[misc]
        else:
            self._wait(now_ns)

    def _wait(self, now_ns: int) -> None:
        due_ns = min(self._audit_due_ns, self._read_due_ns, self.actuator.next_due_ns(now_ns) or self._read_due_ns)
        with self._changed:
            if not self._wishes and not self._stopping:
                self._changed.wait(max(0, due_ns - now_ns) / 1e9)

    def _write(self, write: Write) -> None:
        target, now_ns = write.target, self._clock.monotonic_ns()
        self.actuator.sent(write, now_ns)
        try:
            applied_bps = self._router.set_tree_limit(target.queue, write.rate_bps)
        except RouterError as error:
            at_ns = self._clock.monotonic_ns()
            unknown = target if isinstance(error, TimedOut) else None
            rest_ns = error.until_ns if isinstance(error, Resting) else 0
            self.actuator.failed(at_ns, rest_until_ns=rest_ns, target=unknown)
            self._confirmations.append(Confirmation(target.wan, target.direction, None, at_ns, error.message))
            self._tell(f"write to {target.queue}", str(error))
            return
        self.actuator.applied(target, applied_bps)
        self._confirm(target, applied_bps)
        mismatch = "" if applied_bps == write.rate_bps else f"asked for {write.rate_bps}, the router has {applied_bps}"
        self._tell(f"write to {target.queue}", mismatch)

    def _confirm(self, target: Target, applied_bps: int) -> None:
        now_ns = self._clock.monotonic_ns()
        self._confirmations.append(Confirmation(target.wan, target.direction, applied_bps, now_ns))

    def _read(self, meter: Meter) -> None:
        asked_ns = self._clock.monotonic_ns()
        if meter.interface is not None:
            rx_bytes, tx_bytes = self._router.read_interface(meter.interface)
        else:
            rx_bytes = self._router.read_tree(meter.download).bytes
            tx_bytes = self._router.read_tree(meter.upload).bytes
        # The router counted somewhere between question and answer.
        at_ns = (asked_ns + self._clock.monotonic_ns()) // 2
        self._readings.append(Reading(meter.wan, at_ns, rx_bytes, tx_bytes))

    def _audit(self) -> None:
        """Compare what we believe with the router: it may have rebooted, or somebody may have changed a queue."""
        uptime_ns = self._router.resource().uptime_ns
        if uptime_ns < self._uptime_ns:
            self._note("the router has rebooted: every rate is asserted again")
            self.actuator.forget_applied()
        self._uptime_ns = uptime_ns
        for target in self.actuator.targets:
            has_bps = self._router.read_tree(target.queue).max_limit_bps
            if has_bps == target.applied_bps:
                continue
            if target.applied_bps is not None:
                self._note(f"{target.queue} was changed to {has_bps} bit/s by somebody else")
            self.actuator.applied(target, has_bps)
            self._confirm(target, has_bps)

    def _try(self, what: str, action: Callable[[], None]) -> None:
        try:
            action()
        except RouterError as error:
            self._tell(what, str(error))
            if isinstance(error, Resting):
                self._read_due_ns = max(self._read_due_ns, error.until_ns)
        else:
            self._tell(what, "")

    def _tell(self, what: str, trouble: str) -> None:
        """Say a trouble when it comes, when it changes and when it has passed; not each time."""
        before = self._trouble.get(what, "")
        if trouble == before:
            return
        self._trouble[what] = trouble
        self._note(f"{what}: {trouble}" if trouble else f"{what}: works again")

    def _leave(self) -> None:
        for write in ceilings(self.actuator.targets):
            target = write.target
            target.wanted_bps = write.rate_bps
            if not target.is_in_sync:
                self._write(write)
