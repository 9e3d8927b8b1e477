"""Pattern sets and data sets with numbers: drawn, written, read from a file, or given from Python.

Comes in: the pattern sets of a network, the sizes of its populations, a way to compute expressions, a seed; the data sets that an experiment names.
Goes out: for each pattern set float64[patterns, units], for each data set its arrays by name, the first axis numbering the items. Draws are keyed by the
seed and the name of the set; pattern μ of a set does not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.data import files
from plasticdsl.model.expr import Expr
from plasticdsl.model.patterns import DataSet, PatternFile, PatternSet, RandomPatterns, WrittenPatterns
from plasticdsl.runtime.instance.instance import Floats, Values
from plasticdsl.runtime.instance.resolver import counted, fail
from plasticdsl.source import Span
from plasticdsl.support.distributions import draw
from plasticdsl.support.random import bulk_uniforms, stream_of

#: The value of an expression in parameters of the network; what it is for, and its place, are for messages.
Compute = Callable[[Expr, str, Span], Values]

#: Arrays given from Python, by the name of the set.
Given = Mapping[str, Any]

#: The arrays of each data set, by its name and theirs; the first axis numbers the items.
Data = Mapping[str, Mapping[str, Floats]]

_MOST_ENTRIES = 1 << 30


@dataclass(frozen=True, slots=True)
class Makings:
    """What pattern sets are made of."""

    sizes: Mapping[str, int]
    compute: Compute
    seed: int
    given: Given


def all_patterns(sets: tuple[PatternSet, ...], makings: Makings) -> dict[str, Floats]:
    """Every set. Raises `PlasError` for a file or numbers that do not fit, ValueError for an array from Python that does not."""
    return {each.name: _made(each, makings) for each in sets}


def _made(each: PatternSet, makings: Makings) -> Floats:
    units = makings.sizes[each.population]
    if each.name in makings.given:
        return _given(each, makings, units)
    match each.source:
        case RandomPatterns() as source:
            return _random(each, source, makings, units)
        case WrittenPatterns(rows):
            return _written(each, rows, makings, units)
        case PatternFile(path):
            return _from_file(each, path, units)


# --- given and read --------------------------------------------------------------------------------------------------


def _given(each: PatternSet, makings: Makings, units: int) -> Floats:
    array = files.numbers({each.symbol: makings.given[each.name]}, "given patterns")[each.symbol]
    array = np.atleast_2d(array)
    wanted = _count(each, each.source, makings) if isinstance(each.source, RandomPatterns) else array.shape[0]
    if array.shape != (wanted, units):
        raise ValueError(_shapes(each, array.shape, (wanted, units)))
    _require_finite(each, array)
    return array.copy()


def _shapes(each: PatternSet, found: tuple[int, ...], wanted: tuple[int | str, ...]) -> str:
    shape = ", ".join(str(n) for n in wanted)
    return f"‘{each.symbol}’ is an array of shape {found}, but ({shape}) is needed: patterns × units of ‘{each.population}’"


def _from_file(each: PatternSet, path: str, units: int) -> Floats:
    array = _chosen(each, read_arrays(path, f"The patterns of ‘{each.symbol}’", each.span))
    if array.ndim > 2:
        array = array.reshape(array.shape[0], -1)
    if array.ndim != 2 or array.shape[1] != units or not len(array):
        fail("sizes-differ", f"{_shapes(each, array.shape, ('any', units))}.", each.span)
    _require_finite(each, array)
    return array


def read_arrays(path: str, what: str, span: Span) -> dict[str, Floats]:
    """The arrays in a file by their names. Raises `PlasError` where it cannot be read; `what` it is, in words."""
    with readable(what, span):
        return files.load(path)


@contextmanager
def readable(what: str, span: Span) -> Iterator[None]:
    """Raises `PlasError` where what is read inside cannot be; `what` it is, in words."""
    try:
        yield
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        fail("unreadable-data", f"{what} cannot be read: {reason}.", span)


def _chosen(each: PatternSet, arrays: Mapping[str, Floats]) -> Floats:
    """The array named like the set, or the only one; the columns of a table are units."""
    named = next((a for name, a in arrays.items() if name in (each.symbol, each.name)), None)
    if named is not None:
        return named
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    if any(a.ndim != 1 for a in arrays.values()):
        fail("unknown-name", f"The file has no array ‘{each.symbol}’; it has {', '.join(arrays)}.", each.span)
    return np.column_stack(list(arrays.values()))


def _written(each: PatternSet, rows: tuple[tuple[Expr, ...], ...], makings: Makings, units: int) -> Floats:
    wrong = next((len(row) for row in rows if len(row) != units), None if rows else 0)
    if wrong is not None:
        fail("sizes-differ", f"{_shapes(each, (len(rows), wrong), (len(rows), units))}.", each.span)
    return np.array([[float(makings.compute(value, each.symbol, each.span)) for value in row] for row in rows])


def _require_finite(each: PatternSet, array: Floats) -> None:
    if not np.isfinite(array).all():
        fail("not-finite", f"The patterns of ‘{each.symbol}’ hold a value that is no finite number.", each.span)


# --- drawn -----------------------------------------------------------------------------------------------------------


def _count(each: PatternSet, source: RandomPatterns, makings: Makings) -> int:
    what = f"number of patterns of ‘{each.symbol}’"
    return counted(float(makings.compute(source.count, f"the {what}", each.span)), f"The {what}", each.span)


def _random(each: PatternSet, source: RandomPatterns, makings: Makings, units: int) -> Floats:
    count = _count(each, source, makings)
    if count * units > _MOST_ENTRIES:
        fail("too-large", f"‘{each.symbol}’ would have {count:,} patterns of {units:,} values.", each.span)
    return draw_patterns(each, source, makings, (count, units), stream_of(each.name, "patterns"))


def draw_patterns(each: PatternSet, source: RandomPatterns, makings: Makings, shape: tuple[int, int], stream: int) -> Floats:
    """Patterns [patterns, units] of the set's distribution from a stream. Raises `PlasError` for numbers that are not allowed."""

    def number(expr: Expr, what: str) -> float:
        return float(makings.compute(expr, f"{what} of ‘{each.symbol}’", each.span))

    if source.distribution is not None:
        name, written = source.distribution
        arguments = [number(a, "an argument") for a in written]
        if source.covariance:
            root = _root(each, source.covariance, shape[1], number)
            independent = _drawn(each, "N", [0.0, 1.0], makings, shape, stream)
            return np.asarray(arguments[0] + sum(independent[:, k : k + 1] * root[:, k] for k in range(len(root))))
        return _drawn(each, name, arguments, makings, shape, stream)
    uniforms = bulk_uniforms(makings.seed, stream, shape[0] * shape[1]).reshape(shape)
    values = np.array([number(v, "a value") for v in source.values])
    if source.active is not None:
        chosen = _active(uniforms, number(source.active, "the active fraction"), each)
    elif source.probability is not None:
        p = number(source.probability, "the probability")
        _require_fraction(p, "The probability", each)
        chosen = (uniforms < p).astype(np.int64)
    else:
        chosen = np.minimum((uniforms * len(values)).astype(np.int64), len(values) - 1)
    return np.asarray(values[chosen])


