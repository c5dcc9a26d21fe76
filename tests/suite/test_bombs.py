"""Small files that would become huge: they are refused before they do."""

from wanctl.control.action import ACTIONS
from wanctl.engine import Findings, check
from wanctl.engine.example import example
from wanctl.engine.load import MAX_STATES


def refusals(text: str, template: str = "") -> set[tuple[str, str]]:
    findings = Findings()
    check(text, "bomb.yaml", findings, actions=ACTIONS, read_template=lambda _: (template, "part.yaml"))
    return {(item.code, item.message) for item in findings}


def words(first: str, each: str, count: int) -> str:
    """Defined words, each made of the one before."""
    defined = [f"w0: {first}"] + [f"w{number}: {each.replace('W', f'w{number - 1}')}" for number in range(1, count)]
    return f"define: {{{', '.join(defined)}}}"


def test_words_that_double_at_each_step_are_refused() -> None:
    ((code, message),) = refusals(example("", words("delay > 5ms", "W and W", 40)))
    assert (code, message) == ("WC301", "more than 2000 parts with every word opened")


def test_words_in_words_in_words_are_refused() -> None:
    ((code, message),) = refusals(example("", words("up", "not W", 90)))
    assert (code, message) == ("WC301", "nested more than 80 deep with every word opened")


def test_words_of_a_reasonable_size_are_not() -> None:
    assert refusals(example("", words("delay > 5ms", "W and W", 9))) == set()
    assert refusals(example("", words("up", "not W", 70))) == set()


def test_a_template_that_holds_itself_is_told_once() -> None:
    children = ", ".join(f"s{number}: {{template: part}}" for number in range(200))
    template = f"schema: 1\nmachine: part\nstates: {{{children}, leaf: {{}}}}\n"
    found = refusals("schema: 1\nmachine: bomb\nstates: {A: {template: part}, B: {}}\n", template)
    assert found == {("WC261", "templates are nested more than 4 deep")}


def test_templates_that_multiply_are_refused() -> None:
    def level(name: str) -> tuple[str, str] | None:
        inner = f"template: {chr(ord(name) + 1)}" if name < "d" else ""
        children = ", ".join(f"s{number}: {{{inner}}}" for number in range(20))
        return f"schema: 1\nmachine: part\nstates: {{{children}}}\n", f"{name}.yaml"

    findings = Findings()
    check("schema: 1\nmachine: bomb\nstates: {A: {template: a}}\n", "bomb.yaml", findings, read_template=level)
    assert {(item.code, item.message) for item in findings} == {
        ("WC263", f"more than {MAX_STATES} states once every template is opened")
    }
