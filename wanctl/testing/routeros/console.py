"""The command line: runs a text and gives back what the router prints.

What fails is told in the output, and the exit status of an SSH command does not show it. A text that is no program is
refused whole; an unknown command or argument stops the text where it stands, as `:parse` shows it on CHR 7.23.3.
"""

import json
import re
from collections.abc import Iterator, Mapping

from wanctl.testing.routeros.catalog import MENUS
from wanctl.testing.routeros.command import run
from wanctl.testing.routeros.condition import holds, typed
from wanctl.testing.routeros.humane import rate
from wanctl.testing.routeros.kind import Rate
from wanctl.testing.routeros.listing import listing
from wanctl.testing.routeros.menu import Menu
from wanctl.testing.routeros.parsed import parsed
from wanctl.testing.routeros.parser import Parser
from wanctl.testing.routeros.printed import Typed, printed
from wanctl.testing.routeros.script import (
    Argument,
    Block,
    Command,
    Operation,
    Substitution,
    SyntaxFault,
    Text,
    Value,
    Variable,
    Word,
)
from wanctl.testing.routeros.state import State
from wanctl.testing.routeros.traffic import monitor
from wanctl.testing.routeros.trap import NoSuchItem, Trap

_READING = ("print", "get", "find", "monitor-traffic")
_STYLES = ("detail", "terse", "stats", "value-list")
_MANY = ("set", "remove", "enable", "disable", "comment", "unset", "move", "reset-counters")
_MOST_COMMANDS = 10_000


