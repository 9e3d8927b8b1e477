"""Dimensions with unknowns, and their unification.

A dimension is a vector of seven rational exponents, so "these two have the same dimension" is a linear equation over ℚ and
solving is elimination (Kennedy 1996, "Programming languages and dimensions", section 3). Comes in: pairs of `Dim`s. Goes out: `Dim`s with as few
unknowns as possible. What is left unknown in a block is generic, and `Solver.instantiate` gives each use its own copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from plasticdsl.source import Span
from plasticdsl.units.dimension import ONE, TIME, Dimension


@dataclass(frozen=True, slots=True)
class Dim:
    """A dimension that may contain unknowns: `constant` times the product of unknown^power, sorted by unknown."""

    constant: Dimension
    unknowns: tuple[tuple[int, Fraction], ...] = ()

    def __mul__(self, other: Dim) -> Dim:
        if not other.unknowns:
            return self if other.constant is ONE else Dim(self.constant * other.constant, self.unknowns)
        return Dim(self.constant * other.constant, _add(self.unknowns, other.unknowns, Fraction(1)))

    def __truediv__(self, other: Dim) -> Dim:
        if not other.unknowns:
            return self if other.constant is ONE else Dim(self.constant / other.constant, self.unknowns)
        return Dim(self.constant / other.constant, _add(self.unknowns, other.unknowns, Fraction(-1)))

    def __pow__(self, power: Fraction | int) -> Dim:
        if power == 1 or power == 0:
            return self if power else PURE
        return Dim(self.constant**power, tuple((unknown, exponent * power) for unknown, exponent in self.unknowns))

    @property
    def known(self) -> Dimension | None:
        """The dimension, or None while it has unknowns (resolve it first)."""
        return None if self.unknowns else self.constant


def _add(
    left: tuple[tuple[int, Fraction], ...], right: tuple[tuple[int, Fraction], ...], factor: Fraction
) -> tuple[tuple[int, Fraction], ...]:
    powers = dict(left)
    for unknown, power in right:
        powers[unknown] = powers.get(unknown, Fraction(0)) + factor * power
    return tuple(sorted((unknown, power) for unknown, power in powers.items() if power))


PURE = Dim(ONE)
SECONDS = Dim(TIME)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A product that was written as a quantity, `3 V`: the digits, the word with its power, what it is the name of, and the dimension of that."""

    text: str
    word: str
    power: int
    span: Span
    what: str
    dim: Dim


class Solver:
    """Unknowns and what has been found out about them. `unify` only ever adds knowledge. `doubts`: what is judged when all has been found out
    (`products.settle`)."""

    def __init__(self) -> None:
        self.doubts: list[Doubt] = []
        self._solved: dict[int, Dim] = {}
        self._reasons: dict[int, Span] = {}
        self._count = 0

    def fresh(self) -> Dim:
        """A new unknown dimension."""
        self._count += 1
        return Dim(ONE, ((self._count, Fraction(1)),))

    def of(self, dimension: Dimension | None) -> Dim:
        """A dimension read off before; where there is none, one that fits everywhere."""
        return self.fresh() if dimension is None else Dim(dimension)

    def resolve(self, dim: Dim) -> Dim:
        """`dim` with everything put in that is known by now."""
        asked = dim
        while any(unknown in self._solved for unknown, _ in dim.unknowns):
            result = Dim(dim.constant)
            for unknown, power in dim.unknowns:
                solved = self._solved.get(unknown)
                result = result * (Dim(ONE, ((unknown, power),)) if solved is None else solved**power)
            dim = result
        if asked is not dim and len(asked.unknowns) == 1 and asked.unknowns[0][1] == 1 and asked.constant is ONE:
            self._solved[asked.unknowns[0][0]] = dim  # the way there may have been long
        return dim

    def unify(self, left: Dim, right: Dim, span: Span | None = None) -> bool:
        """Makes both equal; False (and nothing changed) when they cannot be. `span` is remembered as the reason."""
        if not left.unknowns and not right.unknowns:
            return left.constant == right.constant
        quotient = self.resolve(left / right)
        if not quotient.unknowns:
            return quotient.constant.is_one
        unknown, power = quotient.unknowns[-1]
        rest = Dim(quotient.constant, quotient.unknowns[:-1])
        self._solved[unknown] = rest ** (-1 / power)
        if span is not None:
            self._reasons[unknown] = span
        return True

    def reason(self, dim: Dim) -> Span | None:
        """Where the first unknown of an unresolved `dim` was found, if it was an unknown at all."""
        return next((self._reasons[unknown] for unknown, _ in dim.unknowns if unknown in self._reasons), None)

    def instantiate(self, dims: Mapping[str, Dim]) -> dict[str, Dim]:
        """A copy of another solver's (resolved) dimensions with fresh unknowns of this one in place of theirs, shared as they were."""
        mine: dict[int, Dim] = {}

        def copy(dim: Dim) -> Dim:
            result = Dim(dim.constant)
            for unknown, power in dim.unknowns:
                result = result * mine.setdefault(unknown, self.fresh()) ** power
            return result

        return {name: copy(dim) for name, dim in dims.items()}
