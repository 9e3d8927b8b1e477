"""Expressions of the model computed with NumPy: set-up values, clamps, observables and expectations.

Comes in: an expression, and a function that looks variables up (each a number or an array). Goes out: a number or an array. What the interpreter
(`reference`) computes in a step is computed here too: an expression is looked through once, and becomes a function of where its names get their values.
Arithmetic is that of IEEE doubles: 1/0 is inf, 0/0 is NaN, without warnings; what a branch that is not taken would give never shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import (
    At,
    Binary,
    Call,
    Choice,
    Compare,
    Drawn,
    Expr,
    Incoming,
    Leaf,
    Logic,
    Negate,
    Number,
    Ref,
    Special,
    SumOver,
    in_jumps,
)
from plasticdsl.model.owners import OfTable, Owner, Whose, owner_text
from plasticdsl.model.parts import NUMBERS, SEVERAL, Units, numbered, parts_read
from plasticdsl.runtime.instance.instance import Instance, Values
from plasticdsl.runtime.numbers.sums import Indices, Space, element, sum_over
from plasticdsl.support.elementwise import COMPARISONS, FUNCTIONS, OPERATORS, OtherCount
from plasticdsl.support.units import chosen

#: What has a value where it stands.
Name = Ref | Special | At | Incoming | Drawn
Lookup = Callable[[Name], Values]
Array = NDArray[Any]


@dataclass(slots=True)  # never changed; a frozen one takes longer to make, and one is made for each expression
class _Scope:
    """Where names get their values; `bound`: index letter → unit numbers (from 0), all with the same number of axes. `in_jumps`: where they get them
    within what changes in jumps alone."""

    lookup: Lookup
    space: Space | None
    bound: Indices
    in_jumps: Lookup


def evaluate(
    expr: Expr, lookup: Lookup, space: Space | None = None, bound: Indices | None = None, in_jumps: Lookup | None = None
) -> Values:
    """The value of `expr`: a float, or a float64 array of the common shape of the arrays that `lookup` gives.

    `space` is needed for `SumOver` and for variables with index letters; `bound` gives unit numbers (from 0) to letters that are free in `expr`.
    `in_jumps` looks names up within what changes in jumps alone (`model.expr.in_jumps`), where that differs.
    A condition gives 1 or 0. Raises ValueError for a function that is not built in or an index without a meaning,
    and whatever `lookup` raises.
    """
    result = numbers(expr, lookup, space, bound, in_jumps)
    return float(result) if result.ndim == 0 else result


def numbers(
    expr: Expr, lookup: Lookup, space: Space | None = None, bound: Indices | None = None, in_jumps: Lookup | None = None
) -> NDArray[np.float64]:
    """The same as an array, without axes where the value is one number."""
    return _numbers(_compute(expr, lookup, space, bound, in_jumps or lookup))


def constant(expr: Expr, instance: Instance, own: Owner = Whose.NETWORK) -> Values:
    """The value of an expression in parameters alone, written within a block of `own` or outside of blocks. Raises KeyError where it reads anything
    else."""

    def look_up(node: Name) -> Values:
        match node:
            case Special("dt"):
                return instance.dt
            case Ref(OfTable()):
                return instance.table(node)
            case Ref(owner, name) if name in (known := instance.parameters_of(own if owner is Whose.OWN else owner)):
                return known[name]
            case _:
                raise KeyError(f"{node} is not constant during a run")

    return evaluate(expr, look_up)


def evaluate_indexed(expr: Expr, lookup: Lookup, space: Space, indices: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
    """The value of an observable with free index letters (`Variable.indices`: letter and what it runs over): one axis for each letter."""
    sizes = [space.size(over) for _, over in indices]
    bound = dict(zip((letter for letter, _ in indices), np.ix_(*map(np.arange, sizes)), strict=True))
    return np.array(np.broadcast_to(evaluate(expr, lookup, space, bound), sizes))


def holds(expr: Expr, lookup: Lookup, space: Space | None = None, bound: Indices | None = None) -> bool | NDArray[np.bool_]:
    """Whether a condition is true (a number: not 0): a bool, or an array of them."""
    result = _truth(_compute(expr, lookup, space, bound, lookup))
    return bool(result) if result.ndim == 0 else result


def _compute(expr: Expr, lookup: Lookup, space: Space | None, bound: Indices | None, jumping: Lookup) -> Array:
    with np.errstate(all="ignore"):
        indices = {} if bound is None else dict(zip(bound, np.broadcast_arrays(*bound.values()), strict=True))
        return _value(expr, _Scope(lookup, space, indices, jumping))


def _numbers(value: Array) -> NDArray[np.float64]:
    return np.asarray(value, dtype=np.float64)


def _truth(value: Array) -> NDArray[np.bool_]:
    return value if value.dtype == np.bool_ else np.not_equal(value, 0.0)


def _value(expr: Expr, scope: _Scope) -> Array:
    return _known(_Itself(expr))(scope)


# --- an expression as a function -------------------------------------------------------------------------------------

#: How an expression is computed.
Reader = Callable[[_Scope], Array]


class _Itself:
    """One expression and no other: equal ones may differ (0.0 and −0.0), and may be deeper than Python's stack."""

    __slots__ = ("expr",)

    def __init__(self, expr: Expr) -> None:
        self.expr = expr

    def __hash__(self) -> int:
        return id(self.expr)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.expr is other.expr


