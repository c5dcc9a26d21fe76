"""A machine as Mermaid, `stateDiagram-v2`, for documents.

Mermaid draws no line between states that are inside different composite states. Such a line is drawn between the
composite states, and its label says from where to where it really leads. Nor does it lay out lines to and from
composite states inside a region (`--`): regions are drawn side by side, as composite states that nothing leads to.
Source: Mermaid 11.17, run on the machines that come with wanctl.
"""

import re
from collections.abc import Iterator

from wanctl.diagram.lettering import printable
from wanctl.diagram.outline import Entry, Outline, around
from wanctl.diagram.wording import actions, names, sentence
from wanctl.engine.model import State

# What Mermaid would take for its own syntax, or a browser for HTML, as its character entities.
_ENTITIES = {"#": "#35;", ":": "#58;", ";": "#59;", "<": "#lt;", ">": "#gt;", '"': "#quot;", "{": "#123;", "}": "#125;"}
BREAK = "<br/>"


def mermaid(found: Outline, active: frozenset[int] = frozenset()) -> str:
    """The text of a Mermaid diagram."""
    return "\n".join(_Writer(found).lines(active)) + "\n"


class _Writer:
    def __init__(self, found: Outline) -> None:
        self._found, self._states = found, found.model.states
        self._names: dict[int, str] = {}
        for state in self._states[1:]:
            name = re.sub(r"\W", "_", state.path)
            taken = name in self._names.values()
            self._names[state.index] = f"{name}_{state.index}" if taken else name
        self._lines: dict[int, list[str]] = {}  # by the innermost state around both ends
        for source, target, words in self._links():
            home = around(found.model, (source, target))
            self._lines.setdefault(home, []).append(self._line(home, source, target, words))

    def lines(self, active: frozenset[int]) -> Iterator[str]:
        model = self._found.model
        yield from ("---", f"title: {model.name}", "---", "stateDiagram-v2")
        if model.summary:
            yield f"    %% {printable(model.summary)}"
        yield from (f"    %% {printable(text)}" for text in self._found.marks.title)
        yield from self._inside(model.states[0], "    ")
        never = [s for s in self._states[1:] if self._found.marks.of_state(s).look == "never" and not s.children]
        if never:
            yield "    classDef never fill:#eef0f3,color:#8a93a0,stroke:#c3cad3"
            yield f"    class {','.join(self._names[state.index] for state in never)} never"
        leaves = [state for state in self._states if state.index in active and state.kind == "atomic"]
        if leaves:  # Mermaid cannot colour a composite state
            yield "    classDef active fill:#2b5c9e,color:#ffffff,font-weight:bold"
            yield f"    class {','.join(self._names[state.index] for state in leaves)} active"

    def _links(self) -> Iterator[tuple[int, int, list[str]]]:
        for link in self._found.links:
            words = [self._says(entry) for entry in link.entries]
            yield from ((source, target, words) for source in link.sources for target in link.targets)

    def _says(self, entry: Entry) -> str:
        notes = self._found.marks.of_rows(entry.rows).notes
        return BREAK.join([*(escaped(note) for note in notes), _says(entry)])

    def _line(self, home: int, source: int, target: int, words: list[str]) -> str:
        tail, head = self._below(source, home), self._below(target, home)
        real = [f"from {self._states[source].name}"] if tail != source else []
        real += [f"to {self._states[target].name}"] if head != target else []
        says = BREAK.join([*words, f"({escaped(' '.join(real))})"] if real else words)
        return f"{self._names[tail]} --> {self._names[head]} : {says}"

    def _inside(self, outer: State, indent: str) -> Iterator[str]:
        if outer.kind == "parallel":
            yield f"{indent}%% regions, all active at the same time"
        else:
            for target in outer.initial:
                yield f"{indent}[*] --> {self._names[self._below(target, outer.index)]}"
        for child in outer.children:
            state = self._states[child]
            declared = f'{indent}state "{BREAK.join(self._words(state))}" as {self._names[child]}'
            if state.children:
                yield f"{declared} {{"
                yield from self._inside(state, indent + "    ")
                yield f"{indent}}}"
            else:
                yield declared
                for target in state.initial:  # of a history
                    yield f"{indent}{self._names[child]} --> {self._names[self._below(target, outer.index)]}"
        yield from (f"{indent}{line}" for line in self._lines.get(outer.index, ()))

    def _words(self, state: State) -> Iterator[str]:
        """What stands in a state: its name, its doc, its lists, its rows that lead nowhere else."""
        model = self._found.model
        yield {"history": "H*" if state.deep else "H"}.get(state.kind, escaped(state.name))
        yield from (escaped(note) for note in self._found.marks.of_state(state).notes)
        if state.doc:
            yield escaped(state.doc)
        for title, listed in (("entry", state.entry), ("during", state.during), ("exit", state.exit)):
            if listed:
                yield escaped(f"{title} / {actions(model, state.index, listed)}")
        for row in self._found.inside.get(state.index, ()):
            ends = f" → {names(model, row.targets)}" if row.targets else ""
            yield escaped(f"{sentence(model, row)}{ends}")

    def _below(self, state: int, home: int) -> int:
        """The state right inside `home` that is, or is around, a state."""
        while self._states[state].parent != home:
            state = self._states[state].parent
        return state


def _says(entry: Entry) -> str:
    parts = [f"/ {phrase.text}" if phrase.part == "action" else phrase.text for phrase in entry.phrases]
    if entry.phrases[-1].part == "why":
        return f"{escaped(' '.join(parts[:-1]))}{BREAK}{escaped(parts[-1])}"
    return escaped(" ".join(parts))


def escaped(text: str) -> str:
    """A text without what Mermaid would take for its own."""
    return "".join(_ENTITIES.get(letter, letter) for letter in printable(text))
