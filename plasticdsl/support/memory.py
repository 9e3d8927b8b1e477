"""What machine code says to the memory and to other threads, and Python need not.

Comes in: an array and a place in it. Goes out: nothing. The text goes into generated modules.
"""

from __future__ import annotations

import numpy as np


def fetch(place: int, array: np.ndarray[tuple[int], np.dtype[np.generic]]) -> None:
    """`array[place]` will be wanted soon; a place that there is not does no harm. Compiled, it asks for that line of memory
    (`kernels.machine.calls`, `kernels.by_numba`)."""


def wait_for_all(threads: int, barrier: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    """Goes on when so many threads have come here. `barrier`: how many have come, and how often all had. Compiled, it waits (`kernels.machine.calls`)."""
