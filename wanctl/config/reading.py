"""Reading a node tree as a pydantic model, with every fault in our words and at its place.

pydantic names a fault by a path of keys (`loc`); the node tree knows where each key and value stands.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from wanctl.config.value import printable
from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import List, Map, Node, Text

M = TypeVar("M", bound=BaseModel)
Path = tuple[int | str, ...]
Plain = str | list["Plain"] | dict[str, "Plain"]

# What to write for a key that is missing, where the key's name alone does not say it.
EXAMPLES: Mapping[str, str] = {
    "address": "address: 192.0.2.1",
    "user": "user: wanctl",
    "password_file": "password_file: router.password",
    "transport": "transport: [rest]",
    "wans": "wans: {NAME: {download: {...}, upload: {...}}}",
    "download": "download: {queue: NAME, plan: 100Mbit}",
    "upload": "upload: {queue: NAME, plan: 20Mbit}",
    "who": "who: {dscp: [ef]}",
    "prefer": "prefer: [WAN, WAN]",
}


def read_model(model: type[M], root: Map, findings: Findings) -> M | None:
    """The tree as a model; None, with the reasons in `findings`, when it is not one."""
    try:
        return model.model_validate(plain(root))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note(detail, model, root, findings)
        return None


def plain(node: Node) -> Plain:
    """The node as texts, lists and dictionaries."""
    if isinstance(node, Text):
        return node.value
    if isinstance(node, List):
        return [plain(item) for item in node]
    return {key: plain(node[key]) for key in node}


def node_at(root: Node, path: Path) -> Node | None:
    """The value at a path of keys and positions."""
    node: Node | None = root
    for part in path:
        if isinstance(node, Map) and isinstance(part, str):
            node = node.get(part)
        elif isinstance(node, List) and isinstance(part, int) and part < len(node):
            node = node.items[part]
        else:
            return None
    return node


def place_of(root: Node, path: Path) -> Place:
    """Where a value stands; for a map or list the key before it, for what is missing the key of the map around it."""
    while path:
        parent, last = node_at(root, path[:-1]), path[-1]
        if isinstance(parent, Map) and isinstance(last, str) and last in parent:
            value = parent[last]
            return value.place if isinstance(value, Text) and value.value else parent.keys[last]
        if isinstance(parent, List) and isinstance(last, int) and last < len(parent):
            return parent.items[last].place
        path = path[:-1]
    return Place(root.place.file, root.place.line, root.place.column)


def key_place(root: Node, path: Path) -> Place:
    """Where the key at the end of a path stands."""
    parent = node_at(root, path[:-1])
    if path and isinstance(parent, Map) and str(path[-1]) in parent.keys:
        return parent.keys[str(path[-1])]
    return place_of(root, path)


def misspelt(node: Node | None, known: Iterable[str]) -> set[str]:
    """The known keys that unknown keys of a map probably mean."""
    names = list(known)
    unknown = [key for key in node if key not in names] if isinstance(node, Map) else []
    return {match for key in unknown for match in get_close_matches(key, names, n=1)}


def _note(detail: ErrorDetails, model: type[BaseModel], root: Map, findings: Findings) -> None:
    path: Path = detail["loc"]
    kind = detail["type"]
    if path and path[-1] == "[key]":  # a fault of a key, not of its value
        path = path[:-1]
    if kind == "wanctl":
        fault = detail["ctx"]
        place = key_place(root, path) if detail["loc"] != path else place_of(root, path)
        findings.error(fault["code"], fault["message"], place, fault["hint"])
    elif kind == "missing":
        name = str(path[-1])
        if name in misspelt(node_at(root, path[:-1]), _fields_at(model, path[:-1])):
            return  # told once, where it is misspelt
        around = f"'{path[-2]}'" if len(path) > 1 else "the file"
        hint = f"add: {EXAMPLES.get(name, name + ': ...')}"
        findings.error("WC102", f"{around} lacks '{name}'", key_place(root, path[:-1]), hint)
    elif kind == "extra_forbidden":
        _note_unknown(path, model, root, findings)
    else:
        _note_kind(kind, path, model, root, findings)


def _note_unknown(path: Path, model: type[BaseModel], root: Map, findings: Findings) -> None:
    name = str(path[-1])
    home = _home_of(name, model, ())
    hint = f"'{name}' is a key of {home}" if home else did_you_mean(name, _fields_at(model, path[:-1]))
    findings.error("WC101", f"unknown key '{printable(name)}'", key_place(root, path), hint)


def _note_kind(kind: str, path: Path, model: type[BaseModel], root: Map, findings: Findings) -> None:
    name = f"'{path[-1]}'" if path else "the file"
    node = node_at(root, path)
    if kind in ("model_type", "mapping_type", "dict_type"):
        known = list(_fields_at(model, path))
        hint = "with keys such as " + ", ".join(known[:4]) if known else "NAME: VALUE, one a line"
        if not known and isinstance(node, Text) and not node.value:
            hint = "write {} for none"
        want = "a map of keys"
    else:
        hint = f"[{node.value}]" if isinstance(node, Text) and node.value else "[A, B]"
        hint = f"write {printable(hint)}"
        want = "a list"
    given = "a map" if isinstance(node, Map) else "a list" if isinstance(node, List) else "a single value"
    if isinstance(node, Text) and not node.value:
        given = "nothing"
    findings.error("WC103", f"{name} must be {want}, not {given}", place_of(root, path), hint)


def _fields_at(model: type[BaseModel], path: Path) -> dict[str, object]:
    """The keys known at a path of a file, with their types; empty where any name may stand."""
    kind: object = model
    for part in path:
        inner = _section(kind)
        if inner is not None:
            field = inner.model_fields.get(str(part))
            kind = field.annotation if field else None
        else:
            kind = _value_type(kind)
    inner = _section(kind)
    return {} if inner is None else {name: field.annotation for name, field in inner.model_fields.items()}


def _section(kind: object) -> type[BaseModel] | None:
    """The model in an annotation such as `Router | None`."""
    if get_origin(kind) in (Union, UnionType):
        return next((found for arg in get_args(kind) if (found := _section(arg))), None)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _value_type(kind: object) -> object:
    """The type of the values of a mapping or of the items of a `tuple`."""
    if get_origin(kind) is Mapping:
        return get_args(kind)[1]
    return get_args(kind)[0] if get_origin(kind) is tuple else None


def _home_of(name: str, kind: object, path: tuple[str, ...]) -> str:
    """Where in a file a key belongs, as `wans.NAME.download`; "" when it is a key of nothing."""
    inner = _section(kind)
    if inner is None:
        value_type = _value_type(kind)
        return _home_of(name, value_type, (*path, "NAME")) if get_origin(kind) is Mapping else ""
    if name in inner.model_fields:
        return f"'{'.'.join(path)}'" if path else "the file itself"
    for key, field in inner.model_fields.items():
        if home := _home_of(name, field.annotation, (*path, key)):
            return home
    return ""
