"""Transcripts (`wanctl.transitions/1`, see `wanctl.engine.transcript`) of a replay, and reading them again."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from wanctl.engine import Machine, Model, Transition, did_you_mean
from wanctl.engine.transcript import SCHEMA, Recording, closing, entry, opening
from wanctl.replay.answer import MOST_BYTES, TIMES_NS, is_answer, read_answer, value_of
from wanctl.replay.fault import refuse, refuse_file
from wanctl.replay.rowfile import RowFile

MOST_LINE_BYTES = 1_000_000
HOW_TO = "wanctl replay TRACE --transitions OUT.jsonl writes one"
_TEXTS = ("row", "event", "from", "guard", "why")
_LISTS = ("to", "exited", "entered", "actions")


class TranscriptFile:
    """Where a replay writes its transitions."""

    def __init__(self, path: str) -> None:
        self._file = RowFile(path, "--transitions")
        self.count = 0

    def begin(self, machines: Iterable[Machine], now_ns: int) -> None:
        """The machines, started at `now_ns`."""
        self._file.rows.append(opening(machines, now_ns))

    def add(self, transitions: Sequence[Transition]) -> None:
        """Rows that fired."""
        self.count += len(transitions)
        self._file.rows += [entry(item) for item in transitions]
        self._file.flush_if_full()

    def finish(self, now_ns: int) -> None:
        """The run is over."""
        self._file.rows.append(closing(now_ns))
        self._file.finish()

    def discard(self) -> None:
        """Leave nothing behind."""
        self._file.discard()


@dataclass(slots=True)
class _Part:
    """One machine's part of a transcript while it is read."""

    name: str
    machine: str
    source: str
    leaves: tuple[str, ...]
    transitions: list[Transition] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript as far as it is about one machine: a recording for each of its instances."""

    file: str
    recordings: tuple[Recording, ...]
    others: tuple[str, ...]  # names of what ran beside them
    is_closed: bool  # whether the run came to its end
    is_current: bool  # whether the machine's file is the one that ran


def read_transcript(path: str, model: Model) -> Transcript:
    """The parts of a transcript that are about `model`; `-` is standard input. `TraceError` says file and line."""
    name = "<stdin>" if path == "-" else path
    try:
        if path == "-":
            return _read_any(sys.stdin.buffer, name, model)
        with Path(path).open("rb") as file:
            return _read_any(file, name, model)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        refuse_file("WC140", f"cannot be read: {reason.lower()}", name)


def _read_any(file: BinaryIO, name: str, model: Model) -> Transcript:
    first = file.readline(MOST_LINE_BYTES)
    if is_answer(first):
        recordings, others = read_answer(first + file.read(MOST_BYTES), name, model)
        return Transcript(name, recordings, others, is_closed=True, is_current=True)
    return _read(_lines(first, file, name), name, model)


def _lines(first: bytes, file: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line as the JSON object it is."""
    number = 0
    for text in chain([first] if first else [], iter(lambda: file.readline(MOST_LINE_BYTES), b"")):
        number += 1
        if number == 1:
            _refuse_other_kinds(text, name)
        if not text.endswith(b"\n"):
            hint = f"the file was cut: take line {number} away, and use the rest"
            refuse("WC712", "the file ends in the middle of a line", name, number, hint)
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            refuse("WC711", "the line is no JSON", name, number, HOW_TO)
        if not isinstance(found, dict):
            refuse("WC711", "the line is no JSON object", name, number, HOW_TO)
        yield number, found
    if not number:
        refuse_file("WC711", "the file is empty", name, HOW_TO)


def _refuse_other_kinds(first: bytes, name: str) -> None:
    """Say what a well-known file of another kind is good for."""
    if first.startswith(b"t_ms,rtt_ms,load_rtt_ms,"):
        message = "this is a file of decisions: it says which state each tick is in, and not which rows fired"
        refuse("WC711", message, name, 1, HOW_TO)
    if first.startswith((b"t_s,", b"t_ms,")):
        refuse("WC711", "this is a trace, not what a run made of it", name, 1, HOW_TO)


