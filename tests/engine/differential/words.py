"""Random expressions and actions over a fixed set of names.

What is drawn may fail while it runs (a division by zero, a text where a number is needed), but can never be refused
when it is loaded: only `event.data.KEY` has a type that nobody knows beforehand.
"""

from typing import Any

from tests.engine.differential.source import Source, chance, pick

DECLARATIONS: dict[str, Any] = {
    "inputs": {
        "x": {"range": ["0", "10"]},
        "delta": {"unit": "ms", "range": ["0", "60000"]},
        "up": {"type": "bool"},
        "probe": {"enum": ["icmp", "tcp", "none"]},
    },
    "params": {"limit": {"range": ["0", "9"], "default": "5"}},
    "data": {
        "n": {"range": ["0", "9"], "default": "0"},
        "m": {"range": ["-20", "20"]},
        "flag": {"type": "bool", "default": "false"},
        "mode": {"enum": ["low", "high"], "default": "low"},
        "txt": {"type": "text"},
        "sid": {"type": "text", "default": "none"},
    },
    "where": ["0 < limit"],
    "define": {
        "busy": "x > limit and up",
        "slow": "delta > 15ms or not known(delta)",
        "far": "m + n >= 3",
        "calm": "not busy and n < 5",
    },
}
EVENTS = ("e", "f", "e.x", "f.y", "go")
DESCRIPTORS = ("e", "f", "e.x", "f.y", "go", "e.*", "*", "error", "error.execution", "done", "done.state")

_SURE = (
    "x > 5", "x >= limit", "x < 3", "delta > 15ms", "delta <= 0.02s", "up", "not up", "probe == 'tcp'",
    "probe != 'icmp'", "n == 0", "n > 2", "n < 7", "m > 0", "m + n > x", "2 * n - m <= 4", "1 < n <= 5", "flag",
    "not flag", "mode == 'high'", "known(x)", "known(m)", "not known(m)", "txt != 'abc'", "txt == 'e'",
    "event.name == 'e'", "known(event.name)", "busy", "slow", "far", "calm", "min(n, x) > 2", "max(n, m, 1) < 6",
    "known(x) == up", "(x > 3) != flag", "busy == (not flag)", "1 < n == m", "true == up", "known(m) != (up or flag)",
    "abs(m) > 3", "n == m", "n != m", "-m < n", "true", "2 < x", "x == 5", "limit != n",
)  # fmt: skip
_RISKY = (
    "event.data.k > 3", "event.data.k == 1", "event.data.k == 'x'", "event.data.k", "not event.data.k",
    "known(event.data.k)", "event.data.k != n", "event.data.k + 1 > n", "min(event.data.k, 4) < 4",
    "event.data.k == event.data.j", "abs(event.data.k) >= 2", "event.data.action == 'when'",
)  # fmt: skip
GUARDS = (*_SURE, *_RISKY)
_NUMBERS = (
    "0", "1", "n + 1", "n - 1", "n * 2", "m / n", "x", "min(n, 3)", "m + n", "n * 3 - 4", "event.data.k",
    "event.data.k + 1", "9", "max(n, m)", "abs(m)", "-m", "x * n", "n / 2", "limit", "delta",
)  # fmt: skip
_VALUES = {
    "n": _NUMBERS,
    "m": _NUMBERS,
    "flag": ("true", "false", "not flag", "n > 3", "up", "event.data.k", "busy", "flag and up", "far or known(m)"),
    "mode": ("'low'", "'high'", "event.data.k"),
    "txt": ("'abc'", "event.name", "event.data.k", "event.data.state", "event.data.action"),
}
_DELAYS = ("0ms", "5ms", "10ms", "10ms", "0.025s", "40ms")


class Words:
    """Draws expressions and actions; `states` are names that `active` may ask for."""

    def __init__(self, source: Source, states: list[str]) -> None:
        self.source = source
        self.states = states
        self.raises_left = 3  # few: machines that go round in circles show little
        self.sends_left = 3
        self.marks = 0

    def guard(self, *, risky: bool) -> str:
        """A condition; `risky` lets it ask for the event's data, so that it may fail."""
        source = self.source
        parts = [self._atom(risky=risky) for _ in range(1 + chance(source, 30) + chance(source, 10))]
        text = parts[0]
        for part in parts[1:]:
            text = pick(source, (f"{text} and {part}", f"{text} or {part}", f"{text} and ({part} or n > 5)"))
        return f"not ({text})" if chance(source, 10) else text

    def _atom(self, *, risky: bool) -> str:
        if chance(self.source, 15):
            return pick(self.source, ("active('{}')", "not active('{}')")).format(pick(self.source, self.states))
        if risky and chance(self.source, 30):
            return pick(self.source, _RISKY)
        return pick(self.source, _SURE)

    def actions(self, most: int, depth: int = 0) -> list[Any]:
        """Up to so many actions, `if`s among them."""
        return [self._action(depth) for _ in range(self.source.below(most + 1))]

    def _action(self, depth: int) -> dict[str, Any]:
        source = self.source
        kind = source.below(14)
        if kind < 5:
            return self._mark()
        if kind < 8:
            return {"assign": self._assignments()}
        if kind == 8 and depth < 2:
            action = {"if": self.guard(risky=True), "then": self.actions(2, depth + 1)}
            return {**action, "else": self.actions(2, depth + 1)} if chance(source, 50) else action
        if kind in (9, 10) and self.raises_left:
            self.raises_left -= 1
            event = pick(source, EVENTS)
            return {"raise": event if chance(source, 50) else {"event": event, "data": self._data()}}
        if kind in (11, 12) and self.sends_left:
            self.sends_left -= 1
            return {"send": self._send()}
        if kind == 13:
            return {"cancel": pick(source, ("i", "j"))}
        return self._mark()

    def _mark(self) -> dict[str, Any]:
        self.marks += 1
        return {"mark": {"name": f"m{self.marks}"}}

    def _assignments(self) -> dict[str, str]:
        names = [pick(self.source, tuple(_VALUES)) for _ in range(1 + chance(self.source, 25))]
        return {name: pick(self.source, _VALUES[name]) for name in names}

    def _data(self) -> dict[str, str]:
        return {"k": pick(self.source, ("n", "m", "n + 1", "'x'", "flag", "event.data.k", "1 / n"))}

    def _send(self) -> dict[str, Any] | str:
        source = self.source
        event = pick(source, EVENTS)
        if chance(source, 15):
            return event
        send: dict[str, Any] = {"event": event, "delay": pick(source, _DELAYS)}
        if chance(source, 60):
            send.update(pick(source, ({"id": "i"}, {"id": "j"}, {"id_to": "sid"})))
        if chance(source, 40):
            send["data"] = self._data()
        return send
