"""Values before the first step: given or not, of some units, within bounds.

Comes in: numbers for all or one for each. Goes out: the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import Values

#: Values that miss a bound by so little of themselves miss it by rounding.
ROUNDING = 1e-12


def number(value: Any) -> Any:
    """A float64, or an array of them."""
    return np.asarray(value, dtype=np.float64)[()]


def given(parameters: Mapping[str, Any], name: str, default: Any, count: int) -> Any:
    """What `parameters` has under that name, one number or `count` of them, else the default."""
    found = number(parameters.get(name, default))
    if np.shape(found) not in ((), (count,)):
        raise ValueError(f"{name}: an array of shape {np.shape(found)} was given, but there is one value per unit: ({count},)")
    return found


def array_given(parameters: Mapping[str, Any], name: str) -> Any:
    """The array of that name, which a model takes from a file. Raises ValueError where it was not given."""
    if name not in parameters:
        raise ValueError(f"{name} has to be given: the model takes it from a file. As in the file, without units")
    return number(parameters[name])


def lacks(parameters: Mapping[str, Any], name: str) -> bool:
    """Whether nothing was given under that name."""
    return name not in parameters


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


def not_allowed(values: Values, allowed: Sequence[float]) -> str:
    """What is wrong with values of a discrete variable, as the end of a sentence about it; empty where nothing is, or any number will do."""
    if not allowed:
        return ""
    wrong = np.ravel(values)[~np.isin(np.ravel(values), allowed)]
    return f"is set to {wrong[0]:g}, but only {{{', '.join(f'{v:g}' for v in allowed)}}} is allowed" if len(wrong) else ""


def on_bounds(values: Values, low: Values, high: Values) -> Values:
    """What misses a bound by rounding is put on it."""
    clipped = np.clip(values, low, high)
    return float(clipped) if np.ndim(clipped) == 0 else np.asarray(clipped)


def within(name: str, values: Values, low: Values, high: Values, allowed: Sequence[float] = ()) -> Values:
    """The values, all of them allowed. Raises ValueError where one is not."""
    if np.isnan(values).any() or outside(values, low, high, allowed).any():
        raise ValueError(f"{name} is {values}, which is not allowed: {allowed or f'from {low} to {high}'}")
    return on_bounds(values, low, high)
