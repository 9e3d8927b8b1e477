"""Durations in whole steps: the one rule by which times are put on the grid t_n = n dt.

Comes in: durations and the step, in seconds. Goes out: whole numbers of steps.

The rule: the nearest whole number, halves away from zero. The quotient of two times that were written in decimals misses the number meant by
a few last digits (0.3 ms / 0.1 ms is 2.9999999999999996 in double precision), so anything within 10⁻⁹ steps of a half (or, for
very long durations, within the precision of a double) counts as that half, and anything as near to a whole number as a multiple of dt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import Floats, Values

#: How far a number of steps may be off its decimals, in steps and relative to it.
NEARLY = 1e-9
PRECISION = 8.0 * 2.0**-52


def to_steps(duration: float, dt: float) -> int:
    """Whole steps of length `dt` (s) in `duration` (s, may be negative); raises ValueError where that is no finite number of steps."""
    quotient = _quotient(duration, dt)
    return int(math.copysign(math.floor(abs(quotient) + 0.5 + _tolerance(quotient)), quotient))


def is_multiple(duration: float, dt: float) -> bool:
    """Whether `duration` is a whole number of steps (so that nothing was rounded)."""
    quotient = _quotient(duration, dt)
    return abs(quotient - round(quotient)) <= _tolerance(quotient)


def to_step_array(durations: Values, dt: float) -> NDArray[np.int64]:
    """`to_steps` of a number or of each element: int64, same shape."""
    quotients = _quotients(durations, dt)
    return np.copysign(np.floor(np.abs(quotients) + 0.5 + _tolerances(quotients)), quotients).astype(np.int64)


def whole_multiple(length: Values, dt: float) -> int:
    """How many steps of `dt` one of a whole multiple of it is; raises ValueError for any other."""
    length = float(np.asarray(length))
    if not is_multiple(length, dt) or to_steps(length, dt) < 1:
        raise ValueError(f"{length * 1e3:g} ms is no whole multiple of dt, {dt * 1e3:g} ms")
    return to_steps(length, dt)


def own_step(dt: float, stride: int) -> float:
    """How long `stride` steps are (s)."""
    return dt * stride


def own_steps(durations: Values, dt: float, stride: int) -> NDArray[np.int64]:
    """Durations in whole steps of `stride` steps each, counted in the short ones."""
    return to_step_array(durations, own_step(dt, stride)) * stride


def all_multiples(durations: Values, dt: float) -> bool:
    """Whether every element is a whole number of steps."""
    quotients = _quotients(durations, dt)
    return bool(np.all(np.abs(quotients - np.rint(quotients)) <= _tolerances(quotients)))


@dataclass(slots=True)
class Durations:
    """Durations that follow one another, put on the grid once for all of them together. `left`: seconds asked for beyond the steps given so far
    (negative where they were rounded up); `rounded`: the first duration that was no whole number of steps."""

    dt: float
    left: float = 0.0
    rounded: float | None = None

    def steps(self, duration: float) -> int:
        """Whole steps that the next duration adds."""
        if self.rounded is None and not is_multiple(duration, self.dt):
            self.rounded = duration
        count = max(0, to_steps(self.left + duration, self.dt))  # a half that was rounded up before stays so
        self.left += duration - count * self.dt
        return count


def _quotient(duration: float, dt: float) -> float:
    _check_step(dt)
    quotient = duration / dt
    if not abs(quotient) < 2.0**62:
        raise ValueError(f"a duration of {duration:g} s is no finite number of steps of {dt:g} s")
    return quotient


def _quotients(durations: Values, dt: float) -> Floats:
    _check_step(dt)
    quotients = np.asarray(durations, dtype=np.float64) / dt
    if not np.all(np.abs(quotients) < 2.0**62):
        raise ValueError(f"durations from {np.min(durations):g} s to {np.max(durations):g} s are no finite numbers of steps of {dt:g} s")
    return quotients


def _check_step(dt: float) -> None:
    if not (dt > 0.0 and math.isfinite(dt)):
        raise ValueError(f"dt is {dt:g} s, but must be positive")


def _tolerance(quotient: float) -> float:
    return max(NEARLY, PRECISION * abs(quotient))


def _tolerances(quotients: Floats) -> Floats:
    return np.maximum(NEARLY, PRECISION * np.abs(quotients))


def half_step(step: float) -> float:
    """Half of a step (s)."""
    return 0.5 * step
