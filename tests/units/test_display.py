"""What a reader is shown for a dimension."""

from __future__ import annotations

from fractions import Fraction

import pytest

from plasticdsl.units.dimension import ONE, TIME, VOLTAGE, Dimension
from plasticdsl.units.display import display_unit, name_dimension
from plasticdsl.units.table import CONCENTRATION, CONDUCTANCE, CURRENT, LENGTH, is_unit, parse_quantity

CUSTOMARY = "ms mV pA nS MΩ pF pC Hz µM µm µm² µm³ mol K kg N Pa J W cd"


@pytest.mark.parametrize(("dim", "unit", "name"), [
    (VOLTAGE, "mV", "voltage"),
    (TIME, "ms", "time"),
    (CURRENT, "pA", "current"),
    (CONDUCTANCE, "nS", "conductance"),
    (VOLTAGE / TIME, "mV/ms", "voltage per time"),
    (ONE / TIME, "Hz", "rate"),
    (CURRENT / LENGTH**2, "pA/µm²", "current per area"),
    (ONE, "", "a pure number"),
    (CONCENTRATION, "µM", "concentration"),
    (ONE / VOLTAGE, "mV⁻¹", "1 per voltage"),
    (ONE / LENGTH**3, "µm⁻³", "1 per volume"),
    (VOLTAGE**2, "mV²", "voltage squared"),
    (VOLTAGE**2 / TIME, "mV²/ms", "voltage squared per time"),
    (VOLTAGE * TIME, "mV·ms", "voltage times time"),
    (TIME**2, "ms²", "time squared"),
    (ONE / TIME**2, "Hz/ms", "rate per time"),
    (VOLTAGE / CURRENT * LENGTH, "µm/nS", "length per conductance"),
    (CONCENTRATION**-2 / TIME, "µM⁻²·ms⁻¹", "1 per concentration squared per time"),
])  # fmt: skip
def test_customary_units(dim: Dimension, unit: str, name: str) -> None:
    assert display_unit(dim)[0] == unit
    assert name_dimension(dim) == name


@pytest.mark.parametrize("dim", [
    VOLTAGE, CURRENT / TIME, CONDUCTANCE / VOLTAGE, ONE / CONCENTRATION / TIME, VOLTAGE**2, LENGTH**3 / TIME, VOLTAGE / CURRENT * LENGTH,
    TIME ** Fraction(-1, 2), VOLTAGE**3 * CURRENT**2,
])  # fmt: skip
def test_the_scale_belongs_to_the_unit(dim: Dimension) -> None:
    _require_the_scale(dim)


def test_the_scale_belongs_to_quotients_of_all_customary_units() -> None:
    known = [ONE, *(parse_quantity(f"1 {text}")[1] for text in CUSTOMARY.split())]
    for one in known:
        for other in known:
            for dim in (one / other, one * other, ONE / (one * other)):
                _require_the_scale(dim)


def _require_the_scale(dim: Dimension) -> None:
    text, scale = display_unit(dim)
    if text and "ᐟ" not in text and all(is_unit(word.rstrip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹")) for word in text.replace("/", "·").split("·")):
        value, found = parse_quantity(f"1 {text}")
        assert found == dim
        assert value == pytest.approx(scale, rel=1e-15)
