"""The statechart engine: YAML in, a checked model, a compiled machine, intents and transition records out. Pure.

model = load(text, "lamp.yaml")
machine = compile_model(model, {"delay": "5s"}).start(now_ns=0)
machine.inputs.level = 3.0
outcome = machine.tick(50_000_000)
"""

from wanctl.engine.action import ActionRegistry, ActionSignature, Param
from wanctl.engine.diagnostic import Diagnostic, FileError, Findings, Place, did_you_mean
from wanctl.engine.load import check, load
from wanctl.engine.machine import Machine
from wanctl.engine.model import Model
from wanctl.engine.program import Program, compile_model
from wanctl.engine.record import NOTHING, Fault, Intent, Outcome, Transition, Value
from wanctl.engine.restore import Migration, SnapshotError, restore
from wanctl.engine.snapshot import snapshot

__all__ = [
    "NOTHING",
    "ActionRegistry",
    "ActionSignature",
    "Diagnostic",
    "Fault",
    "FileError",
    "Findings",
    "Intent",
    "Machine",
    "Migration",
    "Model",
    "Outcome",
    "Param",
    "Place",
    "Program",
    "SnapshotError",
    "Transition",
    "Value",
    "check",
    "compile_model",
    "did_you_mean",
    "load",
    "restore",
    "snapshot",
]
