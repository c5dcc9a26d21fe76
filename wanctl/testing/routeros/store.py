"""What the router holds: menus of ordered objects with ids, shared by every face and safe to touch from any thread.

Invariants: an id is never given twice until `renumber`; a reference follows the object that it names when that is
renamed, and shows the dead id when it is gone; what has expired is not there.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from wanctl.testing.routeros.account import Account
from wanctl.testing.routeros.behaviour import BEHAVIOURS, EXPIRES, NOTHING_SPECIAL, Behaviour
from wanctl.testing.routeros.catalog import MENUS, TIME
from wanctl.testing.routeros.fault import Faults
from wanctl.testing.routeros.kind import Item, Kept, Ref, span
from wanctl.testing.routeros.menu import Field, Menu
from wanctl.testing.routeros.session import Sessions
from wanctl.testing.routeros.trap import NoSuchItem, Trap, UnknownParameter

_ID = re.compile(r"\*[0-9A-F]+")
_ID_SPACE = 0x100000
# So many lines are kept; the oldest goes. RouterOS keeps 100 of the history, and 1,000 of a log in memory (manual).
LINES = {"/system/history": 100, "/log": 1_000}

Seed = Mapping[str, Sequence[Mapping[str, str]]]


class Store:
    """The tables, and how they are shown. `State` adds what clients and the router itself do with them."""

    def __init__(self, seed: Seed, now_ns: Callable[[], int], wall_ns: Callable[[], int]) -> None:
        self.lock = threading.RLock()
        self.faults = Faults()
        self.account: Account | None = None
        self.sessions = Sessions(self.faults, self.write_log)
        self._now_ns = now_ns
        self._wall_ns = wall_ns
        self._booted_ns = now_ns()
        self._tables: dict[str, list[Item]] = {path: [] for path in MENUS}
        self._next_id = {path: menu.first_id for path, menu in MENUS.items()}
        self._load(seed)

    @property
    def now_ns(self) -> int:
        """The monotonic clock."""
        return self._now_ns()

    def wall_time(self) -> str:
        """Date and time as the router writes them."""
        return datetime.fromtimestamp(self._wall_ns() // 10**9 + self.faults.clock_off_s, UTC).strftime(
            "%Y-%m-%d %H:%M:%S"
        )

    def records(self, path: str) -> list[dict[str, str]]:
        """The objects of a menu as REST shows them, in order."""
        with self.lock:
            shown = [self._shown(MENUS[path], item) for item in self._table(path)]
            return shown + self.sessions.rows() if path == "/ip/service" else shown

    def raw(self, path: str) -> list[tuple[Item, dict[str, str]]]:
        """The objects of a menu as they are kept, each with its fields as text."""
        return [(item, self._text(MENUS[path], item)) for item in self._table(path)]

    def record(self, path: str, id_: str) -> dict[str, str]:
        """One object. Raises `NoSuchItem`."""
        with self.lock:
            return self._shown(MENUS[path], self._item(path, id_))

    def id_of(self, menu: str, name: str) -> str | None:
        """The id of the first object of that name."""
        return next((str(item[".id"]) for item in self._table(menu) if item.get("name") == name), None)

    def name_of(self, menu: str, id_: str) -> str | None:
        """The name of an object, or None if it is gone."""
        return next((str(item["name"]) for item in self._tables[menu] if item[".id"] == id_), None)

    def dump(self) -> dict[str, list[dict[str, str]]]:
        """Everything, in the shape of a seed."""
        with self.lock:
            return {path: [self._stored(MENUS[path], item) for item in self._table(path)] for path in self._tables}

    def restore(self, seed: Seed) -> None:
        """Hold what a dump says, in place of everything else; only counters go on as they are."""
        with self.lock:
            counted = {path: {str(item[".id"]): item for item in table} for path, table in self._tables.items()}
            for table in self._tables.values():
                table.clear()
            self._load(seed)
            for path, table in self._tables.items():
                names = [field.name for field in MENUS[path].fields if field.counter]
                for item in table:
                    before = counted[path].get(str(item[".id"]), {})
                    item.update({name: before[name] for name in names if name in before})

    def place(self, path: str, record: Mapping[str, str]) -> str:
        """Put an object at the end of a menu as a seed does: it was there before anybody wrote. Raises ValueError."""
        with self.lock:
            item = self._place(MENUS[path], record)
            self._fill(MENUS[path], item, record)
            return str(item[".id"])

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

    def write_log(self, topics: str, message: str) -> None:
        """Add a line to the router's log."""
        with self.lock:
            self._append("/log", {"time": self.wall_time(), "topics": topics, "message": message, "extra-info": ""})

    def _append(self, path: str, fields: Mapping[str, str]) -> None:
        table = self._tables[path]
        table.append({".id": self._new_id(path), **fields})
        del table[: -LINES[path]]

    def _load(self, seed: Seed) -> None:
        # Ids and names first, so that objects may refer to each other in any order.
        placed = [
            (menu, self._place(menu, record), record)
            for menu, records in self._menus(seed)
            for record in records or ([{}] if menu.singleton else [])
        ]
        for menu, item, record in placed:
            self._fill(menu, item, record)

    def _fill(self, menu: Menu, item: Item, record: Mapping[str, str]) -> None:
        """Give an object that is in its place the rest of its fields."""
        try:
            item.update(self._kept_defaults(menu.fields))
            for name, text in record.items():
                if name != ".id":
                    item[name] = self._field(menu, name).kind.recall(text, name, self)
        except Trap as trap:
            raise ValueError(f"{menu.path} '{record.get('name', item['.id'])}': {trap.detail}") from None
        if "timeout" in record:
            behaviour_of(menu.path).written(self, item, {"timeout": record["timeout"]})

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
        shown = self._text(menu, item)
        if menu.path == "/system/resource":
            shown["uptime"] = span(self._uptime_ns(item) // 10**9 * 10**9)
        if "invalid" in menu.by_name and self._dangles(item):
            shown["invalid"] = "true"
        behaviour_of(menu.path).show(self, item, shown)
        if self.faults.control_bytes and "comment" in shown:
            shown["comment"] += "\x07\x1b\udce4"
        return dict(sorted(shown.items()))

    def _text(self, menu: Menu, item: Item) -> dict[str, str]:
        shown = {} if menu.singleton else {".id": str(item[".id"])}
        for field in menu.fields:
            if field.name in item and menu.applies(field, item) and not field.hidden:
                shown[field.name] = field.kind.show(item[field.name], self)
        return shown

    def _stored(self, menu: Menu, item: Item) -> dict[str, str]:
        """An object as a seed has it: everything that is kept, even where the router would not show it."""
        shown = self._shown(menu, item)
        stored = self._text(menu, item)
        return {name: shown.get(name, text) for name, text in stored.items()}

    def _uptime_ns(self, item: Item) -> int:
        return TIME.nanoseconds(item["uptime"]) + self._now_ns() - self._booted_ns

    def _dangles(self, item: Item) -> bool:
        return any(isinstance(kept, Ref) and self.name_of(kept.menu, kept.id) is None for kept in item.values())

    def _item(self, path: str, id_: str) -> Item:
        for item in self._table(path):
            if item[".id"] == id_:
                return item
        raise NoSuchItem

    def _table(self, path: str) -> list[Item]:
        """The objects of a menu; those that have expired are gone."""
        table = self._tables[path]
        if path == "/ip/firewall/address-list":
            now_ns = self._now_ns()
            table[:] = [item for item in table if int(str(item.get(EXPIRES, now_ns + 1))) > now_ns]
        return table

    def _kept_defaults(self, fields: Iterable[Field]) -> Item:
        return {
            field.name: field.kind.keep(field.default, field.name, self)
            for field in fields
            if field.default is not None
        }

    def _field(self, menu: Menu, name: str) -> Field:
        if name not in menu.by_name:
            raise UnknownParameter(name)
        return menu.by_name[name]

    def _new_id(self, path: str) -> str:
        number = self._next_id[path]
        self._next_id[path] += 1
        return f"*{number:X}"

    def _reserve(self, path: str, id_: str) -> None:
        """Keep clear of an id that a seed names; built-in objects have ids far above those of the others."""
        first, number = MENUS[path].first_id, int(id_[1:], 16)
        if first <= number < first + _ID_SPACE:
            self._next_id[path] = max(self._next_id[path], number + 1)


def behaviour_of(path: str) -> Behaviour:
    """What a menu does beyond keeping fields."""
    return BEHAVIOURS.get(path, NOTHING_SPECIAL)


def _renumbered(kept: Kept, path: str, fresh: Mapping[str, str]) -> Kept:
    if isinstance(kept, Ref):
        return Ref(path, fresh.get(kept.id, kept.id)) if kept.menu == path else kept
    if isinstance(kept, tuple):
        return _renumbered(kept[0], path, fresh), _renumbered(kept[1], path, fresh)
    return kept
