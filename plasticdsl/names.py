"""Names: the one ASCII spelling of every way to write a name.

`canonical("τ₊")` and `canonical("tau_plus")` are both `tau_plus`. The text is never NFKC-normalised: that would turn
`₊` into `+` and `½` into `1⁄2`. Accents are taken apart with the canonical decomposition (NFD), which changes nothing
else that may stand in a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from functools import lru_cache
from itertools import count

SUBSCRIPT_LETTERS = "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ"
# What Python counts as a letter or digit and a name does not: powers, fractions, the transpose, the sum.
NO_LETTERS = "⁰¹²³⁴⁵⁶⁷⁸⁹ⁿⁱᵀ½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞Σ"
_MARKS = "\u0300-\u036f\u20d0-\u20ff"
#: A name as a regular expression: a letter, then letters, digits, `_`, subscripts, accents, `_{ij}`, or `_+` at its end.
NAME = (
    rf"(?:[^\W\d_{NO_LETTERS}₀-₉]|[∆∞])"
    rf"(?:[^\W{NO_LETTERS}]+|[₊₋∞{_MARKS}]+|(?<=_)\{{[\w+\-−∞₊₋]{{1,40}}\}}|(?<=_)[+\-−](?![\w(]))*"
)

_GREEK_NAMES = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega"
GREEK = _GREEK_NAMES.split()
_LOWER = "αβγδεζηθικλμνξοπρστυφχψω"
_UPPER = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"

# Other shapes of the same letters, as fonts and keyboards give them.
_VARIANTS = dict(
    zip("µϵϑϕϱϖςϰ∆ℓıȷ", ["mu", "epsilon", "theta", "phi", "rho", "pi", "sigma", "kappa", "Delta", "ell", "i", "j"], strict=True)
)

_LETTERS: dict[str, str] = {
    **dict(zip(_LOWER, GREEK, strict=True)),
    **dict(zip(_UPPER, (word.capitalize() for word in GREEK), strict=True)),
    **_VARIANTS,
}

_SUBSCRIPTS: dict[str, str] = {
    **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)),
    **dict(zip("ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "aehijklmnoprstuvx", strict=True)),
    **dict(zip("ᵦᵧᵨᵩᵪ", ("beta", "gamma", "rho", "phi", "chi"), strict=True)),
    "₊": "plus",
    "₋": "minus",
}

_ACCENTS = "\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u030a\u030c\u0332\u20d7"
_ACCENT_NAMES = "_grave _acute _hat _tilde _bar _bar _breve _dot _ddot _ring _check _under _vec"
_SIGNS = {"+": "plus", "-": "minus", "−": "minus", "⁺": "_supplus", "⁻": "_supminus"}
#: What a character that is no subscript is spelt like.
_SPELLINGS = _LETTERS | _SIGNS | dict(zip(_ACCENTS, _ACCENT_NAMES.split(), strict=True))


@lru_cache(maxsize=20_000)
def canonical(text: str) -> str:
    """The ASCII spelling of a name as written: `τ_m` → `tau_m`, `A₂₊` → `A_2plus`, `Δw` → `Delta_w`, `x̄` → `x_bar`."""
    if text.isascii() and "{" not in text and text[-1:] not in ("+", "-"):
        return text
    letters = unicodedata.normalize("NFD", text)
    if letters[0] in "Δ∆" and len(letters) > 1:
        # A leading Δ is an operator to the eye: Δw is Delta_w, not Deltaw.
        rest = canonical(letters[1:])
        return "Delta" + ("" if rest.startswith("_") else "_") + rest
    name = ""
    previous_is_subscript = False
    for letter in letters:
        is_subscript = letter in _SUBSCRIPTS
        if is_subscript and not previous_is_subscript and not name.endswith("_"):
            name += "_"
        name += _SUBSCRIPTS[letter] if is_subscript else _spell(letter, name)
        previous_is_subscript = is_subscript
    return name


def _spell(letter: str, before: str) -> str:
    """One character that is no subscript, after the ASCII text `before`."""
    if letter in "{}":
        return ""
    if letter == "∞":
        return "inf" if not before or before.endswith("_") else "_inf"
    return _SPELLINGS.get(letter) or (letter if letter.isascii() else f"u{ord(letter):04x}_")


def free_name(wish: str, taken: Collection[str]) -> str:
    """`wish`, or `wish_2` … where it is taken."""
    return numbered(wish, taken, 2) if wish in taken else wish


def numbered(wish: str, taken: Collection[str], first: int = 1) -> str:
    """`wish_1`, or the next that is not taken."""
    return next(name for number in count(first) if (name := f"{wish}_{number}") not in taken)