def _drawn(each: PatternSet, name: str, arguments: Sequence[float], makings: Makings, shape: tuple[int, int], stream: int) -> Floats:
    try:
        return draw(name, arguments, shape[0] * shape[1], makings.seed, stream).reshape(shape)
    except ValueError as problem:
        fail("out-of-range", f"The patterns of ‘{each.symbol}’ cannot be drawn: {problem}.", each.span)


def _root(each: PatternSet, covariance: tuple[tuple[Expr, ...], ...], units: int, number: Callable[[Expr, str], float]) -> Floats:
    """What turns independent values of variance 1 into values with this covariance."""
    if len(covariance) != units:
        fail("sizes-differ", f"The covariance of ‘{each.symbol}’ has {len(covariance)} rows, but there are {units} units.", each.span)
    try:
        return square_root(np.array([[number(entry, "a covariance") for entry in row] for row in covariance]))
    except ValueError as problem:
        fail("out-of-range", f"The covariance of ‘{each.symbol}’ is none: {problem}.", each.span)


def _active(uniforms: Floats, fraction: float, each: PatternSet) -> NDArray[np.int64]:
    """1 for the same number of units in each pattern, those with the smallest numbers."""
    _require_fraction(fraction, "The active fraction", each)
    chosen = np.zeros(uniforms.shape, dtype=np.int64)
    count = rounded(fraction * uniforms.shape[1])
    np.put_along_axis(chosen, np.argsort(uniforms, axis=1, kind="stable")[:, :count], 1, axis=1)
    return chosen


