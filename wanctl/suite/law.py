"""Tests with a law: not the machine alone runs, but the controller of a WAN, from round-trip times to rates.

`law: default` or `law: classic` and `plan:` give the controller its limits; `input` then holds `rtt` and `tcp`
(round-trip times in ms; `_` is a probe that nobody answered) and `download` and `upload` (what crosses the WAN's
interface, in Mbit/s; without both of them nobody counts bytes).
"""

from collections.abc import Mapping

from wanctl.classic import MACHINE as CLASSIC_MACHINE
from wanctl.classic import ClassicWan
from wanctl.control.sample import Observation, Reading, Sample, Sent
from wanctl.decision import WanSignals
from wanctl.engine.diagnostic import Place
from wanctl.engine.document import Map, Node, Text
from wanctl.engine.expression import Symbol
from wanctl.engine.machine import Machine
from wanctl.engine.model import Model
from wanctl.engine.program import Program
from wanctl.engine.record import Fault, Intent, Transition, Value
from wanctl.engine.unit import UnitError, parse_quantity
from wanctl.plan import DirectionPlan, WanPlan
from wanctl.suite.case import LawPlan
from wanctl.suite.reading import Reader
from wanctl.wan import MACHINE as DEFAULT_MACHINE
from wanctl.wan import DefaultWan

WAN = "wan"
REFLECTOR = "test"
MACHINES = {"default": DEFAULT_MACHINE, "classic": CLASSIC_MACHINE}
FLOOR_OF_CEILING, START_OF_CEILING = 0.05, 0.5  # as of a site that says no more than its ceiling
MOST_BPS = 1e12
PLAN_KEYS = ("ceiling", "floor", "start")


def _symbol(name: str, dimension: str, unit: str, high: float, doc: str) -> Symbol:
    return Symbol(name, "input", "number", Place(""), dimension, unit, 0.0, high, doc=doc)


LAW_INPUTS = {
    "rtt": _symbol("rtt", "time", "ms", 600_000.0, "round-trip time of the echo of this tick"),
    "tcp": _symbol("tcp", "time", "ms", 600_000.0, "time of the TCP connect of this tick"),
    "download": _symbol("download", "rate", "Mbit", MOST_BPS, "what arrives on the WAN's interface"),
    "upload": _symbol("upload", "rate", "Mbit", MOST_BPS, "what leaves by the WAN's interface"),
}


def read_plan(
    reader: Reader, law: str, node: Node | None, model: Model, params: dict[str, object], place: Place
) -> LawPlan | None:
    """The limits of both directions; the ceilings of a classic plan go to `params`, where that law has them."""
    if model.name != MACHINES[law]:
        message = f"the {law} law drives the machine '{MACHINES[law]}', not '{model.name}'"
        reader.findings.error("WC617", message, place)
        return None
    plan = reader.map(node, "'plan'", "plan: {download: 100Mbit, upload: 20Mbit}")
    reader.known_keys(plan, ("download", "upload"))
    found: list[DirectionPlan] = []
    for direction in ("download", "upload"):
        limits = _limits(reader, direction, plan, law, place)
        if limits is None:
            continue
        floor_bps, start_bps, ceiling_bps = _direction(direction, limits, law, model, params)
        if not 0 < floor_bps <= start_bps <= ceiling_bps:
            where = place if node is None else node.place
            reader.findings.error("WC617", f"'{direction}': floor, start and ceiling are out of order", where)
            continue
        found.append(DirectionPlan(floor_bps, ceiling_bps, start_bps))
    return LawPlan(law, found[0], found[1]) if len(found) == 2 else None


def _limits(reader: Reader, direction: str, plan: Map, law: str, place: Place) -> dict[str, int] | None:
    node = plan.get(direction)
    if node is None:
        if law == "classic":
            return {}
        where, hint = plan.place if len(plan) else place, "plan: {download: 100Mbit, upload: 20Mbit}"
        reader.findings.error("WC617", f"'plan' lacks '{direction}'", where, hint)
        return None
    written = Map({"ceiling": node}, {"ceiling": node.place}, node.place) if isinstance(node, Text) else node
    if not isinstance(written, Map):
        reader.findings.error("WC601", f"'{direction}' must be a rate or a map", node.place, "100Mbit")
        return None
    reader.known_keys(written, PLAN_KEYS)
    limits: dict[str, int] = {}
    for key in written:
        text = reader.text(written[key], f"'{key}'")
        rate_bps = None if text is None else _rate_bps(text.value)
        if text is not None and rate_bps is None:
            reader.findings.error("WC617", f"'{text.value}' is no rate", text.place, "such as 100Mbit")
        elif rate_bps is not None:
            limits[key] = rate_bps
    if law == "classic" and "floor" in written:
        hint = f"params: {{{direction}_floor...: RATE}}"
        reader.findings.error("WC617", "the floors of the classic law are parameters", written.keys["floor"], hint)
        return None
    if "ceiling" not in written and law == "default":
        reader.findings.error("WC617", f"'{direction}' lacks 'ceiling'", written.place)
    return None if law == "default" and "ceiling" not in limits else limits


