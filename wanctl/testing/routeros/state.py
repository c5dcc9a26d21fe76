"""What the router holds: menus of ordered objects, shared by every face and safe to touch from any thread.

Invariants: an id is never given twice until `renumber`; a refused change has changed nothing; a reference follows the
object that it names when that is renamed, and shows the dead id when it is gone.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

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
_LINES = {"/system/history": 100, "/log": 1_000}

Seed = Mapping[str, Sequence[Mapping[str, str]]]


class Write(NamedTuple):
    """A change that a client made: `changed` are the fields it wrote, as REST shows them now."""

    menu: str
    command: str
    id: str
    name: str
    changed: Mapping[str, str]


class State:
    """The store. `now_ns` is a monotonic clock, for what runs or expires; `wall_ns` gives the date, ns since 1970.

    `account` is whose name the history bears, `faults` what goes wrong with writes.
    """

    def __init__(
        self,
        seed: Seed,
        now_ns: Callable[[], int] = time.monotonic_ns,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.lock = threading.RLock()
        self.faults = Faults()
        self.account: Account | None = None
        self.sessions = Sessions(self)
        self._now_ns = now_ns
        self._wall_ns = wall_ns
        self._booted_ns = now_ns()
        self._tables: dict[str, list[Item]] = {path: [] for path in MENUS}
        self._next_id = {path: menu.first_id for path, menu in MENUS.items()}
        self._listeners: list[Callable[[Write], None]] = []
        self._watched: dict[str, tuple[int, dict[str, int]]] = {}  # by interface: when it was asked for, and counters
        self._load(seed)

    @property
    def now_ns(self) -> int:
        """The monotonic clock."""
        return self._now_ns()

    def wall_time(self) -> str:
        """Date and time as the router writes them."""
        return datetime.fromtimestamp(self._wall_ns() // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")

    def on_write(self, listener: Callable[[Write], None]) -> None:
        """Call `listener` after each change that a client makes, in the thread that serves the client."""
        self._listeners.append(listener)

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

    def add(self, path: str, values: Mapping[str, str]) -> str:
        """Make an object; its id. Raises `Trap`."""
        with self.lock:
            menu, special = MENUS[path], _special(path)
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

    def place(self, path: str, record: Mapping[str, str]) -> str:
        """Put an object at the end of a menu as a seed does: it was there before anybody wrote. Raises ValueError."""
        with self.lock:
            item = self._place(MENUS[path], record)
            self._fill(MENUS[path], item, record)
            return str(item[".id"])

    def set(self, path: str, id_: str, values: Mapping[str, str], command: str = "set") -> None:
        """Change an object. Raises `NoSuchItem` or `Trap`, and then has changed nothing."""
        with self.lock:
            menu, item, special = MENUS[path], self._item(path, id_), _special(path)
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
            self._want_space(_special(path), item)
            item.pop(name, None)
            self._note(menu, "unset", item, {})

    def remove(self, path: str, id_: str) -> None:
        """Take an object away; what refers to it dangles. Raises `NoSuchItem`."""
        with self.lock:
            item = self._item(path, id_)
            self._want_space(_special(path), item)
            self._table(path).remove(item)
            self._note(MENUS[path], "remove", item, {})

    def move(self, path: str, id_: str, destination: str) -> None:
        """Put an object before another one, or at the end if that one does not exist. Raises `NoSuchItem`, `Trap`."""
        with self.lock:
            item, table = self._item(path, id_), self._table(path)
            if id_ == destination:
                raise Trap("failure: can not move object before itself")
            self._want_space(_special(path), item)
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

    def reboot(self) -> None:
        """Start again: uptime and counters at 0, other ids, nothing left of what lived in memory."""
        with self.lock:
            self._booted_ns = self._now_ns()
            for path, menu in MENUS.items():
                table = self._table(path)
                table[:] = [item for item in table if not _special(path).is_volatile(item)]
                if path in _LINES:
                    table.clear()
                for item in table:
                    item.update(self._kept_defaults(one for one in menu.fields if one.counter))
            resource = self._table("/system/resource")[0]
            resource.update({"uptime": "0s", "write-sect-since-reboot": "0"})
            for path in _RENUMBERED:
                self.renumber(path)

    def write_log(self, topics: str, message: str) -> None:
        """Add a line to the router's log."""
        with self.lock:
            self._append("/log", {"time": self.wall_time(), "topics": topics, "message": message, "extra-info": ""})

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
            _special(menu.path).written(self, item, {"timeout": record["timeout"]})

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
        _special(menu.path).show(self, item, shown)
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

    def _want_new(self, menu: Menu, item: Item) -> None:
        """Refuse an object that cannot be beside the others."""
        _special(menu.path).check(self, item)
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
        if not _special(menu.path).is_volatile(item):
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

    def _append(self, path: str, fields: Mapping[str, str]) -> None:
        table = self._tables[path]
        table.append({".id": self._new_id(path), **fields})
        del table[: -_LINES[path]]


_DONE = {"add": "added", "remove": "removed", "move": "moved"}
# A reboot gives these other ids. What RouterOS really does with them is not known; a client must not rely on them.
_RENUMBERED = (
    "/queue/tree", "/queue/simple", "/ip/firewall/mangle", "/ip/firewall/filter", "/ip/firewall/nat",
    "/ip/firewall/address-list", "/ip/route",
)  # fmt: skip


def _special(path: str) -> Behaviour:
    return BEHAVIOURS.get(path, NOTHING_SPECIAL)


def _renumbered(kept: Kept, path: str, fresh: Mapping[str, str]) -> Kept:
    if isinstance(kept, Ref):
        return Ref(path, fresh.get(kept.id, kept.id)) if kept.menu == path else kept
    if isinstance(kept, tuple):
        return _renumbered(kept[0], path, fresh), _renumbered(kept[1], path, fresh)
    return kept
