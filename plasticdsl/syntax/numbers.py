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
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tree import Unit
from plasticdsl.units.table import is_unit

LONGEST_NUMBER = 100
LARGEST_UNIT_EXPONENT = 12


SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")

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


def number_length(source: SourceFile, start: int, stop: int) -> None:
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


def quantity(source: SourceFile, stop: int, end: int) -> tuple[Unit, int]:
    """The unit after a number that ends at `stop`, and where the quantity ends; no unit gives `(), stop`."""
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
        powers.append((word, sign * exponent / root))
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


def _exponent(source: SourceFile, begin: int, end: int) -> tuple[Fraction, int]:
    match = _EXPONENT.match(source.text, begin, end)
    if match is None:
        return Fraction(1), begin
    if match["raised"]:
        top, below = int(match["raised"].translate(SUPERSCRIPTS)), 1
    elif match["whole"]:
        top, below = int(match["whole"].replace("−", "-")), 1
    else:
        top, below = int(match["top"].replace("−", "-")), int(match["below"])
    if abs(top) > LARGEST_UNIT_EXPONENT or not 0 < below <= LARGEST_UNIT_EXPONENT:
        span = Span(match.start(), match.end(), source.path)
        raise Refusal("number-out-of-range", span, f"The exponent of a unit is at most {LARGEST_UNIT_EXPONENT}.")
    return Fraction(top, below), match.end()


def unit_too_close(source: SourceFile, start: int, stop: int, end: int) -> None:
    """Raises `Refusal` for `20ms`, which could be 20 milliseconds or 20 times a variable `ms`."""
    text = source.text
    match = _WORD.match(text, stop, end)
    if match is None or match.group() == "%" or not is_unit(match.group()):
        return
    if _NO_UNIT.match(text, match.end(), end):
        return
    number, word = text[start:stop], match.group()
    raise Refusal(
        "ambiguous-unit",
        Span(start, match.end(), source.path),
        f"‘{number}{word}’ can be read as the quantity ‘{number} {word}’ or as the product ‘{number}·{word}’.",
        Hint(
            f"Write ‘{number} {word}’ with a blank for the unit, ‘{number}·{word}’ for the variable.",
            (f"{number} {word}", f"{number}·{word}"),
        ),
    )
