"""Initial values and bounds, where both are known when the model is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plasticdsl.check.constant import Values, constant
from plasticdsl.check.report import Reporter
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.model import Distribution, Role, Value, Variable
from plasticdsl.source import Span


def known_values(variables: Sequence[Variable], constants: Values, owner: str = "") -> dict[Ref, Expr]:
    """`constants` and the parameters among `variables` that are not drawn."""
    own = {
        Ref(owner, v.name): v.value
        for v in variables
        if v.role is Role.PARAMETER and v.value is not None and not isinstance(v.value, Distribution)
    }
    return {**constants, **own}


def check_bounds(variables: Sequence[Variable], constants: Values, places: Mapping[str, Span], span: Span, report: Reporter) -> None:
    """Reports an initial value outside its bounds, and bounds the wrong way round; `places`: where a value was written."""
    values = known_values(variables, constants)
    for variable in variables:
        low, high = constant(variable.low, values), constant(variable.high, values)
        place = places.get(variable.name, span)
        if low is not None and high is not None and low > high:
            message = f"The lower bound of ‘{variable.symbol}’ ({_shown(low, variable)}) is above the upper one ({_shown(high, variable)})."
            report.error("empty-interval", message, place)
            continue
        start = _number(variable.initial, values) if variable.role is Role.STATE else _number(variable.value, values)
        if start is None:
            continue
        if (low is not None and start < low) or (high is not None and start > high):
            bounds = f"{_shown(low, variable) if low is not None else '−∞'} to {_shown(high, variable) if high is not None else '∞'}"
            message = f"‘{variable.symbol}’ starts at {_shown(start, variable)}, outside its bounds {bounds}."
            report.error("initial-outside-bounds", message, place)
        elif variable.values and variable.role is Role.STATE and start not in variable.values:
            allowed = ", ".join(f"{v:g}" for v in variable.values)
            if variable.initial is not None:
                report.error("initial-outside-bounds", f"‘{variable.symbol}’ starts at {start:g}, but its values are {allowed}.", place)


def _number(value: Value | None, values: Values) -> float | None:
    return None if value is None or isinstance(value, Distribution) else constant(value, values)


def _shown(value: float, variable: Variable) -> str:
    """In the unit of the variable."""
    return f"{value / variable.scale:g} {variable.unit}".strip()
