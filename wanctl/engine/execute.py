"""Lists of actions as functions.

A failing action ends its list, with the lists around it when it stands in an `if`; what was done before stays. The
machine learns of the failure and puts `error.execution` into its queue.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wanctl.engine.evaluate import NOWHERE, EvaluationError, Evaluator, condition, evaluator
from wanctl.engine.expression import is_constant
from wanctl.engine.model import Action, Actions, Assign, Cancel, Emit, If, Raise, Send
from wanctl.engine.record import Intent, Value

if TYPE_CHECKING:
    from wanctl.engine.machine import Machine

Run = Callable[["Machine"], None]


class ListEndedError(Exception):
    """An action failed: the rest of its list is skipped. Raised and caught in this module."""


@dataclass(slots=True, eq=False)
class Runner:
    """A compiled list of actions."""

    runs: tuple[Run, ...]
    names: tuple[str, ...]  # typed actions in it, for records
    constant_intents: tuple[Intent, ...] | None  # when the list is nothing but typed actions with constant arguments

    def __call__(self, machine: "Machine") -> None:
        """Run the list."""
        try:
            for run in self.runs:
                run(machine)
        except ListEndedError:
            return


def compile_actions(actions: Actions, params: Mapping[str, Value], state: str) -> Runner:
    """Compile a list; `state` is the path that its intents will carry."""
    intents = [_constant_intent(item, params, state) if isinstance(item, Emit) else None for item in actions]
    constant = tuple(intent for intent in intents if intent is not None)
    whole = len(constant) == len(actions)
    return Runner(
        tuple(_compile(item, params, state) for item in actions), _names(actions), constant if whole else None
    )


def _names(actions: Actions) -> tuple[str, ...]:
    found: list[str] = []
    for action in actions:
        if isinstance(action, Emit):
            found.append(action.action)
        elif isinstance(action, If):
            found += [*_names(action.then), *_names(action.otherwise)]
    return tuple(found)


def _compile(action: Action, params: Mapping[str, Value], state: str) -> Run:
    match action:
        case Assign():
            return _guarded("assign", _assign(action, params))
        case Raise():
            return _guarded("raise", _raise(action, params))
        case Send():
            return _guarded("send", _send(action, params))
        case Cancel(identity):
            return lambda machine: machine.cancel(identity)
        case If():
            return _if(action, params, state)
        case Emit():
            return _guarded(action.action, _emit(action, params, state))


def _guarded(word: str, run: Run) -> Run:
    def guarded(machine: "Machine") -> None:
        try:
            run(machine)
        except EvaluationError as error:
            machine.fail(word, str(error))
            raise ListEndedError from None

    return guarded


def _assign(action: Assign, params: Mapping[str, Value]) -> Run:
    symbol, value_of = action.symbol, evaluator(action.expr, params)

    def assign(machine: "Machine") -> None:
        value = value_of(machine)
        refusal = symbol.refuses(value)
        if refusal:
            raise EvaluationError(refusal)
        machine.values[symbol.name] = value

    return assign


def _payload(
    data: tuple[tuple[str, object], ...], params: Mapping[str, Value]
) -> Callable[["Machine"], dict[str, Value]]:
    parts: list[tuple[str, Evaluator]] = [(key, evaluator(expr, params)) for key, expr in data]  # type: ignore[arg-type]

    def payload(machine: "Machine") -> dict[str, Value]:
        values = [(key, value_of(machine)) for key, value_of in parts]
        return {key: value for key, value in values if value is not None}

    return payload


def _raise(action: Raise, params: Mapping[str, Value]) -> Run:
    payload, name = _payload(action.data, params), action.event
    return lambda machine: machine.enqueue(name, payload(machine))


def _send(action: Send, params: Mapping[str, Value]) -> Run:
    payload = _payload(action.data, params)

    def send(machine: "Machine") -> None:
        data = payload(machine)
        identity = action.id
        if action.id_to is not None:
            identity = machine.fresh_id()
            machine.values[action.id_to.name] = identity
        machine.send(action.event, data, action.delay_ns, identity)

    return send


def _if(action: If, params: Mapping[str, Value], state: str) -> Run:
    test = condition(action.condition, params)
    then = compile_actions(action.then, params, state).runs
    otherwise = compile_actions(action.otherwise, params, state).runs

    def decide(machine: "Machine") -> None:
        try:
            chosen = then if test(machine) else otherwise
        except EvaluationError as error:
            machine.fail("if", str(error))
            raise ListEndedError from None
        for run in chosen:  # a failure in here ends the lists around it, too
            run(machine)

    return decide


def _constant_intent(action: Emit, params: Mapping[str, Value], state: str) -> Intent | None:
    """The intent, when it is always the same; one that cannot be computed fails when it is run, as any other does."""
    if not all(is_constant(expr) for _, expr in action.arguments):
        return None
    try:
        values = {name: evaluator(expr, params)(NOWHERE) for name, expr in action.arguments}
    except EvaluationError:
        return None
    return Intent(action.action, values, state)


def _emit(action: Emit, params: Mapping[str, Value], state: str) -> Run:
    intent = _constant_intent(action, params, state)
    if intent is not None:
        return lambda machine: machine.intents.append(intent)
    parts = [(name, evaluator(expr, params)) for name, expr in action.arguments]

    def emit(machine: "Machine") -> None:
        machine.intents.append(Intent(action.action, {name: value_of(machine) for name, value_of in parts}, state))

    return emit
