"""Functions that equations use and Python or NumPy lack in a form for compiled loops.

Comes in: floats. Goes out: a float. The text of these functions goes into generated modules, which compile it.
"""

from __future__ import annotations

import numpy as np


def minimum(x: float, y: float) -> float:
    """The smaller of two numbers; NaN if either is."""
    return x if x < y or x != x else y


def maximum(x: float, y: float) -> float:
    """The larger of two numbers; NaN if either is."""
    return x if x > y or x != x else y


def at_least(x: float, low: float) -> float:
    """x, or a number (not NaN) that it is below; NaN where x is. One instruction of a processor."""
    return low if x < low else x


def at_most(x: float, high: float) -> float:
    """x, or a number (not NaN) that it is above; NaN where x is."""
    return high if x > high else x


def modulo(x: float, y: float) -> float:
    """What is left of x after taking off y as often as it goes in, with the sign of y; NaN where y is 0."""
    rest: float = np.fmod(x, y)
    if rest == 0.0:
        return 0.0 if y > 0.0 else -0.0
    return rest + y if (rest < 0.0) != (y < 0.0) else rest
