"""Where units are: `E = 800 LIF on a ring of 1 mm`, and `distance` between the two units of a pair.

Comes in: what is written of the place of a population. Goes out: its coordinates as parameters of its units, formulas of their number or draws, and the
distance as a formula of the coordinates of both units; nothing after the check knows of places.

A unit is in the middle of its share: x = (i − ½) L/N on a line or ring; on a sheet or torus row by row in c = round(√(N W/H)) columns and ⌈N/c⌉ rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from plasticdsl.check.terms.amounts import POSITIVE, Values, amount
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.mismatch import require_dimension, require_same
from plasticdsl.check.terms.scope import Declared
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.check.terms.written_units import unit_of_number
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Block, Distribution, Population, Role, Value, Variable
from plasticdsl.model.expr import Binary, Call, Expr, Number, Ref, Special
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.table import LENGTH

#: Shape → how many sides it has, and whether it closes on itself.
SHAPES: Mapping[str, tuple[int, bool]] = {"line": (1, False), "ring": (1, True), "sheet": (2, False), "torus": (2, True)}

#: What coordinates are called where the author does not say: one, two, an angle.
_NAMES = {1: (tree.Name("x", "x", Span(0, 0)),), 2: (tree.Name("x", "x", Span(0, 0)), tree.Name("y", "y", Span(0, 0)))}
_ANGLE = (tree.Name("theta", "θ", Span(0, 0)),)
_TURN = Number(6.283185307179586)


@dataclass(frozen=True, slots=True)
class Space:
    """Where a population is: the lengths of the `sides`, with the dimension `dim`, and the parameters of units that say where along each they are."""

    shape: str
    sides: tuple[Expr, ...]
    coordinates: tuple[str, ...]
    dim: Dim


@dataclass(frozen=True, slots=True)
class Placed:
    """A block with coordinates among its parameters, the dimensions of its names, and the values of the coordinates."""

    block: Block
    dims: Mapping[str, Dim]
    values: dict[str, Value]
    space: Space


def placed(places: Sequence[tree.Place], block: Block, dims: Mapping[str, Dim], context: Context, constants: Values) -> Placed | None:
    """The units at their places; None where nothing is written of them, or after reporting why it cannot be."""
    if not places:
        return None
    place, before = places[0], context.report.count
    if len(places) > 1:
        context.report.twice("A population is in one place.", places[1].span, place.span)
    space = _space(place, context, constants)
    if space is None:
        return None
    names = place.names or (_ANGLE if place.extent is None else _NAMES[len(space.sides)])
    if len(names) != len(space.sides):
        message = f"A place on a {space.shape} has {_counted(len(space.sides))}."
        context.report.error("bad-place", message, place.span, f"For example ‘{_example(space.shape)}’.")
        return None
    written = _sides(place)
    unit, scale = (unit_of_number(written[0]) if written else None) or ("", 1.0)
    variables = {v.name: v for v in block.variables}
    dims = dict(dims)
    for name, side in zip(names, space.sides, strict=True):
        variable = variables.get(name.name)
        if variable is None:
            variable = Variable(name.name, name.text, Role.PARAMETER, unit=unit, scale=scale, span=place.span)
            dims[name.name] = space.dim
        elif not place.names or variable.role not in (Role.PARAMETER, Role.GIVEN):
            _taken(name, variable, block, place, context)
            continue
        require_dimension(place, space.dim, dims[name.name], f"‘{variable.symbol}’", context)
        variables[name.name] = replace(variable, low=variable.low or Number(0.0), high=variable.high or side)
    if context.report.count > before:
        return None
    where = _at_random(space) if place.random else _in_order(space)
    coordinates = tuple(name.name for name in names)
    values = dict(zip(coordinates, where, strict=True))
    return Placed(replace(block, variables=tuple(variables.values())), dims, values, replace(space, coordinates=coordinates))


def _space(place: tree.Place, context: Context, constants: Values) -> Space | None:
    shape, report = place.shape.name, context.report
    if shape not in SHAPES:
        hint = did_you_mean(place.shape.text, SHAPES, "There are")
        report.error("bad-place", f"‘{place.shape.text}’ is no place for units.", place.shape.span, hint)
        return None
    if shape == "ring" and place.extent is None:
        return Space(shape, (_TURN,), (), PURE)
    written, (wanted, _) = _sides(place), SHAPES[shape]
    if len(written) != wanted:
        message = f"A {shape} has {'one length' if wanted == 1 else 'two sides'}."
        report.error("bad-place", message, place.span, f"For example ‘{_example(shape)}’.")
        return None
    dim = context.solver.fresh()
    sides = tuple(amount(side, POSITIVE, "A length", context, constants, dim) for side in written)
    if context.solver.resolve(dim) != PURE:
        require_dimension(written[0], dim, Dim(LENGTH), "A length", context)
    return Space(shape, sides, (), dim)


def _sides(place: tree.Place) -> tuple[tree.Expr, ...]:
    """`1 mm × 2 mm` of a sheet has two sides; of a product of more it is not known which belong together."""
    match place.extent:
        case None:
            return ()
        case tree.Binary(operator="*", implicit=False, left=width, right=height) if SHAPES[place.shape.name][0] == 2:
            return () if isinstance(width, tree.Binary) and width.operator == "*" and not width.implicit else (width, height)
        case length:
            return (length,)


def _example(shape: str) -> str:
    return {1: f"x on a {shape} of 1 mm", 2: f"(x, y) on a {shape} of 1 mm × 1 mm"}[SHAPES[shape][0]]


def _counted(coordinates: int) -> str:
    return "one coordinate" if coordinates == 1 else "two coordinates"


def _taken(name: tree.Name, variable: Variable, block: Block, place: tree.Place, context: Context) -> None:
    """A coordinate would have the name of something else."""
    labels = (Label(variable.span, f"‘{variable.symbol}’"),)
    message = f"‘{block.name}’ has ‘{variable.symbol}’ already, so the coordinate of its units needs another name."
    shown = "(u, v) on a" if SHAPES[place.shape.name][0] == 2 else "u on a"
    where = "a comma and its name before the place" if not place.names else "another name"
    context.report.error("coordinate-name", message, place.span, Hint(f"Write {where}: ‘, {shown} {place.shape.text} …’."), labels)


# --- where ------------------------------------------------------------------------------------------------------------

_COUNT, _BEFORE = Special("N_post"), Binary("-", Special("i"), Number(1.0))


def _middle(number: Expr, of: Expr, side: Expr) -> Expr:
    """In the middle of the share with this number (from 0) among `of`."""
    return Binary("/", Binary("*", Binary("+", number, Number(0.5)), side), of)


def _in_order(space: Space) -> tuple[Value, ...]:
    if len(space.sides) == 1:
        return (_middle(_BEFORE, _COUNT, space.sides[0]),)
    width, height = space.sides
    columns = Call("max", (Number(1.0), Call("round", (Call("sqrt", (Binary("/", Binary("*", _COUNT, width), height),)),))))
    rows = Call("ceil", (Binary("/", _COUNT, columns),))
    row = Call("floor", (Binary("/", _BEFORE, columns),))
    return _middle(Call("mod", (_BEFORE, columns)), columns, width), _middle(row, rows, height)


def _at_random(space: Space) -> tuple[Value, ...]:
    return tuple(Distribution("U", (Number(0.0), side)) for side in space.sides)


# --- how far apart ----------------------------------------------------------------------------------------------------


def distance(pre: tuple[Population, Space | None], post: tuple[Population, Space | None], at: tree.Name, context: Context) -> Declared:
    """What `distance` is between units of the two populations; reports where there is none."""
    (first, here), (second, there) = pre, post
    report = context.report
    found: tuple[Expr, Dim] = Number(0.0), context.solver.fresh()
    if here is None or there is None:
        lost = first if here is None else second
        message = f"Nothing says where the units of ‘{lost.symbol}’ are, so there is no distance."
        hint = "Write where they are behind their number and kind, for example ‘100 Cell on a ring of 1 mm’."
        report.error("no-place", message, at.span, hint, (Label(lost.span, f"‘{lost.symbol}’"),))
    elif (here.shape, here.sides) != (there.shape, there.sides):
        labels = tuple(Label(p.span, f"‘{p.symbol}’") for p in (first, second))
        where = f"‘{first.symbol}’ is on a {here.shape} and ‘{second.symbol}’ on {'another' if here.shape == there.shape else 'a'} {there.shape}"
        message = f"{where}, so there is no distance between them."
        report.error("places-differ", message, at.span, labels=labels)
    else:
        require_same(first, here.dim, second, there.dim, context)
        found = _distance(here, there), here.dim
    return Declared("distance", "distance", "the distance of the two units", *found)


def _distance(pre: Space, post: Space) -> Expr:
    along = [_along(*one, SHAPES[pre.shape][1]) for one in zip(pre.coordinates, post.coordinates, pre.sides, strict=True)]
    if len(along) == 1:
        return along[0]
    squares = [Binary("^", one, Number(2.0)) for one in along]
    return Call("sqrt", (Binary("+", *squares),))


def _along(pre: str, post: str, side: Expr, closed: bool) -> Expr:
    """How far apart along one side, the shorter way where it closes on itself."""
    apart = Call("abs", (Binary("-", Ref(Whose.PRE, pre), Ref(Whose.POST, post)),))
    return Call("min", (apart, Binary("-", side, apart))) if closed else apart
