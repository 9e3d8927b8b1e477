"""Formulas on one line of text, with the signs of Unicode: `τₘ dV/dt = E_L − V`, `A₊ exp(−Δt/τ₊)`, `√(x² + y²)`.

Comes in: a formula. Goes out: text for places that set no formulas. Quotients have a slash, and brackets where the line between above and below did
without; an index or power without letters of its own in Unicode stands behind `_` or `^`.
"""

from __future__ import annotations

from typing import assert_never

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
from plasticdsl.units.display import unit_text

_BELOW = dict(zip("0123456789aehijklmnoprstuvxβγρφχ+−", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ₊₋", strict=True))
_ABOVE = dict(zip("0123456789+−in⊤′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁱⁿᵀ′", strict=True))
_SPACES = {Space.NONE: ("", ""), Space.THIN: ("", " "), Space.AFTER: ("", " "), Space.OPERATOR: (" ", " "), Space.RELATION: (" ", " ")}


def plain(found: Formula) -> str:
    """The formula as text."""
    match found:
        case Digits(text):
            return _digits(text)
        case Letter(text) | Upright(text):
            return text.replace("\u00a0", " ")
        case Sign(text, space):
            before, behind = _SPACES[space]
            return f"{before}{text}{behind}"
        case Row(parts):
            return "".join(map(plain, parts))
        case Fraction(above, below):
            return f"{_bracketed(above, _is_sum(above))}/{_bracketed(below, not _is_one(below))}"
        case Script(base, below, above):
            index = "" if below is None else _script(plain(below), _BELOW, "_")
            return plain(base) + index + ("" if above is None else _script(plain(above), _ABOVE, "^"))
        case Accent(base, mark):
            return plain(base) + mark
        case Total(below):
            return "Σ" if below is None else "Σ" + _script(plain(below), _BELOW, "_")
        case Root(inner):
            return f"√{_bracketed(inner, not _is_one(inner))}"
        case Fenced(left, inner, right):
            return f"{left}{plain(inner)}{right}"
        case Measure(unit):
            return unit_text(unit)
        case Cases(lines):
            return (
                "{ " + "; ".join(f"{plain(value)} {'otherwise' if when is None else f'if {plain(when)}'}" for value, when in lines) + " }"
            )
        case _:
            assert_never(found)


def _bracketed(found: Formula, is_needed: bool) -> str:
    return f"({plain(found)})" if is_needed else plain(found)


def _is_sum(found: Formula) -> bool:
    """Whether a slash behind it would divide its last term alone."""
    return isinstance(found, Cases) or (isinstance(found, Row) and any(_divides(part) for part in found.parts))


def _divides(part: Formula) -> bool:
    return isinstance(part, Total | Cases) or (
        isinstance(part, Sign) and part.space in (Space.OPERATOR, Space.RELATION) and part.text != "·"
    )


def _is_one(found: Formula) -> bool:
    """Whether a slash before it divides by all of it."""
    match found:
        case Row((Upright("d"), _)) | Row((Letter("∂"), _)) | Row((Letter("Δ"), Letter())):
            return True
        case Row((Letter() | Upright() | Script(), Fenced())):
            return True
        case Row() | Fraction() | Cases() | Total():
            return False
        case _:
            return True


def _script(text: str, letters: dict[str, str], mark: str) -> str:
    if all(letter in letters for letter in text):
        return "".join(letters[letter] for letter in text)
    return f"{mark}{text}" if text.isalnum() else f"{mark}({text})"


def _digits(text: str) -> str:
    mantissa, e, exponent = text.lower().partition("e")
    if not e:
        return mantissa
    power = "10" + "".join(_ABOVE[c] for c in str(int(exponent)).replace("-", "−"))
    return power if mantissa == "1" else f"{mantissa}·{power}"
