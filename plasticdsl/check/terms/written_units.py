"""Units as written: `20 ms` → 0.02 in SI with its dimension, rounded once; and in which unit a result is shown: the one it is compared with in the file,
else the one its variable is written in, else a customary one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.products import report_both
from plasticdsl.check.terms.scope import DISTRIBUTIONS
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim, Solver
from plasticdsl.model import Network, Variable
from plasticdsl.model.expr import At, Binary, Expr, Number, Ref, Special, walk
from plasticdsl.names import canonical
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes
from plasticdsl.units.dimension import Dimension
from plasticdsl.units.display import display_unit, unit_text
from plasticdsl.units.table import combine, exact, is_unit

_STEPS = ("steps", "step")


def number(node: tree.Number, context: Context) -> Typed:
    """The value of a written number. `100 steps` is 100 dt; a plain 0 has whatever dimension is asked of it."""
    steps = [u for u in node.unit if u[0] in _STEPS]
    rest = tuple(u for u in node.unit if u[0] not in _STEPS)
    if _ambiguous(node, rest, context):
        return context.unknown
    scale, dim = unit_scale(rest, node, context)
    try:
        value = exact(node.text, scale)
    except (OverflowError, ValueError, ZeroDivisionError):
        return context.refuse("number-out-of-range", "This number is beyond the range of double precision.", node.span)
    if value == 0.0 and not node.unit:
        return Typed(Number(0.0), context.solver.fresh())
    if not steps:
        return Typed(Number(value), dim)
    power = sum(exponent for _, exponent in steps)
    dt: Expr = Special("dt") if power == 1 else Binary("^", Special("dt"), Number(float(power)))
    return Typed(Binary("*", Number(value), dt), dim * SECONDS**power)


def unit_scale(unit: tree.Unit, node: tree.Number | tree.Input, context: Context) -> tuple[Fraction, Dim]:
    """The SI value of a written unit and its dimension; reports a word that is no unit."""
    for word, _ in unit:
        if not is_unit(word):
            context.report.error("not-a-unit", f"‘{word}’ is no unit.", node.span)
            return Fraction(1), context.solver.fresh()
    scale, dim = combine(unit)
    return scale, Dim(dim) if unit else PURE


def _ambiguous(node: tree.Number, unit: tree.Unit, context: Context) -> bool:
    """A unit that is also a name in sight: two readings, so neither is taken. What has no value could not be multiplied."""
    for word, _ in unit:
        declared = context.scope.find(word if word.isascii() else canonical(word))
        if declared is None or word == "%" or declared.has_no_value:
            continue
        report_both(node.text, unit, word, f"{declared.what} of this block", node.span, context)
        return True
    return False


# --- shown units -----------------------------------------------------------------------------------------------------


def shown_in(written: tuple[tree.Expr, ...], found: Typed, network: Network, context: Context) -> tuple[str, float]:
    """The unit's text and its SI value for a quantity; `written` are expressions it is compared with, the most telling first."""
    dimension = context.solver.resolve(found.dim).known
    if dimension is None or dimension.is_one:
        return "", 1.0
    return written_unit(written, dimension) or _of_variables(found, network, dimension) or display_unit(dimension)


def written_unit(written: tuple[tree.Expr, ...], dimension: Dimension) -> tuple[str, float] | None:
    """The first unit of that dimension written in the expressions."""
    found = (_after(node) for node in nodes(written))
    return next(((text, scale) for text, scale, of in filter(None, found) if of == dimension), None)


def unit_of_number(node: object) -> tuple[str, float] | None:
    """The unit of a plain written number such as `0.2 mV` or `−1 mV`, and of the first argument of `N(0.2 mV, …)` that has one."""
    while isinstance(node, tree.Unary | tree.Group):
        node = node.operand if isinstance(node, tree.Unary) else node.inner
    if isinstance(node, tree.Apply) and isinstance(node.function, tree.Name) and node.function.name in DISTRIBUTIONS:
        return next(filter(None, (unit_of_number(a.value) for a in node.arguments)), None)
    found = _after(node)
    return None if found is None else found[:2]


def _after(node: object) -> tuple[str, float, Dimension] | None:
    """The unit that stands after a number; a share in % is no unit to show a quantity in."""
    if not isinstance(node, tree.Number) or any(word == "%" for word, _ in node.unit):
        return None
    return as_written(node.unit)


def as_written(unit: tree.Unit) -> tuple[str, float, Dimension] | None:
    """Text, SI value and dimension of a written unit; None for none, and for words that are no units (`steps`)."""
    if not unit or not all(is_unit(word) for word, _ in unit):
        return None
    scale, dimension = combine(unit)
    return unit_text(unit), float(scale), dimension


def _of_variables(found: Typed, network: Network, dimension: Dimension) -> tuple[str, float] | None:
    """The unit of the first variable of that dimension that the expression reads."""
    for node in walk(found.expr):
        ref = node.ref if isinstance(node, At) else node
        if isinstance(ref, Ref):
            block = network.blocks.get(ref.owner)
            for v in (*(block.variables if block is not None else ()), *network.variables):
                if v.name == ref.name and v.dimension == dimension and v.unit:
                    return v.unit, v.scale
    return None


def with_dimension(variable: Variable, dim: Dim | None, solver: Solver) -> Variable:
    """The variable with its dimension, where it is known, and a unit to show it in."""
    known = solver.resolve(dim).known if dim is not None else None
    if known is None:
        return variable
    if variable.unit or known.is_one:
        return replace(variable, dimension=known)
    unit, scale = display_unit(known)
    return replace(variable, dimension=known, unit=unit, scale=scale)
