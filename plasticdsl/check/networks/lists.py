"""Lists with one value for each unit of a population, `C = [68, 128, 135] pF`, `V(0) = [−70 mV, −65 mV, −60 mV]`.

Comes in: an expression as written. Goes out: its items, each with the unit that stands behind the list, or a context in which a list means the value of
unit i: `Call("listed", (i, first, second, …))`.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from plasticdsl.check.terms.amounts import Values, constant
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import rational, translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.scope import Scope
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model.expr import Call, Expr, Special
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.display import counted
from plasticdsl.units.table import is_unit

_ONE = Fraction(1)


def lists_per_unit(context: Context, name: tree.Name, size: Expr, constants: Values, span: Span) -> Context:
    """The same context with lists, each of so many values as the population `name` has units."""

    def read(node: tree.Expr, inside: Context) -> Typed | None:
        items = listed_items(node, inside.scope)
        if items is None:
            return None
        count = constant(size, constants)
        if count is not None and count != len(items):
            message = f"‘{name.text}’ has {counted(count, 'unit')}, and this list has {counted(len(items), 'value')}."
            inside.report.error("sizes-differ", message, node.span, labels=(Label(span, f"‘{name.text}’"),))
        values = [translate_number(item, inside) for item in items]
        for i, value in enumerate(values[1:], 1):
            require_same(items[i - 1], values[i - 1].dim, items[i], value.dim, inside, "stand in one list")
        return Typed(Call("listed", (Special("i"), *(value.expr for value in values))), values[0].dim)

    return context.extended(read)


def listed_items(node: tree.Expr, scope: Scope) -> tuple[tree.Expr, ...] | None:
    """The items of a list, with the unit behind it, which makes `[20] ms` a list of one; None for anything else."""
    listing, unit = with_unit(node, scope)
    match listing:
        case tree.Listing(items=items):
            return tuple(in_unit(item, unit) for item in items)
        case tree.Group(inner=inner, square=True) if unit:
            return (in_unit(inner, unit),)
        case _:
            return None


def with_unit(node: tree.Expr, scope: Scope) -> tuple[tree.Expr, tree.Unit]:
    """What stands there and the unit behind it, `[…] mV/s`."""
    match node:
        case tree.Binary(operator="*" | "/" as operator, left=left, right=right) if (factor := written_unit(right, scope)) is not None:
            inner, unit = with_unit(left, scope)
            return inner, (*unit, *((word, power if operator == "*" else -power) for word, power in factor))
        case _:
            return node, ()


def written_unit(node: tree.Expr, scope: Scope) -> tree.Unit | None:
    """What a unit without a number before it is; what has a name here is none."""
    match node:
        case tree.Name(text=text) if is_unit(text) and scope.find(node) is None:
            return ((text, _ONE),)
        case tree.Binary(operator="^", left=base, right=exponent):
            unit, power = written_unit(base, scope), rational(exponent)
            return None if unit is None or power is None else tuple((word, each * power) for word, each in unit)
        case tree.Binary(operator="*" | "/" as operator, left=left, right=right):
            first, second = written_unit(left, scope), written_unit(right, scope)
            if first is None or second is None:
                return None
            return (*first, *((word, power if operator == "*" else -power) for word, power in second))
        case _:
            return None


def in_unit(node: tree.Expr, unit: tree.Unit) -> tree.Expr:
    """`68` in pF is `68 pF`, rounded once; anything else is multiplied."""
    if not unit:
        return node
    match node:
        case tree.Number(unit=()):
            return replace(node, unit=unit)
        case tree.Unary(operator="-", operand=operand):
            return replace(node, operand=in_unit(operand, unit))
        case _:
            return tree.Binary("*", node, tree.Number("1", unit, node.span), node.span)
