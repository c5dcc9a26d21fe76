"""One traffic class at work: what it sees of the WANs, what its machine makes of it, and where it is wanted.

The machine (machines/steering.yaml) decides when; `choice.py` says which WAN.
"""

from collections.abc import Callable, Mapping
from typing import Any

from wanctl.control.memory import Memory, RecallError, part
from wanctl.decision import Candidate, ClassSignals, SetClass
from wanctl.engine import Outcome, Program, SnapshotError, restore, snapshot
from wanctl.plan import ClassPlan
from wanctl.steering.choice import best, candidate, is_better, may_return
from wanctl.steering.link import Link
from wanctl.steering.placement import Placement

Lacking = Callable[[str, str], int]  # class, WAN: the bit/s that a move there would lack


class ClassPolicy:
    """One class; `program` is the compiled `steering.yaml`, `links` are the WANs of the site."""

    def __init__(self, plan: ClassPlan, program: Program, links: Mapping[str, Link], now_ns: int) -> None:
        self.plan = plan
        self.machine = program.start(now_ns, instance=plan.name)
        self.signals = ClassSignals(home=plan.prefer[0], wanted=plan.prefer[0])
        self._links = {name: links[name] for name in plan.prefer}
        self._best: Candidate | None = None
        self._pin = ""
        self._heard = False  # what the router did before us has been looked at

    @property
    def wan(self) -> str:
        """The WAN where new connections of the class are wanted."""
        return self.signals.wanted

    def look(self, now_ns: int, lacking: Lacking) -> tuple[tuple[SetClass, ...], Outcome]:
        """Look at the WANs and decide."""
        plan, signals = self.plan, self.signals
        candidates = {
            name: candidate(plan, link, lacking(plan.name, name) if plan.need_bps else 0)
            for name, link in self._links.items()
        }
        signals.candidates = tuple(candidates.values())
        here, home = candidates[signals.wanted], candidates[signals.home]
        self._best = best(plan, candidates, signals.wanted)
        better = self._best is not None and is_better(plan, here, self._best)
        inputs: Any = self.machine.inputs
        inputs.dead, inputs.home_dead = here.dead, home.dead
        inputs.hurts = better if plan.by_cost else bool(here.hurts)
        inputs.unsure = not self._links[here.wan].known
        inputs.elsewhere, inputs.refuge = better, self._best is not None
        inputs.home_well = here is not home and may_return(plan, home, self._links[home.wan], here)
        inputs.at_home = here is home
        return self._act(self.machine.tick(now_ns))

    def hear(self, now_ns: int, placement: Placement) -> tuple[tuple[SetClass, ...], Outcome | None]:
        """Take in where the router has the class; what it had before the first look is adopted, not undone."""
        signals = self.signals
        signals.applied, signals.placement, signals.trouble = placement.wan, placement.state, placement.trouble
        self._compare(now_ns)
        if self._heard or placement.wan is None:
            return (), None
        self._heard = True
        if placement.wan == signals.wanted or placement.wan not in self._links or signals.state != "HOME":
            return (), None
        signals.wanted = placement.wan
        _, outcome = self._act(self.machine.event(now_ns, "router.elsewhere"))
        return (SetClass(self.plan.name, signals.wanted),), outcome

    def event(self, now_ns: int, name: str, wan: str = "") -> tuple[tuple[SetClass, ...], Outcome]:
        """Deliver `operator.pin` (with the WAN), `operator.unpin`, `operator.disable` or `operator.enable`."""
        assert not wan or wan in self._links
        self._pin = wan
        return self._act(self.machine.event(now_ns, name))

    def memory(self) -> dict[str, Any]:
        """Where it is and why, as JSON values."""
        return {"machine": snapshot(self.machine), "wanted": self.signals.wanted}

    def recall(self, memory: Memory) -> None:
        """Go on from there; `RecallError` when it is no memory of this class."""
        wanted = memory.get("wanted")
        if not isinstance(wanted, str) or wanted not in self._links:
            raise RecallError(f"the class '{self.plan.name}' may not use the WAN that it was on")
        try:
            self.machine = restore(self.machine.program, part(memory, "machine"), self.plan.name)
        except SnapshotError as error:
            raise RecallError(str(error)) from error
        self.signals.wanted = wanted
        self._show()

    def _act(self, outcome: Outcome) -> tuple[tuple[SetClass, ...], Outcome]:
        signals, before = self.signals, self.signals.wanted
        for action, _, _ in outcome.intents:
            match action:
                case "class.move":
                    assert self._best is not None, "the machine moves a class only where there is another WAN"
                    signals.wanted = self._best.wan
                case "class.home":
                    signals.wanted = signals.home
                case "class.pin":
                    signals.wanted = self._pin
                case _:
                    raise AssertionError(action)
        if outcome.transitions:
            self._show()
        self._compare(self.machine.now_ns)
        return (() if signals.wanted == before else (SetClass(self.plan.name, signals.wanted),)), outcome

    def _compare(self, now_ns: int) -> None:
        signals = self.signals
        if not signals.placement or signals.applied == signals.wanted:
            signals.behind_ns = None
        elif signals.behind_ns is None:
            signals.behind_ns = now_ns

    def _show(self) -> None:
        self.signals.state = self.machine.leaves[0].partition(".")[2]
