"""Units of results: the SI unit that stored values have, and round units for a time axis."""

from __future__ import annotations

from plasticdsl.units.dimension import FREQUENCY, TIME, VOLTAGE, Dimension, dimension
from plasticdsl.units.table import AMOUNT, CHARGE, CONCENTRATION, CONDUCTANCE, CURRENT, ENERGY, FORCE, LENGTH

_NAMED: tuple[tuple[Dimension, str], ...] = (
    (TIME, "s"), (FREQUENCY, "Hz"), (VOLTAGE, "V"), (CURRENT, "A"), (CHARGE, "C"), (CONDUCTANCE, "S"), (VOLTAGE / CURRENT, "Ω"),
    (CHARGE / VOLTAGE, "F"), (CONCENTRATION, "mol/m³"), (AMOUNT, "mol"), (LENGTH, "m"), (LENGTH**2, "m²"), (LENGTH**3, "m³"), (FORCE, "N"),
    (FORCE / LENGTH**2, "Pa"), (ENERGY, "J"), (ENERGY / TIME, "W"), (dimension(k=1), "K"), (dimension(kg=1), "kg"),
    (VOLTAGE / TIME, "V/s"), (CURRENT / TIME, "A/s"),
)  # fmt: skip


def si_unit(dim: Dimension | None) -> str:
    """The SI unit of a dimension; `1` for a pure number (and where the model has no units)."""
    if dim is None or dim.is_one:
        return "1"
    return next((name for known, name in _NAMED if known == dim), str(dim))


def time_unit(span: float) -> tuple[str, float]:
    """A unit in which `span` seconds is a handy number, and its length in seconds."""
    if span < 1.0:
        return "ms", 1e-3
    if span < 1200.0:
        return "s", 1.0
    return ("min", 60.0) if span < 4 * 3600.0 else ("h", 3600.0)
