"""What the process of a site does as a whole: `machines/daemon.yaml` at work.

Pure: the loop of ticks hands in what it sees, and carries out what comes back.
"""

from dataclasses import dataclass

from wanctl.engine.action import ActionRegistry, ActionSignature
from wanctl.engine.program import Program
from wanctl.engine.record import Outcome

MACHINE = "daemon"

ACTIONS = ActionRegistry(
    (
        ActionSignature("service.ready", (), "Tell the service manager that the site is shaped, as it is configured."),
        ActionSignature("service.reloading", (), "Tell it that a reload has begun; `service.ready` ends it."),
        ActionSignature("service.stopping", (), "Tell it that the way out has begun."),
        ActionSignature("rates.open", (), "From now on every queue gets its ceiling, whatever is decided."),
        ActionSignature("rates.decide", (), "From now on every queue gets what is decided."),
        ActionSignature("parts.restart", (), "Start again what has failed."),
    )
)


@dataclass(slots=True)
class Condition:
    """What the machine looks at."""

    decided: bool = False
    reloading: bool = False
    broken: bool = False
    impaired: bool = False
    leaving: bool = False
    drained: bool = False


class Lifecycle:
    """The machine of one process."""

    def __init__(self, program: Program, now_ns: int) -> None:
        self.machine = program.start(now_ns, instance=MACHINE)
        self.machine.never_merge()  # it is ticked where nothing may be compiled
        self.condition = Condition()

    @property
    def state(self) -> str:
        """The active state, such as `RUNNING.WHOLE`."""
        return self.machine.leaves[0]

    def tick(self, now_ns: int) -> Outcome:
        """Decide on the condition as it is now."""
        inputs, condition = self.machine.inputs, self.condition
        for name in Condition.__slots__:
            setattr(inputs, name, getattr(condition, name))
        return self.machine.tick(now_ns)
