"""Physical dimensions as exponents of the seven base units, exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

BASE_UNITS = ("m", "kg", "s", "A", "K", "mol", "cd")

#: Most exponents are 0, and the same one: what is the same needs no arithmetic.
_ZERO = Fraction(0)
Exponents = tuple[Fraction, Fraction, Fraction, Fraction, Fraction, Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Dimension:
    """Exponents of metre, kilogram, second, ampere, kelvin, mole, candela."""

    exponents: Exponents

    def __mul__(self, other: Dimension) -> Dimension:
        if other is ONE or self is ONE:
            return self if other is ONE else other
        return _dimension(
            a if b is _ZERO else b if a is _ZERO else a + b or _ZERO for a, b in zip(self.exponents, other.exponents, strict=True)
        )

    def __truediv__(self, other: Dimension) -> Dimension:
        if other is ONE:
            return self
        if other is self or other.exponents == self.exponents:
            return ONE
        return _dimension(a if b is _ZERO else a - b or _ZERO for a, b in zip(self.exponents, other.exponents, strict=True))

    def __pow__(self, power: Fraction | int) -> Dimension:
        if power == 1 or self is ONE:
            return self
        if power == -1:
            return _dimension(a if a is _ZERO else -a for a in self.exponents)
        return _dimension(a if a is _ZERO else a * power or _ZERO for a in self.exponents)

    @property
    def is_one(self) -> bool:
        """Whether the quantity is a pure number."""
        return self.exponents == ONE.exponents

    def __str__(self) -> str:
        """In base units: `kg·m²·s⁻³·A⁻¹`-like; `1` for a pure number."""
        parts = [unit if power == 1 else f"{unit}^{power}" for unit, power in zip(BASE_UNITS, self.exponents, strict=True) if power]
        return "·".join(parts) or "1"


def _dimension(exponents: object) -> Dimension:
    return Dimension(tuple(exponents))  # type: ignore[arg-type]


def dimension(m: int = 0, kg: int = 0, s: int = 0, a: int = 0, k: int = 0, mol: int = 0, cd: int = 0) -> Dimension:
    """A dimension from whole exponents."""
    return _dimension(Fraction(e) if e else _ZERO for e in (m, kg, s, a, k, mol, cd))


ONE = dimension()
TIME = dimension(s=1)
FREQUENCY = dimension(s=-1)
VOLTAGE = dimension(m=2, kg=1, s=-3, a=-1)
