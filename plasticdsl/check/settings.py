"""What an experiment sets or sweeps: parameters of the network, of blocks, populations and projections, and sizes."""

from __future__ import annotations

from plasticdsl.check.display import written_unit
from plasticdsl.check.expressions import translate_number
from plasticdsl.check.likes import path_text
from plasticdsl.check.lookup import Lookup, Setting, UnknownParameter
from plasticdsl.check.mismatch import require_dimension
from plasticdsl.check.readings import Taking, text_of
from plasticdsl.check.solve import PURE, Dim
from plasticdsl.model.expr import Expr, Number, Ref
from plasticdsl.model.model import SweepAxis, Value
from plasticdsl.syntax import tree


def setting(statement: tree.Define, taking: Taking, lookup: Lookup) -> tuple[str, Value] | None:
    """`ρ = 40 Hz`, `STDP.A₊ = 0.01`, `E = 800` as (name that `find_parameter` knows, value)."""
    found = named_setting(statement.target, taking, lookup)
    if found is None:
        return None
    return found.text, _value(statement.rhs, found, taking)


def named_setting(target: tree.Expr, taking: Taking, lookup: Lookup) -> Setting | None:
    """What a target names; reports what is unknown or could be several things."""
    try:
        return lookup.find(path_text(target) or text_of(target.span, taking.sources))
    except UnknownParameter as problem:
        taking.context.report.error("unknown-parameter", problem.message, target.span)
        return None


def _dim(found: Setting, taking: Taking) -> Dim:
    return Dim(found.dimension) if found.dimension is not None else taking.context.solver.fresh()


def _value(node: tree.Expr, found: Setting, taking: Taking) -> Expr:
    """A value for a setting, of its dimension; a size must be a whole number."""
    if found.kind == "size":
        return whole(node, f"The size of ‘{found.owner}’", taking)
    value = translate_number(node, taking.context)
    require_dimension(node, value.dim, _dim(found, taking), f"‘{found.text}’", taking.context)
    return value.expr


def whole(node: tree.Expr, what: str, taking: Taking) -> Expr:
    """A count: a pure number, positive and whole where that can be told."""
    value = translate_number(node, taking.context)
    require_dimension(node, value.dim, PURE, what, taking.context)
    if isinstance(value.expr, Number) and (value.expr.value < 1 or not value.expr.value.is_integer()):
        taking.context.report.error("not-whole", f"{what} must be a whole number, at least 1.", node.span)
    return value.expr


def sweep_axis(axis: tree.SweepAxis, taking: Taking, lookup: Lookup) -> SweepAxis | None:
    """One swept parameter; `target` is where it is set, or (block, name) where a block is used in several places."""
    found = named_setting(axis.target, taking, lookup)
    if found is None:
        return None
    target = found.targets[0] if len(found.targets) == 1 else Ref(found.owner, found.name)
    written = tuple(e for e in (*axis.values, axis.start, axis.stop) if e is not None)
    unit, scale = (written_unit(written, found.dimension) if found.dimension is not None else None) or ("", 1.0)
    start, stop = (_value(e, found, taking) if e is not None else None for e in (axis.start, axis.stop))
    count = whole(axis.count, "The number of values", taking) if axis.count is not None else None
    values = tuple(_value(v, found, taking) for v in axis.values)
    text = text_of(axis.target.span, taking.sources) or found.name
    return SweepAxis(target, text, values, start, stop, count, axis.logarithmic, unit, scale)
