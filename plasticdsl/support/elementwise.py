"""The built-in functions of model expressions on NumPy arrays.

Comes in: the name of a function of `model.expr.FUNCTIONS`. Goes out: a function of float64 arrays (or scalars) that broadcasts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from plasticdsl.support.arrays import Floats

Function = Callable[..., Any]

_erf = np.frompyfunc(math.erf, 1, 1)


def erf_each(x: Floats) -> Floats:
    """The error function."""
    return np.asarray(_erf(x), dtype=np.float64)


def step_each(x: Floats) -> Floats:
    """Θ(x): 1 strictly above 0, else 0."""
    return np.where(x > 0.0, 1.0, 0.0)


def x_over_expm1_each(x: Floats) -> Floats:
    """x/(eˣ − 1), 1 at 0: the rates of Hodgkin & Huxley (1952, J. Physiol. 117:500, eqs 12 and 20) where they are 0/0."""
    far = np.minimum(x, 800.0)  # from 709 on, eˣ has no double
    return np.where(x > 709.0, far * np.exp(-far), np.where(x == 0.0, 1.0, x / np.expm1(np.where(x == 0.0, 1.0, x))))


def expm1_over_x_each(x: Floats) -> Floats:
    """φ₁(x) = (eˣ − 1)/x, 1 at 0."""
    far, half = np.clip(x, 1.0, 1e300), np.exp(0.5 * np.maximum(x, 0.0))  # from 709 on, eˣ has no double
    return np.where(x > 709.0, half * (half / far), np.where(x == 0.0, 1.0, np.expm1(x) / np.where(x == 0.0, 1.0, x)))


def one_hot_each(number: Floats, count: Floats) -> Floats:
    """`count` values, all 0 but a 1 at `number`, counted from 0; of float64[items, 1] one row for each. Raises ValueError for no such number."""
    classes = np.arange(int(count))
    if not np.isin(number, classes).all():
        wrong = np.asarray(number)[~np.isin(number, classes)].flat[0]
        raise ValueError(f"one_hot(…, {int(count)}) takes the whole numbers 0 to {int(count) - 1}, not {wrong:g}")
    return np.where(np.equal(number, classes), 1.0, 0.0)


class OtherCount(ValueError):
    """A list has not one value for each unit, or an array of a file no such entry."""


def listed(number: Floats, *values: Floats) -> Floats:
    """Of a list with one value for each unit that of unit `number`, counted from 1; `number` holds all units. Raises `OtherCount`."""
    if np.size(number) != len(values):
        raise OtherCount(f"its list has {len(values)} values, and there are {np.size(number)} units")
    each = np.array([np.broadcast_to(value, (len(values),)) for value in values], dtype=np.float64)
    return np.diagonal(each).copy()


def entry_of(post: Floats, pre: Floats, columns: Floats, *values: Floats) -> Floats:
    """Of a matrix with a row for each post and a column for each pre unit, written row by row, the entry of each connection; units are counted from 1.
    Raises `OtherCount` for units that it has no row or no column for."""
    rows = len(values) // int(columns)
    if np.size(post) and (np.max(post) > rows or np.max(pre) > columns):
        raise OtherCount(
            f"its matrix has {rows} rows and {int(columns)} columns, and there is a connection to unit {np.max(post):g} or from {np.max(pre):g}"
        )
    return np.array(values, dtype=np.float64)[((post - 1.0) * columns + pre - 1.0).astype(np.int64)]


def picked(array: Floats, *numbers: Floats) -> Floats:
    """The entry of an array with these numbers, one for each axis, counted from 1, or from −1 backwards. Raises `OtherCount` for one that is not there."""
    for number, length in zip(numbers, np.shape(array), strict=True):
        wrong = np.ravel(number)[np.ravel((np.rint(number) != number) | (np.abs(number) < 1) | (np.abs(number) > length))]
        if len(wrong):
            raise OtherCount(f"there are the entries 1 to {length}, and no number {wrong[0]:g}")
    place = [np.where(np.asarray(number) < 0, number, np.asarray(number) - 1.0).astype(np.int64) for number in numbers]
    return np.asarray(np.asarray(array)[tuple(place)])


def sample_each(series: Floats, number: Floats) -> Floats:
    """Row `number` (from 0) of float64[rows] or float64[rows, units], the last where there are no more; `number`: one for all units, or one for each."""
    row = np.where(number > 0.0, np.minimum(number, len(series) - 1.0), 0.0).astype(np.int64)
    return np.asarray(
        series[row] if series.ndim == 1 or row.ndim == 0 else series[row, np.minimum(np.arange(len(row)), series.shape[1] - 1)]
    )


#: `round` goes to the even neighbour at halves, `mod` has the sign of the divisor, as in Python.
FUNCTIONS: Mapping[str, Function] = {
    "exp": np.exp, "log": np.log, "log10": np.log10, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan, "arcsin": np.arcsin,
    "arccos": np.arccos, "arctan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "expm1": np.expm1, "log1p": np.log1p,
    "erf": erf_each, "abs": np.abs, "sign": np.sign, "step": step_each, "floor": np.floor, "ceil": np.ceil, "round": np.rint, "min": np.minimum,
    "max": np.maximum, "mod": np.mod, "x_over_expm1": x_over_expm1_each, "expm1_over_x": expm1_over_x_each,
    "one_hot": one_hot_each, "listed": listed, "entry": entry_of, "sample": sample_each, "pick": picked,
}  # fmt: skip

OPERATORS: Mapping[str, Function] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": np.power}

COMPARISONS: Mapping[str, Function] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
