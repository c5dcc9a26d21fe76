"""Opens templates in a machine's document, before anything else reads it.

A state `{template: NAME, with: {...}}` becomes a state with the body of the template's machine. What the template
declares moves to the machine: a name that `with` binds stands for what it is bound to, any other for `STATE_name`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]
_SECTIONS = ("inputs", "params", "data", "define")
_BODY = ("type", "initial", "states", "entry", "during", "on", "always", "after")
_WORD = re.compile(r"'[^']*'|event\.(?:name|data\.\w+)|[A-Za-z_]\w*")
_EXPRESSIONS = ("when", "if", "for", "cooldown", "delay", "id_to")


def opened(document: Document, read: Callable[[str], Document]) -> Document:
    """The document with every template in it opened; `read` gives the document of a template."""
    whole = dict(document)
    for section in _SECTIONS:
        whole[section] = dict(whole.get(section) or {})
    whole["where"] = list(whole.get("where") or [])
    whole["states"] = _states(document.get("states") or {}, whole, read)
    return whole


def _states(states: Document, whole: Document, read: Callable[[str], Document]) -> Document:
    found = {}
    for name, spec in states.items():
        spec = spec or {}
        if "template" in spec:
            found[name] = _body(name, read(spec["template"]), spec.get("with") or {}, whole)
        else:
            found[name] = {**spec, "states": _states(spec["states"], whole, read)} if "states" in spec else spec
    return found


def _body(state: str, template: Document, bound: Mapping[str, str], whole: Document) -> Document:
    declared = [name for section in _SECTIONS for name in template.get(section) or {}]
    words = {name: _bracketed(bound[name]) if name in bound else f"{state}_{name}" for name in declared}
    for section in _SECTIONS:
        for name, spec in (template.get(section) or {}).items():
            if name not in bound:
                whole[section][words[name]] = _text(spec, words) if section == "define" else spec
    whole["where"] += [_text(law, words) for law in template.get("where") or []]
    return {key: _renamed(template[key], words) for key in _BODY if key in template}


def _bracketed(text: str) -> str:
    return text if text.isidentifier() else f"({text})"


def _text(text: str, words: Mapping[str, str]) -> str:
    return _WORD.sub(lambda match: words.get(match[0], match[0]), text)


def _renamed(node: Any, words: Mapping[str, str]) -> Any:
    """A part of the body with the template's names replaced, wherever an expression or the name of a datum stands."""
    if isinstance(node, list):
        return [one for item in node for one in _assigns(item, words)]
    if not isinstance(node, dict):
        return node
    found = {}
    for key, value in node.items():
        if key in _EXPRESSIONS and isinstance(value, str):
            found[key] = _text(value, words)
        elif key == "data" and isinstance(value, dict):
            found[key] = {name: _text(text, words) for name, text in value.items()}
        else:
            found[key] = _renamed(value, words)
    return found


def _assigns(item: Any, words: Mapping[str, str]) -> list[Any]:
    """Several assignments as several actions: two names may be bound to one datum."""
    if isinstance(item, dict) and "assign" in item:
        return [{"assign": {_text(name, words): _text(text, words)}} for name, text in item["assign"].items()]
    return [_renamed(item, words)]
