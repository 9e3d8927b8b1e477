"""Values before the first step: given or not, of some units, within bounds.

Comes in: numbers for all or one for each. Goes out: the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import Values

#: Values that miss a bound by so little of themselves miss it by rounding.
ROUNDING = 1e-12


def taken(values: Values, units: Any) -> Values:
    """The values of these units; one value for all stays as it is."""
    return values if np.ndim(values) == 0 else np.asarray(values)[units]


def outside(values: Values, low: Values, high: Values, allowed: Sequence[float] = ()) -> NDArray[np.bool_]:
    """Which values are not from `low` to `high`, or not among those `allowed`; rounding does not count."""
    slack = ROUNDING * np.abs(values)
    wrong = (values < low - slack) | (values > high + slack)
    if allowed:
        wrong = wrong | (np.min([np.abs(np.asarray(values) - v) for v in allowed], axis=0) > slack)
    return np.asarray(wrong)


def on_bounds(values: Values, low: Values, high: Values) -> Values:
    """What misses a bound by rounding is put on it."""
    clipped = np.clip(values, low, high)
    return float(clipped) if np.ndim(clipped) == 0 else np.asarray(clipped)
