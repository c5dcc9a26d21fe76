"""The small machine that the examples of the codes are lines of."""

import re

BASE = """\
schema: 1
machine: example
inputs: {delay: {unit: ms, range: [0, 1000]}, up: {type: bool}, probe: {enum: [icmp, tcp]}}
params: {target: {unit: ms, default: 15ms, range: [1ms, 200ms]}}
data: {count: {range: [0, 9], default: 0}, label: {type: text}}
states: {A: {on: {tick: [{when: delay > target, to: B}]}}, B: {}}
"""
TEMPLATE = """\
schema: 1
machine: part
inputs: {late: {unit: ms}}
params: {limit: {unit: ms, default: 5ms}}
data: {seen: {range: [0, 9], default: 0}}
states: {LOW: {on: {tick: [{when: late > limit, to: HIGH}]}}, HIGH: {}}
"""  # what `template: part` means in the examples

_KEY = re.compile(r"^([a-z]+):", re.MULTILINE)


def example(code: str, lines: str) -> str:
    """A machine file with the lines of an example in it; those of the codes about YAML itself are whole files."""
    if code.startswith("WC00") or "schema:" in lines:
        return lines
    own = set(_KEY.findall(lines))
    kept = [line for line in BASE.splitlines() if line.split(":")[0] not in own]
    return "\n".join([*kept, lines, ""])
