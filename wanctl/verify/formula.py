"""Conditions as formulas: which situations exist at all.

A situation is a value or "unknown" for every input and datum, and a value within its range for every parameter, such
that `where` holds. A `Space` answers whether some situation makes given conditions true and others false, and gives one
(a witness). What the engine's own evaluator says of the witnesses found so far answers most questions; z3 is asked for
the rest, and its refusals are remembered with their reasons.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from wanctl.engine.evaluate import EvaluationError, condition
from wanctl.engine.expression import Active, Arithmetic, Compare, Expr, Known, Logic, Name, Symbol, symbols, walk
from wanctl.engine.model import Model
from wanctl.engine.record import Value
from wanctl.verify.term import Terms

if TYPE_CHECKING:
    import z3

    from wanctl.engine.evaluate import Context

TRUE, FALSE = -1, -2  # literals that need no question


@dataclass(slots=True)
class Witness:
    """One situation: values of inputs, data and parameters, None for unknown."""

    values: dict[str, Value]
    mask: int = 0  # one bit for each literal that is true here


@dataclass(slots=True)
class _Point:
    """What the evaluator reads."""

    values: dict[str, Value]
    active: list[bool]
    current_event: None = None


@dataclass(slots=True)
class _Literal:
    test: Any
    active: list[bool]
    term: "z3.BoolRef"
    negated: "z3.BoolRef"


class Query(NamedTuple):
    """Literals that have to be true and literals that have to be false, as bits."""

    true: int = 0
    false: int = 0

    def holds(self, mask: int) -> bool:
        """Whether a witness with these true literals fits."""
        return mask & self.true == self.true and not mask & self.false


def merge(one: Query, two: Query) -> Query | None:
    """What both ask for; None when one asks for what the other forbids."""
    true, false = one.true | two.true, one.false | two.false
    return None if true & false else Query(true, false)


@dataclass(slots=True, eq=False)
class Space:
    """All situations of one machine. `asked` counts questions that z3 had to answer."""

    model: Model
    asked: int = 0
    witnesses: list[Witness] = field(default_factory=list)
    _lately: list[Witness] = field(default_factory=list)  # the same, the last that fitted first
    _literals: list[_Literal] = field(default_factory=list)
    _known: dict[tuple[int, tuple[bool, ...]], int] = field(default_factory=dict)
    _answers: dict[Query, Witness | None] = field(default_factory=dict)
    _cores: list[Query] = field(default_factory=list)
    _asks: dict[int, tuple[int, ...]] = field(default_factory=dict)  # states that an expression asks for
    _keep: list[Expr] = field(default_factory=list)  # ids of expressions are keys
    _solver: Any = None
    _terms: Terms = None  # type: ignore[assignment]
    settled: int = TRUE
    about_data: int = 0  # the literals that ask for data, as bits: nobody outside can choose those
    _values: dict[str, Value] = field(default_factory=dict)  # what `settle` has chosen

    def __post_init__(self) -> None:
        import z3

        self._solver = z3.SimpleSolver()
        self._terms = Terms(self.model)
        for fact in self._terms.facts():
            self._solver.add(fact)

    def settle(self) -> dict[str, Value]:
        """One value for each parameter: its default, or where it has none one that `where` allows.

        From now on `settled` is the literal "the parameters have these values".
        """
        params = self.model.params.values()
        chosen = self.together([Query()], defaults=True)
        values = {symbol.name: chosen[0][symbol.name] if chosen else symbol.default for symbol in params}
        if values:
            import z3

            term = z3.And([self._terms.equals(symbol, values[symbol.name]) for symbol in params])
            self._values = values
            self.settled = self._add(lambda point: all(point.values[n] == v for n, v in values.items()), [], term)
        return values

    def literal(self, expr: Expr, active: Sequence[bool]) -> int:
        """The literal of a condition in a configuration, `active` by index of the state; it may be TRUE or FALSE."""
        states = self._asks.get(id(expr))
        if states is None:
            self._keep.append(expr)
            states = self._asks[id(expr)] = tuple(node.state for node in walk(expr) if isinstance(node, Active))
        key = (id(expr), tuple([active[state] for state in states]))
        if key not in self._known:
            import z3

            term = z3.simplify(self._terms.condition(expr, active))
            if z3.is_true(term) or z3.is_false(term):
                self._known[key] = TRUE if z3.is_true(term) else FALSE
            else:
                test = condition(_with_free_params(expr), {})
                self._known[key] = self._add(test, list(active), term)
                if any(symbol.role == "data" for symbol in symbols(expr)):
                    self.about_data |= 1 << self._known[key]
        return self._known[key]

    def _add(self, test: Any, active: list[bool], term: "z3.BoolRef") -> int:
        import z3

        index = len(self._literals)
        name = z3.Bool(f"literal_{index}")
        self._solver.add(name == term)
        literal = _Literal(test, active, name, z3.Not(name))
        self._literals.append(literal)
        for witness in self.witnesses:
            witness.mask |= _bit(literal, witness) << index
        return index

    def both(self, query: Query, literal: int, *, true: bool) -> Query | None:
        """The query with one more literal; None when that cannot be, as far as can be seen without asking."""
        if literal < 0:
            return query if (literal == TRUE) == true else None
        bit = 1 << literal
        if (query.false if true else query.true) & bit:
            return None
        return Query(query.true | bit, query.false) if true else Query(query.true, query.false | bit)

    def find(self, query: Query) -> Witness | None:
        """A situation that fits, or None when there is none."""
        if query in self._answers:
            return self._answers[query]
        true, false = query.true, query.false
        found = None
        # Questions come in runs that are much alike: what answered the last one is asked first.
        for place, witness in enumerate(self._lately):
            if witness.mask & true == true and not witness.mask & false:
                found = witness
                self._lately.insert(0, self._lately.pop(place))
                break
        else:
            for place, core in enumerate(self._cores):
                if core.true & true == core.true and core.false & false == core.false:
                    self._cores.insert(0, self._cores.pop(place))
                    break
            else:
                found = self._ask(query)
        self._answers[query] = found
        return found

    def possible(self, query: Query) -> bool:
        """Whether some situation fits."""
        return self.find(query) is not None

    def _ask(self, query: Query) -> Witness | None:
        preferred = self.both(query, self.settled, true=True)  # one witness for both kinds of question
        if preferred is not None and preferred != query:
            found = self._check(preferred)
            if found is not None:
                return found
        return self._check(query)

    def _check(self, query: Query) -> Witness | None:
        import z3

        self.asked += 1
        wanted: dict[int, tuple[int, bool]] = {}
        terms = []
        for index, literal in enumerate(self._literals):
            bit = 1 << index
            if (query.true | query.false) & bit:
                term = literal.term if query.true & bit else literal.negated
                wanted[term.get_id()] = (index, bool(query.true & bit))
                terms.append(term)
        answer = self._solver.check(*terms)
        assert answer != z3.unknown, f"linear formulas are decidable: {self._solver.reason_unknown()}"
        if answer == z3.unsat:
            core = [wanted[term.get_id()] for term in self._solver.unsat_core()]
            self._cores.append(
                Query(sum(1 << i for i, true in core if true), sum(1 << i for i, true in core if not true))
            )
            return None
        witness = Witness(self._terms.values(self._solver.model()))
        for index, literal in enumerate(self._literals):
            witness.mask |= _bit(literal, witness) << index
        self.witnesses.append(witness)
        self._lately.insert(0, witness)
        return witness

    def together(self, steps: Sequence[Query], *, defaults: bool) -> list[dict[str, Value]] | None:
        """Situations for several moments of one run: each has its own inputs, all have the same parameters.

        Returns one dictionary for each step, parameters included; None when no parameters allow all of them.
        """
        import z3

        solver = z3.SimpleSolver()
        moments = []
        for number, step in enumerate(steps):
            terms = Terms(self.model, f"@{number}")
            moments.append(terms)
            for fact in terms.facts():
                solver.add(fact)
            for index, key in self._by_index(step):
                expr, active = key
                term = terms.condition(expr, active)
                solver.add(term if step.true >> index & 1 else z3.Not(term))
        if defaults:
            for symbol in self.model.params.values():
                if symbol.has_default or symbol.name in self._values:
                    value = self._values.get(symbol.name, symbol.default)
                    solver.add(moments[0].equals(symbol, value))
        if solver.check() != z3.sat:
            return None
        found = solver.model()
        return [terms.values(found) for terms in moments]

    def possible_whatever(self, query: Query, free: set[str]) -> bool:
        """Whether a situation fits a query whatever the values of some inputs are."""
        import z3

        terms = Terms(self.model, "@free")
        solver = z3.Solver()
        solver.set("timeout", 2_000)  # ms; nobody's verdict: beyond it the answer is no
        solver.add(*terms.facts())
        wanted = []
        for index, (expr, active) in self._by_index(query):
            term = terms.condition(expr, active)
            wanted.append(term if query.true >> index & 1 else z3.Not(term))
        bound = terms.variables(free)
        body = z3.Implies(z3.And([*terms.ranges(free)]), z3.And(wanted))
        solver.add(z3.ForAll(bound, body) if bound else body)
        return bool(solver.check() == z3.sat)

    def _by_index(self, query: Query) -> Iterable[tuple[int, tuple[Expr, list[bool]]]]:
        expressions = {id(expr): expr for expr in self._keep}
        for (identity, _), index in self._known.items():
            if index >= 0 and (query.true | query.false) >> index & 1:
                yield index, (expressions[identity], self._literals[index].active)

    def agrees(self, query: Query, values: dict[str, Value]) -> bool:
        """Whether a situation that somebody else made fits a query."""
        witness = Witness(values)
        bits = query.true | query.false
        mask = 0
        for index, literal in enumerate(self._literals):
            if bits >> index & 1:
                mask |= _bit(literal, witness) << index
        return query.holds(mask)


def _bit(literal: _Literal, witness: Witness) -> int:
    point: Context = _Point(witness.values, literal.active)
    try:
        return int(literal.test(point))
    except EvaluationError:
        return 0


def _with_free_params(expr: Expr) -> Expr:
    """The expression with parameters read like inputs, so that a witness can choose them."""
    match expr:
        case Name(symbol) if symbol.definition is not None:
            return _with_free_params(symbol.definition)
        case Name(symbol) if symbol.role == "param":
            return Name(Symbol(symbol.name, "input", symbol.kind, symbol.place, symbol.dimension))
        case Arithmetic(operator, operands, dimension):
            return Arithmetic(operator, tuple(_with_free_params(item) for item in operands), dimension)
        case Compare(operands, operators):
            return Compare(tuple(_with_free_params(item) for item in operands), operators)
        case Logic(operator, operands):
            return Logic(operator, tuple(_with_free_params(item) for item in operands))
        case Known(operand):
            return Known(_with_free_params(operand))
        case _:
            return expr
