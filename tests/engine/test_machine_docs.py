"""The example in the description of the language is a machine that runs."""

from pathlib import Path

from wanctl.engine import ActionRegistry, ActionSignature, Param, compile_model, load

PAGE = Path(__file__).parents[2] / "docs" / "machines.md"
ACTIONS = ActionRegistry([ActionSignature("lamp.set", (Param("level"),))])


def test_the_lamp_of_the_description_switches_on_and_off() -> None:
    text = PAGE.read_text().split("```yaml")[1].split("```")[0]
    machine = compile_model(load(text, "lamp.yaml", actions=ACTIONS), {"linger": "10s"}).start(0)
    machine.set_inputs({"lux": 20.0, "motion": True})
    assert machine.tick(50_000_000).intents[0].values == {"level": 1}
    machine.set_inputs({"lux": 20.0, "motion": False})
    outcomes = [machine.tick(tick * 1_000_000_000) for tick in range(1, 12)]
    assert machine.leaves == ("OFF",)
    assert [item.why for outcome in outcomes for item in outcome.transitions] == ["nobody has moved for a while"]
