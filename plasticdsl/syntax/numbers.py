"""Numbers as written: their units, and the ones that no double can hold.

A unit is read only after a number and one or more blanks; `/`, `·` (`*`) and exponents without blanks continue it, as long as
known units follow: `10 mV/ms` is a quantity, `10 ms/τ` a quantity divided by τ.
"""

from __future__ import annotations

import math
import re
import unicodedata
from fractions import Fraction

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.names import NAME
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.units.table import SUPERSCRIPTS, is_unit

LONGEST_NUMBER = 100
LARGEST_EXPONENT = 1000.0
LARGEST_UNIT_EXPONENT = 12


_WORD = re.compile(rf"{NAME}|%")
_BLANKS = re.compile(r"[ \t\u00a0\u2009\u202f]+")
_EXPONENT = re.compile(
    r"(?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4})|\^(?P<whole>[-−]?[0-9]{1,4})(?![.\w])"
    r"|\^\((?P<top>[-−]?[0-9]{1,4})/(?P<below>[0-9]{1,4})\)"
)
_NO_UNIT = re.compile(r"[(\['′]|\.[^\W\d]|[⁺⁻](?![⁰¹²³⁴⁵⁶⁷⁸⁹])")  # f(x), w[1], σ'(x), post.V, r⁻


def digits(text: str) -> str:
    """The text of a number in ASCII: `5e−10` → `5e-10`, `½` → `1/2`."""
    return unicodedata.normalize("NFKC", text).replace("⁄", "/").replace("−", "-")


def _require_double(source: SourceFile, start: int, stop: int) -> None:
    """Raises `Refusal` for a number that has no double: too large, too small or with too many digits."""
    text = digits(source.text[start:stop])
    if (text.isdigit() and len(text) < 100) or "/" in text:
        return
    span = Span(start, stop, source.path)
    if len(text) > LONGEST_NUMBER:
        raise Refusal("number-out-of-range", span, f"This number has {len(text)} characters; at most {LONGEST_NUMBER} are read.")
    value = float(text)
    if math.isinf(value) or (value == 0.0 and re.search("[1-9]", text.lower().split("e")[0])):
        size = "large" if value else "small"
        raise Refusal("number-out-of-range", span, f"‘{text}’ is too {size} for a double (about 1e-308 to 1e308).")


def quantity(source: SourceFile, start: int, stop: int, end: int) -> tuple[tree.Unit, int]:
    """The unit after the number from `start` to `stop`, and where the quantity ends; no unit gives `(), stop`. Raises `Refusal` for a number that no
    double holds, and for a unit without a blank before it."""
    _require_double(source, start, stop)
    _require_blank(source, start, stop, end)
    text = source.text
    blanks = _BLANKS.match(text, stop, end)
    begin = blanks.end() if blanks else stop
    if blanks is None and not text.startswith("%", stop, end):
        return (), stop
    word = _unit_word(text, begin, end)
    if not word:
        return (), stop
    powers: list[tuple[str, Fraction]] = []
    sign = root = 1
    while word:
        begin += len(word)
        exponent, begin = _exponent(source, begin, end)
        powers.append((word, Fraction(sign * exponent[0], root * exponent[1])))
        if begin >= end or text[begin] not in "/·*⋅":
            break
        sign = -1 if text[begin] == "/" else 1
        root = 2 if text.startswith("√", begin + 1, end) else 1  # white noise is in mV/√ms
        word = _unit_word(text, begin + root, end)
        begin += root if word else 0
    return tuple(powers), begin


def _unit_word(text: str, begin: int, end: int) -> str:
    """The unit at `begin`, normalised for counts of steps, or nothing where another word or an application stands."""
    match = _WORD.match(text, begin, end)
    if match is None:
        return ""
    word = match.group()
    if _NO_UNIT.match(text, match.end(), end):
        return ""
    return word if is_unit(word) or word in ("steps", "step") else ""


def _exponent(source: SourceFile, begin: int, end: int) -> tuple[tuple[int, int], int]:
    match = _EXPONENT.match(source.text, begin, end)
    if match is None:
        return (1, 1), begin
    top = int((match["raised"] or match["whole"] or match["top"]).translate(SUPERSCRIPTS))
    below = int(match["below"] or 1)
    if abs(top) > LARGEST_UNIT_EXPONENT or not 0 < below <= LARGEST_UNIT_EXPONENT:
        span = Span(match.start(), match.end(), source.path)
        raise Refusal("number-out-of-range", span, f"The exponent of a unit is at most {LARGEST_UNIT_EXPONENT}.")
    return (top, below), match.end()


def _require_blank(source: SourceFile, start: int, stop: int, end: int) -> None:
    """Raises `Refusal` for `20ms`, which could be 20 milliseconds or 20 times a variable `ms`."""
    text = source.text
    number, word = text[start:stop], _unit_word(text, stop, end)
    if word in ("", "%", "step", "steps"):
        return
    raise Refusal(
        "ambiguous-unit",
        Span(start, stop + len(word), source.path),
        f"‘{number}{word}’ can be read as the quantity ‘{number} {word}’ or as the product ‘{number}·{word}’.",
        Hint(
            f"Write ‘{number} {word}’ with a blank for the unit, ‘{number}·{word}’ for the variable.",
            (f"{number} {word}", f"{number}·{word}"),
        ),
    )


# --- powers of numbers: what no double holds is refused before any exact arithmetic could try to write it out ---------


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
