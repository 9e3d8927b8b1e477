"""The types of numbers that support functions take and return, and how many they work on at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: Times in steps: whole numbers, or floats where something is located within steps.
Steps = Integers | Floats

#: Numbers of units from 0, in the fewest bits that hold all of them (`numbers_of_units`).
Units = NDArray[np.uint16] | NDArray[np.int32]

#: A number for all, or one for each.
Values = float | Floats

#: Numbers worked on at a time.
BLOCK = 1 << 20

#: So many where each is computed in several steps, so that they stay in the processor's cache.
CACHED = 1 << 14


#: So many units have numbers of 16 bits.
MOST_UNITS_IN_16_BITS = 1 << 16


def numbers_of_units(count: int) -> str:
    """The type of numbers from 0 for so many units."""
    return "uint16" if count <= MOST_UNITS_IN_16_BITS else "int32"


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """A matrix of which only the entries at (`rows`, `columns`) are not 0, sorted by row, then column, each once."""

    shape: tuple[int, int]
    rows: Integers
    columns: Integers
    values: Floats

    def full(self) -> Floats:
        """With all its zeros."""
        found = np.zeros(self.shape)
        found[self.rows, self.columns] = self.values
        return found

    def __getitem__(self, place: tuple[Integers, Integers]) -> Floats:
        """The entries at these rows and columns, which broadcast."""
        rows, columns = place
        wanted = np.asarray(rows, np.int64) * self.shape[1] + columns
        keys = self.rows * self.shape[1] + self.columns
        at = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
        return np.where(keys[at] == wanted, self.values[at], 0.0) if len(keys) else np.zeros(wanted.shape)


def dense(array: Floats | Sparse) -> Floats:
    """The array with all its entries."""
    return array.full() if isinstance(array, Sparse) else array


def as_table(array: Floats | Sparse, lengths: Sequence[int | None]) -> Values:
    """The array with axes of these lengths (None: of any), or, without axes, its only number. Raises ValueError where it is none such."""
    if not lengths:
        if math.prod(array.shape) != 1:
            raise ValueError(f"has the shape {array.shape}, and one number is needed")
        return float(dense(array).reshape(()))
    if len(array.shape) != len(lengths) or any(wanted not in (None, n) for wanted, n in zip(lengths, array.shape, strict=True)):
        needed = " × ".join("any number" if n is None else str(n) for n in lengths)
        raise ValueError(f"has the shape {array.shape}, and {needed} numbers are needed")
    return dense(array)


def single(array: Floats) -> Values:
    """The only number of an array. Raises ValueError where it has none or several."""
    return np.float64(as_table(array, ()))


def as_series(samples: Floats) -> Floats:
    """Samples over time with a row for each: float64[samples, units or 1]."""
    return samples if samples.ndim == 2 else samples[:, None]


def rows(series: Floats) -> int:
    """How many samples there are."""
    return int(series.shape[0])


def columns(series: Floats) -> int:
    """For how many units there are samples, 1 where all share them."""
    return int(series.shape[1])


def in_blocks(rows: int, width: int = 1) -> Iterator[tuple[int, int]]:
    """The first row and the one after the last of blocks of rows with `width` numbers each."""
    step = max(1, BLOCK // max(1, width))
    for begin in range(0, rows, step):
        yield begin, min(begin + step, rows)
