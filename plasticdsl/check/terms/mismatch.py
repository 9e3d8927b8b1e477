"""Two sides that should have one dimension and have not: one error that names both, in the reader's units.

Comes in: two places with their dimensions. Goes out: unified dimensions in the context's solver, or a finding `inconsistent-units`.
"""

from __future__ import annotations

from typing import Protocol

from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.fractions import fractions, meant
from plasticdsl.check.terms.products import meant_as_quantity
from plasticdsl.check.terms.unification import Dim
from plasticdsl.check.terms.written_units import unit_of_number
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.display import display_unit, name_dimension
from plasticdsl.units.table import LENGTH


class Placed(Protocol):
    """Anything with a place in the text."""

    @property
    def span(self) -> Span:
        """Where."""
        ...


def require_same(
    left: Placed, left_dim: Dim, right: Placed, right_dim: Dim, context: Context, verb: str = "be equal", hint: Hint | str = ""
) -> bool:
    """Both sides have one dimension, else one error `inconsistent-units` that names both with their units; `verb` completes "These cannot …"."""
    span = left.span.to(right.span) if left.span.path == right.span.path else right.span
    if context.solver.unify(left_dim, right_dim, span):
        return True
    first, second = describe(left, left_dim, context), describe(right, right_dim, context)
    message = f"These cannot {verb}: the left side is {first}, the right side {second}."
    labels = [Label(left.span, first)]
    if first == second:
        factor = described(right_dim / left_dim, context)
        message = f"These cannot {verb}: the right side is the left side times something {factor}."
        labels = [Label(left.span, "the left side")]
    labels += [label for side, dim in ((left, left_dim), (right, right_dim)) for label in _why(side, dim, context)]
    hint = hint or _of_fraction(left, left_dim, right_dim, context) or _of_fraction(right, right_dim, left_dim, context)
    context.report.error("inconsistent-units", message, right.span, hint, tuple(labels))
    return False


def require_dimension(node: Placed, found: Dim, wanted: Dim, what: str, context: Context, hint: str = "") -> bool:
    """`node` has the dimension `wanted`, else an error; `what` begins the sentence, e.g. "A delay"."""
    if context.solver.unify(found, wanted, node.span):
        return True
    message = f"{what} must be {described(wanted, context)}, but this is {describe(node, found, context)}."
    why = _why(node, found, context)
    context.report.error("inconsistent-units", message, node.span, hint or _of_fraction(node, found, wanted, context), why)
    return False


def _of_fraction(node: Placed, found: Dim, wanted: Dim, context: Context) -> Hint:
    """The hint for a fraction in it, `2/3 ms`, that would have the dimension with its unit the other way round."""
    for above, below, unit in fractions(node):
        for turned in (found * Dim(unit) ** 2 / wanted, found / Dim(unit) ** 2 / wanted):
            known = context.solver.resolve(turned).known
            if known is not None and known.is_one:
                return meant(above, below)
    return meant_as_quantity(node, found, wanted, context) or _of_area(node, found, wanted, context)


def _of_area(node: Placed, found: Dim, wanted: Dim, context: Context) -> Hint:
    """The hint for a current beside currents for each area, in a neuron with sections."""
    known = context.solver.resolve(found / wanted / Dim(LENGTH) ** 2).known
    area = context.scope.find("area")
    if known is None or not known.is_one or area is None or area.dim is None or not isinstance(node, tree.Name):
        return Hint("")
    text = f"{node.text}/area"
    return Hint(f"In a neuron with sections currents are for each area of the membrane: ‘{text}’.", (text,), node.span)


def describe(node: Placed, dim: Dim, context: Context) -> str:
    """`in mV/ms (voltage per time)`, `a pure number`; the unit as written where `node` is a written quantity."""
    written = unit_of_number(node)
    return described(dim, context, "" if written is None else written[0])


def described(dim: Dim, context: Context, written: str = "") -> str:
    """The dimension in words, with a customary unit unless one is given."""
    known = context.solver.resolve(dim).known
    if known is None:
        return "of a unit that is not known yet"
    name = name_dimension(known)
    if known.is_one:
        return name
    unit = written or display_unit(known)[0]
    return f"in {unit} ({name})" if name else f"in {unit}"


def _why(node: Placed, dim: Dim, context: Context) -> tuple[Label, ...]:
    """Where the dimension of a bare name was inferred, when it was not given by its own value."""
    reason = context.solver.reason(dim)
    if not isinstance(node, tree.Name) or reason is None or reason == node.span or len(dim.unknowns) != 1:
        return ()
    return (Label(reason, f"‘{node.text}’ is {described(dim, context)} because of this"),)
