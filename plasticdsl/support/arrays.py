"""The types of numbers that support functions take and return, and how many they work on at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A number for all, or one for each.
Values = float | Floats

#: Numbers worked on at a time.
BLOCK = 1 << 20


def in_blocks(rows: int, width: int = 1) -> Iterator[tuple[int, int]]:
    """The first row and the one after the last of blocks of rows with `width` numbers each."""
    step = max(1, BLOCK // max(1, width))
    for begin in range(0, rows, step):
        yield begin, min(begin + step, rows)
