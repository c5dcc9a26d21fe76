"""The switches of this host: for each class and link a set of nftables, on while it holds `ipv4`.

The kernel lets the element go after its time, with nobody's help: that is what makes a killed daemon harmless. An
element without a time is somebody else's.
"""

from collections.abc import Mapping
from typing import NamedTuple

from wanctl.linux.error import KernelRefused, LinuxError
from wanctl.linux.steering import table
from wanctl.linux.steering.netfilter import NOT_THERE, Netfilter
from wanctl.linux.steering.setup import TABLE, Setup, switch_set
from wanctl.linux.steering.statement import IPV4

_NS_PER_MS = 1_000_000
MOST_ATTEMPTS = 3  # of a change that met an element in its last millisecond


class NotPrepared(LinuxError):  # noqa: N818  (as in linux/error.py)
    """What `wanctl init --steering` sets up is not there, or not all of it."""


class State(NamedTuple):
    """One switch as it was read."""

    on: bool
    expires_in_ns: int | None = None


class SwitchSets:
    """The switches of a setup, by class and link. Belongs to one thread."""

    def __init__(self, setup: Setup) -> None:
        self._names = {pair: switch_set(*pair) for pair in setup.switches()}
        self._netfilter = Netfilter()

    def read(self) -> Mapping[tuple[str, str], State]:
        """All switches, in one request. Raises `NotPrepared` where there is none."""
        answers = self._netfilter.ask([table.get_element(name, IPV4) for name in self._names.values()])
        states = {}
        for pair, answer in zip(self._names, answers, strict=True):
            element = next(iter(table.elements_of(answer.messages)), None)
            expires_ms = element.expires_in_ms if element else None
            states[pair] = State(element is not None, None if expires_ms is None else expires_ms * _NS_PER_MS)
        if self._names and not any(state.on for state in states.values()):
            self._require_table()  # all off, or no table at all: the kernel answers both alike
        return states

    def turn_on(self, traffic_class: str, link: str, ttl_ns: int) -> None:
        """Turn one on for that long, or refresh it, and read it back. Raises `NotPrepared` or `KernelRefused`."""
        name = self._names[traffic_class, link]
        timeout_ms = max(1, ttl_ns // _NS_PER_MS)
        add = table.add_element(name, IPV4, timeout_ms)
        # Before Linux 6.12 adding what is there does not refresh it; and what is not there cannot be removed. In one
        # transaction no packet sees the set without it.
        self._change(name, [add, table.delete_element(name, IPV4), add])
        if not self._is_on(name):
            raise KernelRefused(f"the switch {name} is off after it was turned on", "somebody empties the set")

    def turn_off(self, traffic_class: str, link: str) -> None:
        """Turn one off, also when it was off already, and read it back. Raises as `turn_on` does."""
        name = self._names[traffic_class, link]
        self._change(name, [table.add_element(name, IPV4, 60_000), table.delete_element(name, IPV4)])
        if self._is_on(name):
            raise KernelRefused(f"the switch {name} is on after it was turned off", "somebody fills the set")

    def close(self) -> None:
        """Close the socket."""
        self._netfilter.close()

    def _change(self, name: str, messages: list[bytes]) -> None:
        refused = None
        for _ in range(MOST_ATTEMPTS):
            refused = self._netfilter.change(messages)
            if refused is None:
                return
            if refused[1].errno != NOT_THERE or refused[0] == 0:
                break
        assert refused is not None
        if refused[1].errno == NOT_THERE:
            raise not_prepared(f"there is no switch {name}")
        raise KernelRefused(f"the kernel does not turn the switch {name}: {refused[1].reason}")

    def _is_on(self, name: str) -> bool:
        (answer,) = self._netfilter.ask([table.get_element(name, IPV4)])
        return bool(table.elements_of(answer.messages))

    def _require_table(self) -> None:
        (answer,) = self._netfilter.ask([table.get_table()])
        if answer.errno == NOT_THERE:
            raise not_prepared(f"there is no table inet {TABLE}")


def not_prepared(message: str) -> NotPrepared:
    """The error for what nobody has set up."""
    return NotPrepared(message, "wanctl init --steering --apply SITE sets it up")
