"""Hazards that are used up in whole grains, so that many steps at once leave the same as one after the other.

Comes in: hazards, a number of mean 1 at each spike, and what a step uses up of them, rate · dt. Goes out: both in whole multiples of `GRAIN`, and
when a hazard is used up. Sums and differences of such multiples below 128, and their products with whole numbers, have no rounding.

The text of these functions goes into generated modules, which compile it.
"""

from __future__ import annotations

import numpy as np

#: 2⁻⁴⁶. In each step less than 10⁻¹⁴ of a spike is lost or gained by it.
GRAIN = 1.4210854715202004e-14
#: Grains in 1.
GRAINS = 70368744177664.0
#: As many steps are as good as for ever.
ENDLESS = 1 << 40


def in_grains(hazard: float) -> float:
    """The nearest multiple of 2⁻⁴⁶."""
    return float(np.rint(hazard * GRAINS)) * GRAIN


def steps_to_use_up(left: float, mean: float) -> int:
    """The first step, from 1, in which steps of this mean have used up what is left; both are whole grains. At most `ENDLESS`, also where the mean is 0 or
    no number."""
    if not mean * ENDLESS > left:
        return ENDLESS
    steps = max(int(np.ceil(left / mean)), 1)
    if steps > 1 and (steps - 1) * mean >= left:  # the quotient is rounded, these products are not
        steps -= 1
    elif steps * mean < left:
        steps += 1
    return steps
