"""Units and quantities as text; pint is the oracle for every unit of the table."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from plasticdsl.units import table
from plasticdsl.units.dimension import FREQUENCY, ONE, TIME, VOLTAGE, Dimension, dimension
from plasticdsl.units.table import CONCENTRATION, CURRENT, combine, exact, is_unit, lookup, parse_quantity

#: Our spelling where pint's differs or means something else there.
PINT_NAMES = {"Ω": "ohm", "%": "percent", "M": "molar", "h": "hour", "l": "liter", "L": "liter", "min": "minute", "C": "coulomb"}
PINT_BASES = {"[length]": 0, "[mass]": 1, "[time]": 2, "[current]": 3, "[temperature]": 4, "[substance]": 5, "[luminosity]": 6}
PINT_PREFIXES = {
    "f": "femto",
    "p": "pico",
    "n": "nano",
    "µ": "micro",
    "m": "milli",
    "c": "centi",
    "k": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
}
LONG_NAMES = {
    "m": "meter", "g": "gram", "s": "second", "A": "ampere", "K": "kelvin", "mol": "mole", "cd": "candela", "Hz": "hertz", "N": "newton",
    "Pa": "pascal", "J": "joule", "W": "watt", "V": "volt", "F": "farad", "S": "siemens", "ohm": "ohm", "eV": "electron_volt", **PINT_NAMES,
}  # fmt: skip


def words() -> list[tuple[str, str]]:
    """Every word of the table with the long name pint knows it by."""
    found = []
    for unit, (_, _, prefixes) in table._UNITS.items():
        found.append((unit, LONG_NAMES[unit]))
        found += [(prefix + unit, PINT_PREFIXES[prefix] + LONG_NAMES[unit]) for prefix in prefixes]
    return found


@pytest.fixture(scope="module")
def registry() -> Any:
    return pytest.importorskip("pint").UnitRegistry(cache_folder=None)


@pytest.mark.parametrize(("word", "long_name"), words())
def test_every_unit_is_that_of_pint(word: str, long_name: str, registry: Any) -> None:
    quantity = registry.Quantity(1, long_name)
    exponents = [Fraction(0)] * 7
    for base, power in quantity.dimensionality.items():
        exponents[PINT_BASES[base]] = Fraction(power).limit_denominator()
    scale, dim = lookup(word)
    assert float(scale) == pytest.approx(quantity.to_base_units().magnitude, rel=1e-12)
    assert list(dim.exponents) == exponents


def test_no_word_has_two_meanings() -> None:
    seen: dict[str, tuple[Fraction, Dimension]] = {}
    for unit, (factor, dim, prefixes) in table._UNITS.items():
        for word, value in [(unit, factor), *((p + unit, table._PREFIXES[p] * factor) for p in prefixes)]:
            assert seen.setdefault(word, (value, dim)) == (value, dim), word


@pytest.mark.parametrize(("text", "value", "dim"), [
    ("10 mV/ms", 10.0, VOLTAGE / TIME),
    ("−70 mV", -0.07, VOLTAGE),
    ("-70mV", -0.07, VOLTAGE),
    ("0.2 µM⁻¹·ms⁻¹", 200000.0, ONE / CONCENTRATION / TIME),
    ("0.2 uM^-1 ms^-1", 200000.0, ONE / CONCENTRATION / TIME),
    ("0.2 μM-1*ms-1", 200000.0, ONE / CONCENTRATION / TIME),
    ("20 %", 0.2, ONE),
    ("20%", 0.2, ONE),
    ("5", 5.0, ONE),
    ("1e-3", 0.001, ONE),
    ("1 mS/cm²", 10.0, CURRENT / VOLTAGE / dimension(m=2)),
    ("2 h", 7200.0, TIME),
    ("3 kHz", 3000.0, FREQUENCY),
    ("1 V^1/2", 1.0, VOLTAGE ** Fraction(1, 2)),
])  # fmt: skip
def test_quantities_as_text(text: str, value: float, dim: Dimension) -> None:
    assert parse_quantity(text) == (value, dim)


@pytest.mark.parametrize("text", ["", "mV", "ten mV", "10 mVV", "10 mV/", "10 mV//ms", "10 /", "1e999 s", "3 4", "10 steps"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError):
        parse_quantity(text)


def test_huge_exponents_are_refused_at_once() -> None:
    with pytest.raises(OverflowError):
        exact("1e999999999")


def test_rounded_once() -> None:
    assert parse_quantity("0.3 ms")[0] == 0.0003
    assert parse_quantity("0.1 ms")[0] == float(Fraction(1, 10_000))
    assert parse_quantity("2.3 µm")[0] == 2.3e-6 != 2.3 * 1e-6
    assert exact("1/3", Fraction(1, 1000)) == float(Fraction(1, 3000))


def test_names_that_stay_free() -> None:
    assert is_unit("k\u2126") and is_unit("\u03bcm") and is_unit("um")
    for word in ("tau", "V_m", "x", "w", "ξ", "steps", "d", "e"):
        assert not is_unit(word)


def test_combine_of_roots() -> None:
    scale, dim = combine([("ms", Fraction(-1, 2))])
    assert math.isclose(float(scale), 1000**0.5)
    assert dim == TIME ** Fraction(-1, 2)
