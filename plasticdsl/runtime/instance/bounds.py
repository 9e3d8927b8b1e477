"""Whether values before the run keep to what the model allows.

Comes in: a variable with its bounds and its values. Goes out: the values (those that miss a bound by rounding alone are put on it), or `PlasError`:
`initial-outside-bounds`, for a discrete variable `value-not-allowed`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.model import Role, Variable
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.instance.resolver import Resolver, fail
from plasticdsl.support.values import on_bounds, outside


def checked(variable: Variable, values: Values, resolver: Resolver) -> Values:
    """`values` of `variable`, all of them allowed."""
    low = resolver.of(variable.low, variable.name, variable.span) if variable.low is not None else -np.inf
    high = resolver.of(variable.high, variable.name, variable.span) if variable.high is not None else np.inf
    if np.isnan(values).any():
        name = resolver.named(variable.name)
        fail("not-finite", f"‘{name}’ has no value (0/0, or a root or logarithm of a negative number) before the run.", variable.span)
    wrong = outside(values, low, high, variable.values)
    if wrong.any():
        _outside(variable, values, wrong, low, high, resolver)
    return values if variable.low is None and variable.high is None else on_bounds(values, low, high)


def _outside(variable: Variable, values: Values, wrong: NDArray[np.bool_], low: Values, high: Values, resolver: Resolver) -> None:
    first = int(np.argmax(wrong))

    def shown(value: Values) -> str:
        number = float(np.broadcast_to(value, wrong.shape).reshape(-1)[first])
        unit = f" {variable.unit}" if variable.unit else ""
        return f"{number / variable.scale:.6g}{unit}"

    code, hint = "initial-outside-bounds", "Give another value, or other bounds."
    if variable.values:
        code, hint = "value-not-allowed", "Give one of these values, or draw from others."
    allowed = "{" + ", ".join(f"{v:g}" for v in variable.values) + "}" if variable.values else f"[{shown(low)}, {shown(high)}]"
    many = f" ({np.count_nonzero(wrong)} of {wrong.size} values are outside)" if wrong.size > 1 else ""
    name = resolver.named(variable.name)
    begins = "starts at" if variable.role is Role.STATE else "is"
    message = f"‘{name}’ {begins} {shown(values)}, but only {allowed} is allowed{many}."
    fail(code, message, variable.span, hint)
