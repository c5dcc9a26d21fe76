"""Whatever a transcript holds, it is read, or refused with a reason: never a traceback."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from wanctl.diagram import ExcursionError, Usage, excursion, render_sequence
from wanctl.engine import Diagnostic, FileError, load
from wanctl.replay.transcript import read_transcript

ZOO = load((Path(__file__).parents[1] / "diagram" / "zoo.yaml").read_text(), "zoo.yaml")
MACHINE = {"name": "zoo", "machine": "zoo", "source": "", "leaves": ["left.A", "right.S_1", "alone"]}
HEAD = json.dumps({"schema": "wanctl.transitions/1", "at_ns": 0, "machines": [MACHINE]}).encode() + b"\n"
WORDS = st.text(max_size=8) | st.sampled_from(["zoo", "left.A#1", "left.A"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "schema",
        "at_ns",
        "end_ns",
        "machines",
        "machine",
        "row",
        "event",
        "from",
        "to",
        "guard",
        "why",
        "values",
        "exited",
    ]
)
WHOLE = st.fixed_dictionaries(
    {
        "at_ns": st.integers(0, 9),
        "machine": st.just("zoo"),
        "row": st.sampled_from(["left.A#1", "left.A#2", "left.Z#1"]),
        **{key: st.just("") for key in ("event", "from", "guard", "why")},
        **{key: st.lists(WORDS, max_size=2) for key in ("to", "exited", "entered", "actions")},
        "values": st.dictionaries(WORDS, VALUES, max_size=2),
    }
)
LINES = st.one_of(
    st.binary(max_size=40).map(lambda data: data + b"\n"),
    (st.dictionaries(KEYS, VALUES, max_size=13) | WHOLE).map(lambda fields: json.dumps(fields).encode() + b"\n"),
)


@given(st.lists(LINES, max_size=4), st.booleans(), st.integers(0, 3))
@settings(max_examples=200, deadline=None)
def test_it_is_read_or_refused_with_a_reason(lines: list[bytes], headed: bool, cut: int) -> None:
    data = HEAD * headed + b"".join(lines)
    said: list[Diagnostic] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.jsonl"
        path.write_bytes(data[: len(data) - cut])
        try:
            read = read_transcript(str(path), ZOO)
            Usage(ZOO, read.recordings).fields()
            assert render_sequence(excursion(ZOO, read.recordings, "left.B", None), "svg")
        except FileError as error:
            said = error.findings.items
        except ExcursionError:
            pass
    assert all(item.message and item.code.startswith("WC7") for item in said)
