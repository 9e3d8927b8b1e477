"""Names: the one ASCII spelling of every way to write a name.

`canonical("τ₊")` and `canonical("tau_plus")` are both `tau_plus`. The text is never NFKC-normalised: that would turn
`₊` into `+` and `½` into `1⁄2`. Accents are taken apart with the canonical decomposition (NFD), which changes nothing
else that may stand in a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from itertools import count

SUBSCRIPT_LETTERS = "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ"
# What Python counts as a letter or digit and a name does not: powers, fractions, the transpose, the sum.
NO_LETTERS = "⁰¹²³⁴⁵⁶⁷⁸⁹ⁿⁱᵀ½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞Σ"
_MARKS = "\u0300-\u036f\u20d0-\u20ff"
#: A name as a regular expression: a letter, then letters, digits, `_`, subscripts, accents, `_{ij}`, or `_+` at its end. There is one way to read each, so
#: that it does not take long to find that something long is not followed by what is looked for.
NAME = (
    rf"(?:[^\W\d_{NO_LETTERS}₀-₉]|[∆∞])[^\W{NO_LETTERS}]*"
    rf"(?:(?:[₊₋∞{_MARKS}]|(?<=_)\{{[\w+\-−∞₊₋]{{1,40}}\}}|(?<=_)[+\-−](?![\w(]))[^\W{NO_LETTERS}]*)*"
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


# --- the spelling of papers ------------------------------------------------------------------------------------------

#: Letters that a reader can tell from Latin ones and from signs.
_SEEN = {word: letter for word, letter in zip(GREEK, _LOWER, strict=True) if word != "omicron"} | {
    word.capitalize(): letter for word, letter in zip(GREEK, _UPPER, strict=True) if letter in "ΓΔΘΛΞΠΦΨΩ"
}
_OVER = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307"}
_WITHIN_WORDS = {"_grave": "\u0300", "_acute": "\u0301", "_ddot": "\u0308"}
_BY_NAME = dict(zip(GREEK, _LOWER, strict=True)) | {word.capitalize(): letter for word, letter in zip(GREEK, _UPPER, strict=True)}
_GREEK_LETTER = rf"({'|'.join(sorted(_BY_NAME, key=len, reverse=True))})((?:_acute|_ddot)*)"
#: Three letters and more are a word in Greek: `ρεύμα`.
_GREEK_WORD = re.compile(rf"(?<![A-Za-z0-9])(?:{_GREEK_LETTER}){{3,}}(?![A-Za-z0-9])")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_BELOW = re.compile(r"(\d*)(plus|minus)?")
_OF_INDICES = re.compile(rf"({'|'.join(word for word in GREEK if word not in ('pi', 'omicron'))})([ijkl]?)")
#: Longer ones are words, not symbols: `after_1`.
_LONGEST_SYMBOL = 2


def in_unicode(text: str) -> str:
    """The spelling of a name that papers use: `tau_m` → `τ_m`, `A_2plus` → `A₂₊`, `Delta_w` → `Δw`, `x_bar` → `x̄`; itself where there is none."""
    first, *rest = canonical(text).split("_")
    if first == "inf" and not rest:
        return "∞"
    if first == "Delta" and rest:
        inner = in_unicode("_".join(rest)) if rest[0][:1].isalpha() else ""
        small = inner[:1].islower() and not inner[1:2].isalpha()
        return _kept(f"Δ{inner}" if small else f"Δ_{inner}" if inner else "_".join((f"Δ{_lowered(rest[0])}", *rest[1:])), text)
    name = _SEEN.get(first, "ℓ" if first == "ell" else first)
    is_symbol = len(name) <= _LONGEST_SYMBOL
    for part in rest:
        name += _OVER[part] if len(name) == 1 and part in _OVER else _below(part, name[-1], is_symbol)
    return _kept(name, text) if name != canonical(text) else accented(text)


def accented(text: str) -> str:
    """A word with its accents and foreign letters, `Schlo_ddotgl` → `Schlögl`; as it is where it has none."""
    word = _GREEK_WORD.sub(_in_greek, canonical(text))
    word = re.sub(r"^Delta_(?=[^\W\d_])(?![ -~])", "Δ", word)
    for name, accent in _WITHIN_WORDS.items():
        word = re.sub(f"(?<=[A-Za-z]){name}(?=[a-z])", accent, word)
    word = re.sub(r"u([0-9a-f]{4})_", lambda match: chr(int(match[1], 16)), word)
    return text if word.isascii() else _kept(word, text)


def _in_greek(match: re.Match[str]) -> str:
    """A word that is spelt by the names of its letters."""

    def letter(one: re.Match[str]) -> str:
        return _BY_NAME[one[1]] + "".join(_WITHIN_WORDS[f"_{mark}"] for mark in one[2].split("_")[1:])

    return re.sub("σ$", "ς", re.sub(_GREEK_LETTER, letter, match[0]))


def _below(part: str, before: str, is_symbol: bool) -> str:
    """What stands behind an underscore, as a subscript where it can be one: behind a symbol, and signs behind any word."""
    lowered = _lowered(part)
    if lowered is not None and before not in _SUBSCRIPTS and (is_symbol or not part[0].isdigit()):
        return lowered
    greek = _OF_INDICES.fullmatch(part) if is_symbol else None
    if greek is not None:
        return f"_{_SEEN[greek[1]]}{greek[2]}"
    return "_∞" if part == "inf" else f"_{_GREEK_WORD.sub(_in_greek, part)}"


def _lowered(part: str) -> str | None:
    """`2plus` as `₂₊`; None for what has no such form."""
    below = _BELOW.fullmatch(part)
    if not part or below is None:
        return None
    return below[1].translate(_LOWERED) + {"plus": "₊", "minus": "₋", None: ""}[below[2]]


def _kept(spelled: str, text: str) -> str:
    """The new spelling where it is the same name, else the old one."""
    composed = unicodedata.normalize("NFC", spelled)
    return composed if re.fullmatch(NAME, composed) and canonical(composed) == canonical(text) else text


# --- names that are free ---------------------------------------------------------------------------------------------


def free_name(wish: str, taken: Collection[str]) -> str:
    """`wish`, or `wish_2` … where it is taken."""
    return numbered(wish, taken, 2) if wish in taken else wish


def numbered(wish: str, taken: Collection[str], first: int = 1) -> str:
    """`wish_1`, or the next that is not taken."""
    return next(name for number in count(first) if (name := f"{wish}_{number}") not in taken)
