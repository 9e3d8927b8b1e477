"""Variables of an integrator that move by themselves, linearly: what moves a sum of them moves each term.

Comes in: an integrator. Goes out: rates as linear forms, and the same integrator of some of its variables alone, under other names. Every integrator takes
a linear equation one step on by a linear map, which is the same for those variables alone as long as their rates read no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from plasticdsl.model.expr import Expr, Number, Ref, refs
from plasticdsl.model.inline import map_refs
from plasticdsl.model.mapping import mapped
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import (
    Cables,
    Euler,
    EulerMaruyama,
    Exact,
    ExponentialEuler,
    ExponentialRungeKutta,
    Jumps,
    Milstein,
    Noisy,
    Rosenbrock,
    RungeKutta4,
    Scheme,
    TwoStages,
    linear_parts,
    variables_of,
)
from plasticdsl.symbolic.algebra import add, mul
from plasticdsl.symbolic.linear import NotLinear, linear_form

ZERO = Number(0.0)


@dataclass(frozen=True, slots=True)
class Row:
    """dx/dt = `slope` x + Σ `coefficients[y]` y + `offset`, over variables y of the same integrator; `slope`: what the integrator takes as one."""

    slope: Expr
    coefficients: Mapping[str, Expr]
    offset: Expr

    @property
    def factors(self) -> tuple[Expr, ...]:
        """All but the offset."""
        return (self.slope, *self.coefficients.values())


def row_of(scheme: Scheme, name: str) -> Row | None:
    """The rate of one of its variables; None where it is not linear, or has noise, or where the step is none that variables take by themselves."""
    if isinstance(scheme, Exact):
        at = scheme.variables.index(name)
        factors = {v: factor for v, factor in zip(scheme.variables, scheme.matrix[at], strict=True) if factor != ZERO}
        return Row(ZERO, factors, scheme.offset[at])
    if isinstance(scheme, Rosenbrock | Jumps | Cables):  # their steps hang on all their variables
        return None
    if isinstance(scheme, Noisy) and scheme.noises[scheme.variables.index(name)] is not None:
        return None
    if isinstance(scheme, ExponentialEuler) and scheme.at_rest is not None:
        return None
    slope, rest = next((a, b) for v, a, b in linear_parts(scheme) if v == name)
    own = frozenset(Ref(Whose.OWN, v) for v in variables_of(scheme))
    if not own.isdisjoint(refs(slope)):
        return None
    try:
        form = linear_form(rest, own)
    except NotLinear:
        return None
    return Row(slope, {ref.name: factor for ref, factor in form.coefficients.items()}, form.offset)


def alone(scheme: Scheme, names: Mapping[str, str], offsets: Sequence[Expr]) -> Scheme:
    """The integrator of some of its variables, whose rates read none of the others, under these names and with these offsets."""
    rows, variables = [row for name in names if (row := row_of(scheme, name)) is not None], tuple(names.values())
    rates = tuple(_rate(row, names, offset) for row, offset in zip(rows, offsets, strict=True))
    match scheme:
        case Exact():
            matrix = tuple(tuple(row.coefficients.get(v, ZERO) for v in names) for row in rows)
            return replace(scheme, variables=variables, matrix=matrix, offset=tuple(offsets))
        case ExponentialEuler():
            return replace(scheme, variable=variables[0], offset=rates[0])
        case ExponentialRungeKutta():
            return replace(scheme, variables=variables, slopes=tuple(row.slope for row in rows), offsets=rates)
        case RungeKutta4() | Euler():
            return replace(scheme, variables=variables, rates=rates)
        case EulerMaruyama() | TwoStages():
            return replace(scheme, variables=variables, rates=rates, noises=(None,) * len(rates))
        case Milstein():
            return replace(scheme, variables=variables, rates=rates, noises=(None,) * len(rates), slopes=(ZERO,) * len(rates))
        case Rosenbrock() | Jumps() | Cables():
            raise ValueError("an integrator that takes all its variables together has no part that is alone")


def _rate(row: Row, names: Mapping[str, str], offset: Expr) -> Expr:
    terms: list[Expr] = [mul(factor, Ref(Whose.OWN, names[v])) for v, factor in row.coefficients.items()]
    return reduce(add, [*terms, offset])


def renamed(scheme: Scheme, names: Mapping[str, str]) -> Scheme:
    """The same with other names for some of what it reads and moves."""

    def change(ref: Ref) -> Ref:
        return Ref(ref.owner, names[ref.name], ref.limit) if ref.owner is Whose.OWN and ref.name in names else ref

    changed = mapped(scheme, lambda expr: map_refs(expr, change))
    if isinstance(changed, Cables):
        raise TypeError("connections have no sections")
    if isinstance(changed, ExponentialEuler):
        return replace(changed, variable=names.get(changed.variable, changed.variable))
    return replace(changed, variables=tuple(names.get(v, v) for v in changed.variables))
