"""The parser of RouterOS's command language: text in, the tree of `script.py` out."""

import re
from collections.abc import Callable

from wanctl.testing.routeros.cursor import PLAIN, Cursor
from wanctl.testing.routeros.grammar import grammar
from wanctl.testing.routeros.quotedtext import BadEscape, read_quoted
from wanctl.testing.routeros.script import (
    Argument,
    Block,
    Command,
    Operation,
    Substitution,
    Text,
    Value,
    Variable,
    Word,
)

# The commands of the language: the arguments that may stand without their names come first, up to the number given.
LANGUAGE: dict[str, tuple[int, tuple[str, ...]]] = {
    "put": (1, ("message",)),
    "error": (1, ("message",)),
    "if": (1, ("condition", "do", "else")),
    "foreach": (1, ("counter", "in", "do")),
    "do": (1, ("command", "on-error")),
    "local": (2, ("name", "value")),
    "global": (2, ("name", "value")),
    "set": (2, ("name", "value")),
    "len": (1, ("value",)),
    "tostr": (1, ("value",)),
    "tonum": (1, ("value",)),
    "typeof": (1, ("value",)),
    "parse": (1, ("source",)),
    "serialize": (1, ("value", "to")),
    "delay": (1, ("delay-time",)),
    "while": (1, ("condition", "do")),
    "for": (1, ("counter", "from", "to", "step", "do")),
    "pick": (3, ("value", "begin", "end")),
    "find": (3, ("in", "key", "from")),
    "toarray": (1, ("value",)),
    "toip": (1, ("value",)),
    "totime": (1, ("value",)),
    "tobool": (1, ("value",)),
    "time": (1, ("command",)),
    "execute": (1, ("script",)),
    "resolve": (1, ("domain-name", "server")),
}
_POSITIONAL = {
    "set": ("numbers",), "remove": ("numbers",), "enable": ("numbers",), "disable": ("numbers",),
    "comment": ("numbers",), "reset-counters": ("numbers",), "get": ("number", "value-name"),
    "unset": ("numbers", "value-name"), "move": ("numbers", "destination"), "monitor-traffic": ("interface",),
    "monitor": ("numbers",), "info": ("message",), "warning": ("message",), "error": ("message",),
    "debug": ("message",),
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_PROPERTY = re.compile(r"\.?[A-Za-z][A-Za-z0-9-]*")
_LITERAL = re.compile(r"[^\s;\[\]{}()$\"#=<>~]+")
_NUMBER = re.compile(r"[0-9]+(?=[-+*/]|\s*[)=<>!&|])")  # `1+2`; but `10.0.0.1`, `10M` and `00:01:00` are words
_COMPARISON = re.compile(r"!=|<=|>=|=|<|>|~")


class Parser(Cursor):
    """Parses one text, once."""

    def parse(self) -> Block:
        """The whole text. Raises `SyntaxFault`."""
        block = self._block()
        if self._at < len(self._source):
            self._fail("expected end of command")
        return block

    def _block(self) -> Block:
        menu, commands = self._menu, []
        while True:
            while self._peek() and self._peek() in " \t\r\n;":
                self._at += 1
            if self._peek() == "#":
                self._at = (self._source + "\n").index("\n", self._at)
                continue
            if self._peek() in ("", "]", "}"):
                break
            commands.append(self._command())
            self._blank()
            if self._peek() not in ("", ";", "\r", "\n", "]", "}"):
                self._fail("expected end of command")
        self._menu = menu
        return Block(tuple(commands))

    def _command(self) -> Command:
        if self._take(":"):
            start, name = self._at, self._word(_NAME, "expected command name")
            if name in LANGUAGE or grammar().complete("", name) is None:
                return self._language(name)
            self._at, menu = start, ""  # `:log info` is `/log info`
        else:
            menu = "" if self._take("/") else self._menu
        found: tuple[str, bool] | None = ("", True)
        while found is not None and found[1]:
            self._blank()
            if self._at_end():
                self._menu = menu
                return Command(menu, "")
            start = self._at
            word = self._word(_NAME, "expected command name")
            if not menu and word in LANGUAGE:
                return self._language(word)
            found = grammar().complete(menu, word)
            if found is None:
                fault = f"bad command name {word} {self._place(start)}"
                return Command(menu, word, fault=fault, rest=(word, *self._rest()))
            if found[1]:
                menu = f"{menu}/{found[0]}"
                self._take("/")
        assert found is not None
        return self._arguments(menu, found[0])

    def _rest(self) -> tuple[str, ...]:
        """The words behind an unknown one, as the router repeats them."""
        words = []
        while not self._at_end():
            self._blank()
            self._take("/")
            match = PLAIN.match(self._source, self._at)
            if match is not None:
                words.append(match[0])
                self._at = match.end()
            elif not self._at_end():
                words.append(str(self._value()))
        return tuple(words)

    def _language(self, name: str) -> Command:
        if name not in LANGUAGE:
            start = self._at - len(name)
            return Command(":", name, fault=f"bad command name {name} {self._place(start)}", rest=(name, *self._rest()))
        count, names = LANGUAGE[name]
        arguments = self._given(names[:count], lambda word: word if word in names else None, isolated=True)
        return Command(":", name, tuple(arguments), fault=self._fault)

    def _arguments(self, menu: str, name: str) -> Command:
        outer, self._menu = self._menu, menu
        where: Value | None = None
        arguments: list[Argument] = []
        if name == "find":
            self._blank()
            self._take_word("where")
            where = None if self._at_end() else self._condition()
            fault = ""
        else:
            arguments = self._given(
                _POSITIONAL.get(name, ()), lambda word: grammar().argument(menu, name, word), isolated=False
            )
            fault = self._fault
            self._blank()
            if self._take_word("where"):
                where = self._condition()
        self._menu = outer
        return Command(menu, name, tuple(arguments), where, fault)

    _fault = ""

    def _given(
        self, positional: tuple[str, ...], known: Callable[[str], str | None], *, isolated: bool
    ) -> list[Argument]:
        """The arguments up to the end of the command or to `where`; `_fault` is what is wrong with them."""
        arguments: list[Argument] = []
        fault, place = "", 0
        while True:
            self._blank()
            if self._at_end() or (not isolated and self._word_ahead() == "where"):
                break
            start = self._at
            match = re.compile(r"([A-Za-z0-9.-]+)=").match(self._source, self._at)
            if match is not None:
                self._at = match.end()
                # Two captures point behind the first argument's name, a third to the start of the third one's.
                behind = self._place(start if arguments else match.end() - 1)
                name = known(match[1])
                if name is None and not fault:
                    fault = f"bad parameter {match[1]} {behind}"
                arguments.append(Argument(name or match[1], self._value(), behind))
                continue
            word = self._word_ahead()
            if word and not isolated and known(word) == word:
                self._at += len(word)
                arguments.append(Argument(word, None, self._place(self._at)))
            elif place < len(positional):
                arguments.append(Argument(positional[place], self._value(), self._place(start)))
                place += 1
            else:
                self._fail("expected end of command")
        self._fault = fault
        return arguments

    def _value(self) -> Value:
        character = self._peek()
        if character == '"':
            return self._text()
        if character == "[":
            return self._enclosed("[", "]", lambda: Substitution(self._block()))
        if character == "{":
            return self._enclosed("{", "}", self._block)
        if character == "(":
            return self._enclosed("(", ")", self._expression)
        if character == "$":
            self._at += 1
            return Variable(self._word(_NAME, "syntax error"))
        return Word(self._word(PLAIN, "expected input value"))

    def _enclosed(self, opening: str, closing: str, inside: Callable[[], Value]) -> Value:
        assert self._peek() == opening
        self._at += 1
        value = self._deeper(inside)
        self._blank()
        if not self._take(closing):
            self._fail("syntax error")
        return value

    def _text(self) -> Text:
        parts: list[str | Value] = []
        self._at += 1
        while True:
            try:
                quoted = read_quoted(self._source, self._at)
            except BadEscape as problem:
                self._at = problem.at
                self._fail("syntax error")
            if quoted.data:
                parts.append(quoted.data.decode("utf-8", "surrogateescape"))
            self._at = quoted.end
            if self._take('"'):
                return Text(tuple(parts))
            parts.append(self._expanded())

    def _expanded(self) -> Value:
        """What follows a `$` inside of quotes."""
        self._at += 1
        if self._peek() in ("[", "("):
            return self._value()
        return Variable(self._word(_NAME, "syntax error"))

    def _expression(self) -> Value:
        return self._binary(0)

    _LEVELS = (
        (("or", "||"),),
        (("and", "&&"),),
        (("!=", "<=", ">=", "=", "<", ">", "~"),),
        ((".", "+", "-"),),
        (("*", "/"),),
    )

    def _binary(self, level: int) -> Value:
        if level == len(self._LEVELS):
            return self._operand()
        value = self._binary(level + 1)
        while True:
            self._blank()
            found = next((one for one in self._LEVELS[level][0] if self._take_operator(one)), None)
            if found is None:
                return value
            value = Operation(found, (value, self._binary(level + 1)))

    def _operand(self) -> Value:
        self._blank()
        if self._take("!"):
            return Operation("!", (self._deeper(self._operand),))
        if self._peek() in ('"', "[", "(", "$"):
            return self._value()
        number = _NUMBER.match(self._source, self._at)
        if number is not None:
            self._at = number.end()
            return Word(number[0])
        return Word(self._word(_LITERAL, "syntax error"))

    def _condition(self) -> Value:
        """What stands after `where`: conditions, which are joined by "and" where nothing else is said."""
        value = self._conjunction()
        while self._take_operator("or") or self._take_operator("||"):
            value = Operation("or", (value, self._conjunction()))
        return value

    def _conjunction(self) -> Value:
        value = self._test()
        while True:
            self._blank()
            joined = self._take_operator("and") or self._take_operator("&&")
            if not joined and (self._at_end() or self._word_ahead() == "or" or self._peek() == "|"):
                return value
            value = Operation("and", (value, self._test()))

    def _test(self) -> Value:
        self._blank()
        if self._take("!"):
            return Operation("!", (self._deeper(self._test),))
        if self._peek() == "(":
            return self._enclosed("(", ")", self._condition)
        name = Word(self._word(_PROPERTY, "syntax error"))
        self._blank()
        match = _COMPARISON.match(self._source, self._at)
        if match is None:
            return Operation("is", (name,))
        self._at = match.end()
        return Operation(match[0] + "?", (name, self._value()))
