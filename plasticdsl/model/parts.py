"""Parts of populations: `E[1 to 240]`, `E[1, 3, 7]`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeGuard

from plasticdsl.model.expr import Binary, Call, Compare, Expr, Logic, Number, Ref, children, joined
from plasticdsl.model.owners import OfPopulation, OfProjection, Part
from plasticdsl.model.pretty import pretty
from plasticdsl.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Range:
    """The units `first` to `last`, both counted from 1 and included: numbers and parameters of the network."""

    first: Expr
    last: Expr


#: A part of a population, in the order written, each unit once; empty for the whole.
Units = tuple[Range, ...]


def count(units: Iterable[Range]) -> Expr:
    """How many units they are."""
    total: Expr = Number(0.0)
    for one in units:
        here = Number(1.0) if one.first == one.last else Binary("+", Binary("-", one.last, one.first), Number(1.0))
        total = here if total == Number(0.0) else Binary("+", total, here)
    return total


def start_of(units: Units) -> Expr:
    """The number of the first of them, from 0."""
    return Binary("-", units[0].first, Number(1.0)) if units else Number(0.0)


@dataclass(frozen=True, slots=True)
class Those:
    """Which units something is about: the `units` of a part, and of these the ones for which `where` is true (of unit numbers and parameters; None:
    all)."""

    units: Units = ()
    where: Expr | None = None

    @property
    def are_some(self) -> bool:
        """Whether some units of the population may be none of them."""
        return bool(self.units) or self.where is not None


#: All units of a population.
ALL = Those()


@dataclass(frozen=True, slots=True)
class NamedPart:
    """`assembly = E[1 to 240]`: the units of `population` that have a name together. Numbers below 0 are counted from the last."""

    name: str
    symbol: str
    population: str
    units: Units
    span: Span = NOWHERE


#: The function of a call that stands for the values of some units: `units(V, 1, 5, 8, 8)` are those of the units 1 to 5 and of 8. Its first argument
#: is a variable of a population, or the population as such. Of a projection, `units(w, 1, 1, 5, 8)` are those of the connections to unit 1 from 5 to 8.
SEVERAL = "units"


#: The function of a call that stands for the numbers of an array of a file, its first argument: those of the units of a population, or of a part of it, or
#: of the connections of a projection, which is its second as such.
NUMBERS = "numbers"


def several(of: Expr, units: Units) -> Expr:
    """What some units have for a variable of a population; of the population as such, these units; of a projection, what the connections to the first
    from the second have. The whole where none are chosen."""
    return Call(SEVERAL, (of, *(number for one in units for number in (one.first, one.last)))) if units else of


def is_several(expr: Expr) -> TypeGuard[Call]:
    """Whether it stands for the values of some units."""
    return isinstance(expr, Call) and expr.function == SEVERAL


def numbered(numbers: Sequence[Expr]) -> Units:
    """The units that the numbers of such a call choose."""
    return tuple(map(Range, numbers[::2], numbers[1::2]))


def text_of(units: Units) -> str:
    """`1 to 5, 8`."""
    return ", ".join(pretty(u.first) if u.first == u.last else f"{pretty(u.first)} to {pretty(u.last)}" for u in units)


def parts_read(expr: Expr, taken_together: Callable[[Expr], bool] = lambda _: False) -> frozenset[tuple[Part, Units]]:
    """The populations and projections, or parts of populations, that an expression reads; not within what is `taken_together`."""
    match expr:
        case _ if taken_together(expr):
            return frozenset()
        case Call(function, (Ref(OfPopulation() | OfProjection() as owner), *numbers)) if function == SEVERAL:
            return frozenset(((owner, numbered(numbers)),))
        case Ref(OfPopulation() | OfProjection() as owner):
            return frozenset(((owner, ()),))
        case _:
            return frozenset().union(*(parts_read(child, taken_together) for child in children(expr)))


class Emitted(NamedTuple):
    """What happens to units of a population: their spikes (no event), or an event of that name."""

    population: str
    event: str = ""


def emitted(expr: Expr) -> tuple[Emitted, Units]:
    """What a statistic of spikes is of: a population, its event (empty for spikes), and which of its units."""
    match expr:
        case Ref(OfPopulation(name), event):
            return Emitted(name, event), ()
        case Call(function, (Ref(OfPopulation(name), event), *numbers)) if function == SEVERAL:
            return Emitted(name, event), numbered(numbers)
        case _:
            raise TypeError(f"{pretty(expr)} is no population")


def among(number: Expr, units: Units, size: Expr) -> Expr:
    """Whether a unit with this number is one of them, in a population of this size."""

    def counted(bound: Expr) -> Expr:
        from_last = isinstance(bound, Number) and bound.value < 0
        return Binary("+", size, Number(bound.value + 1.0)) if isinstance(bound, Number) and from_last else bound

    each = [
        Compare("==", number, counted(one.first))
        if one.first == one.last
        else Logic("and", (Compare("<=", counted(one.first), number), Compare("<=", number, counted(one.last))))
        for one in units
    ]
    return joined("or", each)
