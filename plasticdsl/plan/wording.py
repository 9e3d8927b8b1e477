"""Formulas as `explain` shows them: in the model's own symbols and signs, `w += η·x·(y − θ)`.

Comes in: expressions and statements of a plan. Goes out: one line of text. Nothing reads these texts but people.
"""

from __future__ import annotations

from plasticdsl.model import AddTo, Assign, AtMost, Connectivity, Distribution, Network, Total, Value
from plasticdsl.model.expr import Binary, Drawn, Expr, InPlan, Negate, Number, Ref, at_samples, is_series, rebuild, refs, substitute
from plasticdsl.model.owners import OfPopulation, Owner, Part, Whose, owner_text
from plasticdsl.model.parts import Units
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.events import Event, Foresee, Note, Postpone, Remember, SumHistory
from plasticdsl.support.distributions import KINDS

_SIGNS = ((" * ", "·"), (" == ", " = "), ("<=", "≤"), (">=", "≥"), ("!=", "≠"), ("-", "−"))

_KINDS = {"all": "all to all", "one": "one to one", "listed": "as listed", "probability": "p = ", "where": "where "}


class Words:
    """What names are called inside one block: of a population, or of a projection between two."""

    def __init__(self, network: Network, owner: Part) -> None:
        self._symbols: dict[Owner, dict[str, str]] = {Whose.NETWORK: {v.name: v.symbol for v in network.variables}}
        self._symbols |= {p.as_owner: {v.name: v.symbol for v in p.block.variables} for p in network.populations}
        self._symbols |= {p.as_owner: {v.name: v.symbol for v in p.connection.variables} for p in network.projections}
        self._populations = {p.name: p.symbol for p in network.populations}
        self._symbols[Whose.OWN] = self._symbols[owner]
        ends = next((p.ends for p in network.projections if p.as_owner == owner), {})
        self._symbols |= {side: self._symbols[OfPopulation(name)] for side, name in ends.items()}

    def name(self, name: str, owner: Owner = Whose.OWN) -> str:
        """`τ₊` for `tau_plus`."""
        return self._symbols.get(owner, {}).get(name) or name

    def formula(self, expr: Expr) -> str:
        """`(E_L − V)/τ_m`."""
        expr = at_samples(expr)
        named: dict[Expr, Expr] = {r: Ref(r.owner, self.name(r.name, r.owner), r.limit) for r in refs(expr)}
        named |= {r: Ref(r.owner, f"{r.name}(t)") for r in named if isinstance(r, Ref) and is_series(r)}
        return signs(pretty(_signed(substitute(expr, named))))

    def duration(self, expr: Expr) -> str:
        """`5 ms`, or a formula."""
        return f"{expr.value * 1e3:g} ms" if isinstance(expr, Number) else self.formula(expr)

    def rate(self, rate: Value) -> str:
        """`30 Hz`, a formula, or a distribution."""
        return f"{rate.value:g} Hz" if isinstance(rate, Number) else self.value(rate)

    def value(self, value: Value) -> str:
        """A formula or `~ N(…)`."""
        if isinstance(value, Distribution):
            written = [self.formula(a) for a in value.arguments]
            own = len(KINDS[value.name].arguments)
            cut = f" in [{', '.join(written[own:])}]" if written[own:] else ""
            return f"~ {value.name}({', '.join(written[:own])}){cut}"
        return self.formula(value)

    def row(self, row: tuple[Expr, ...], offset: Expr, variables: tuple[str, ...]) -> str:
        """One line of A x + b: `−r/τ₊`."""
        terms = [_product(e, Ref(Whose.OWN, v)) for e, v in zip(row, variables, strict=True) if e != Number(0.0)]
        terms += [offset] if offset != Number(0.0) or not terms else []
        total = terms[0]
        for term in terms[1:]:
            total = Binary("-", total, term.operand) if isinstance(term, Negate) else Binary("+", total, term)
        return self.formula(total)

    def event(self, event: Event) -> str:
        """A statement, `w −= A₋·o`, and whether rules that are off skip it."""
        held = " (not while rules are off)" if event.held else ""
        match event.statement:
            case Assign(target, value):
                return f"{self._target(target)} {self._change(target, value)}{held}"
            case AddTo(target, amount):
                return f"{self._target(target)} += {self.formula(amount)}{held}"
            case AtMost(target, most, side):
                unit = f"{owner_text(side)}synaptic unit"
                return f"{self._target(target)} → 0 at some, so that no {unit} will have more than {self.formula(most)} connections{held}"
            case Remember(name, value):
                return f"{self.name(name)} is remembered: {self.formula(value)}"
            case Foresee(name, value):
                return f"forecast.{name} {self._change(InPlan('forecast', name), value)}{held}"
            case Total(name, body):
                return f"{self.name(name)} = sum over the connections of each post unit of {self.formula(body)}, when all of them have come here"
            case SumHistory(history, name, increment):
                return f"{self.name(name)} += {self.formula(increment)}, summed over the spike times kept in {history}{held}"
            case Note(_, value):
                return f"kept for its connections: {self.formula(value)}{held}"
            case Postpone(name, trace, factor):
                change = self.formula(Binary("*", Ref(Whose.OWN, trace), factor))
                return f"{self.name(name)} += {change}, carried out at the next presynaptic spike{held}"

    def _target(self, target: Ref) -> str:
        return Ref(target.owner, self.name(target.name, target.owner)).path

    def _change(self, target: Ref | InPlan, value: Expr) -> str:
        match value:
            case Binary("+" | "-" as sign, left, right) if left == target:
                taken = _without_sign(right) if sign == "+" else None
                return f"{signs(sign)}= {self.formula(right)}" if taken is None else f"−= {self.formula(taken)}"
            case Drawn():
                return f"~ {self.formula(value)}"
            case _:
                return f"→ {self.formula(value)}"

    def units(self, population: str, part: Units) -> str:
        """`E[1 to 240]`."""
        ranges = (tuple(dict.fromkeys(map(self.formula, (one.first, one.last)))) for one in part)
        called = self._populations.get(population, population)
        return f"{called}[{', '.join(map(' to '.join, ranges))}]" if part else called

    def connections(self, connectivity: Connectivity) -> str:
        """`in-degree 80, where i < j, except self`."""
        text = _KINDS.get(connectivity.kind, f"{connectivity.kind} ")
        if connectivity.data:
            text = f"connections from {' and '.join(ref.path for ref in connectivity.data)}"
        if connectivity.amount is not None:
            text += self.formula(connectivity.amount)
        if connectivity.also is not None:
            text += f", where {self.formula(connectivity.also)}"
        degree = connectivity.kind.endswith("degree")
        if degree and connectivity.self_connections:
            text += ", with self"
        if degree and connectivity.repeats:
            text += ", with repeats"
        if not degree and not connectivity.self_connections:
            text += ", except self"
        return text.strip()


def _without_sign(expr: Expr) -> Expr | None:
    """x of −x; None where no minus comes first."""
    match expr:
        case Negate(operand):
            return operand
        case Number(value) if value < 0.0:
            return Number(-value)
        case Binary("*" | "/" as operator, left, right):
            bare = _without_sign(left)
            return None if bare is None else Binary(operator, bare, right)
        case _:
            return None


def _signed(expr: Expr) -> Expr:
    """−(a/b) as (−a)/b, which takes no brackets."""
    match expr:
        case Negate(Binary("*" | "/" as operator, left, right)):
            return _signed(Binary(operator, Negate(left), right))
        case _:
            return rebuild(expr, _signed)


def _product(coefficient: Expr, variable: Expr) -> Expr:
    bare = _without_sign(coefficient)
    if bare is not None:
        return Negate(_product(bare, variable))
    match coefficient:
        case Number(1.0):
            return variable
        case Binary("/", Number(1.0), divisor):
            return Binary("/", variable, divisor)
        case _:
            return Binary("*", coefficient, variable)


def signs(text: str) -> str:
    """ASCII signs as papers print them."""
    for plain, printed in _SIGNS:
        text = text.replace(plain, printed)
    return text
