"""Units are put in order as NumPy does."""

from __future__ import annotations

import numpy as np

from plasticdsl.support.sorting import sort_units


def test_units_in_order() -> None:
    """Of all numbers of units up to 40, where every distance is tried first, and of many; what comes after them stays."""
    random = np.random.default_rng(2)
    for count in (*range(41), 200, 1000):
        for units in (random.permutation(2 * count), np.arange(2 * count), np.arange(2 * count)[::-1]):
            found = units.astype(np.int32)
            sort_units(count, found)
            np.testing.assert_array_equal(found, np.append(np.sort(units[:count]), units[count:]))
