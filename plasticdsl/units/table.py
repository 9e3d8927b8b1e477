"""The units a `.plas` file may write: SI with its prefixes and what neuroscience adds, each an exact factor and a dimension.

Comes in: a word such as `mV` (`lookup`), or a whole quantity `"10 mV/ms"` (`parse_quantity`). Goes out: exact `Fraction`s, so that a
number with a unit is rounded once. Source of the definitions: BIPM, The International System of Units (SI), 9th edition (2019).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from plasticdsl.units.dimension import FREQUENCY, ONE, TIME, VOLTAGE, Dimension, dimension

CURRENT = dimension(a=1)
CHARGE = dimension(a=1, s=1)
LENGTH = dimension(m=1)
CONDUCTANCE = CURRENT / VOLTAGE
FORCE = dimension(m=1, kg=1, s=-2)
ENERGY = dimension(m=2, kg=1, s=-2)
AMOUNT = dimension(mol=1)
CONCENTRATION = dimension(mol=1, m=-3)

_PREFIXES = {
    "f": Fraction(1, 10**15), "p": Fraction(1, 10**12), "n": Fraction(1, 10**9), "µ": Fraction(1, 10**6), "m": Fraction(1, 10**3),
    "c": Fraction(1, 10**2), "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12),
}  # fmt: skip

_LARGE_AND_SMALL = "fpnµmkMGT"

#: Unit → (factor to SI, dimension, the prefixes it takes).
_UNITS: dict[str, tuple[Fraction, Dimension, str]] = {
    "m": (Fraction(1), LENGTH, "fpnµmck"),
    "g": (Fraction(1, 1000), dimension(kg=1), "fpnµmk"),
    "s": (Fraction(1), TIME, "fpnµmk"),
    "A": (Fraction(1), CURRENT, _LARGE_AND_SMALL),
    "K": (Fraction(1), dimension(k=1), "m"),
    "mol": (Fraction(1), AMOUNT, "fpnµmk"),
    "cd": (Fraction(1), dimension(cd=1), "m"),
    "Hz": (Fraction(1), FREQUENCY, "mkMGT"),
    "N": (Fraction(1), FORCE, _LARGE_AND_SMALL),
    "Pa": (Fraction(1), FORCE / LENGTH**2, "mkMG"),
    "J": (Fraction(1), ENERGY, _LARGE_AND_SMALL),
    "W": (Fraction(1), ENERGY / TIME, _LARGE_AND_SMALL),
    "C": (Fraction(1), CHARGE, "fpnµmk"),
    "V": (Fraction(1), VOLTAGE, _LARGE_AND_SMALL),
    "F": (Fraction(1), CHARGE / VOLTAGE, "fpnµm"),
    "S": (Fraction(1), CONDUCTANCE, _LARGE_AND_SMALL),
    "Ω": (Fraction(1), VOLTAGE / CURRENT, "µmkMGT"),
    "ohm": (Fraction(1), VOLTAGE / CURRENT, "µmkMGT"),
    "M": (Fraction(1000), CONCENTRATION, "fpnµm"),
    "L": (Fraction(1, 1000), LENGTH**3, "fpnµmc"),
    "l": (Fraction(1, 1000), LENGTH**3, "fpnµmc"),
    "min": (Fraction(60), TIME, ""),
    "h": (Fraction(3600), TIME, ""),
    "eV": (Fraction(1602176634, 10**28), ENERGY, "mkM"),
    "%": (Fraction(1, 100), ONE, ""),
}

_MICRO_SIGNS = "\u03bcu"  # GREEK SMALL LETTER MU and the letter u stand for MICRO SIGN; OHM SIGN stands for Omega
_OHM_SIGN = "\u2126"


def _words() -> dict[str, tuple[Fraction, Dimension]]:
    found = {unit: (factor, dim) for unit, (factor, dim, _) in _UNITS.items()}
    for unit, (factor, dim, prefixes) in _UNITS.items():
        for prefix in prefixes:
            found.setdefault(prefix + unit, (_PREFIXES[prefix] * factor, dim))
    return found


_WORDS = _words()


def is_unit(word: str) -> bool:
    """Whether `word` alone (`mV`, `µM`, `uM`, `%`) is a unit; `steps` is one of the grammar, not of this table."""
    return _normal(word) in _WORDS


def unit_words() -> tuple[str, ...]:
    """Every unit with every prefix that it takes, as the lexer knows them: `mV`, `µM` and `uM`, `%`."""
    micro = [sign + word[1:] for word in _WORDS if word[0] == "µ" and len(word) > 1 for sign in _MICRO_SIGNS]
    ohms = [word.replace("Ω", _OHM_SIGN) for word in (*_WORDS, *micro) if "Ω" in word]
    return (*_WORDS, *micro, *ohms)


def lookup(word: str) -> tuple[Fraction, Dimension]:
    """The exact SI value of one `word` and its dimension; `KeyError` for what is no unit."""
    return _WORDS[_normal(word)]


def _normal(word: str) -> str:
    word = word.replace(_OHM_SIGN, "Ω")
    if len(word) > 1 and word[0] in _MICRO_SIGNS:
        return "µ" + word[1:]
    return word


def combine(factors: Iterable[tuple[str, Fraction]]) -> tuple[Fraction, Dimension]:
    """The value and dimension of a product of unit powers, `[("mV", 1), ("ms", -1)]`.

    Raises `KeyError` for an unknown unit, `ValueError` for a fractional power of a prefixed unit that has no exact value.
    """
    return _combined(tuple(factors))


@lru_cache(maxsize=1024)  # a file has few units, each many times
def _combined(factors: tuple[tuple[str, Fraction], ...]) -> tuple[Fraction, Dimension]:
    scale, dim = Fraction(1), ONE
    for word, exponent in factors:
        factor, base = lookup(word)
        scale *= _power(factor, exponent, word)
        dim = dim * base**exponent
    return scale, dim


def _power(factor: Fraction, exponent: Fraction, word: str) -> Fraction:
    if exponent.denominator == 1:
        return factor**exponent.numerator
    if factor == 1:
        return Fraction(1)
    # √ms has no exact value in SI; to double precision is as good as the rounding that follows.
    root = float(factor) ** float(exponent)
    if root == 0.0 or root == float("inf"):
        raise ValueError(f"the power {exponent} of {word} is out of range")
    return Fraction(root)


# --- quantities as text ----------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"\s*([+\-−]?\s*(?:\d+\.?\d*|\.\d+)(?:[eE][+\-−]?\d+)?)\s*")
_FACTOR = re.compile(r"\s*([/·*]?)\s*([A-Za-zΩ\u2126µμ]+|%)(?:\^?\(?([⁺⁻+\-−]?(?:\d+(?:/\d+)?|[⁰¹²³⁴⁵⁶⁷⁸⁹]+))\)?)?")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺−", "0123456789-+-")


def exact(number: str, scale: Fraction = Fraction(1)) -> float:
    """`number` (decimal text, or `1/2`) times `scale`, rounded once; `OverflowError` when it is beyond double range."""
    _, _, exponent = number.lower().partition("e")
    if exponent and abs(int(exponent)) > 400:
        raise OverflowError(f"{number} is beyond the range of a double")
    value = float(Fraction(number) * scale)
    if value in (float("inf"), float("-inf")):
        raise OverflowError(f"{number} is beyond the range of a double")
    return value


def parse_quantity(text: str) -> tuple[float, Dimension]:
    """`"10 mV/ms"` → (10.0, voltage per time): the value in SI and its dimension.

    `/`, `·`, `*` and spaces join units; powers are `ms^-1`, `ms⁻¹` or `ms-1`. Raises `ValueError` with a sentence for the user.
    """
    number = _NUMBER.match(text)
    if number is None:
        raise ValueError(f"‘{text}’ does not begin with a number")
    digits = re.sub(r"\s", "", number[1]).replace("−", "-")
    factors = _factors(text, number.end())
    try:
        scale, dim = combine(factors)
        return exact(digits, scale), dim
    except OverflowError as error:
        raise ValueError(str(error)) from None


def _factors(text: str, position: int) -> list[tuple[str, Fraction]]:
    factors: list[tuple[str, Fraction]] = []
    while text[position:].strip():
        found = _FACTOR.match(text, position)
        if found is None:
            raise ValueError(f"in {text!r}, {text[position:].strip()!r} is no unit")
        separator, word, power = found.groups()
        if not is_unit(word):
            raise ValueError(f"in {text!r}, {word!r} is no unit")
        exponent = Fraction((power or "1").translate(SUPERSCRIPTS))
        factors.append((word, -exponent if separator == "/" else exponent))
        position = found.end()
    return factors
