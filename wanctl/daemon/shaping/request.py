"""What the machine of a router may ask for, carried out: one intent, one or a few requests over the way in use.

Whatever comes back is told to the three who need it: the actuator (which rates the router has), the machine (whether
the router answers) and the tick (readings and confirmations).
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wanctl.actuator import FOREVER_NS, Actuator, Target, Write
from wanctl.control.sample import Confirmation, Reading
from wanctl.daemon.clock import Clock
from wanctl.daemon.shaping.allowance import Allowance
from wanctl.daemon.shaping.carry import carry, limits, traffic
from wanctl.daemon.shaping.mode import RouterMode, result_of
from wanctl.engine import Intent
from wanctl.routeros import Ambiguous, Denied, NotFound, Queues, Refused, Resting, RouterError, Untrusted
from wanctl.routeros.way import TITLES, Ways

READ_PERIOD_NS = 200_000_000  # of a router; this host is asked each tick
MOST_KEPT = 256
REBOOT: tuple[Target, ...] = ()  # no queue: the uptime

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Meter:
    """Where the bytes of one WAN are counted: an interface of the router, else its two queues."""

    wan: str
    interface: str | None
    download: Target
    upload: Target


class Requests:
    """Belongs to the shaper's thread; the queues of what came back and `troubles` may be looked at by any."""

    def __init__(
        self,
        ways: Ways,
        actuator: Actuator,
        mode: RouterMode,
        allowance: Allowance,
        meters: tuple[Meter, ...],
        clock: Clock,
        note: Note,
        read_period_ns: int = READ_PERIOD_NS,
    ) -> None:
        self._ways, self._actuator, self._mode, self._allowance = ways, actuator, mode, allowance
        self._meters, self._clock, self._note = meters, clock, note
        self.readings: deque[Reading] = deque(maxlen=MOST_KEPT)
        self.confirmations: deque[Confirmation] = deque(maxlen=MOST_KEPT)
        self.in_flight: Write | None = None  # the write that the router has not answered yet
        self.read_due_ns = clock.monotonic_ns()
        self._read_period_ns = read_period_ns
        self._trouble: dict[str, str] = {}
        self._uptime_ns = 0
        self._queues = _by_queue(actuator.targets)
        self._unread: deque[tuple[Target, ...]] = deque()  # what an audit has still to look at
        self._meter = 0  # whose counters come next
        self._carry_out: Mapping[str, Callable[[Intent], bool]] = {
            "transport.use": self._use,
            "transport.probe": self._probe,
            "limits.read": self._read_limits,
            "write.next": self._write_next,
            "counters.read": self._read_counters,
        }

    @property
    def troubles(self) -> tuple[str, ...]:
        """What does not work at present, in sentences."""
        return tuple(f"{what}: {trouble}" for what, trouble in list(self._trouble.items()) if trouble)

    def carry_out(self, intent: Intent) -> bool:
        """Do what the machine asks for; whether the router was asked anything."""
        return self._carry_out[intent.action](intent)

    def tell(self, what: str, trouble: str) -> None:
        """Say a trouble when it comes, when it changes and when it has passed; not each time."""
        before = self._trouble.get(what, "")
        if trouble != before:
            self._trouble[what] = trouble
            self._note(f"{what}: {trouble}" if trouble else f"{what}: works again")

    def write(self, write: Write) -> bool:
        """Send one write and note what became of it; whether the router answered, be it with a no."""
        self._allowance.before_write(self.tell)
        self._actuator.sent(write, self._clock.monotonic_ns())
        self.in_flight = write
        try:
            has = carry(self._ways.router, write)
        except RouterError as error:
            return self._not_written(write, error)
        finally:
            self.in_flight = None
        self._answered()
        self._actuator.done(write)
        asked = {write.target: write.rate_bps}
        if write.partner is not None:
            asked[write.partner] = write.partner_bps
        for target, rate_bps in has.items():
            self._has(target, rate_bps)
        other = [f"asked for {asked[one]}, the router has {bps}" for one, bps in has.items() if bps != asked[one]]
        self.tell(f"write to {write.target.queue}", other[0] if other else "")
        return True

    # -- intents -------------------------------------------------------------------------------------------------------
    def _use(self, intent: Intent) -> bool:
        named = intent.values["name"]
        self._ways.use(next(way for way in self._ways.names if way == named))
        self._mode.changed_way()
        self._actuator.forget()
        self._unread.clear()
        return True

    def _probe(self, _intent: Intent) -> bool:
        if self._ways.probed == "shut":
            self.tell(TITLES[self._ways.preferred], self._ways.probe_trouble)
        self._ways.probe()
        return False

    def _write_next(self, _intent: Intent) -> bool:
        write = self._actuator.next_write(self._clock.monotonic_ns())
        if write is not None:
            self.write(write)
        return write is not None

    def _read_limits(self, _intent: Intent) -> bool:
        """Compare the next thing that we believe with the router; one request, so that a cut need not wait for all."""
        if not self._unread:
            self._unread.extend((REBOOT, *self._queues))
        targets = self._unread[0]
        if targets is REBOOT:
            answered = self._asked("the router's state", self._look_for_reboot, alone=False)
        else:
            answered = self._asked(targets[0].queue, lambda router: self._compare(router, targets))
        if answered:
            self._unread.popleft()
            if not self._unread:
                self._mode.checked(self._clock.monotonic_ns())
        return True

    def _read_counters(self, _intent: Intent) -> bool:
        """Read the next counters, if it is time; one WAN's, so that a cut need not wait for all."""
        now_ns = self._clock.monotonic_ns()
        if now_ns < self.read_due_ns:
            return False
        if not self._meters:
            self.read_due_ns = FOREVER_NS
            return False
        meter = self._meters[self._meter]
        self._meter = (self._meter + 1) % len(self._meters)
        if self._meter == 0:
            # On the grid, but never two at once after a router that was slow.
            self.read_due_ns = max(self.read_due_ns + self._read_period_ns, now_ns)
        return self._asked(f"counters of {meter.wan}", lambda router: self._read(router, meter))

    # -- requests ------------------------------------------------------------------------------------------------------
    def _asked(self, what: str, request: Callable[[Queues], None], *, alone: bool = True) -> bool:
        """Ask the router about something; whether it answered.

        `alone` says that an answer which makes no sense is a trouble of this one object, and not of the whole router.
        """
        try:
            request(self._ways.router)
        except RouterError as error:
            if isinstance(error, NotFound | Ambiguous) or (alone and isinstance(error, Refused)):
                self._answered()
                self.tell(what, str(error))
                return True
            self._failed(error)
            return False
        self._answered()
        self.tell(what, "")
        return True

    def _answered(self) -> None:
        self._mode.answered()
        self.tell(self._ways.title, "")

    def _failed(self, error: RouterError) -> None:
        """The way is shut, or whoever answers is not to be trusted or makes no sense."""
        self._mode.failed(error, self._clock.monotonic_ns())
        if result_of(error):
            self.tell(self._ways.title, str(error))
            self._ways.failed(error)

    def _not_written(self, write: Write, error: RouterError) -> bool:
        now_ns = self._clock.monotonic_ns()
        for target in write.targets:
            self.confirmations.append(Confirmation(target.wan, target.direction, None, now_ns, error.message))
        match error:
            case NotFound() | Ambiguous():
                self._actuator.failed(write, unknown=True)
                for target in write.targets:
                    self._actuator.lost(target)
                self.tell(write.target.queue, str(error))
                self._answered()
                return True
            case Refused():  # which may have been carried out in part: it is read back
                self._actuator.refused(write, now_ns)
                self._doubt()
                self.tell(f"write to {write.target.queue}", str(error))
                self._answered()
                return True
            case Denied() | Untrusted() | Resting():
                self._actuator.failed(write, unknown=False)
            case _:
                self._actuator.failed(write, unknown=True)
                self._doubt()
        self._failed(error)
        return False

    def _doubt(self) -> None:
        """The router may have other rates than we believe: all of them are read before the next write."""
        self._mode.doubt()
        self._unread.clear()

    def _look_for_reboot(self, router: Queues) -> None:
        uptime_ns = router.resource().uptime_ns
        if uptime_ns < self._uptime_ns:
            self._note("the router has rebooted: every rate is asserted again")
            self._actuator.forget()
            self._mode.doubt()
            self._unread = deque((REBOOT, *self._queues))
        self._uptime_ns = uptime_ns

    def _compare(self, router: Queues, targets: tuple[Target, ...]) -> None:
        try:
            has = limits(router, targets)
        except (NotFound, Ambiguous):
            for target in targets:
                self._actuator.lost(target)
            raise
        for target, rate_bps in has.items():
            if target.applied_bps not in (None, rate_bps):
                self._note(f"{target.queue} was changed to {rate_bps} bit/s by somebody else")
            self._has(target, rate_bps)

    def _has(self, target: Target, rate_bps: int) -> None:
        now_ns = self._clock.monotonic_ns()
        if rate_bps != target.applied_bps or target.wanted_bps == rate_bps:
            self.confirmations.append(Confirmation(target.wan, target.direction, rate_bps, now_ns))
        self._actuator.has(target, rate_bps, now_ns)

    def _read(self, router: Queues, meter: Meter) -> None:
        asked_ns = self._clock.monotonic_ns()
        if meter.interface is not None:
            rx_bytes, tx_bytes = router.read_interface(meter.interface)
        else:
            rx_bytes, tx_bytes = traffic(router, meter.download, meter.upload)
        # The router counted somewhere between question and answer.
        at_ns = (asked_ns + self._clock.monotonic_ns()) // 2
        self.readings.append(Reading(meter.wan, at_ns, rx_bytes, tx_bytes))


def _by_queue(targets: tuple[Target, ...]) -> tuple[tuple[Target, ...], ...]:
    """The targets by the queue that they name: both sides of a simple queue are read at once."""
    found: dict[tuple[str, bool], list[Target]] = {}
    for target in targets:
        found.setdefault((target.queue, target.simple), []).append(target)
    return tuple(tuple(group) for group in found.values())
