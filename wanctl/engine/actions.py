"""Reading lists of actions and the rows that hold them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from wanctl.engine.action import ActionRegistry, ActionSignature, Param
from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import List, Map, Node, Text
from wanctl.engine.expression import Active, Constant, Expr, is_constant, walk
from wanctl.engine.guard import parse_condition, parse_expression
from wanctl.engine.model import Action, Actions, Assign, Cancel, Emit, Hold, If, Raise, Row, Send
from wanctl.engine.record import Value
from wanctl.engine.scope import Scope
from wanctl.engine.unit import CANONICAL, LONGEST_MS, Quantity, time_ns

_ROW_KEYS = frozenset({"when", "to", "do", "kind", "for", "of", "cooldown", "why"})
_WORDS = ("assign", "raise", "send", "cancel", "if")
_EVENT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_OF = re.compile(r"\s*(\d+)\s+in\s+(\d+)\s+ticks?\s*")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True)
class Reader:
    """Reads actions and rows in the scope of one file; `note_active` learns of each `active(...)` for later."""

    scope: Scope
    registry: ActionRegistry
    findings: Findings
    note_active: Callable[[Active], None]
    next_row: list[int] = field(default_factory=lambda: [0])  # shared by the readers of one machine

    # -- expressions ---------------------------------------------------------------------------------------------
    def condition(self, node: Node, what: str) -> Expr | None:
        """A guard or another linear condition."""
        return self._noted(self._text(node, what), linear=True, condition=True)

    def _noted(self, node: Text | None, *, linear: bool, condition: bool) -> Expr | None:
        if node is None:
            return None
        parse = parse_condition if condition else parse_expression
        expr = parse(node, self.scope, self.findings, linear=linear)
        if expr is not None:
            for item in walk(expr):
                if isinstance(item, Active):
                    self.note_active(item)
        return expr

    def _text(self, node: Node, what: str) -> Text | None:
        if isinstance(node, Text):
            return node
        self.findings.error("WC201", f"{what} must be a text", node.place)
        return None

    def constant(self, node: Node, what: str, dimensions: tuple[str, ...]) -> Expr | None:
        """A literal or an expression of params, of one of the given dimensions."""
        text = self._text(node, what)
        expr = None if text is None else parse_expression(text, self.scope, self.findings, linear=True)
        if text is None or expr is None:
            return None
        if isinstance(expr, Constant) and expr.value == 0 and expr.dimension == "" and "time" in dimensions:
            return Constant(0.0, "number", "time", expr.written)  # nothing is nothing in every unit
        if not is_constant(expr) or expr.kind != "number" or expr.dimension not in dimensions:
            wanted = " or ".join(
                {"time": "a time such as 150ms", "ticks": "a count such as 3 ticks"}[d] for d in dimensions
            )
            self.findings.error("WC220", f"{what} must be {wanted}", text.content)
            return None
        if isinstance(expr, Constant) and isinstance(expr.value, float) and expr.value < 0:
            self.findings.error("WC220", f"{what} must not be negative", text.content)
            return None
        return expr

    # -- actions -------------------------------------------------------------------------------------------------
    def actions(self, node: Node | None, what: str) -> Actions:
        """A list of actions; absent is none."""
        if node is None or (isinstance(node, Text) and node.value == ""):
            return ()
        if not isinstance(node, List):
            self.findings.error("WC221", f"'{what}' must be a list of actions", node.place, f"{what}: [{{...}}]")
            return ()
        found: list[Action] = []
        for item in node:
            found += self._action(item)
        return tuple(found)

    def _action(self, node: Node) -> list[Action]:
        if not isinstance(node, Map) or not len(node):
            self.findings.error("WC221", "an action must be a map with one key", node.place, "{rate.hold: {}}")
            return []
        if "if" in node:
            return self._if(node)
        if len(node) != 1:
            extra = list(node)[1]
            self.findings.error(
                "WC221", "an action has one key; write the second as an action of its own", node.keys[extra]
            )
            return []
        word = next(iter(node))
        match word:
            case "assign":
                return self._assign(node[word])
            case "raise":
                return self._raise(node[word])
            case "send":
                return self._send(node[word])
            case "cancel":
                text = self._text(node[word], "'cancel'")
                return [] if text is None else [Cancel(text.value)]
            case _:
                return self._emit(word, node[word], node.keys[word])

    def _if(self, node: Map) -> list[Action]:
        for key in node:
            if key not in ("if", "then", "else"):
                self.findings.error(
                    "WC202", f"unknown key '{key}'", node.keys[key], did_you_mean(key, ("if", "then", "else"))
                )
        if "then" not in node:
            self.findings.error("WC203", "'if' needs 'then'", node.keys["if"])
        condition = self._noted(self._text(node["if"], "'if'"), linear=False, condition=True)
        then, otherwise = self.actions(node.get("then"), "then"), self.actions(node.get("else"), "else")
        return [] if condition is None else [If(condition, then, otherwise)]

    def _assign(self, node: Node) -> list[Action]:
        if not isinstance(node, Map):
            self.findings.error(
                "WC221", "'assign' must be a map of data and expressions", node.place, "{assign: {n: n + 1}}"
            )
            return []
        found: list[Action] = []
        for name in node:
            symbol = self.scope.data(name)
            text = self._text(node[name], f"the value of '{name}'")
            expr = self._noted(text, linear=False, condition=False)
            if symbol is None:
                known = [key for key in self.scope.names if self.scope.data(key)]
                self.findings.error(
                    "WC222", f"'{name}' is not declared under 'data'", node.keys[name], did_you_mean(name, known)
                )
            elif expr is not None and text is not None:
                if expr.kind not in ("any", symbol.kind):
                    message = f"'{name}' is a {symbol.kind}, this is a {expr.kind}"
                    self.findings.error("WC223", message, text.content)
                found.append(Assign(symbol, expr))
        return found

    def _event_name(self, node: Node | None, place: Place) -> str:
        if not isinstance(node, Text) or not _EVENT.fullmatch(node.value):
            where = place if node is None else node.place
            self.findings.error("WC224", "an event is named by words with dots between them", where, "raise: link.up")
            return ""
        if node.value == "tick":
            self.findings.error("WC224", "'tick' cannot be raised or sent: it comes from the clock", node.place)
            return ""
        return node.value

    def _raise(self, node: Node) -> list[Action]:
        if isinstance(node, Map):
            self._only(node, ("event", "data"))
            name = self._event_name(node.get("event"), node.place)
            data = self._data(node.get("data"))
        else:
            name, data = self._event_name(node, node.place), ()
        return [Raise(name, data)] if name else []

    def _send(self, node: Node) -> list[Action]:
        if not isinstance(node, Map):
            name = self._event_name(node, node.place)
            return [Send(name)] if name else []
        self._only(node, ("event", "delay", "id", "id_to", "data"))
        name = self._event_name(node.get("event"), node.place)
        delay = (
            Constant(0.0, "number", "time")
            if "delay" not in node
            else self.constant(node["delay"], "'delay'", ("time",))
        )
        if delay is not None and not isinstance(delay, Constant):
            self.findings.error("WC220", "'delay' must be a time such as 10ms", node["delay"].place)
            delay = None
        identity = "" if "id" not in node else self._plain(node["id"], "'id'")
        target = None
        if "id_to" in node:
            written = self._plain(node["id_to"], "'id_to'")
            target = self.scope.data(written)
            if target is None or target.kind != "text" or target.choices:
                self.findings.error("WC222", "'id_to' must name a datum of type text", node["id_to"].place)
            if "id" in node:
                self.findings.error("WC225", "'id' and 'id_to' exclude each other", node.keys["id_to"])
        data = self._data(node.get("data"))
        if not name or delay is None:
            return []
        assert isinstance(delay.value, int | float)
        if not delay.value <= LONGEST_MS:
            self.findings.error("WC220", "'delay' is longer than a hundred years", node["delay"].place)
            return []
        return [Send(name, data, time_ns(Quantity(float(delay.value), "time")), identity, target)]

    def _plain(self, node: Node, what: str) -> str:
        text = self._text(node, what)
        return "" if text is None else text.value

    def _only(self, node: Map, known: tuple[str, ...]) -> None:
        for key in node:
            if key not in known:
                self.findings.error("WC202", f"unknown key '{key}'", node.keys[key], did_you_mean(key, known))

    def _data(self, node: Node | None) -> tuple[tuple[str, Expr], ...]:
        if node is None:
            return ()
        if not isinstance(node, Map):
            self.findings.error("WC201", "'data' must be a map of names and expressions", node.place)
            return ()
        found = []
        for key in node:
            if not _KEY.fullmatch(key):
                self.findings.error("WC210", f"'{key}' cannot be a name", node.keys[key])
            expr = self._noted(self._text(node[key], f"'{key}'"), linear=False, condition=False)
            if expr is not None:
                found.append((key, expr))
        return tuple(found)

    def _emit(self, word: str, node: Node, place: Place) -> list[Action]:
        signature = self.registry.get(word)
        if signature is None:
            known = [*_WORDS, *(item.name for item in self.registry)]
            self.findings.error("WC230", f"unknown action '{word}'", place, did_you_mean(word, known))
            return []
        if isinstance(node, Text) and node.value == "":
            node = Map({}, {}, node.place)
        if not isinstance(node, Map):
            self.findings.error("WC231", f"the parameters of '{word}' must be a map", node.place, f"{{{word}: {{}}}}")
            return []
        return [Emit(word, self._arguments(signature, node, place))]

    def _arguments(self, signature: ActionSignature, node: Map, place: Place) -> tuple[tuple[str, Expr], ...]:
        names = [param.name for param in signature.params]
        for key in node:
            if key not in names:
                message = f"'{signature.name}' has no parameter '{key}'"
                self.findings.error("WC232", message, node.keys[key], did_you_mean(key, names))
        found = []
        for param in signature.params:
            if param.name in node:
                expr = self._argument(param, node[param.name])
                if expr is not None:
                    found.append((param.name, expr))
            elif param.required:
                self.findings.error("WC233", f"'{signature.name}' needs the parameter '{param.name}'", place)
            elif param.default is not None:
                found.append((param.name, Constant(param.default, param.kind, param.dimension)))
        return tuple(found)

    def _argument(self, param: Param, node: Node) -> Expr | None:
        text = self._text(node, f"'{param.name}'")
        if text is None:
            return None
        if param.kind == "text":
            if param.choices and text.value not in param.choices:
                hint = did_you_mean(text.value, param.choices)
                self.findings.error("WC234", f"'{param.name}' is never '{text.value}'", text.place, hint)
            return Constant(text.value, "text")
        expr = self._noted(text, linear=False, condition=False)
        if expr is None:
            return None
        plain = {expr.dimension, param.dimension} <= {"", "ratio"}
        if expr.kind not in ("any", param.kind) or (
            param.kind == "number" and expr.dimension != param.dimension and not plain
        ):
            wanted = f"a {param.dimension} ({CANONICAL[param.dimension]})" if param.dimension else f"a {param.kind}"
            self.findings.error("WC234", f"'{param.name}' must be {wanted}", text.content)
            return None
        if isinstance(expr, Constant) and not _within(param, expr.value):
            self.findings.error("WC234", f"'{param.name}' must be between {param.low} and {param.high}", text.content)
        return expr

    # -- rows ----------------------------------------------------------------------------------------------------
    def rows(self, node: Node, trigger: str, state: int, path: str, count: int) -> tuple[Row, ...]:
        """A list of rows; `count` rows of the same state stand before them."""
        if isinstance(node, Text) and node.value == "":
            return ()
        if not isinstance(node, List):
            self.findings.error(
                "WC240", f"the rows of '{trigger}' must be a list", node.place, "- {when: ..., to: ...}"
            )
            return ()
        found: list[Row] = []
        for item in node:
            if isinstance(item, Map):
                found.append(self._row(item, trigger, state, f"{path}#{count + len(found) + 1}"))
            else:
                self.findings.error("WC240", "a row must be a map", item.place, "{when: ..., to: ...}")
        return tuple(found)

    def _row(self, node: Map, trigger: str, state: int, identity: str) -> Row:
        for key in node:
            if key not in _ROW_KEYS:
                self.findings.error("WC202", f"unknown key '{key}'", node.keys[key], did_you_mean(key, _ROW_KEYS))
        row = Row(identity, self.next_row[0], state, trigger, node.place)
        self.next_row[0] += 1
        if "when" in node:
            row.guard = self.condition(node["when"], "'when'")
            row.guard_text = " ".join(self._plain(node["when"], "'when'").split())
        row.target_names = self.names(node.get("to"), "to")
        row.do = self.actions(node.get("do"), "do")
        row.why = "" if "why" not in node else self._plain(node["why"], "'why'")
        if "kind" in node:
            kind = self._plain(node["kind"], "'kind'")
            row.internal = kind == "internal"
            if kind not in ("internal", "external"):
                self.findings.error("WC241", "'kind' is internal or external", node["kind"].place)
        self._timing(row, node)
        return row

    def _timing(self, row: Row, node: Map) -> None:
        if "cooldown" in node:
            row.cooldown = self.constant(node["cooldown"], "'cooldown'", ("time",))
            row.cooldown_text = self._plain(node["cooldown"], "'cooldown'")
        for key in ("for", "of"):
            if key in node and row.trigger != "tick":
                self.findings.error(
                    "WC242", f"'{key}' belongs under 'tick' alone", node.keys[key], "only ticks are observations"
                )
        if "for" in node and "of" in node:
            self.findings.error("WC242", "'for' and 'of' exclude each other", node.keys["of"])
        elif "for" in node:
            amount = self.constant(node["for"], "'for'", ("time", "ticks"))
            row.hold_text = "for " + self._plain(node["for"], "'for'")
            if amount is not None:
                row.hold = Hold("time" if amount.dimension == "time" else "ticks", amount)
                self._check_count(amount, node["for"])
        elif "of" in node:
            self._of(row, node["of"])

    def _check_count(self, amount: Expr, node: Node) -> None:
        if isinstance(amount, Constant) and amount.dimension == "ticks":
            assert isinstance(amount.value, int | float)
            if amount.value < 1 or amount.value != int(amount.value):
                self.findings.error("WC220", "a count of ticks is a whole number from 1", node.place)

    def _of(self, row: Row, node: Node) -> None:
        match = _OF.fullmatch(self._plain(node, "'of'"))
        if not match or not 1 <= int(match[1]) <= int(match[2]) <= 10_000:
            self.findings.error("WC243", "'of' must be such as '3 in 5 ticks'", node.place)
            return
        row.hold = Hold("of", Constant(float(match[1]), "number", "ticks", match[1]), int(match[2]))
        row.hold_text = f"{match[1]} in {match[2]} ticks"

    def names(self, node: Node | None, what: str) -> tuple[tuple[str, Place], ...]:
        """One name or a list of names, with their places."""
        if node is None:
            return ()
        items = list(node) if isinstance(node, List) else [node]
        if isinstance(node, List) and not items:
            self.findings.error("WC244", f"'{what}' is an empty list", node.place)
        found = []
        for item in items:
            if isinstance(item, Text) and item.value:
                found.append((item.value, item.place))
            else:
                self.findings.error("WC244", f"'{what}' must be the name of a state, or a list of names", item.place)
        return tuple(found)


def _within(param: Param, value: Value) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return (param.low is None or value >= param.low) and (param.high is None or value <= param.high)
