"""A place in a text, and the small steps that a parser makes from there."""

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from wanctl.testing.routeros.script import Place, SyntaxFault

PLAIN = re.compile(r"[^\s;\[\]{}()$\"#]+")
_BLANK = re.compile(r"(?:[ \t]|\\\r?\n)*")
_MOST_DEPTH = 40
Inside = TypeVar("Inside")


class Cursor:
    """Where a parser is; `_menu` is the menu that a name without a path belongs to."""

    def __init__(self, source: str, menu: str = "") -> None:
        self._source = source
        self._at = 0
        self._menu = menu
        self._depth = 0

    def _take_operator(self, operator: str) -> bool:
        self._blank()
        if operator.isalpha():
            return self._take_word(operator)
        return self._take(operator)

    def _take_word(self, word: str) -> bool:
        if self._word_ahead() != word:
            return False
        self._at += len(word)
        return True

    def _word_ahead(self) -> str:
        match = PLAIN.match(self._source, self._at)
        return match[0] if match else ""

    def _word(self, pattern: re.Pattern[str], otherwise: str) -> str:
        match = pattern.match(self._source, self._at)
        if match is None:
            self._fail(otherwise)
        self._at = match.end()
        return match[0]

    def _take(self, text: str) -> bool:
        if not self._source.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _at_end(self) -> bool:
        return self._peek() in ("", ";", "\r", "\n", "]", "}", ")")

    def _blank(self) -> None:
        match = _BLANK.match(self._source, self._at)
        assert match is not None
        self._at = match.end()

    def _place(self, at: int) -> Place:
        before = self._source[:at]
        line = before.rsplit("\n", 1)[-1]
        return Place(before.count("\n") + 1, len(line.encode("utf-8", "surrogateescape")) + 1)

    def _fail(self, text: str) -> NoReturn:
        raise SyntaxFault(text, self._place(self._at))

    def _deeper(self, inside: Callable[[], Inside]) -> Inside:
        """What is inside of something else, unless that has no end."""
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            self._fail("syntax error")
        value = inside()
        self._depth -= 1
        return value
