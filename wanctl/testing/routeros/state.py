"""What clients do with the router, and what the router does by itself.

Invariant: a refused change has changed nothing (but where a fault says otherwise).
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from wanctl.testing.routeros.behaviour import Behaviour
from wanctl.testing.routeros.catalog import MENUS
from wanctl.testing.routeros.kind import Item, Ref
from wanctl.testing.routeros.menu import Menu
from wanctl.testing.routeros.store import LINES, Seed, Store, behaviour_of
from wanctl.testing.routeros.trap import Trap, UnknownParameter

_DONE = {"add": "added", "remove": "removed", "move": "moved"}
# A reboot gives these other ids. What RouterOS really does with them is not known; a client must not rely on them.
_RENUMBERED = (
    "/queue/tree", "/queue/simple", "/ip/firewall/mangle", "/ip/firewall/filter", "/ip/firewall/nat",
    "/ip/firewall/address-list", "/ip/route",
)  # fmt: skip


class Write(NamedTuple):
    """A change that a client made: `changed` are the fields it wrote, as REST shows them now."""

    menu: str
    command: str
    id: str
    name: str
    changed: Mapping[str, str]


class State(Store):
    """The router's state. `now_ns` is a monotonic clock, for what runs or expires; `wall_ns` gives the date.

    `account` is whose name the history bears, `faults` what goes wrong with writes.
    """

    def __init__(
        self,
        seed: Seed,
        now_ns: Callable[[], int] = time.monotonic_ns,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._listeners: list[Callable[[Write], None]] = []
        self._watched: dict[str, tuple[int, dict[str, int]]] = {}  # by interface: when it was asked for, and counters
        self.on_reboot: Callable[[], None] = self.reboot  # what a client's order to reboot does
        super().__init__(seed, now_ns, wall_ns)

    def on_write(self, listener: Callable[[Write], None]) -> None:
        """Call `listener` after each change that a client makes, in the thread that serves the client."""
        self._listeners.append(listener)

    def add(self, path: str, values: Mapping[str, str]) -> str:
        """Make an object; its id. Raises `Trap`."""
        with self.lock:
            menu, special = MENUS[path], behaviour_of(path)
            values = special.prepare(self, None, values)
            kept = self._kept(menu, values, ("set", "add"))
            for name in menu.wants(kept):
                raise Trap(f"missing ={name}=")
            place = self._place_before(menu, kept)
            item = {**self._new_item(menu, self._new_id(path)), **kept}
            self._want_new(menu, item)
            special.written(self, item, values)
            self._want_space(special, item)
            self._table(path).insert(place, item)
            self._note(menu, "add", item, values)
            self._spoil()
            return str(item[".id"])

    def set(self, path: str, id_: str, values: Mapping[str, str], command: str = "set") -> None:
        """Change an object. Raises `NoSuchItem` or `Trap`, and then has changed nothing."""
        with self.lock:
            menu, item, special = MENUS[path], self._item(path, id_), behaviour_of(path)
            values = special.prepare(self, item, values)
            kept = self._halved(item, self._kept(menu, values, ("set",)))
            self._want_new(menu, {**item, **kept})
            self._want_space(special, item)
            item.update(kept)
            special.written(self, item, {name: values[name] for name in kept})
            for name in kept:
                if menu.by_name[name].absent_if_empty and not kept[name]:
                    del item[name]
            self._note(menu, command, item, values)
            self._spoil()

    def unset(self, path: str, id_: str, name: str) -> None:
        """Take an optional field away. Raises `NoSuchItem` or `Trap`."""
        with self.lock:
            menu, item = MENUS[path], self._item(path, id_)
            if name not in menu.by_name or menu.by_name[name].default is not None:
                raise UnknownParameter(name)
            self._want_space(behaviour_of(path), item)
            item.pop(name, None)
            self._note(menu, "unset", item, {})
            self._spoil()

    def remove(self, path: str, id_: str) -> None:
        """Take an object away; what refers to it dangles. Raises `NoSuchItem`."""
        with self.lock:
            item = self._item(path, id_)
            if behaviour_of(path).is_fixed(item):
                raise Trap("failure: can not remove builtin object")  # guess
            self._want_space(behaviour_of(path), item)
            self._table(path).remove(item)
            self._note(MENUS[path], "remove", item, {})
            self._spoil()

    def move(self, path: str, id_: str, destination: str) -> None:
        """Put an object before another one, or at the end if that one does not exist. Raises `NoSuchItem`, `Trap`."""
        with self.lock:
            item, table = self._item(path, id_), self._table(path)
            if id_ == destination:
                raise Trap("failure: can not move object before itself")
            self._want_space(behaviour_of(path), item)
            table.remove(item)
            place = next((at for at, other in enumerate(table) if other[".id"] == destination), len(table))
            table.insert(place, item)
            self._note(MENUS[path], "move", item, {})
            self._spoil()

    def reset_counters(self, path: str, ids: Iterable[str]) -> None:
        """Set the counters of objects to 0. Raises `NoSuchItem`."""
        with self.lock:
            for item in [self._item(path, id_) for id_ in ids]:
                item.update(self._kept_defaults(one for one in MENUS[path].fields if one.counter))

    def count(self, path: str, name: str, **counted: int) -> None:
        """Add to counters of the object of that name: `count("/queue/tree", "x", bytes=1500, packets=1)`."""
        with self.lock:
            id_ = self.id_of(path, name)
            if id_ is None:
                raise KeyError(name)
            item = self._item(path, id_)
            for field, amount in counted.items():
                key = field.replace("_", "-")
                item[key] = str(int(str(item[key])) + amount)

    def add_counter_bytes(self, interface: str, rx: int, tx: int) -> None:
        """Let `rx` bytes come in through an interface, and `tx` bytes go out. Raises KeyError if there is none."""
        self.count("/interface", interface, rx_byte=rx, tx_byte=tx)

    def rates(self, interface: str) -> dict[str, str]:
        """What goes through an interface: bits and packets a second since somebody last asked."""
        with self.lock:
            now_ns, record = self._now_ns(), self.record("/interface", self.id_of("/interface", interface) or "")
            counted = {name: int(record[name]) for name in ("rx-byte", "tx-byte", "rx-packet", "tx-packet")}
            then_ns, before = self._watched.get(interface, (now_ns, counted))
            self._watched[interface] = (now_ns, counted)
        span_ns = max(now_ns - then_ns, 1)
        return {
            f"{way}-{unit}-per-second": str((counted[name] - before[name]) * factor * 10**9 // span_ns)
            for unit, kind, factor in (("bits", "byte", 8), ("packets", "packet", 1))
            for way in ("rx", "tx")
            for name in (f"{way}-{kind}",)
        }

    def reboot(self) -> None:
        """Start again: uptime and counters at 0, other ids, nothing left of what lived in memory."""
        with self.lock:
            self._booted_ns = self._now_ns()
            for path, menu in MENUS.items():
                table = self._table(path)
                table[:] = [item for item in table if not behaviour_of(path).is_volatile(item)]
                if path in LINES:
                    table.clear()
                for item in table:
                    item.update(self._kept_defaults(one for one in menu.fields if one.counter))
            resource = self._table("/system/resource")[0]
            resource.update({"uptime": "0s", "write-sect-since-reboot": "0"})
            for path in _RENUMBERED:
                self.renumber(path)

    def _new_item(self, menu: Menu, id_: str) -> Item:
        return {".id": id_, **self._kept_defaults(menu.fields)}

    def _kept(self, menu: Menu, values: Mapping[str, str], access: tuple[str, ...]) -> Item:
        kept: Item = {}
        for name, text in values.items():
            field = self._field(menu, name)
            if field.access not in access:
                raise UnknownParameter(name)
            kept[name] = field.kind.keep(text, name, self)
        return kept

    def _want_new(self, menu: Menu, item: Item) -> None:
        """Refuse an object that cannot be beside the others."""
        behaviour_of(menu.path).check(self, item)
        if menu.is_named and self.id_of(menu.path, str(item.get("name"))) not in (None, item[".id"]):
            raise Trap("failure: already have such name")

    def _want_space(self, special: Behaviour, item: Item) -> None:
        if self.faults.disk_full and not special.is_volatile(item):
            raise Trap("failure: not enough space on disk")  # guess

    def _place_before(self, menu: Menu, kept: Item) -> int:
        before = kept.pop("place-before", None)
        table = self._table(menu.path)
        if before is None:
            return len(table)
        return table.index(self._item(menu.path, str(before)))

    def _halved(self, item: Item, kept: Item) -> Item:
        if not self.faults.half_writes:
            return kept
        self.faults.half_writes -= 1
        halves: Item = {}
        for name, value in kept.items():
            old = item.get(name)
            if isinstance(value, tuple) and isinstance(old, tuple) and not isinstance(value, Ref):
                halves[name] = (value[0], old[1])
        return halves

    def _spoil(self) -> None:
        """Say no to what has been done."""
        if self.faults.refused_but_done:
            self.faults.refused_but_done -= 1
            raise Trap("failure: action failed (6)")  # guess

    def _note(self, menu: Menu, command: str, item: Item, values: Mapping[str, str]) -> None:
        shown = self._shown(menu, item)
        changed = {name: shown[name] for name in values if name in shown}
        if not behaviour_of(menu.path).is_volatile(item):
            self._count_sector()
        self._append("/system/history", {
            "action": f"{menu.path.strip('/').replace('/', ' ')} {_DONE.get(command, 'changed')}",
            "by": self.account.user if self.account else "",
            "policy": "write",
            "time": self.wall_time(),
            "undoable": "true",
        })  # fmt: skip
        write = Write(menu.path, command, str(item[".id"]), str(item.get("name", "")), changed)
        for listener in self._listeners:
            listener(write)

    def _count_sector(self) -> None:
        # How many sectors a change costs is not known; that it costs some is.
        for resource in self._tables["/system/resource"]:
            for name in ("write-sect-since-reboot", "write-sect-total"):
                if name in resource:
                    resource[name] = str(int(str(resource[name])) + 1)