class Console:
    """One text, run once, by one user."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._out: list[str] = []
        self._variables: dict[str, Typed] = {}
        self._commands = 0

    def run(self, source: str) -> str:
        """What the router prints, lines ended by CRLF."""
        try:
            block = Parser(source).parse()
            with self._state.lock:
                self._block(block)
        except SyntaxFault as fault:
            self._out.append(f"{fault}\r\n")
        except Trap as trap:
            self._out.append(f"{trap.detail}\r\n")
        return "".join(self._out)

    def _block(self, block: Block) -> Typed:
        last: Typed = None
        for command in block.commands:
            last = self._command(command, inside=False)
        return last

    def _command(self, command: Command, *, inside: bool) -> Typed:
        """Run a command; `inside` says that its value is wanted, not its output."""
        self._commands += 1
        if self._commands > _MOST_COMMANDS:
            raise Trap("failure: the emulator gives up: too many commands")
        if command.fault:
            raise Trap(command.fault)
        if command.menu == ":":
            return self._language(command)
        if not command.name:
            return None
        path = command.menu
        if (path, command.name) == ("/system", "reboot"):
            self._reboot()
            return None
        if path == "/log" and command.name in ("info", "warning", "error", "debug"):
            self._permit("add")
            self._state.write_log(f"script,{command.name}", "".join(self._texts(command.arguments).values()))
            return None
        if path not in MENUS or command.name not in MENUS[path].commands:
            raise Trap(f"failure: the emulator does not do {path}/{command.name}")
        self._permit(command.name)
        return self._run(MENUS[path], command, inside=inside)

    def _reboot(self) -> None:
        account = self._state.account
        if self._state.faults.no_permission or (account is not None and "reboot" not in account.policies):
            raise Trap("not enough permissions (9)")
        self._state.on_reboot()

    def _permit(self, name: str) -> None:
        account = self._state.account
        needed = "read" if name in _READING else "write"
        if self._state.faults.no_permission or (account is not None and needed not in account.policies):
            raise Trap("not enough permissions (9)")

    def _run(self, menu: Menu, command: Command, *, inside: bool) -> Typed:
        given = {argument.name: argument for argument in command.arguments}
        match command.name:
            case "find":
                return [one[".id"] for one in self._selected(menu, command)]
            case "print":
                return self._print(menu, command, given, inside=inside)
            case "get":
                return self._get(menu, given)
            case "monitor-traffic":
                rows = monitor(self._state, self._texts(command.arguments)).rows
                self._out += [f"{name:>28}: {text}\r\n" for row in rows[:1] for name, text in row.items()]
                return None
        texts = self._texts(argument for argument in command.arguments if argument.name not in ("numbers", "number"))
        if command.name == "add":
            missing = [name for name in menu.required if name in menu.by_name and name not in texts]
            if missing:
                raise Trap(f"missing value(s) of argument(s) {' '.join(missing)}")
        elif command.name in _MANY and not menu.singleton:
            ids = self._numbers(menu, given.get("numbers"))
            if not ids:
                return None
            texts[".id"] = ",".join(ids)
        reply = run(self._state, menu, command.name, texts)
        return reply if isinstance(reply, str) else None

    def _selected(self, menu: Menu, command: Command) -> list[dict[str, str]]:
        records = self._state.records(menu.path)
        if command.where is None:
            return records
        return [record for record in records if holds(menu, record, command.where, self._state, self._value)]

    def _print(self, menu: Menu, command: Command, given: Mapping[str, Argument], *, inside: bool) -> Typed:
        records = self._selected(menu, command)
        if "proplist" in given:
            wanted = self._one_text(given["proplist"]).split(",")
            records = [{name: record[name] for name in record if name in wanted} for record in records]
        if "count-only" in given:
            if not inside:
                self._out.append(f"{len(records)}\r\n")
            return len(records)
        if "as-value" in given:
            values: list[Typed] = [{name: typed(menu, name, text) for name, text in one.items()} for one in records]
            return values[0] if menu.singleton and values else values
        if not inside:
            style = next((one for one in _STYLES if one in given), "detail")
            self._out.append(listing(menu, records, style))
        return None

    def _get(self, menu: Menu, given: Mapping[str, Argument]) -> Typed:
        number, value_name = given.get("number"), given.get("value-name")
        if menu.singleton:
            number, value_name = None, value_name or number
            record = self._state.records(menu.path)[0]
        else:
            ids = self._numbers(menu, number)
            if len(ids) != 1:
                raise NoSuchItem if not ids else Trap("invalid internal item number")
            record = self._state.record(menu.path, ids[0])
        if value_name is None:
            return {name: typed(menu, name, text) for name, text in record.items()}
        name = self._one_text(value_name)
        if name not in menu.by_name:
            raise Trap("input does not match any value of value-name")
        if self._state.faults.humanised_get and isinstance(menu.by_name[name].kind, Rate) and name in record:
            return rate(int(record[name]))
        return typed(menu, name, record.get(name))

    def _numbers(self, menu: Menu, argument: Argument | None) -> list[str]:
        """The ids of the objects that a command is about."""
        if argument is None:
            raise Trap("missing value(s) of argument(s) numbers")
        value = None if argument.value is None else self._value(argument.value)
        words = [printed(one) for one in value] if isinstance(value, list) else printed(value).split(",")
        return [self._id(menu, word) for word in words if word]

    def _id(self, menu: Menu, word: str) -> str:
        if word.startswith("*"):
            return str(self._state.record(menu.path, word)[".id"])
        if word.isascii() and word.isdigit():  # the place in the list; no `print` has to come before
            records = self._state.records(menu.path)
            if int(word) < len(records):
                return records[int(word)][".id"]
        found = self._state.id_of(menu.path, word) if menu.is_named else None
        if found is None:
            raise NoSuchItem
        return found

    def _texts(self, arguments: Iterator[Argument] | tuple[Argument, ...]) -> dict[str, str]:
        return {argument.name: self._one_text(argument) for argument in arguments}

    def _one_text(self, argument: Argument) -> str:
        if argument.value is None:
            return "yes"
        value = self._value(argument.value)
        if isinstance(value, list):
            return ",".join(printed(one) for one in value)
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else printed(value)

    def _value(self, value: Value) -> Typed:
        match value:
            case Word(text):
                return int(text) if text.isascii() and text.isdigit() else text
            case Text(parts):
                return "".join(part if isinstance(part, str) else printed(self._value(part)) for part in parts)
            case Variable(name):
                return self._variables.get(name)
            case Substitution(body):
                result: Typed = None
                for command in body.commands:
                    result = self._command(command, inside=True)
                return result
            case Operation(operator, operands):
                return self._operate(operator, [self._value(one) for one in operands])
            case Block():
                return None

    def _operate(self, operator: str, operands: list[Typed]) -> Typed:
        if operator == "!":
            return not operands[0]
        first, second = operands
        match operator:
            case ".":
                return printed(first) + printed(second)
            case "=" | "!=":
                return (printed(first) == printed(second)) == (operator == "=")
            case "and" | "&&":
                return bool(first) and bool(second)
            case "or" | "||":
                return bool(first) or bool(second)
        if not isinstance(first, int) or not isinstance(second, int):
            raise Trap(f"cannot compare or calculate with {printed(first)} and {printed(second)}")  # guess
        results = {"<": first < second, ">": first > second, "<=": first <= second, ">=": first >= second,
                   "+": first + second, "-": first - second, "*": first * second}  # fmt: skip
        if operator not in results:
            raise Trap(f"failure: the emulator does not do {operator}")
        return results[operator]

    def _language(self, command: Command) -> Typed:
        given = {argument.name: argument.value for argument in command.arguments}
        match command.name:
            case "put":
                self._out.append(printed(self._of(given, "message")) + "\r\n")
            case "error":
                raise Trap(printed(self._of(given, "message")))
            case "if":
                chosen = given.get("do" if self._of(given, "condition") else "else")
                return self._block(chosen) if isinstance(chosen, Block) else None
            case "foreach":
                self._foreach(given)
            case "do":
                self._do(given)
            case "local" | "global" | "set":
                self._variables[printed(self._of(given, "name"))] = self._of(given, "value")
            case "delay":
                pass  # nobody waits for the emulator
            case _:
                return self._function(command.name, given)
        return None

    def _function(self, name: str, given: Mapping[str, Value | None]) -> Typed:
        """A command of the language that makes a value of others."""
        match name:
            case "len":
                value = self._of(given, "value")
                return len(value) if isinstance(value, list | dict) else len(printed(value)) if value is not None else 0
            case "tostr":
                return printed(self._of(given, "value"))
            case "tonum":
                text = printed(self._of(given, "value"))
                return int(text) if re.fullmatch(r"-?[0-9]+", text) else None
            case "typeof":
                names = {bool: "bool", int: "num", str: "str", list: "array", dict: "array", type(None): "nothing"}
                return names[type(self._of(given, "value"))]
            case "parse":
                return parsed(printed(self._of(given, "source")))
            case "pick":
                return self._pick(given)
            case "serialize":
                return json.dumps(self._of(given, "value"), separators=(",", ":"))
        raise Trap(f"failure: the emulator does not do :{name}")

    def _of(self, given: Mapping[str, Value | None], name: str) -> Typed:
        value = given.get(name)
        if value is None:
            raise Trap(f"missing value(s) of argument(s) {name}")
        return self._value(value)

    def _pick(self, given: Mapping[str, Value | None]) -> Typed:
        value, begin = self._of(given, "value"), self._of(given, "begin")
        end = self._of(given, "end") if "end" in given else None
        if not isinstance(begin, int) or not isinstance(end, int | None):
            raise Trap("invalid value for argument begin")  # guess
        if isinstance(value, list):
            return value[begin] if end is None else value[begin:end]
        return printed(value)[begin : begin + 1 if end is None else end]

    def _foreach(self, given: Mapping[str, Value | None]) -> None:
        counter, values, body = printed(self._of(given, "counter")), self._of(given, "in"), given.get("do")
        for one in values if isinstance(values, list) else [values]:
            self._variables[counter] = one
            if isinstance(body, Block):
                self._block(body)

    def _do(self, given: Mapping[str, Value | None]) -> None:
        body, otherwise = given.get("command"), given.get("on-error")
        try:
            if isinstance(body, Block):
                self._block(body)
        except Trap:
            if not isinstance(otherwise, Block):
                raise
            self._block(otherwise)
