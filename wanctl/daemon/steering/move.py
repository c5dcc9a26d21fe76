"""What the machines of the classes ask of the switches, carried out: read, turn on, turn off."""

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial

from wanctl.daemon.clock import Clock
from wanctl.daemon.steering.mode import ClassMode
from wanctl.daemon.steering.switches import Switches
from wanctl.engine import Intent
from wanctl.routeros import Refused, RouterError
from wanctl.steering.placement import Placement

MOST_KEPT = 1_024
TTL_NS = 90_000_000_000  # a switch that nobody refreshes goes off after so long
RULES_LAST_NS = 300_000_000_000  # the prepared rules are looked at again after so long, or when they were missing

Note = Callable[[str], None]


class Moves:
    """One site's switches and what became of each request. `uptime` tells how long whoever holds them has been up."""

    def __init__(
        self,
        switches: Switches,
        modes: Mapping[str, ClassMode],
        clock: Clock,
        note: Note,
        ttl_ns: int = TTL_NS,
        uptime: Callable[[], int] | None = None,
    ) -> None:
        self._switches, self._modes, self._clock, self._note = switches, modes, clock, note
        self._ttl_ns, self._uptime = ttl_ns, uptime
        self._uptime_ns = 0
        self._checked_ns: int | None = None  # when the rules were last found as they should be
        self._read_in_turn = False
        self.readings = 0  # how often the switches were read
        self._told: dict[str, Placement] = {}
        self._trouble: dict[str, str] = {}
        self.placements: deque[Placement] = deque(maxlen=MOST_KEPT)
        self._carry_out: Mapping[str, Callable[[ClassMode, Intent], None]] = {
            "switches.read": self._read,
            "switches.check": self._check,
            "switch.on": self._turn_on,
            "switch.off": self._turn_off,
        }

    @property
    def troubles(self) -> tuple[str, ...]:
        """What does not work at present, in sentences."""
        return tuple(f"{what}: {trouble}" for what, trouble in list(self._trouble.items()) if trouble)

    def begin_turn(self) -> None:
        """A new turn: one reading of the switches serves all classes that ask for it in a turn."""
        self._read_in_turn = False

    def carry_out(self, mode: ClassMode, intent: Intent) -> None:
        """Do what a class's machine asks for."""
        self._carry_out[intent.action](mode, intent)

    def tell(self, what: str, trouble: str) -> None:
        """Say a trouble when it comes, when it changes and when it has passed; not each time."""
        before = self._trouble.get(what, "")
        if trouble != before:
            self._trouble[what] = trouble
            self._note(f"{what}: {trouble}" if trouble else f"{what}: works again")

    def publish(self, mode: ClassMode, *, again: bool = False) -> None:
        """Hand a class's placement to the tick: when it has changed, or was confirmed by another reading."""
        placement = mode.placement(self._clock.monotonic_ns())
        before = self._told.get(mode.name)
        if again or before is None or placement._replace(at_ns=0) != before._replace(at_ns=0):
            self._told[mode.name] = placement
            self.placements.append(placement)

    # -- intents -------------------------------------------------------------------------------------------------------
    def _read(self, mode: ClassMode, _intent: Intent) -> None:
        if self._read_in_turn:
            return
        self._read_in_turn = True
        if not self._asked(mode, self._look_for_reboot):
            return
        if self._is_check_due() and not self._asked(mode, self._look_at_rules):
            return
        if not self._asked(mode, self._read_switches):
            return
        for one in self._modes.values():
            self.publish(one, again=True)

    def _check(self, mode: ClassMode, _intent: Intent) -> None:
        self._asked(mode, self._look_at_rules)

    def _turn_on(self, mode: ClassMode, _intent: Intent) -> None:
        wan = mode.wanted
        if wan is None or wan == mode.home:
            return  # it was called home between the decision and now

        # Counted from before the request: we must not believe a switch on for longer than the router keeps it.
        until_ns = self._clock.monotonic_ns() + self._ttl_ns
        if self._asked(mode, partial(self._switches.turn_on, mode.name, wan, self._ttl_ns)):
            mode.turned(wan, until_ns)

    def _turn_off(self, mode: ClassMode, _intent: Intent) -> None:
        for wan in mode.unwanted:
            if wan in mode.foreign or not self._asked(mode, partial(self._switches.turn_off, mode.name, wan)):
                return
            mode.turned(wan, None)

    # -- requests ------------------------------------------------------------------------------------------------------
    def _asked(self, mode: ClassMode, request: Callable[[], None]) -> bool:
        """Ask the router for something; whether it did it. What it refuses one class is no trouble of the others."""
        try:
            request()
        except RouterError as error:
            alone = isinstance(error, Refused)
            for one in (mode,) if alone else self._modes.values():
                one.failed()
                one.trouble = str(error)
            self.tell(f"steering of {mode.name}" if alone else "steering", str(error))
            return False
        self.tell("steering", "")
        self.tell(f"steering of {mode.name}", "")
        return True

    def _look_for_reboot(self) -> None:
        if self._uptime is None:
            return
        uptime_ns = self._uptime()
        if uptime_ns < self._uptime_ns:
            self._note("the router has rebooted: its switches are read, and turned on again where they are wanted")
            self._checked_ns = None
            for mode in self._modes.values():
                mode.forget()
        self._uptime_ns = uptime_ns

    def _is_check_due(self) -> bool:
        return self._checked_ns is None or self._clock.monotonic_ns() - self._checked_ns >= RULES_LAST_NS

    def _look_at_rules(self) -> None:
        lacks = self._switches.check()
        self._checked_ns = None if lacks else self._clock.monotonic_ns()
        self.tell("the rules for steering", "; ".join(lacks))
        for mode in self._modes.values():
            mode.checked(prepared=not lacks)
            mode.trouble = lacks[0] if lacks else ""

    def _read_switches(self) -> None:
        found = self._switches.read()
        self.readings += 1
        now_ns = self._clock.monotonic_ns()
        for mode in self._modes.values():
            mode.seen({wan: found[mode.name, wan] for wan in mode.prefer if (mode.name, wan) in found}, now_ns)
            foreign = ", ".join(mode.foreign)
            mode.trouble = f"somebody else has turned the switch to {foreign} on; it is left alone" if foreign else ""
