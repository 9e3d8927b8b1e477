"""Whether kernels can go on from a state that comes from a file.

Kernels take their word for it that what counts and what points lies within its table. In a state that they have left themselves it does; in a file from
somebody else there can be anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.kernels.identifiers import Field, Part
from plasticdsl.kernels.program import Array, Program

#: No step and no count of a run is more.
MOST = 2**62
#: What only grows, and steps to come; nothing is looked up by them.
_COUNTS = frozenset(
    (Part.DUE, Part.REFRACTORY_UNTIL, Part.DRAWS, Part.SPIKE_TOTAL, Part.HISTORY_COUNT, Part.GIVEN_NEXT, Part.KEPT, Part.BLOCK_NEXT)
)
_TRUTHS = frozenset(
    (Part.WAS_TRUE, Part.UNDECIDED, Part.BEGUN, Part.CROWDED, Part.IN_LISTS, Part.SETTLING, Part.FRAMED, Part.AT_ONCE, Part.ANY_AT_ONCE)
)


def require_sound(
    program: Program, sizes: Mapping[Field, int], units: Mapping[str, int], state: Mapping[str, NDArray[Any]], clock: str
) -> None:
    """`units`: of each population. Raises ValueError (one sentence) where an array of whole numbers has one that cannot be there, or is of another
    kind."""
    at = np.asarray(state.get(clock, -1))
    _require("clock", at if not at.ndim else np.asarray(-1), 0, MOST)
    step = int(at)
    for array in program.arrays:
        values = state.get(str(array.name))
        if not array.changes or values is None:
            continue  # a missing one is refused where states are taken over
        if values.dtype.kind != ("f" if array.dtype.startswith("float") else "i"):
            raise ValueError(f"the saved state cannot be gone on from: {array.name} is of another kind, {values.dtype.name}")
        if values.dtype.kind == "i":
            _require(str(array.name), values, *_range(array, sizes, units, step))
    for group in {a.name.group for a in program.arrays if a.name.part is Part.FIRST_DUE}:
        _require_lists(str(group.field(Part.DUE_AFTER)), *(state[str(group.field(part))] for part in (Part.FIRST_DUE, Part.DUE_AFTER)))
    for group in {a.name.group for a in program.arrays if a.name.part is Part.BLOCK_STEPS}:
        first, steps = (state[str(group.field(part))] for part in (Part.BLOCK_FIRST, Part.BLOCK_STEPS))
        if steps.any():
            _require(str(group.field(Part.BLOCK_FIRST)), first, step - int(steps.max()), step)


def _require(name: str, values: NDArray[Any], least: int, most: int) -> None:
    if values.dtype.kind not in "iu" or (values.size and not (least <= values.min() and values.max() <= most)):
        raise ValueError(f"the saved state cannot be gone on from: {name} is not between {least} and {most}")


def _range(array: Array, sizes: Mapping[Field, int], units: Mapping[str, int], step: int) -> tuple[int, int]:
    """The least and the largest value of an array of whole numbers in the state at the beginning of a step. Raises KeyError for one that this module does
    not know, which is a fault of this module."""
    field = array.name
    of = field.group.field
    match field.part:
        case part if part in _COUNTS:
            return 0, MOST
        case part if part in _TRUTHS:
            return 0, 1
        case Part.FIRST_DUE | Part.DUE_AFTER:
            return -1, units[field.group.name] - 1
        case Part.SPIKES:
            return 0, max(units[field.group.name] - 1, 0)
        case Part.SPIKE_COUNT:
            return 0, sizes[of(Part.CAPACITY)]
        case Part.LOCATED_COUNT:
            return 0, sizes[of(Part.LOCATED)]
        case Part.FRAME | Part.VISITED:
            return 0, sizes[of(Part.FRAMES)] - 1
        case Part.FRAME_BEGIN | Part.BLOCK_FIRST:
            return 0, step
        case Part.BLOCK_STEPS:
            return 0, sizes[of(Part.BLOCK_LENGTH)]
        case part:
            raise KeyError(part)


def _require_lists(name: str, first: NDArray[Any], after: NDArray[Any]) -> None:
    """Who walks along the lists comes to an end: no unit follows two."""
    there = np.concatenate([first[first >= 0], after[after >= 0]])
    if len(np.unique(there)) != len(there):
        raise ValueError(f"the saved state cannot be gone on from: {name} leads in a circle")
