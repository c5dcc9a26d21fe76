"""The query words of `print`: `name=v`, `>n=v`, `<n=v`, `n` (has it), `-n` (has it not); `#!`, `#&`, `#|` on a stack.

What is on the stack at the end is joined by "and". Source: the API page of the RouterOS manual; tikoci/centrs checked
it against CHR 7.23.1.
"""

from collections.abc import Iterable, Mapping

from wanctl.testing.routeros.trap import Trap

Record = Mapping[str, str]


def select(records: Iterable[Record], words: Iterable[str]) -> list[Record]:
    """The records for which the words hold."""
    program = list(words)
    return [record for record in records if _holds(record, program)]


def _holds(record: Record, words: list[str]) -> bool:
    stack: list[bool] = []
    for word in words:
        if word.startswith("#"):
            for operation in word[1:]:
                _operate(operation, stack)
        else:
            stack.append(_test(record, word))
    return all(stack)


def _operate(operation: str, stack: list[bool]) -> None:
    wanted = 1 if operation == "!" else 2
    if operation not in "!&|" or len(stack) < wanted:
        raise Trap("invalid query")  # the router's own text is not known
    last = stack.pop()
    if operation == "!":
        stack.append(not last)
    else:
        first = stack.pop()
        stack.append((first and last) if operation == "&" else (first or last))


def _test(record: Record, word: str) -> bool:
    if word[:1] in ("<", ">"):
        name, _, bound = word[1:].partition("=")
        if name not in record:
            return False
        here, there = _ordered(record[name], bound)
        return here > there if word[0] == ">" else here < there
    if word[:1] == "-":
        return word[1:] not in record
    name, equals, value = word.removeprefix("=").partition("=")
    return record.get(name) == value if equals else name in record


def _ordered(first: str, second: str) -> tuple[tuple[int, str], tuple[int, str]]:
    if first.isdigit() and second.isdigit():
        return (int(first), ""), (int(second), "")
    return (0, first), (0, second)
