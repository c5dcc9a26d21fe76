"""What may be done to a router: its machine (machines/actuator.yaml), fed with what the shaper's thread knows.

The thread tells what became of each request; `turn` hands it the machine's intents. The modes are the machine's alone:
here is only the translation of errors and ages into its inputs.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from wanctl.engine import Machine, Model, Outcome, compile_model, load
from wanctl.machines import read_text, shipped_machines
from wanctl.routeros import Ambiguous, Denied, NotFound, Resting, RouterError, TimedOut, Unreachable, Untrusted
from wanctl.routeros.action import ACTIONS
from wanctl.routeros.way import Probed, Transport

NAME = "actuator"
INSTANCE = "router"  # what its transitions are listed under, beside the WANs


@cache
def actuator_model() -> Model:
    """The shipped machine of a router."""
    path = shipped_machines()[NAME]
    return load(read_text(path), str(path), actions=ACTIONS)


class RouterMode:
    """The machine of one router. One thread turns it; others may look at its states."""

    def __init__(self, ways: Sequence[Transport], now_ns: int, params: Mapping[str, str | float] | None = None) -> None:
        """`ways` are the transports that the site allows, the preferred one first; `params` replaces times in tests."""
        of_the_site = {
            "host": float(ways[0] == "netlink"),
            "ssh_first": float(ways[0] == "ssh"),
            "second": float(len(ways) > 1),
        }
        program = compile_model(actuator_model(), {**of_the_site, **(params or {})})
        self.machine: Machine = program.start(now_ns, INSTANCE)
        self.machine.never_merge()  # the thread of the ticks would have to wait for it
        self._result = "none"
        self._failing_ns: int | None = None  # since when no request has been answered
        self._checked_ns: int | None = None  # when all queues were read; None: the router may have other rates by now

    def turn(self, now_ns: int, *, due: bool, missing: bool, probed: Probed) -> Outcome:
        """Decide with what is known now; the intents are to be carried out before the next turn."""
        inputs = {
            "result": self._result,
            "trouble": _age_ms(self._failing_ns, now_ns) or 0.0,
            "checked": _age_ms(self._checked_ns, now_ns),
            "due": due,
            "missing": missing,
            "probe": probed,
        }
        for name, value in inputs.items():
            setattr(self.machine.inputs, name, value)
        return self.machine.tick(now_ns)

    def answered(self) -> None:
        """The router has answered a request, be it with a no to that one request."""
        self._result, self._failing_ns = "ok", None

    def failed(self, error: RouterError, now_ns: int) -> None:
        """A request has failed in a way that says something about the router or the way to it."""
        result = result_of(error)
        if result == "":
            return
        self._result = result
        if self._failing_ns is None:
            self._failing_ns = now_ns

    def changed_way(self) -> None:
        """Another transport is in use: nothing is known of it, and what the router has is read again."""
        self._result, self._checked_ns = "none", None

    def checked(self, now_ns: int) -> None:
        """All queues have been read."""
        self._checked_ns = now_ns

    def doubt(self) -> None:
        """The router may have other rates than we believe."""
        self._checked_ns = None

    @property
    def state(self) -> str:
        """The mode of the router below its region: "ONLINE.IN_SYNC"."""
        leaves = self.machine.leaves
        return next(path.partition(".")[2] for path in leaves if path.startswith("router."))

    @property
    def is_online(self) -> bool:
        """Whether the router does what we ask."""
        return self.state.startswith("ONLINE")


def result_of(error: RouterError) -> str:
    """The machine's word for an error; "" when nothing was asked of the router."""
    match error:
        case Resting():
            return ""
        case Untrusted():
            return "untrusted"
        case Unreachable():
            return "unreachable"
        case TimedOut():
            return "timed_out"
        case Denied():
            return "denied"
        case NotFound() | Ambiguous():
            return "ok"
        case _:
            return "refused"


def _age_ms(since_ns: int | None, now_ns: int) -> float | None:
    return None if since_ns is None else (now_ns - since_ns) / 1e6