@lru_cache(maxsize=10_000)
def _known(itself: _Itself) -> Reader:
    """An interpreter computes the same expressions in every step."""
    return _reader(itself.expr)


def _reader(expr: Expr) -> Reader:
    read = _reader_now(expr)
    if not in_jumps(expr):
        return read
    return lambda scope: read(scope if scope.lookup is scope.in_jumps else replace(scope, lookup=scope.in_jumps))


def _reader_now(expr: Expr) -> Reader:
    """The same wherever `t` is."""
    match expr:
        case Number(value):
            number = np.asarray(value, dtype=np.float64)
            number.flags.writeable = False  # it is handed out in every step
            return lambda _: number
        case Ref() | Special() | At() | Incoming() | Drawn():
            name = expr
            return lambda scope: np.asarray(_variable(name, scope))
        case Binary():
            return _chain(expr)
        case Negate(operand):
            negated = _number(operand)
            return lambda scope: np.asarray(np.negative(negated(scope)))
        case Call("pattern", (Ref() as patterns, which)):
            pattern = _number(which)
            return lambda scope: _one_pattern(patterns, pattern(scope), scope)
        case Call(function, (of, *bounds)) if function == SEVERAL:
            units = numbered(bounds)
            return lambda scope: _of_some(of, units, scope)
        case Call(function, (Ref() as array, whose)) if function == NUMBERS:
            return lambda scope: _of_file(array, whose, scope)
        case Call("pick", (Ref() as array, *entry)):
            entries = [_number(each) for each in entry]
            return lambda scope: np.asarray(FUNCTIONS["pick"](scope.lookup(array), *(each(scope) for each in entries)))
        case Call(function, arguments):
            return _call(function, [_number(a) for a in arguments])
        case Compare(operator, left, right):
            compared, one, other = COMPARISONS[operator], _reader(left), _reader(right)
            return lambda scope: _together(compared, one(scope), other(scope))
        case Logic(operator, operands):
            return _logic(operator, [_condition(o) for o in operands])
        case Choice(branches, otherwise):
            return _choice([(_condition(c), _number(v)) for c, v in branches], _number(otherwise))
        case SumOver():
            whole = expr
            return lambda scope: _sum(whole, scope)
        case Leaf():
            raise TypeError("only a plan knows such values")
    assert_never(expr)


def _number(expr: Expr) -> Reader:
    """As float64."""
    read = _reader(expr)
    return read if isinstance(expr, Number | Binary | Negate) else lambda scope: _numbers(read(scope))


def _condition(expr: Expr) -> Callable[[_Scope], NDArray[np.bool_]]:
    read = _reader(expr)
    return lambda scope: _truth(read(scope))


def _variable(node: Name, scope: _Scope) -> Values | NDArray[np.float64]:
    if not scope.bound and not isinstance(node, At):
        return scope.lookup(node)
    match node:
        case Special(name) | Ref(Whose.INDEX, name) if name in scope.bound:
            return _numbers(scope.bound[name]) + 1.0
        case At(ref, indices) if all(k in scope.bound or k.isdecimal() for k in indices):
            return element(ref, indices, _numbers(np.asarray(scope.lookup(ref))), scope.bound, scope.space)
        case _:
            found = scope.lookup(node)
            if scope.bound and np.ndim(found) > 0:
                raise ValueError(f"{node} has a value per unit or connection and needs an index here")
            return found


def _one_pattern(patterns: Ref, number: NDArray[np.float64], scope: _Scope) -> Array:
    """One whole pattern of a set, counted from 1: one value per unit."""
    found = np.asarray(scope.lookup(patterns))
    which = int(number)
    if which != number or not 1 <= which <= len(found):
        raise ValueError(f"‘{owner_text(patterns.owner)}’ has the patterns 1 to {len(found)}, so there is no pattern {float(number):g}")
    return np.asarray(found[which - 1])


def _of_some(of: Expr, units: Units, scope: _Scope) -> Array:
    """What some units have for a variable of a population, or some connections for one of a projection, which may have one value for all."""
    if not isinstance(of, Ref) or scope.space is None:
        raise ValueError("units have numbers within a population")
    numbers = numbers_of(owner_text(of.owner), units, scope.space, lambda number: float(_value(number, scope)))
    values = _numbers(np.asarray(scope.lookup(of)))
    return np.broadcast_to(values, numbers.shape) if values.ndim == 0 else values[numbers]


