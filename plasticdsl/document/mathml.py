"""Formulas as MathML, which browsers set without anything else: `<mfrac><mrow>…</mrow>…</mfrac>`.

Comes in: a formula. Goes out: an element `math`.
"""

from __future__ import annotations

from fractions import Fraction as Rational
from typing import assert_never
from xml.etree.ElementTree import Element

from plasticdsl.document.formula import (
    Accent,
    Cases,
    Digits,
    Fenced,
    Formula,
    Fraction,
    Letter,
    Measure,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Total,
    Upright,
)
from plasticdsl.markup import node

_ACCENTS = {
    "\u0304": "¯",
    "\u0305": "¯",
    "\u0302": "^",
    "\u0303": "~",
    "\u0307": "˙",
    "\u0308": "¨",
    "\u20d7": "→",
    "\u030c": "ˇ",
    "\u0306": "˘",
}
#: Signs after which, and before which, a minus has nothing to its left.
_SPACES = {
    Space.NONE: {"lspace": "0em", "rspace": "0em"},
    Space.THIN: {"lspace": "0em", "rspace": "0em"},
    Space.AFTER: {"lspace": "0em", "rspace": "0.25em"},
    Space.OPERATOR: {"lspace": "0.22em", "rspace": "0.22em"},
    Space.RELATION: {"lspace": "0.28em", "rspace": "0.28em"},
}


def math(found: Formula) -> Element:
    """The formula in a line of text; quotients and sums are as large as in a line of their own."""
    return node("math", _element(found), displaystyle="true")


def _element(found: Formula) -> Element:
    match found:
        case Digits(text):
            return _digits(text)
        case Letter(text):
            return node("mi", text)
        case Upright(text):
            return node("mi", text.replace(" ", "\u00a0"), mathvariant="normal")
        case Sign("", Space.THIN):
            return node("mspace", width="0.17em")
        case Sign(text, space):
            return node("mo", text, **_SPACES[space])
        case Row(parts):
            return node("mrow", *map(_element, parts))
        case Fraction(above, below):
            return node("mfrac", _element(above), _element(below))
        case Script():
            return _script(found)
        case Accent(base, mark):
            return node("mover", _element(base), node("mo", _ACCENTS.get(mark, mark), stretchy="false"), accent="true")
        case Total(below):
            sign = node("mo", "∑", movablelimits="false")
            return sign if below is None else node("munder", sign, _element(below))
        case Root(inner):
            return node("msqrt", _element(inner))
        case Fenced(left, inner, right):
            return node("mrow", _fence(left), _element(inner), _fence(right))
        case Measure(unit):
            return node("mrow", *_units(unit))
        case Cases(lines):
            return node("mrow", _fence("{"), node("mtable", *(_case(*line) for line in lines), columnalign="left left"))
        case _:
            assert_never(found)


def _fence(sign: str) -> Element:
    return node("mo", sign, fence="true", stretchy="true", lspace="0em", rspace="0em")


def _script(found: Script) -> Element:
    base = _element(found.base)
    if found.below is not None and found.above is not None:
        return node("msubsup", base, _element(found.below), _element(found.above))
    if found.below is not None:
        return node("msub", base, _element(found.below))
    return base if found.above is None else node("msup", base, _element(found.above))


def _case(value: Formula, condition: Formula | None) -> Element:
    said = node("mtext", "otherwise") if condition is None else node("mrow", node("mtext", "if\u00a0"), _element(condition))
    left = {"style": "text-align: left; padding-right: 1em"}
    return node("mtr", node("mtd", _element(value), **left), node("mtd", said, **left))


def _digits(text: str) -> Element:
    mantissa, e, exponent = text.lower().partition("e")
    if not e:
        return node("mn", mantissa)
    power = node("msup", node("mn", "10"), node("mn", str(int(exponent)).replace("-", "−")))
    return power if mantissa == "1" else node("mrow", node("mn", mantissa), node("mo", "×"), power)


def _units(unit: tuple[tuple[str, Rational], ...]) -> list[Element]:
    parts: list[Element] = []
    for name, power in unit:
        if parts:
            parts.append(node("mspace", width="0.17em"))
        written = node("mi", name, mathvariant="normal")
        parts.append(written if power == 1 else node("msup", written, node("mn", str(power).replace("-", "−"))))
    return parts
