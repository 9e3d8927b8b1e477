"""Samples over time that the network takes from files.

Comes in: the plan. Goes out: the arrays that hold them, with a row for each time and a column for each unit or one for all, and the element that
belongs to a unit.
"""

from __future__ import annotations

from plasticdsl.kernels.identifiers import Field, Local, Part, of_data
from plasticdsl.kernels.program import ONE, ZERO, Array, Element, Read, Size, element
from plasticdsl.kernels.recipes import Apply, Recipe
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Ref, is_series, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import owner_text
from plasticdsl.plan.plan import Plan
from plasticdsl.support.arrays import as_series, columns, rows


def sizes(plan: Plan) -> tuple[Size, ...]:
    """How many rows and columns each has."""
    of = {Part.SAMPLES: rows, Part.WIDTH: columns}
    return tuple(Size(_field(ref, part), Apply(count, (_array(ref),))) for ref in _read(plan) for part, count in of.items())


def arguments(plan: Plan) -> tuple[Array, ...]:
    """The samples themselves."""
    shapes = {ref: (_field(ref, Part.SAMPLES), _field(ref, Part.WIDTH)) for ref in _read(plan)}
    return tuple(Array(_field(ref, Part.SERIES), "float64", shape, _array(ref), changes=False, own=False) for ref, shape in shapes.items())


def sample(ref: Ref, number: Expr, unit: Local) -> Element:
    """Row `number` for a unit, the last where there are no more."""
    last = Binary("-", Read(_field(ref, Part.SAMPLES)), ONE)
    row = Choice(((Compare(">", number, last), last), (Compare(">", number, ZERO), number)), ZERO)
    return element(_field(ref, Part.SERIES), row, Call("min", (Read(unit), Binary("-", Read(_field(ref, Part.WIDTH)), ONE))))


def _read(plan: Plan) -> list[Ref]:
    found = {ref for expr in expressions(plan.network.populations) for ref in refs(expr) if is_series(ref)}
    return sorted(found, key=lambda ref: ref.order)


def _array(ref: Ref) -> Recipe:
    return Apply(as_series, (of_data(owner_text(ref.owner)).variable(ref.name),))


def _field(ref: Ref, part: Part) -> Field:
    return of_data(owner_text(ref.owner)).field(part, ref.name)
