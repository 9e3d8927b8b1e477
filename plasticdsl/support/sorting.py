"""Sorting numbers of units in place. The text goes into generated modules, which compile it."""

from __future__ import annotations

import numpy as np


def sort_units(count: int, units: np.ndarray[tuple[int], np.dtype[np.int32]]) -> None:
    """The first `count` of some units in order, by insertion at shrinking distances (Shell 1959, "A high-speed sorting procedure", Commun. ACM 2:30), each
    4/9 of the one before. Few units take one pass."""
    gap = 1
    while 9 * gap < count:
        gap = (9 * gap + 4) // 4
    while gap > 0:
        for place in range(gap, count):
            unit = units[place]
            before = place
            while before >= gap and units[before - gap] > unit:
                units[before] = units[before - gap]
                before -= gap
            units[before] = unit
        gap = gap * 4 // 9
