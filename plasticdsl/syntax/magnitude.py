"""Powers of numbers that no double holds are refused here, before any exact arithmetic could try to write them out."""

from __future__ import annotations

from plasticdsl.syntax import tree
from plasticdsl.syntax.refusal import Refusal

LARGEST_EXPONENT = 1000.0


def check_power(base: tree.Expr, exponent: tree.Expr) -> None:
    """Raises `Refusal` where a constant exponent is beyond `LARGEST_EXPONENT` or the power itself beyond a double."""
    power = constant(exponent)
    if power is None:
        return
    span = base.span.to(exponent.span)
    if abs(power) > LARGEST_EXPONENT:
        raise Refusal("number-out-of-range", span, f"An exponent of {power:g} is not read; at most {LARGEST_EXPONENT:g} is.")
    number = constant(base)
    if number is not None and _raise(number, power) is None:
        raise Refusal("number-out-of-range", span, "This power is beyond the range of a double (about 1e308).")


def constant(expression: tree.Expr) -> float | None:
    """The value of an expression made of plain numbers, as a double; None for any other, or where there is none."""
    match expression:
        case tree.Number(text=text, unit=()):
            top, _, below = text.partition("/")
            return float(top) / float(below or 1)
        case tree.Group(inner=inner):
            return constant(inner)
        case tree.Unary(operator="-", operand=operand):
            value = constant(operand)
            return None if value is None else -value
        case tree.Binary(operator="^", left=left, right=right):
            base, power = constant(left), constant(right)
            return None if base is None or power is None else _raise(base, power)
        case _:
            return None


def _raise(base: float, power: float) -> float | None:
    try:
        value = base**power
    except (OverflowError, ZeroDivisionError):
        return None
    return value if isinstance(value, float) else 0.0  # a root of a negative number is for the checker to refuse
