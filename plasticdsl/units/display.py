"""How a dimension is shown to the reader: a customary unit (`mV`, `pA`, `mV/ms`) and its name in words (`voltage per time`).

Comes in: a `Dimension`. Goes out: unit text with its SI value, and words. Nothing here takes part in computing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from plasticdsl.units.dimension import BASE_UNITS, FREQUENCY, ONE, TIME, VOLTAGE, Dimension, dimension
from plasticdsl.units.table import AMOUNT, CHARGE, CONCENTRATION, CONDUCTANCE, CURRENT, ENERGY, FORCE, LENGTH, parse_quantity

#: Dimension, customary unit, name; the first that fits is taken, also as factor of `… per …`.
_CUSTOMARY: tuple[tuple[Dimension, str, str], ...] = (
    (TIME, "ms", "time"),
    (VOLTAGE, "mV", "voltage"),
    (CURRENT, "pA", "current"),
    (CONDUCTANCE, "nS", "conductance"),
    (ONE / CONDUCTANCE, "MΩ", "resistance"),
    (CHARGE / VOLTAGE, "pF", "capacitance"),
    (CHARGE, "pC", "charge"),
    (FREQUENCY, "Hz", "rate"),
    (CONCENTRATION, "µM", "concentration"),
    (LENGTH, "µm", "length"),
    (LENGTH**2, "µm²", "area"),
    (LENGTH**3, "µm³", "volume"),
    (AMOUNT, "mol", "amount of substance"),
    (dimension(k=1), "K", "temperature"),
    (dimension(kg=1), "kg", "mass"),
    (FORCE, "N", "force"),
    (FORCE / LENGTH**2, "Pa", "pressure"),
    (ENERGY, "J", "energy"),
    (ENERGY / TIME, "W", "power"),
    (dimension(cd=1), "cd", "luminous intensity"),
)

#: So many of them are those of cells.
_OF_CELLS = 12

#: SI units that have a name, and what else is written with one.
_NAMED = ["s", "V", "A", "S", "F", "C", "Ω", "m", "kg", "K", "mol", "cd", "J", "N", "W", "Pa"]
_COHERENT = (*_NAMED, *(unit + power for unit in _NAMED for power in "²³"), *["Hz", "V/s", "A/s", "S/s", "mol/m³", "F/m²", "S/m²", "A/m²"])

_SUPERSCRIPTS = str.maketrans("0123456789-/", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᐟ")


@lru_cache(maxsize=256)
def display_unit(dim: Dimension) -> tuple[str, float]:
    """The unit to show a quantity in, and the SI value of one such unit; `("", 1.0)` for a pure number."""
    if dim.is_one:
        return "", 1.0
    if dim.exponents[2].denominator == 2:  # what multiplies white noise: mV/√ms
        text, scale = display_unit(dim * TIME ** Fraction(1, 2))
        return f"{text or '1'}/√ms", scale / 0.001**0.5
    for factors in _candidates(dim):
        text = unit_text([(unit, power) for unit, _, power in factors])
        return text, parse_quantity(f"1 {text}")[0]
    return unit_text([(unit, power) for unit, power in zip(BASE_UNITS, dim.exponents, strict=True) if power]), 1.0


@lru_cache(maxsize=256)
def name_dimension(dim: Dimension) -> str:
    """In words: `voltage`, `voltage per time`, `pure number`; empty where there is no customary name."""
    if dim.is_one:
        return "a pure number"
    if dim.exponents[2].denominator == 2:
        return f"{name_dimension(dim * TIME ** Fraction(1, 2)).removeprefix('a pure ')} per root of time"
    for factors in _candidates(dim):
        squared = {Fraction(1): "", Fraction(2): " squared"}
        above = [name + squared[power] for _, name, power in factors if power > 0]
        below = [name + squared[-power] for _, name, power in factors if power < 0]
        return " times ".join(above or ["1"]) + "".join(f" per {name}" for name in below)
    return ""


@lru_cache(maxsize=256)
def coherent(dim: Dimension) -> str:
    """The SI unit of a dimension: `V`, `V/s`, `1/V`; `1` for a pure number."""
    known = {ONE: "1"} | {parse_quantity(f"1 {text}")[1]: text for text in _COHERENT}
    return known[dim] if dim in known else f"1/{known[ONE / dim]}" if ONE / dim in known else str(dim)


Factors = list[tuple[str, str, Fraction]]


def _candidates(dim: Dimension) -> list[Factors]:
    """Ways to write `dim` as one customary unit, as one per another, or as a product of two; the simplest first. Those of cells come before the others:
    V²/s is no W/pF to who works with cells, and neither is the square of a concentration m⁶/mol².
    """
    one = Fraction(1)
    exact = [[(unit, name, one)] for known, unit, name in _CUSTOMARY if known == dim]
    inverse = [[(unit, name, -one)] for known, unit, name in _CUSTOMARY if ONE / known == dim]
    if exact or inverse:
        return exact or inverse
    of_cells = _CUSTOMARY[:_OF_CELLS]
    found = [*_quotients(dim, of_cells), *_squares(dim, of_cells), *_products(dim, of_cells)]
    found = found or [*_quotients(dim, _CUSTOMARY), *_products(dim, _CUSTOMARY), *_squares(dim, _CUSTOMARY)]
    return sorted(found, key=_is_odd)


def _is_odd(factors: Factors) -> bool:
    """V·s is `mV·ms` rather than `pC/nS`, and s² rather `ms²` than `ms/Hz`."""
    return ("Hz", Fraction(-1)) in {(unit, power) for unit, _, power in factors} or all(unit != "ms" for unit, _, _ in factors)


def _quotients(dim: Dimension, units: Sequence[tuple[Dimension, str, str]]) -> list[Factors]:
    one = Fraction(1)
    return [
        [(unit, name, one), (below, other, -one)]
        for divisor, below, other in units
        for known, unit, name in units
        if known / divisor == dim
    ]


def _products(dim: Dimension, units: Sequence[tuple[Dimension, str, str]]) -> list[Factors]:
    """Times stand behind what lasts."""
    one = Fraction(1)
    return [
        [(unit, name, one), (second, other, one)]
        for i, (known, unit, name) in enumerate((*units[1:], units[0]))
        for factor, second, other in (*units[1:], units[0])[i + 1 :]
        if known * factor == dim
    ]


def _squares(dim: Dimension, units: Sequence[tuple[Dimension, str, str]]) -> list[Factors]:
    """`mV²`, `mV²/ms`, `µM⁻²·ms⁻¹`; lengths have areas and volumes."""
    one, lengths = Fraction(1), {LENGTH, LENGTH**2, LENGTH**3}
    return [
        [(unit, name, power), *([(below, other, -one)] if below else [])]
        for power in (Fraction(2), Fraction(-2))
        for divisor, below, other in ((ONE, "", ""), *units)
        for known, unit, name in units
        if known not in lengths and known**power / divisor == dim
    ]


def unit_text(factors: Sequence[tuple[str, Fraction]]) -> str:
    """A written unit in one layout: `mV/ms`, `µM⁻¹·ms⁻¹`, `µm⁻³`."""
    plain = [(unit.rstrip("²³"), power * {"²": 2, "³": 3}.get(unit[-1], 1)) for unit, power in factors]
    above = [unit + _power(power) for unit, power in plain if power > 0]
    below = [(unit, power) for unit, power in plain if power < 0]
    if above and len(below) == 1:
        return f"{'·'.join(above)}/{below[0][0]}{_power(-below[0][1])}"
    return "·".join([*above, *(unit + _power(power) for unit, power in below)])


def _power(power: Fraction) -> str:
    return "" if power == 1 else str(power).translate(_SUPERSCRIPTS)


def counted(number: float, what: str) -> str:
    """`1 unit`, `3 units`."""
    return f"{number:g} {what}{'' if number == 1 else 's'}"


def shown(value: float, limit: float = math.nan, unit: str = "") -> str:
    """`8.21 Hz`: whole numbers in full, others with four digits, or as many as show the difference from `limit`."""
    text = f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else _unlike(value, limit)
    text = text.replace("-", "\u2212")
    return f"{text} {unit}" if unit else text


def _unlike(value: float, limit: float) -> str:
    texts = ((f"{value:.{digits}g}", f"{limit:.{digits}g}") for digits in range(4, 18))
    return f"{value:.4g}" if value == limit else next((text for text, other in texts if text != other), repr(value))
