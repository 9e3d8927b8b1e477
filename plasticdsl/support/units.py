"""Units of populations: how many, and which.

Comes in: numbers as they were given. Goes out: whole numbers, or sentences about what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from plasticdsl.support.arrays import Integers


def chosen(ranges: Sequence[tuple[Any, Any]], units: int) -> Integers:
    """The units (from 0) from the first to the last number (from 1) of each range. Raises ValueError for numbers that are not there, or there twice."""
    found = np.concatenate([np.arange(_unit(first, units) - 1, _unit(last, units)) for first, last in ranges])
    if len(np.unique(found)) < len(found):
        raise ValueError("a unit is there twice in a part of a population")
    return found


def _unit(value: Any, units: int) -> int:
    found = whole(float(value))
    if found is None or not 1 <= found <= units:
        raise ValueError(f"a part of a population of {units} units cannot have a unit number {value:g}")
    return found


def whole(value: float) -> int | None:
    """The count that `value` is but for rounding (0.07 · 100 is 7.000000000000001), None where it is none."""
    nearest = np.rint(value)
    return int(nearest) if nearest >= 0.0 and abs(value - nearest) <= 1e-9 * max(1.0, nearest) else None


def sized(given: Any, default: Any) -> int:
    """How many units a population has: what was given or, where that is None, the default."""
    units = whole(float(default if given is None else given))
    if not units:
        raise ValueError(f"the size of a population must be a whole number from 1, not {default if given is None else given}")
    return units


def require_units(name: str, start: float, needed: float, given: float, size: int) -> None:
    """Raises `ValueError` where a projection takes units of another population as its argument `name`, from `start` (from 0) on, and these are not as many
    as it needs: one, or one for each post unit."""
    if given != needed or not 0 <= start <= size - needed:
        text = f"{given:g}" if given != needed else f"those from {start + 1:g} on, of {size:g},"
        raise ValueError(f"takes {needed:g} unit{'s' if needed != 1 else ''} as {name}, not {text}")
