"""Normal numbers for those of some units whose noise is not 0, several at a time. The text goes into generated modules, which compile it."""

from __future__ import annotations

import numpy as np

from plasticdsl.support.philox import normal

_Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
_Integers = np.ndarray[tuple[int], np.dtype[np.int64]]


def draw_where(
    seed: int,
    stream: int,
    draw: int,
    unit: int,
    first: int,
    count: int,
    amplitudes: _Floats,
    active: _Integers,
    found: _Floats,
    drawn: _Floats,
) -> None:
    """`drawn[m]` for m from `first` on, `count` of them, where `amplitudes[m]` is not 0; they belong to the units from `unit` on. What is 0 keeps what it
    has. `active` and `found` are room for as many: such units are listed, without a branch, and the loop that draws has no other work."""
    listed = 0
    for member in range(count):
        active[first + listed] = member
        listed += 1 if amplitudes[first + member] != 0.0 else 0
    for place in range(first, first + listed):
        found[place] = normal(seed, stream, unit + active[place], draw)
    for place in range(first, first + listed):
        drawn[first + active[place]] = found[place]
