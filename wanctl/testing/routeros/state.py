"""What the router holds: menus of ordered objects, shared by every face and safe to touch from any thread.

Invariants: an id is never given twice until `renumber`; a refused change has changed nothing; a reference follows the
object that it names when that is renamed, and shows the dead id when it is gone.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from wanctl.testing.routeros.catalog import MENUS, TIME
from wanctl.testing.routeros.kind import Kept, Ref, span
from wanctl.testing.routeros.menu import Field, Menu
from wanctl.testing.routeros.trap import NoSuchItem, Trap, UnknownParameter

_ID = re.compile(r"\*[0-9A-F]+")
_ID_SPACE = 0x100000

Item = dict[str, Kept]
Seed = Mapping[str, Sequence[Mapping[str, str]]]


class Write(NamedTuple):
    """A change that a client made: `changed` are the fields it wrote, as REST shows them now."""

    menu: str
    command: str
    id: str
    name: str
    changed: Mapping[str, str]


class State:
    """The store. `now_ns` is a monotonic clock, for the uptime."""

    def __init__(self, seed: Seed, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self.lock = threading.RLock()
        self._now_ns = now_ns
        self._booted_ns = now_ns()
        self._tables: dict[str, list[Item]] = {path: [] for path in MENUS}
        self._next_id = {path: menu.first_id for path, menu in MENUS.items()}
        self._listeners: list[Callable[[Write], None]] = []
        self._load(seed)

    def on_write(self, listener: Callable[[Write], None]) -> None:
        """Call `listener` after each change that a client makes, in the thread that serves the client."""
        self._listeners.append(listener)

    def records(self, path: str) -> list[dict[str, str]]:
        """The objects of a menu as REST shows them, in order."""
        with self.lock:
            return [self._shown(MENUS[path], item) for item in self._tables[path]]

    def record(self, path: str, id_: str) -> dict[str, str]:
        """One object. Raises `NoSuchItem`."""
        with self.lock:
            return self._shown(MENUS[path], self._item(path, id_))

    def id_of(self, menu: str, name: str) -> str | None:
        """The id of the first object of that name."""
        return next((str(item[".id"]) for item in self._tables[menu] if item.get("name") == name), None)

    def name_of(self, menu: str, id_: str) -> str | None:
        """The name of an object, or None if it is gone."""
        return next((str(item["name"]) for item in self._tables[menu] if item[".id"] == id_), None)

    def dump(self) -> dict[str, list[dict[str, str]]]:
        """Everything, in the shape of a seed."""
        with self.lock:
            return {path: self.records(path) for path in self._tables}

    def add(self, path: str, values: Mapping[str, str]) -> str:
        """Make an object; its id. Raises `Trap`."""
        with self.lock:
            menu = MENUS[path]
            kept = self._kept(menu, values, ("set", "add"))
            if menu.is_named and "name" not in kept:
                raise Trap("missing =name=")
            self._want_new_name(menu, kept, "")
            item = self._new_item(menu, self._new_id(path))
            item.update(kept)
            self._tables[path].append(item)
            self._note(menu, "add", item, values)
            return str(item[".id"])

    def set(self, path: str, id_: str, values: Mapping[str, str], command: str = "set") -> None:
        """Change an object. Raises `NoSuchItem` or `Trap`, and then has changed nothing."""
        with self.lock:
            menu, item = MENUS[path], self._item(path, id_)
            kept = self._kept(menu, values, ("set",))
            self._want_new_name(menu, kept, id_)
            item.update(kept)
            for name in kept:
                if menu.by_name[name].absent_if_empty and not kept[name]:
                    del item[name]
            self._note(menu, command, item, values)

    def unset(self, path: str, id_: str, name: str) -> None:
        """Take an optional field away. Raises `NoSuchItem` or `Trap`."""
        with self.lock:
            menu, item = MENUS[path], self._item(path, id_)
            if name not in menu.by_name or menu.by_name[name].default is not None:
                raise UnknownParameter(name)
            item.pop(name, None)
            self._note(menu, "unset", item, {})

    def remove(self, path: str, id_: str) -> None:
        """Take an object away; what refers to it dangles. Raises `NoSuchItem`."""
        with self.lock:
            item = self._item(path, id_)
            self._tables[path].remove(item)
            self._note(MENUS[path], "remove", item, {})

    def move(self, path: str, id_: str, destination: str) -> None:
        """Put an object before another one, or at the end if that one does not exist. Raises `NoSuchItem`, `Trap`."""
        with self.lock:
            item, table = self._item(path, id_), self._tables[path]
            if id_ == destination:
                raise Trap("failure: can not move object before itself")
            table.remove(item)
            place = next((at for at, other in enumerate(table) if other[".id"] == destination), len(table))
            table.insert(place, item)
            self._note(MENUS[path], "move", item, {})

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

    def renumber(self, path: str) -> None:
        """Give every object of a menu a new id, as a reboot may."""
        with self.lock:
            fresh = {str(item[".id"]): self._new_id(path) for item in self._tables[path]}
            for table in self._tables.values():
                for item in table:
                    for name, kept in item.items():
                        item[name] = _renumbered(kept, path, fresh)
            for item in self._tables[path]:
                item[".id"] = fresh[str(item[".id"])]

    def _load(self, seed: Seed) -> None:
        # Ids and names first, so that objects may refer to each other in any order.
        placed = [
            (menu, self._place(menu, record), record)
            for menu, records in self._menus(seed)
            for record in records or ([{}] if menu.singleton else [])
        ]
        for menu, item, record in placed:
            try:
                item.update(self._kept_defaults(menu.fields))
                for name, text in record.items():
                    if name != ".id":
                        item[name] = self._field(menu, name).kind.recall(text, name, self)
            except Trap as trap:
                raise ValueError(f"{menu.path} '{record.get('name', item['.id'])}': {trap.detail}") from None

    def _menus(self, seed: Seed) -> list[tuple[Menu, Sequence[Mapping[str, str]]]]:
        """Every menu with the objects that a seed has for it."""
        for path in seed:
            if path not in MENUS:
                raise ValueError(f"the emulator has no menu {path}; it has {', '.join(MENUS)}")
        return [(menu, seed.get(path, ())) for path, menu in MENUS.items()]

    def _place(self, menu: Menu, record: Mapping[str, str]) -> Item:
        """Put an object that has no more than an id and a name at the end of its menu."""
        id_ = "*0" if menu.singleton else record.get(".id") or self._new_id(menu.path)
        taken = any(item[".id"] == id_ for item in self._tables[menu.path])
        if taken or not _ID.fullmatch(id_):
            raise ValueError(f"{menu.path}: '{id_}' is {'there twice' if taken else 'not an id'}")
        self._reserve(menu.path, id_)
        item: Item = {".id": id_}
        if "name" in record:
            item["name"] = record["name"]
        self._tables[menu.path].append(item)
        return item

    def _shown(self, menu: Menu, item: Item) -> dict[str, str]:
        shown = {} if menu.singleton else {".id": str(item[".id"])}
        for field in menu.fields:
            if field.name in item and menu.applies(field, item):
                shown[field.name] = field.kind.show(item[field.name], self)
        if menu.path == "/system/resource":
            shown["uptime"] = span(self._uptime_ns(item) // 10**9 * 10**9)
        if "invalid" in menu.by_name and self._dangles(item):
            shown["invalid"] = "true"
        return dict(sorted(shown.items()))

    def _uptime_ns(self, item: Item) -> int:
        return TIME.nanoseconds(item["uptime"]) + self._now_ns() - self._booted_ns

    def _dangles(self, item: Item) -> bool:
        return any(isinstance(kept, Ref) and self.name_of(kept.menu, kept.id) is None for kept in item.values())

    def _item(self, path: str, id_: str) -> Item:
        for item in self._tables[path]:
            if item[".id"] == id_:
                return item
        raise NoSuchItem

    def _new_item(self, menu: Menu, id_: str) -> Item:
        return {".id": id_, **self._kept_defaults(menu.fields)}

    def _kept_defaults(self, fields: Iterable[Field]) -> Item:
        return {
            field.name: field.kind.keep(field.default, field.name, self)
            for field in fields
            if field.default is not None
        }

    def _kept(self, menu: Menu, values: Mapping[str, str], access: tuple[str, ...]) -> Item:
        kept: Item = {}
        for name, text in values.items():
            field = self._field(menu, name)
            if field.access not in access:
                raise UnknownParameter(name)
            kept[name] = field.kind.keep(text, name, self)
        return kept

    def _field(self, menu: Menu, name: str) -> Field:
        if name not in menu.by_name:
            raise UnknownParameter(name)
        return menu.by_name[name]

    def _want_new_name(self, menu: Menu, kept: Item, id_: str) -> None:
        if menu.is_named and "name" in kept and self.id_of(menu.path, str(kept["name"])) not in (None, id_):
            raise Trap("failure: already have such name")

    def _new_id(self, path: str) -> str:
        number = self._next_id[path]
        self._next_id[path] += 1
        return f"*{number:X}"

    def _reserve(self, path: str, id_: str) -> None:
        """Keep clear of an id that a seed names; built-in objects have ids far above those of the others."""
        first, number = MENUS[path].first_id, int(id_[1:], 16)
        if first <= number < first + _ID_SPACE:
            self._next_id[path] = max(self._next_id[path], number + 1)

    def _note(self, menu: Menu, command: str, item: Item, values: Mapping[str, str]) -> None:
        shown = self._shown(menu, item)
        changed = {name: shown[name] for name in values if name in shown}
        write = Write(menu.path, command, str(item[".id"]), str(item.get("name", "")), changed)
        for listener in self._listeners:
            listener(write)


def _renumbered(kept: Kept, path: str, fresh: Mapping[str, str]) -> Kept:
    if isinstance(kept, Ref):
        return Ref(path, fresh.get(kept.id, kept.id)) if kept.menu == path else kept
    if isinstance(kept, tuple):
        return _renumbered(kept[0], path, fresh), _renumbered(kept[1], path, fresh)
    return kept