def _read(lines: Iterator[tuple[int, dict[str, Any]]], name: str, model: Model) -> Transcript:
    _, head = next(lines)
    began_ns, parts = _head(head, name)
    mine = {part.name: part for part in parts if part.machine == model.name}
    if not mine:
        kinds = ", ".join(dict.fromkeys(part.machine for part in parts))
        refuse("WC713", f"these are transitions of {kinds}, not of {model.name}", name, 1, f"wanctl graph {kinds} ...")
    reader = _Reader(name, model)
    for part in mine.values():
        reader.states("leaves", list(part.leaves), 1)
    last_ns, ended_ns = began_ns, None
    others = {part.name for part in parts} - set(mine)
    for number, line in lines:
        if ended_ns is not None:
            refuse("WC711", "a line after the closing line", name, number, "two transcripts in one file?")
        at_ns = _time(line, "end_ns" if "end_ns" in line else "at_ns", name, number)
        if at_ns < last_ns:
            refuse("WC711", "time goes back", name, number, "lines stand in the order of time")
        last_ns = at_ns
        if "end_ns" in line:
            ended_ns = at_ns
        elif line.get("machine") in mine:
            mine[line["machine"]].transitions.append(reader.transition(line, number))
        elif line.get("machine") not in others:
            hint = f"the first line knows {', '.join([*mine, *others])}"
            refuse("WC713", f"the first line has no machine '{line.get('machine')}'", name, number, hint)
    until_ns = last_ns if ended_ns is None else ended_ns
    recordings = tuple(
        Recording(part.name, began_ns, until_ns, part.leaves, tuple(part.transitions)) for part in mine.values()
    )
    current = all(part.source == model.source_hash for part in mine.values())
    return Transcript(name, recordings, tuple(sorted(others)), ended_ns is not None, current)


def _head(head: dict[str, Any], name: str) -> tuple[int, list[_Part]]:
    if head.get("schema") != SCHEMA:
        found = f", it is of {head['schema']!r}" if isinstance(head.get("schema"), str) else ""
        refuse("WC711", f"the first line is not of the schema {SCHEMA}{found}", name, 1, HOW_TO)
    listed = head.get("machines")
    parts = []
    for item in listed if isinstance(listed, list) else ():
        match item:
            case {"name": str(own), "machine": str(machine), "source": str(source), "leaves": [*leaves]}:
                parts.append(_Part(own, machine, source, tuple(str(leaf) for leaf in leaves)))
            case _:
                refuse("WC711", "a machine of the first line lacks name, machine, source or leaves", name, 1, HOW_TO)
    if not parts:
        refuse("WC711", "the first line names no machine", name, 1, HOW_TO)
    return _time(head, "at_ns", name, 1), parts


def _time(line: dict[str, Any], key: str, name: str, number: int) -> int:
    found = line.get(key)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < TIMES_NS:
        refuse("WC711", f"the line has no {key} in whole nanoseconds", name, number, HOW_TO)
    return found


class _Reader:
    """Lines to transitions of one machine."""

    def __init__(self, file: str, model: Model) -> None:
        self._file, self._model = file, model
        self._rows = {row.id for row in model.rows}
        self._states = {state.path for state in model.states}

    def transition(self, line: dict[str, Any], number: int) -> Transition:
        """A line as the transition it tells of."""
        for keys, kind, words in ((_TEXTS, str, "text"), (_LISTS, list, "list"), (("values",), dict, "object")):
            for key in keys:
                if not isinstance(line.get(key), kind):
                    refuse("WC711", f"the line has no {words} '{key}'", self._file, number, HOW_TO)
        row = line["row"]
        if row not in self._rows:
            hint = did_you_mean(row, self._rows) or "the machine's file has changed since; run it again"
            refuse("WC713", f"{self._model.name} has no row '{row}'", self._file, number, hint)
        exited, entered = (self.states(key, line[key], number) for key in ("exited", "entered"))
        return Transition(
            line["at_ns"],
            line["machine"],
            row,
            line["event"],
            line["from"],
            self.states("to", line["to"], number),
            line["guard"],
            line["why"],
            tuple((name, value_of(value)) for name, value in line["values"].items()),
            (),
            exited,
            entered,
            tuple(str(action) for action in line["actions"]),
        )

    def states(self, key: str, paths: list[Any], number: int) -> tuple[str, ...]:
        """Paths of states of the machine."""
        for path in paths:
            if path not in self._states:
                hint = did_you_mean(str(path), self._states) or "the machine's file has changed since; run it again"
                refuse("WC713", f"{self._model.name} has no state '{path}' ({key})", self._file, number, hint)
        return tuple(paths)