def _rate_bps(text: str) -> int | None:
    try:
        quantity = parse_quantity(text)
    except UnitError:
        return None
    return round(quantity.value) if quantity.dimension == "rate" and 1 <= quantity.value <= MOST_BPS else None


def _direction(
    direction: str, limits: Mapping[str, int], law: str, model: Model, params: dict[str, object]
) -> tuple[int, int, int]:
    """Floor, start and ceiling, in bit/s."""
    if law == "classic":
        if "ceiling" in limits:
            params[f"{direction}_ceiling"] = float(limits["ceiling"])
        ceiling_bps = _param_bps(f"{direction}_ceiling", model, params)
        floor_bps = _param_bps("download_floor_red" if direction == "download" else "upload_floor", model, params)
        return floor_bps, limits.get("start", ceiling_bps), ceiling_bps
    ceiling_bps = limits["ceiling"]
    floor_bps = limits.get("floor", max(1, round(ceiling_bps * FLOOR_OF_CEILING)))
    return floor_bps, limits.get("start", max(floor_bps, round(ceiling_bps * START_OF_CEILING))), ceiling_bps


def _param_bps(name: str, model: Model, params: Mapping[str, object]) -> int:
    value = params.get(name, model.params[name].default)
    if isinstance(value, str):
        return _rate_bps(value) or 0  # what is wrong with it is told when the parameters are bound
    return int(value) if isinstance(value, int | float) else 0


class LawRun:
    """A law's controller under test: from the samples of a tick to states and rates."""

    def __init__(self, program: Program, plan: LawPlan) -> None:
        wan = WanPlan(WAN, plan.law, plan.download, plan.upload)
        self._wan = ClassicWan(wan, program) if plan.law == "classic" else DefaultWan(wan, program)
        self._last_ns = 0
        self._rx_bytes = self._tx_bytes = 0.0
        self.transitions: list[Transition] = list(self.machine.started.transitions)
        self.intents: list[Intent] = []  # the law carries them out itself
        self.faults: list[Fault] = []
        self.entered: set[str] = set(self.machine.started.entered)

    @property
    def machine(self) -> Machine:
        """The machine that the law drives."""
        return self._wan.machine

    @property
    def signals(self) -> WanSignals:
        """What the controller publishes."""
        return self._wan.signals

    def tick(self, now_ns: int, values: Mapping[str, Value]) -> None:
        """One tick with the samples that belong to it."""
        observations: list[Observation] = []
        for name, source in (("rtt", "icmp"), ("tcp", "tcp")):
            if name not in values:
                continue
            observations.append(Sent(WAN, REFLECTOR, now_ns, source))
            rtt_ms = values[name]
            if isinstance(rtt_ms, float):
                observations.append(Sample(WAN, REFLECTOR, now_ns, now_ns + round(rtt_ms * 1e6), source))
        readings = self._readings(now_ns, values)
        self._last_ns = now_ns
        self._note(*self._wan.tick(now_ns, tuple(observations), readings, ())[1:])

    def _readings(self, now_ns: int, values: Mapping[str, Value]) -> tuple[Reading, ...]:
        down, up = values.get("download"), values.get("upload")
        if not isinstance(down, float) and not isinstance(up, float):
            return ()
        elapsed_s = (now_ns - self._last_ns) / 1e9
        self._rx_bytes += (down if isinstance(down, float) else 0.0) / 8 * elapsed_s
        self._tx_bytes += (up if isinstance(up, float) else 0.0) / 8 * elapsed_s
        return (Reading(WAN, now_ns, round(self._rx_bytes), round(self._tx_bytes)),)

    def event(self, now_ns: int, name: str, data: Mapping[str, Value]) -> None:
        """Deliver a named event."""
        if isinstance(self._wan, DefaultWan) and not data:
            self._note(*self._wan.event(now_ns, name)[1:])
        else:
            outcome = self.machine.event(now_ns, name, data)
            self._note(outcome.transitions, outcome.faults)

    def advance(self, now_ns: int) -> None:
        """The controller acts at ticks alone: nothing happens between them."""

    def _note(self, transitions: tuple[Transition, ...], faults: tuple[Fault, ...]) -> None:
        self.faults += faults
        self.transitions += transitions
        for transition in transitions:
            self.entered.update(transition.entered)
