"""Which colours stand for values."""

from __future__ import annotations

import numpy as np

from plasticdsl.results.picture import Scale
from plasticdsl.support.arrays import Floats

#: Of all values, on either side of 0.
_MANY = 0.1


def scale_of(label: str, values: Floats) -> Scale:
    """From the least to the largest value; symmetrical about 0 where many values are on either side (a voltage that passes 0 in spikes has nothing there);
    black and white where there are only two."""
    known = values[np.isfinite(values)]
    if not known.size:
        return Scale(label, 0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    if low < high and known.size > 2 and np.isin(known, (low, high)).all() and (low, high) in ((-1.0, 1.0), (0.0, 1.0)):
        return Scale(label, low, high, "two")
    if min(np.mean(known < 0.0), np.mean(known > 0.0)) >= _MANY:
        largest = max(-low, high)
        return Scale(label, -largest, largest, "diverging")
    if low == high:
        low, high = (low - 0.5, high + 0.5) if low == 0.0 else (min(0.0, 2.0 * low), max(0.0, 2.0 * high))
    return Scale(label, low, high)
