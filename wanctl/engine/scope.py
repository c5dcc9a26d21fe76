"""The names an expression may use.

A machine has one scope. A template brings a scope of its own whose names stand for names or expressions of its host:
the same text can so be read twice without its names getting mixed up.
"""

from dataclasses import dataclass, field

from wanctl.engine.expression import Expr, Name, Symbol

RESERVED = frozenset(
    {"event", "active", "known", "min", "max", "abs", "true", "false", "and", "or", "not", "if", "else", "in", "is"}
)


@dataclass(slots=True)
class Scope:
    """Declared names, and what they stand for."""

    names: dict[str, Expr] = field(default_factory=dict)

    def declare(self, name: str, symbol: Symbol) -> None:
        """Make a name stand for a symbol (whose own name may differ: a template's is prefixed)."""
        self.names[name] = Name(symbol)

    def bind(self, name: str, expr: Expr) -> None:
        """Make a name stand for an expression of the host."""
        self.names[name] = expr

    def lookup(self, name: str) -> Expr | None:
        """What a name stands for, or None."""
        return self.names.get(name)

    def data(self, name: str) -> Symbol | None:
        """The datum a name stands for, or None when it is none: only data can be assigned."""
        match self.names.get(name):
            case Name(symbol) if symbol.role == "data":
                return symbol
            case _:
                return None
