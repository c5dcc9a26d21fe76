"""The switches of a site on its router: timed entries of address lists, over a connection of its own.

Over which transport is not decided here: the machine of the router (machines/actuator.yaml) does that for the
shaper, and this follows it.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from wanctl.daemon.steering.switches import Switch
from wanctl.routeros import Denied, ListEntry, Refused, RouterError, Untrusted
from wanctl.routeros.prepare import steps
from wanctl.routeros.steering import EVERYBODY, SteeringPlan, switch_list
from wanctl.routeros.survey import Surveyor
from wanctl.routeros.way import Transport

Connect = Callable[[Transport], Surveyor]
Answer = TypeVar("Answer")


class RouterSwitches:
    """The switches of one plan. `connect` makes the adapter of a transport, `way` tells which one is in use."""

    def __init__(self, plan: SteeringPlan, connect: Connect, way: Callable[[], Transport]) -> None:
        self._plan, self._connect, self._way = plan, connect, way
        self._router: Surveyor | None = None
        self._used: Transport = way()
        self._lists = {switch_list(*switch): switch for switch in plan.switches()}

    def check(self) -> tuple[str, ...]:
        """What the prepared rules lack, in sentences."""
        todo = self._ask(lambda router: steps(self._plan, router))
        if not todo:
            return ()
        first = f"{todo[0].comment}: {todo[0].why}"
        others = f", and {len(todo) - 1} more" if len(todo) > 1 else ""
        mend = f"'wanctl init --steering {self._plan.site}' shows what is missing, and makes it with --apply"
        return (f"the router is not prepared for steering ({first}{others}; {mend})",)

    def read(self) -> Mapping[tuple[str, str], Switch]:
        """The switches that are on. One that somebody else has turned on never goes off, as far as we are concerned."""
        if not self._lists:
            return {}
        found: dict[tuple[str, str], Switch] = {}
        for entry in self._ask(lambda router: router.read_lists(tuple(self._lists))):
            switch = self._lists[entry.list]
            if not entry.disabled and (switch not in found or found[switch].expires_in_ns is not None):
                found[switch] = Switch(on=True, expires_in_ns=entry.ttl_ns if self._is_ours(entry, switch) else None)
        return found

    def turn_on(self, traffic_class: str, wan: str, ttl_ns: int) -> None:
        """Turn one on, or refresh it; the router's answer is the entry as it has it."""
        list_, comment = switch_list(traffic_class, wan), self._plan.switch_comment(traffic_class, wan)
        entry = self._ask(lambda router: router.set_list_entry(list_, EVERYBODY, ttl_ns, comment))
        if entry.disabled or entry.ttl_ns is None:
            raise Refused(f"the router has the entry in '{list_}', but it is not on", f"id {entry.id}")

    def turn_off(self, traffic_class: str, wan: str) -> None:
        """Turn one off; the router says that the entry is gone."""
        list_, comment = switch_list(traffic_class, wan), self._plan.switch_comment(traffic_class, wan)
        self._ask(lambda router: router.remove_list_entry(list_, EVERYBODY, comment))

    def uptime_ns(self) -> int:
        """How long the router has been up."""
        return self._ask(lambda router: router.resource()).uptime_ns

    def close(self) -> None:
        """Close the connection."""
        if self._router is not None:
            self._router.close()
        self._router = None

    def _is_ours(self, entry: ListEntry, switch: tuple[str, str]) -> bool:
        return entry.address == EVERYBODY and entry.comment == self._plan.switch_comment(*switch)

    def _ask(self, question: Callable[[Surveyor], Answer]) -> Answer:
        if self._way() != self._used:
            self.close()
            self._used = self._way()
        try:
            if self._router is None:
                self._router = self._connect(self._used)
            return question(self._router)
        except RouterError as error:
            if isinstance(error, Denied | Untrusted):
                self.close()  # the next one reads the password and the keys again: somebody may have mended them
            raise