def _of_file(array: Ref, whose: Expr, scope: _Scope) -> Array:
    """The numbers of an array of a file that belong to units or connections."""
    assert scope.space is not None, "units have numbers within a population"
    ((owner, units),) = parts_read(whose)
    values = np.asarray(scope.space.numbers(array, owner))
    return (
        values[numbers_of(owner.name, units, scope.space, lambda number: float(_value(number, scope)))] if units and values.ndim else values
    )


def numbers_of(owner: str, units: Units, space: Space, number: Callable[[Expr], float]) -> NDArray[np.int64]:
    """The units (from 0) of a part of a population, or the connections of a projection to the first units from the second; all for no part. Raises
    ValueError for what is not there."""
    ends = space.connections(owner)
    if ends is None:
        return units_of(units, space.size(owner), number)
    if not units:
        return np.arange(len(ends[0]))
    post, pre = (np.isin(end, units_of((one,), size, number)) for end, one, size in zip(ends, units, space.sizes(owner), strict=True))
    found = np.flatnonzero(post & pre)
    if not len(found):
        raise ValueError(f"‘{owner}’ has no connections between these units")
    return found


def units_of(units: Units, size: int, number: Callable[[Expr], float]) -> NDArray[np.int64]:
    """The units (from 0) of a part of a population of this size, `number` of its bounds; all for no part. Raises ValueError for units that are not
    there."""
    if not units:
        return np.arange(size)
    found = [n + size + 1 if n < 0 else n for one in units for n in (number(one.first), number(one.last))]
    return chosen(list(zip(found[::2], found[1::2], strict=True)), size)


def _chain(expr: Binary) -> Reader:
    """A long sum or product hangs to the left, possibly deeper than Python's stack."""
    links = [expr]
    while isinstance(links[-1].left, Binary):
        links.append(links[-1].left)
    first, others = _number(links[-1].left), [(OPERATORS[link.operator], _number(link.right)) for link in reversed(links)]

    def computed(scope: _Scope) -> Array:
        value = first(scope)
        for operator, right in others:
            value = _together(operator, value, right(scope))
        return value

    return computed


def _together(function: Callable[..., Any], *values: Array) -> Array:
    try:
        return np.asarray(function(*values))
    except ValueError:
        one_size(*values)
        raise


def one_size(*values: Array | float) -> None:
    """Raises `OtherCount` for values that cannot be taken together."""
    try:
        np.broadcast_shapes(*map(np.shape, values))
    except ValueError:
        counts = sorted({np.size(value) for value in values} - {1})
        raise OtherCount(f"{' and '.join(map(str, counts))} values are taken together, which are not of the same units") from None


def _call(function: str, arguments: Sequence[Reader]) -> Reader:
    def computed(scope: _Scope) -> Array:
        known = FUNCTIONS.get(function)
        if known is None:
            raise ValueError(f"{function} is no built-in function; there are {', '.join(FUNCTIONS)}")
        return _together(known, *[argument(scope) for argument in arguments])

    return computed


def _logic(operator: str, operands: Sequence[Callable[[_Scope], NDArray[np.bool_]]]) -> Reader:
    if operator == "not":
        return lambda scope: np.logical_not(operands[0](scope))
    both = np.logical_and if operator == "and" else np.logical_or
    return lambda scope: reduce(lambda left, right: _together(both, left, right), [operand(scope) for operand in operands])


def _choice(branches: Sequence[tuple[Callable[[_Scope], NDArray[np.bool_]], Reader]], otherwise: Reader) -> Reader:
    """The first branch whose condition holds, element by element; a branch that holds nowhere is not even computed, and its condition still tells of
    how many elements there are."""

    def computed(scope: _Scope) -> Array:
        taken: list[tuple[NDArray[np.bool_], Array]] = []
        for condition, value in branches:
            here = condition(scope)
            if here.ndim == 0 and here:
                result = value(scope)
                break
            if here.any() or here.ndim:
                taken.append((here, value(scope) if here.any() else np.zeros(())))
        else:
            result = otherwise(scope)
        for here, value_there in reversed(taken):
            result = _together(np.where, here, value_there, result)
        return result

    return computed


def _sum(node: SumOver, scope: _Scope) -> Array:
    if scope.space is None:
        raise ValueError("a sum over units needs the populations it runs over")

    def term(expr: Expr, bound: Indices) -> Array:
        return _value(expr, replace(scope, bound=bound))

    return sum_over(node, scope.space, scope.bound, lambda e, b: _numbers(term(e, b)), lambda e, b: _truth(term(e, b)))
