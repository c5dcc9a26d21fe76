"""Makes a machine and its steps as small as they can be while the two interpreters still part."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from tests.engine.differential.drive import Document, Mismatch, Opinion, Step, compare, to_yaml
from tests.reference import ChartError, Interpreter
from wanctl.engine import FileError

Path = tuple[Any, ...]
Shows = Callable[[Document, list[Step]], bool]
_KEPT = frozenset({"schema", "machine"})


def they_part(document: Document, steps: list[Step]) -> bool:
    """Whether engine and reference differ."""
    return mismatch(document, steps) is not None


def shrink(
    document: Document, steps: list[Step], shows: Shows = they_part, most_tries: int = 3_000
) -> tuple[Document, list[Step]]:
    """Delete steps and parts of the file, largest first, as long as what is left still shows the same."""
    tries = iter(range(most_tries))

    def still(one: Document, two: list[Step]) -> bool:
        return next(tries, None) is not None and shows(one, two)

    before = None
    while before != (document, steps):
        before = (document, steps)
        steps = _fewer_steps(document, steps, still)
        document = _less(document, steps, still)
    return document, steps


def mismatch(document: Document, steps: list[Step], opinion: Opinion = Interpreter) -> Mismatch | None:
    """Where the two part; None also for a file that is not legal, which a deletion may well make."""
    try:
        return compare(document, steps, opinion=opinion)
    except (FileError, ChartError, AssertionError, KeyError, ValueError):
        return None


def counterexample(document: Document, steps: list[Step], opinion: Opinion = Interpreter) -> str:
    """A counterexample for people: the file, the steps, and what both showed."""
    lines = [to_yaml(document), *(f"{number}: {step}" for number, step in enumerate(steps))]
    found = mismatch(document, steps, opinion)
    if found is not None:
        lines += [f"step {found.step}: {found.what}"]
        lines += [f"engine:    {_brief(found.engine)}", f"reference: {_brief(found.reference)}"]
    return "\n".join(lines)


def _brief(value: object) -> str:
    """A value on a line; a long list by its length and its ends."""
    if isinstance(value, list) and len(value) > 12:
        return f"{len(value)} items: {value[:6]} ... {value[-3:]}"
    return repr(value)


def _fewer_steps(document: Document, steps: list[Step], still: Shows) -> list[Step]:
    size = max(1, len(steps) // 2)
    while size:
        start = 0
        while start < len(steps):
            fewer = steps[:start] + steps[start + size :]
            if still(document, fewer):
                steps = fewer
            else:
                start += size
        size //= 2
    return steps


def _less(document: Document, steps: list[Step], still: Shows) -> Document:
    """Delete each part of the file that is not needed."""
    paths = sorted(_paths(document), key=len)
    for path in reversed(paths):
        smaller = _without(document, path)
        if smaller is not None and still(smaller, steps):
            document = smaller
    return document


def _paths(node: Any, above: Path = ()) -> Iterator[Path]:
    """The places of all parts, later ones of a list last, so that deleting backwards keeps the others' places."""
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        if above or key not in _KEPT:
            yield (*above, key)
        yield from _paths(node[key], (*above, key))


def _without(document: Document, path: Path) -> Document | None:
    smaller = deepcopy(document)
    node: Any = smaller
    for key in path[:-1]:
        if not _has(node, key):
            return None
        node = node[key]
    if not _has(node, path[-1]):
        return None
    del node[path[-1]]
    return smaller


def _has(node: Any, key: Any) -> bool:
    return key in node if isinstance(node, dict) else isinstance(node, list) and 0 <= key < len(node)
