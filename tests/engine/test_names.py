"""Which state a name means, and what is refused because it could never be."""

import pytest

from wanctl.engine import FileError, compile_model, load

HEAD = "schema: 1\nmachine: m\n"


def codes(text: str, **templates: str) -> list[str]:
    files = {name: (HEAD.replace("m\n", f"{name}\n") + body, f"{name}.yaml") for name, body in templates.items()}
    try:
        load(HEAD + text, "m.yaml", read_template=files.get)
    except FileError as error:
        return [item.code for item in error.findings]
    return []


PARALLEL = """
states:
  O: {{on: {{go: [{{to: [{targets}]}}]}}}}
  P:
    type: parallel
    states:
      h: {{type: history, depth: {depth}, initial: {initial}}}
      r1: {{states: {{a: {{}}, b: {{}}}}}}
      r2: {{states: {{x: {{}}, y: {{}}}}}}
"""


@pytest.mark.parametrize(
    ("targets", "depth", "initial", "found"),
    [
        ("P.h, y", "deep", "a", ["WC258"]),
        ("y, P.h", "deep", "a", ["WC258"]),
        ("P.h, y", "shallow", "x", ["WC258"]),
        ("P.h, y", "shallow", "a", []),
        ("P.h, y", "shallow", "r1", []),
        ("P.h, P", "deep", "a", []),
        ("P.h, P.h", "deep", "a", []),
    ],
)
def test_a_history_and_a_state_that_it_may_exclude_are_no_targets_of_one_row(
    targets: str, depth: str, initial: str, found: list[str]
) -> None:
    assert codes(PARALLEL.format(targets=targets, depth=depth, initial=initial)) == found


@pytest.mark.parametrize("circle", ["h2", "B.h3"])
def test_histories_may_lead_to_each_other_but_not_in_a_circle(circle: str) -> None:
    text = "states: {A: {states: {h1: {type: history, initial: %s}, h2: {type: history, initial: h1}, a: {}, B: %s}}}"
    inner = "{states: {h3: {type: history, initial: b}, b: {}}}"
    assert codes(text % (circle, inner)) == (["WC259"] if circle == "h2" else [])


def test_a_word_asks_for_the_state_that_its_machine_means_whoever_uses_it() -> None:
    text = """
define: {there: "active('x')"}
states:
  A: {states: {i: {on: {e: [{when: there, to: B}]}}, x: {on: {e: [{when: there, to: i}, {to: B}]}}}, initial: x}
  B: {on: {e: [{to: x}]}}
  x: {on: {e: [{when: there, to: A}]}}
"""
    machine = compile_model(load(HEAD + text, "m.yaml")).start(0)
    seen = [machine.leaves]
    for now_ns in range(3):
        machine.event(now_ns, "e")
        seen.append(machine.leaves)
    assert seen == [("A.x",), ("B",), ("x",), ("A.x",)]


def test_a_word_that_could_mean_two_states_is_refused_where_it_stands() -> None:
    two = "states: {A: {states: {x: {on: {e: [{when: there, to: B}]}}}}, B: {states: {x: {}}}}"
    assert codes(f"define: {{there: \"active('x')\"}}\n{two}") == ["WC257"]
    assert codes(f"define: {{there: \"active('A.x')\"}}\n{two}") == []


def test_a_word_of_a_template_asks_for_the_templates_own_states() -> None:
    part = "define: {inside: \"active('on')\"}\nstates: {off: {on: {e: [{when: not inside, to: on}]}}, on: {}}"
    assert codes("states: {one: {template: part}, two: {template: part}}", part=part) == []


def test_an_id_is_stored_in_a_text_that_may_be_any() -> None:
    text = "data: {n: {%s}}\nstates: {a: {entry: [{send: {event: e, id_to: n}}]}}"
    assert codes(text % "type: text") == []
    assert codes(text % "enum: [i, j]") == ["WC222"]
