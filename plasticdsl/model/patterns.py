"""Patterns and data: what phases show to a network item by item.

A pattern set is a matrix [pattern, unit] that belongs to a network (`ξ_μi`); a data set is a file of arrays beside the model. In an experiment the first
axis of its arrays numbers the items; in a network they are values of units and connections, `Ref(OfData(name), array)`.
"""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model.expr import Expr
from plasticdsl.source import NOWHERE, Span
from plasticdsl.units.dimension import Dimension

#: Endings of files of arrays.
ENDINGS = (".npz", ".npy", ".csv", ".mat", ".h5")


@dataclass(frozen=True, slots=True)
class RandomPatterns:
    """`P random patterns of {−1, +1}`: each entry is one of `values` with equal probability; with `probability` (two values only) the
    second one with this probability, independently; with `active` exactly round(active · units) entries of each pattern have the second
    value. Of a distribution (`P random patterns of N(0, 1)`): `values` is empty, `distribution` its name and arguments. With a `covariance` (one row and
    one column for each unit) the entries of a pattern are normal with this covariance, and `distribution` is N with their mean and the sd 1."""

    count: Expr
    values: tuple[Expr, ...] = ()
    probability: Expr | None = None
    active: Expr | None = None
    distribution: tuple[str, tuple[Expr, ...]] | None = None
    covariance: tuple[tuple[Expr, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenPatterns:
    """`patterns [(1, 0.3), (0.2, 1)]`: row by row, one value per unit."""

    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class PatternFile:
    """`patterns from "letters.npz"`: the array of that name in the file, or its only one; `path` is absolute."""

    path: str


@dataclass(frozen=True, slots=True)
class PatternSet:
    """`ξ = … over units`. In expressions `ξ_μi` is `At(Ref(name, ""), ("mu", "i"))`, and one whole pattern, `ξ_1`, is
    `Call("pattern", (Ref(name, ""), Number(1)))`, counted from 1: one value per unit. `dimension`: of entries written with a unit (None: plain
    numbers, in SI of whatever is asked of them)."""

    name: str
    symbol: str
    population: str
    source: RandomPatterns | WrittenPatterns | PatternFile
    span: Span = NOWHERE
    dimension: Dimension | None = None


@dataclass(frozen=True, slots=True)
class DataSet:
    """`data digits from "digits.npz"`: the arrays in the order in which they stand in the file (of a .csv: its columns). `path` is absolute
    (empty: given from Python under this name); `arrays`: name and shape of each, as found when the file was checked (empty if given)."""

    name: str
    symbol: str
    path: str
    arrays: tuple[tuple[str, tuple[int, ...]], ...]
    span: Span = NOWHERE
