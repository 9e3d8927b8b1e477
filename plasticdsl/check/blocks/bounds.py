"""Bounds and the values of discrete variables, where they and what is compared with them are known when the model is checked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.amounts import Values, constant
from plasticdsl.model import Assign, Block, Distribution, Role, Value, Variable
from plasticdsl.model.expr import Choice, Expr, Negate, Number, Ref
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.source import Span


def known_values(variables: Sequence[Variable], constants: Values, owner: Owner = Whose.OWN) -> dict[Ref, Expr]:
    """`constants` and the parameters among `variables` that are not drawn."""
    own = {
        Ref(owner, v.name): v.value
        for v in variables
        if v.role is Role.PARAMETER and v.value is not None and not isinstance(v.value, Distribution)
    }
    return {**constants, **own}


def check_bounds(variables: Sequence[Variable], constants: Values, places: Mapping[str, Span], span: Span | None, report: Reporter) -> None:
    """Reports an initial value outside its bounds, and bounds the wrong way round; `places`: where a value was written; `span`: the place of all
    others (None: each where it is declared)."""
    values = known_values(variables, constants)
    for variable in variables:
        if variable.low is None and variable.high is None and not (variable.values and variable.name in places):
            continue
        low, high = constant(variable.low, values), constant(variable.high, values)
        place = places.get(variable.name, span or variable.span)
        if low is not None and high is not None and low > high:
            message = f"The lower bound of ‘{variable.symbol}’ ({_shown(low, variable)}) is above the upper one ({_shown(high, variable)})."
            report.error("empty-interval", message, place)
            continue
        start = _number(variable.initial, values) if variable.role is Role.STATE else _number(variable.value, values)
        if start is None:
            continue
        if _is_outside(start, -math.inf if low is None else low, math.inf if high is None else high):
            bounds = f"{_shown(low, variable) if low is not None else '−∞'} to {_shown(high, variable) if high is not None else '∞'}"
            message = f"‘{variable.symbol}’ starts at {_shown(start, variable)}, outside its bounds {bounds}."
            report.error("initial-outside-bounds", message, place)
        elif variable.role is Role.STATE and variable.name in places:
            check_allowed(start, variable, f"starts at {_shown(start, variable)}", place, report)


def check_allowed(value: float, variable: Variable, happens: str, place: Span, report: Reporter) -> None:
    """Reports a number that is none of the values of a discrete variable; `happens` says what it does with it."""
    if _is_outside(value, -math.inf, math.inf, variable.values):
        report.error("value-not-allowed", f"‘{variable.symbol}’ {happens}, and its values are {values_of(variable)}.", place)


def _is_outside(value: float, low: float, high: float, allowed: tuple[float, ...] = ()) -> bool:
    """As it is asked when a network is built."""
    if low <= value <= high and (not allowed or value in allowed):
        return False
    from plasticdsl.support.values import outside  # NumPy, where it may be a matter of rounding

    return bool(outside(value, low, high, allowed).any())


def values_of(variable: Variable) -> str:
    """`−1 and 1`: the values of a discrete variable, in words."""
    return " and ".join(filter(None, (", ".join(f"{v:g}" for v in variable.values[:-1]), f"{variable.values[-1]:g}")))


def check_assigned(block: Block, places: Mapping[str, Span], report: Reporter) -> None:
    """Reports a number that a discrete variable starts at or jumps to and that is none of its values; `places` of initial values."""
    discrete = {v.name: v for v in block.variables if v.values}
    for variable in discrete.values():
        start = _number(variable.initial, {})
        if start is not None:
            check_allowed(start, variable, f"starts at {_shown(start, variable)}", places.get(variable.name, variable.span), report)
    for handler in block.handlers if discrete else ():
        for statement in handler.statements:
            changed = discrete.get(statement.target.name) if statement.target.owner is Whose.OWN else None
            if changed is not None and isinstance(statement, Assign):
                for value in _outcomes(statement.value):
                    check_allowed(value, changed, f"is set to {value:g} here", statement.span, report)


def _outcomes(value: Expr) -> Iterator[float]:
    """The plain numbers among what an expression by cases can come to."""
    match value:
        case Number(number):
            yield number
        case Negate(Number(number)):
            yield -number
        case Choice(branches, otherwise):
            for outcome in (*(value for _, value in branches), otherwise):
                yield from _outcomes(outcome)
        case _:
            pass


def _number(value: Value | None, values: Values) -> float | None:
    return None if value is None or isinstance(value, Distribution) else constant(value, values)


def _shown(value: float, variable: Variable) -> str:
    """In the unit of the variable."""
    return f"{value / variable.scale:g} {variable.unit}".strip()
