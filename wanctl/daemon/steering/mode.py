"""What is known of a traffic class's switches, and its machine (machines/placement.yaml) that says what to do about it.

The steerer's thread tells what became of each request; `turn` hands it the machine's intents. The modes are the
machine's alone: here is only the translation of switches and ages into its inputs.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from wanctl.daemon.steering.switches import Switch
from wanctl.engine import Machine, Model, Outcome, compile_model, load
from wanctl.machines import read_text, shipped_machines
from wanctl.steering.placement import Placement
from wanctl.steering.switching import ACTIONS

NAME = "placement"
EXPIRED_NS = 2_000_000_000  # routers count whole seconds: one that was to go off so soon may be off already
_UNSEEN = ("READING", "UNREACHABLE")  # where nobody knows what the router does


@cache
def placement_model() -> Model:
    """The shipped machine of a class on the router."""
    path = shipped_machines()[NAME]
    return load(read_text(path), str(path), actions=ACTIONS)


class ClassMode:
    """One traffic class. One thread turns it; others may look at its state.

    `prefer` are the WANs that it may use, home first; the router tries their switches in this order.
    """

    def __init__(
        self, traffic_class: str, prefer: tuple[str, ...], now_ns: int, params: Mapping[str, str | float] | None = None
    ) -> None:
        assert prefer
        self.name, self.prefer, self.home = traffic_class, prefer, prefer[0]
        self.machine: Machine = compile_model(placement_model(), params or {}).start(
            now_ns, f"{traffic_class}.placement"
        )
        self.machine.never_merge()  # the thread of the ticks would have to wait for it
        self.wanted: str | None = None  # None until the router was read, or somebody wants something
        self.trouble = ""
        self._on: dict[str, int | None] = {}  # what is on, and when it goes off by itself; None: it is another's
        self._result: Literal["none", "ok", "failed"] = "none"
        self._read_ns: int | None = None
        self._prepared = True
        self._changed = False

    # -- what the thread tells -----------------------------------------------------------------------------------------
    def want(self, wan: str) -> bool:
        """Take a wish; whether it is one that the class allows."""
        if wan in self.prefer:
            self.wanted = wan
        return wan in self.prefer

    def seen(self, switches: Mapping[str, Switch], now_ns: int) -> None:
        """The switches were read: those of this class, by WAN. What is found first is adopted as what is wanted."""
        found = {
            wan: None if switch.expires_in_ns is None else now_ns + switch.expires_in_ns
            for wan, switch in switches.items()
            if switch.on
        }
        if self._read_ns is not None:
            gone = {wan for wan, until_ns in self._on.items() if wan not in found and not _is_over(until_ns, now_ns)}
            self._changed |= bool(gone or found.keys() - self._on.keys())
        self._on, self._read_ns, self._result = found, now_ns, "ok"
        if self.wanted is None:
            self.wanted = self.effective

    def turned(self, wan: str, until_ns: int | None) -> None:
        """A switch was turned on until a moment, or off (None), and read back."""
        if until_ns is None:
            self._on.pop(wan, None)
        else:
            self._on[wan] = until_ns
        self._result = "ok"

    def checked(self, *, prepared: bool) -> None:
        """The rules of the switches were looked for."""
        self._prepared, self._result = prepared, "ok"

    def failed(self) -> None:
        """A request has failed, or the router does not answer others: what it has is not known any more."""
        self._result, self._read_ns = "failed", None

    def forget(self) -> None:
        """The router has rebooted: whatever was on is off, and nobody else has turned it off."""
        self._read_ns = None

    # -- what it decides -----------------------------------------------------------------------------------------------
    def turn(self, now_ns: int) -> Outcome:
        """Decide with what is known now; the intents are to be carried out before the next turn."""
        self._on = {wan: until_ns for wan, until_ns in self._on.items() if until_ns is None or until_ns > now_ns}
        until_ns = self._on.get(self.wanted or "")
        inputs = {
            "result": self._result,
            "read": None if self._read_ns is None else (now_ns - self._read_ns) / 1e6,
            "prepared": self._prepared,
            "made": self.wanted == self.home or self.wanted in self._on,
            "clear": not self.unwanted,
            "changed": self._changed,
            "foreign": None in self._on.values(),
            "left": None if until_ns is None else (until_ns - now_ns) / 1e6,
        }
        self._changed = False
        for name, value in inputs.items():
            setattr(self.machine.inputs, name, value)
        return self.machine.tick(now_ns)

    def take(self, now_ns: int) -> Outcome:
        """The operator hands the class back."""
        return self.machine.event(now_ns, "operator.take")

    @property
    def unwanted(self) -> tuple[str, ...]:
        """The switches that are on and should not be, in the router's order."""
        return tuple(wan for wan in self.prefer if wan in self._on and wan != self.wanted)

    @property
    def foreign(self) -> tuple[str, ...]:
        """The switches that somebody else has turned on."""
        return tuple(wan for wan, until_ns in self._on.items() if until_ns is None)

    @property
    def effective(self) -> str:
        """Where new connections go, as far as it is known: the first switch that is on counts."""
        return next((wan for wan in self.prefer if wan in self._on), self.home)

    @property
    def state(self) -> str:
        """The mode, such as `SETTLED`."""
        return next(leaf.split(".")[1] for leaf in self.machine.leaves if leaf.startswith("placement."))

    def placement(self, now_ns: int) -> Placement:
        """Where the class is, for whoever decides."""
        state = self.state
        known = state not in _UNSEEN or (state == "READING" and self._read_ns is not None)
        return Placement(self.name, self.effective if known else None, self._read_ns or now_ns, state, self.trouble)


def _is_over(until_ns: int | None, now_ns: int) -> bool:
    return until_ns is not None and until_ns - now_ns < EXPIRED_NS