def _require_fraction(value: float, what: str, each: PatternSet) -> None:
    if not 0.0 <= value <= 1.0:
        fail("out-of-range", f"{what} of ‘{each.symbol}’ must be between 0 and 1, not {value:g}.", each.span)


def rounded(value: float) -> int:
    """To the nearest whole number, halves up."""
    return int(np.floor(value + 0.5 + 1e-9))


#: Of a unit's own variance: what is left of it and smaller counts as zero, so units may be sums of others, and of any scale.
_ROUNDING = 1e-12


def square_root(covariance: Floats) -> Floats:
    """The triangular L with L Lᵀ = C: if the entries of z are independent and of variance 1, those of L z have the covariance C.

    Cholesky's decomposition, row by row (Golub & Van Loan 1996, Matrix Computations, 4.2). Only additions, products and roots in a fixed order are used,
    so the same matrix gives the same bits everywhere. Raises ValueError for a matrix that is no covariance.
    """
    if not np.isfinite(covariance).all():
        raise ValueError("it holds a value that is no finite number")
    variances = np.abs(np.diag(covariance))
    zero, zeros = _ROUNDING * variances, _ROUNDING * np.sqrt(np.outer(variances, variances))
    if (np.abs(covariance - covariance.T) > zeros).any():
        raise ValueError("it is not symmetric")
    root = np.zeros_like(covariance)
    for i in range(len(covariance)):
        for j in range(i + 1):
            rest = float(covariance[i, j]) - sum(float(root[i, k] * root[j, k]) for k in range(j))
            if i == j:
                if rest < -zero[i]:
                    raise ValueError("with it some combination of units would have a negative variance")
                root[i, i] = np.sqrt(rest) if rest > zero[i] else 0.0
            elif root[j, j] > 0.0:
                root[i, j] = rest / root[j, j]
            elif abs(rest) > np.sqrt(zero[j] * variances[i]):
                raise ValueError("with it some combination of units would have a negative variance")
    return root


# --- data sets -------------------------------------------------------------------------------------------------------


def all_data(sets: tuple[DataSet, ...], given: Data) -> dict[str, Mapping[str, Floats]]:
    """Every data set. Raises `PlasError` for a file that cannot be read, ValueError for arrays from Python that do not fit."""
    return {each.name: _given_data(each, given[each.name]) if each.name in given else _read_data(each) for each in sets}


def _given_data(each: DataSet, arrays: Mapping[str, object]) -> dict[str, Floats]:
    if not isinstance(arrays, Mapping) or not arrays:
        raise ValueError(
            f'‘{each.symbol}’ is given as a mapping from names to arrays, for example {each.symbol}={{"image": …, "label": …}}'
        )
    found = files.numbers(arrays, each.symbol)
    missing = [name for name, _ in each.arrays if name not in found]
    if missing:
        raise ValueError(f"‘{each.symbol}’ has no array ‘{missing[0]}’; there is {', '.join(found)}")
    ordered = {name: found[name] for name in (*(name for name, _ in each.arrays), *found)}
    problem = _problem(ordered)
    if problem:
        raise ValueError(f"‘{each.symbol}’: {problem}")
    return ordered


def _read_data(each: DataSet) -> dict[str, Floats]:
    if not each.path:
        fail(
            "not-given", f"The data ‘{each.symbol}’ have no file and were not given.", each.span, "Give them from Python, under this name."
        )
    found = read_arrays(each.path, f"The data ‘{each.symbol}’", each.span)
    wrong = _problem(found)
    if wrong:
        fail("sizes-differ", f"‘{each.symbol}’: {wrong}.", each.span)
    return found


def _problem(arrays: Mapping[str, Floats]) -> str:
    """What is wrong with arrays whose first axis should number the items; empty where nothing is."""
    if not arrays:
        return "there is no array"
    alone = next((name for name, a in arrays.items() if not a.ndim), None)
    if alone is not None:
        return f"‘{alone}’ is a single number, not one for each item"
    first, *others = arrays
    count = len(arrays[first])
    if not count:
        return f"‘{first}’ is empty"
    for name in others:
        if len(arrays[name]) != count:
            return (
                f"‘{first}’ has {count} items, but ‘{name}’ has {len(arrays[name])} (shapes {arrays[first].shape} and {arrays[name].shape})"
            )
    return ""
