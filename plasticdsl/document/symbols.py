"""How a name is set: `τ_m` is a τ with an upright index m, `w_ij` a w with two indices, `A₂₊` an A with 2+, `x̄` an x with a bar.

Comes in: a name as it was written, in either spelling (`tau_plus` is set as `τ₊` is). Goes out: a formula.
"""

from __future__ import annotations

import re
import unicodedata

from plasticdsl.document.formula import Accent, Formula, Letter, Row, Script, Sign, Upright
from plasticdsl.names import GREEK

_GREEK = dict(zip(GREEK, "αβγδεζηθικλμνξοπρστυφχψω", strict=True)) | dict(
    zip((word.capitalize() for word in GREEK), "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", strict=True)
)
_WORDS = {"plus": "+", "minus": "−", "inf": "∞", "bar": "", "hat": ""}
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ₊₋", "0123456789aehijklmnoprstuvxβγρφχ+−")
_LOW = frozenset("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ₊₋")
_SUPERSCRIPTS = {"⁺": "+", "⁻": "−"}
#: Letters that count units, patterns and compartments wherever they stand.
_INDICES = frozenset("ijklμν")
_BASE = re.compile(r"[^\W\d_]")


def symbol(text: str) -> Formula:
    """The name as a formula."""
    base, low, high = _parts(unicodedata.normalize("NFD", text))
    found = _base(base)
    below = _index(low)
    above = Row(tuple(Sign(sign) for sign in high)) if high else None
    return found if below is None and above is None else Script(found, below, above)


def _parts(text: str) -> tuple[str, list[str], str]:
    """What stands on the line, the indices, and the signs above."""
    high = "".join(_SUPERSCRIPTS[c] for c in text if c in _SUPERSCRIPTS)
    rest = "".join(c for c in text if c not in _SUPERSCRIPTS).replace("{", "").replace("}", "")
    base, *low = rest.split("_")
    first = next((i for i, c in enumerate(base) if c in _LOW), len(base))
    indices = [base[first:], *low] if first < len(base) else low
    return base[:first], [part.translate(_SUBSCRIPTS) for part in indices if part], high


def _base(text: str) -> Formula:
    marks = "".join(c for c in text if unicodedata.combining(c))
    letters = "".join(c for c in text if not unicodedata.combining(c))
    found = _letters(letters)
    if marks and isinstance(found, Upright):  # a word has its accents where they belong
        return Upright(unicodedata.normalize("NFC", text))
    for mark in marks:
        found = Accent(found, mark)
    return found


def _letters(text: str) -> Formula:
    """A letter in italics; what has several is upright, but for a Δ, which stands before something."""
    whole = _GREEK.get(text, text)
    if len(whole) == 1:
        return Letter(whole) if _BASE.fullmatch(whole) else Sign(whole)
    if whole[0] in "Δ∆" and len(whole) == 2:
        return Row((Letter("Δ"), Letter(whole[1])))
    if whole == "dt":
        return Row((Upright("d"), Letter("t")))
    return Upright(whole)


def _index(parts: list[str]) -> Formula | None:
    if not parts:
        return None
    found: list[Formula] = []
    for number, part in enumerate(parts):
        if number:
            found.append(Sign(","))
        found += _one_index(_GREEK.get(part, _WORDS.get(part) or part))
    return found[0] if len(found) == 1 else Row(tuple(found))


def _one_index(text: str) -> list[Formula]:
    if set(text) <= _INDICES:
        return [Letter(c) for c in text]
    pieces = re.findall(r"\d+|[+−∞-]|[^\d+−∞-]+", text)
    return [Sign(p.replace("-", "−")) if p in "+-−∞" else _name_in_index(p) for p in pieces]


def _name_in_index(text: str) -> Formula:
    return Letter(text) if len(text) == 1 and not text.isascii() else Upright(text)
