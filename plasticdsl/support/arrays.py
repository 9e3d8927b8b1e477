"""The types of numbers that support functions take and return, and how many they work on at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A number for all, or one for each.
Values = float | Floats

#: Numbers worked on at a time.
BLOCK = 1 << 20

#: So many where each is computed in several steps, so that they stay in the processor's cache.
CACHED = 1 << 14


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
