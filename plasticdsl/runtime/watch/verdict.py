"""Does an expectation hold? The comparison alone, without any idea of time.

Comes in: values of both sides, numbers or arrays (all units, or connections, must do). Goes out: whether it passed, the value to show (of several
the one that is furthest off) and the limit that it was compared with. NaN never passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.experiments import Expectation
from plasticdsl.model.expr import Binary, Call, Compare, Expr, Logic, Number
from plasticdsl.runtime.instance.instance import Values

#: Rounding that is forgiven, relative to what is compared with.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` and `limit` in SI; NaN for a limit where there is none."""

    passed: bool
    value: float
    limit: float = math.nan


def judged(expectation: Expectation, read: Callable[[Expr], Values]) -> Verdict:
    """Of an expectation that is looked at at one moment; `read` gives the value of an expression then."""
    match expectation:
        case Expectation(left=left, right=right, tolerance=by, relative=relative) if right is not None and by is not None:
            return near(read(left), read(right), read(by), relative)
        case Expectation(left=Compare(operator, left, right)):
            return compared(operator, read(left), read(right))
        case _:
            return truth(read(expectation.left))


def near(left: Values, right: Values, tolerance: Values, relative: bool) -> Verdict:
    """left ≈ right ± tolerance (a fraction of right when `relative`)."""
    found, wanted, by = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (left, right, tolerance)))
    with np.errstate(invalid="ignore"):  # ∞ − ∞ is no number, and fails
        allowed = (np.abs(by * wanted) if relative else np.abs(by)) + _ROUNDING * np.abs(wanted)
        return _worst(found, np.abs(found - wanted) - allowed, wanted + np.copysign(by * wanted if relative else by, found - wanted))


def compared(operator: str, left: Values, right: Values) -> Verdict:
    """left < right and so on; the value is the left side's."""
    found, wanted = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (left, right)))
    match operator:
        case "<" | "<=":
            excess = found - wanted
        case ">" | ">=":
            excess = wanted - found
        case "==":
            excess = np.abs(found - wanted) - _ROUNDING * np.abs(wanted)
        case _:
            excess = np.where(found == wanted, 1.0, -1.0)
    if operator in ("<", ">"):
        excess = np.where(excess == 0.0, 1.0, excess)
    return _worst(found, excess, wanted)


def _worst(found: NDArray[np.float64], excess: NDArray[np.float64], limits: NDArray[np.float64]) -> Verdict:
    if not found.size:
        return Verdict(False, float("nan"))
    order = np.where(np.isnan(excess), np.inf, excess)
    at = int(np.argmax(order))
    return Verdict(bool(order.flat[at] <= 0.0), float(found.flat[at]), float(limits.flat[at]))


def truth(value: Values) -> Verdict:
    """A condition that is no single comparison: 1 where it holds for all, else 0."""
    holds = bool(np.all(np.asarray(value, dtype=np.float64) == 1.0))
    return Verdict(holds, float(holds))


def tolerant(condition: Expr) -> Expr:
    """The condition of `when`, with equality up to rounding: swept values are computed, and so is what they are compared with."""
    match condition:
        case Compare("==", left, right):
            difference = Call("abs", (Binary("-", left, right),))
            size = Call("max", (Call("abs", (left,)), Call("abs", (right,))))
            return Compare("<=", difference, Binary("*", Number(_ROUNDING), size))
        case Compare("!=", left, right):
            return Logic("not", (tolerant(Compare("==", left, right)),))
        case Logic(operator, operands):
            return Logic(operator, tuple(tolerant(o) for o in operands))
        case _:
            return condition
