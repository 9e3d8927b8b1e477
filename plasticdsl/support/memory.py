"""What machine code says to the memory, and Python need not.

Comes in: an array and a place in it. Goes out: nothing. The text goes into generated modules.
"""

from __future__ import annotations

import numpy as np


def fetch(place: int, array: np.ndarray[tuple[int], np.dtype[np.generic]]) -> None:
    """`array[place]` will be wanted soon; a place that there is not does no harm. Compiled, it asks for that line of memory
    (`kernels.machine.calls`, `kernels.by_numba`)."""
