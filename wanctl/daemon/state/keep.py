"""What a site has learnt, kept over a restart: its machines, its baselines, its rates.

The state is taken between two ticks every ten seconds and at the end, and saved by the thread of the disk. At the start
it is taken up as far as it is still true:

| what | is taken up when |
|---|---|
| machines: where each WAN and class stood, holds, timers | the same boot, at most a minute ago, the same machine file |
| rates and the estimate of the capacity | at most ten minutes ago |
| baselines and the link's own noise | at most an hour ago |

Whatever is not taken up begins anew, and is said. A clock that was set back makes an age unknown, and unknown is old.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wanctl.config.law import build_site
from wanctl.control.memory import RecallError
from wanctl.daemon.clock import Clock
from wanctl.daemon.control.pins import Pins
from wanctl.daemon.state.disk import Disk
from wanctl.daemon.state.store import Loaded, Store, StoreError
from wanctl.decision import Decision
from wanctl.engine.unit import format_quantity
from wanctl.plan import SitePlan
from wanctl.site import Site

STORE = "site"
SCHEMA = "wanctl.site/1"
PERIOD_NS = 10_000_000_000
SAME_BOOT_NS = 2_000_000_000  # how far the time of boot may seem to move: what NTP slews, and no reboot takes as little
MACHINES_NS = 60_000_000_000
RATES_NS = 600_000_000_000
BASELINES_NS = 3_600_000_000_000

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Woken:
    """A site at its start, and what has become of what was known."""

    site: Site
    taken_up: tuple[str, ...]  # the WANs whose machines go on
    lost: tuple[str, ...] = ()  # what begins anew, and why, in sentences
    pins: Mapping[str, int] = field(default_factory=dict)  # until when, of the WANs whose machines go on


def memory_of(site: Site, pins: Pins, clock: Clock) -> dict[str, Any]:
    """The state of a site between two ticks, as JSON values."""
    return {
        "schema": SCHEMA,
        "monotonic_ns": clock.monotonic_ns(),
        "realtime_ns": clock.realtime_ns(),
        "wans": {name: wan.memory() for name, wan in site.wans.items()},
        "steering": None if site.steering is None else site.steering.memory(),
        "pins": pins.memory(),
    }


def wake(plan: SitePlan, loaded: Loaded, clock: Clock) -> Woken:
    """A site that goes on from what was kept, as far as that is still true."""
    now_ns = clock.monotonic_ns()
    site = build_site(plan, now_ns)
    lost = [loaded.note] if loaded.note else []
    kept = loaded.value
    if kept is None:
        return Woken(site, (), tuple(lost))
    age_ns, same_boot = _age(kept, clock)
    if age_ns is None:
        return Woken(site, (), (*lost, "the state on disk is of an unknown time: everything begins anew"))
    if age_ns > BASELINES_NS:
        age = format_quantity(round(age_ns / 1e9) * 1e3, "time")
        return Woken(site, (), (*lost, f"the state on disk is {age} old: everything begins anew"))
    machines = same_boot and age_ns <= MACHINES_NS
    taken_up = []
    for name, memory in _wans(kept).items():
        if name not in site.wans:
            continue
        try:
            trouble = site.wans[name].recall(memory, now_ns, machine=machines, rates=age_ns <= RATES_NS)
        except RecallError as error:
            lost.append(f"{name} begins anew: what was kept of it does not fit: {error}")
            site = Site(site.wans | {name: build_site(plan, now_ns).wans[name]}, site.steering)
            continue
        if trouble:
            lost.append(f"the machine of {name} begins anew: {trouble}")
        elif machines:
            taken_up.append(name)
    steering = kept.get("steering")
    if site.steering is not None and machines and isinstance(steering, dict):
        lost += [f"steering begins anew: {text}" for text in site.steering.recall(steering)]
        taken_up += list(site.steering.classes)
    return Woken(site, tuple(taken_up), tuple(lost), _pins(kept, taken_up))


def _pins(kept: Mapping[str, Any], wans: Iterable[str]) -> dict[str, int]:
    pins = kept.get("pins")
    known = pins if isinstance(pins, dict) else {}
    return {wan: known[wan] for wan in wans if isinstance(known.get(wan), int)}


def _age(kept: Mapping[str, Any], clock: Clock) -> tuple[int | None, bool]:
    """How old the state is, None when nobody can tell, and whether the monotonic clock is still the same one."""
    then_ns, at_ns = kept.get("realtime_ns"), kept.get("monotonic_ns")
    if kept.get("schema") != SCHEMA or not isinstance(then_ns, int) or not isinstance(at_ns, int):
        return None, False
    now_ns, real_ns = clock.monotonic_ns(), clock.realtime_ns()
    if abs((real_ns - now_ns) - (then_ns - at_ns)) <= SAME_BOOT_NS and now_ns >= at_ns:
        return now_ns - at_ns, True
    return (real_ns - then_ns, False) if real_ns >= then_ns else (None, False)


def _wans(kept: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    wans = kept.get("wans")
    if not isinstance(wans, dict):
        return {}
    return {name: memory for name, memory in wans.items() if isinstance(memory, dict)}


class Keeper:
    """Listens to the ticks of a site, and has its state saved every ten seconds and at the end."""

    def __init__(
        self, site: Callable[[], Site], pins: Pins, store: Store, disk: Disk, clock: Clock, note: Note
    ) -> None:
        """`site` tells which one is at work. `note` hears once when the disk does not take it."""
        self._site, self._pins, self._store = site, pins, store
        self._disk, self._clock, self._note = disk, clock, note
        self._due_ns = clock.monotonic_ns() + PERIOD_NS
        self._trouble = ""

    def say(self, text: str) -> None:
        """Sentences are the journal's business."""

    def decided(self, decision: Decision) -> None:
        """A tick was held: keep the state, if it is time."""
        if decision.at_ns >= self._due_ns:
            self._due_ns = decision.at_ns + PERIOD_NS
            self.keep()

    def close(self) -> None:
        """The ticks have ended: this is the last state."""
        self.keep()

    def keep(self) -> None:
        """Have the state saved as it is now."""
        memory = memory_of(self._site(), self._pins, self._clock)
        self._disk.post(STORE, lambda: self._save(memory))

    def _save(self, memory: Mapping[str, Any]) -> None:
        trouble = ""
        try:
            self._store.save(memory)
        except StoreError as error:
            trouble = str(error)
        if trouble != self._trouble:
            self._note(f"{trouble}: a restart will begin anew" if trouble else f"{STORE}: it can be saved again")
            self._trouble = trouble
