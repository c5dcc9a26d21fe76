"""What `:parse` makes of a text, as CHR 7.23.3 prints it."""

from wanctl.testing.routeros.parser import Parser
from wanctl.testing.routeros.script import (
    Block,
    Command,
    Operation,
    Substitution,
    SyntaxFault,
    Text,
    Value,
    Variable,
    Word,
)


def parsed(source: str) -> str:
    """What `:parse` makes of a text, printed."""
    try:
        block = Parser(source).parse()
    except SyntaxFault as fault:
        return str(fault)
    return ";".join(_shown(command) for command in block.commands)


def _shown(command: Command) -> str:
    path = f"/{command.name}" if command.menu == ":" else f"{command.menu}/{command.name}"
    if command.rest:
        return f"(<%% {command.fault} {';'.join(command.rest)})"
    if command.fault:
        return f"(evl {command.fault} {path})"
    pairs = [f"{one.name}={'' if one.value is None else _literal(one.value)}" for one in command.arguments]
    return f"(evl {path}{';'.join(pairs)})"


def _literal(value: Value) -> str:
    match value:
        case Word(text):
            return text
        case Text(parts):
            return "".join(part if isinstance(part, str) else _literal(part) for part in parts)
        case Variable(name):
            return f"${name}"
        case Substitution(body) | (Block() as body):
            return ";".join(_shown(command) for command in body.commands)
        case Operation(operator, operands):
            return f"({operator} {' '.join(_literal(one) for one in operands)})"
