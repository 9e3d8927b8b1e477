"""Expressions at each of many steps, worked out together.

Comes in: an expression that is read at every step of a stretch, and what its variables were after each of them, float64[steps, units or connections]. Goes
out: its values, float64[steps, n], to the bit those that would have been read step by step: what is computed element by element is so for all steps at
once, and statistics are taken of each step by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from plasticdsl.model.expr import FUNCTIONS, Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, children, rebuild
from plasticdsl.model.owners import OfPopulation, OfProjection, Part, Whose
from plasticdsl.model.parts import is_several, numbered
from plasticdsl.model.pretty import pretty
from plasticdsl.runtime.watch import statistics
from plasticdsl.runtime.watch.kinds import is_unit, is_value_statistic
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.readings import Reader
from plasticdsl.support.arrays import Floats

#: Statistics of one step that need nothing but its values.
_OF_EACH = frozenset(("mean", "sd", "min", "max", "median", "fraction"))


@dataclass(frozen=True, slots=True)
class Stretch:
    """What these variables were after each of some steps."""

    steps: int
    values: Mapping[Ref, Floats]

    def read(self, expr: Expr, reader: Reader) -> Floats:
        """The values of an expression of which `states_of` knows the variables."""
        found: dict[Expr, Floats] = {}
        with np.errstate(all="ignore"):
            return self._rows(expr, reader, found)

    def sampled(self, statistic: Call, reader: Reader) -> Floats:
        """What is gathered for a statistic, as `Reader.arguments` has it for one step."""
        values = self.read(statistic.arguments[0], reader)
        if statistic.function in statistics.OF_ALL and values.shape[1] == 1:
            return np.broadcast_to(values, (self.steps, reader.number_of_values(statistic)))
        return values

    def _rows(self, expr: Expr, reader: Reader, found: dict[Expr, Floats]) -> Floats:
        plain = self._without_calls(expr, reader, found)
        with reader.observer.seen_as(self.values):
            values = np.asarray(reader.observer.value(plain, found), dtype=np.float64)
        return values if values.ndim == 2 else np.broadcast_to(values, (self.steps, values.size))

    def _without_calls(self, expr: Expr, reader: Reader, found: dict[Expr, Floats]) -> Expr:
        """Units of their own and statistics, for which an axis of steps would make a difference, become names."""
        if isinstance(expr, Call) and (is_unit(expr) or is_several(expr) or is_value_statistic(expr)):
            name = Ref(Whose.RECORDED, pretty(expr))
            if name not in found:
                rows = self._rows(expr.arguments[0], reader, found)
                found[name] = self._of_each(expr, rows) if is_value_statistic(expr) else self._chosen(expr, rows, reader)
            return name
        return rebuild(expr, lambda part: self._without_calls(part, reader, found)) if children(expr) else expr

    @staticmethod
    def _of_each(statistic: Call, rows: Floats) -> Floats:
        if statistic.function in ("min", "max") and rows.shape[1]:
            return np.asarray(getattr(rows, statistic.function)(axis=1, keepdims=True))
        return np.array([[statistics.OF_VALUES[statistic.function](row)] for row in rows])

    def _chosen(self, units: Call, rows: Floats, reader: Reader) -> Floats:
        whole = units.arguments[0]
        assert isinstance(whole, Ref) and isinstance(whole.owner, Part), "units have numbers within a population or projection"
        rows = np.broadcast_to(rows, (self.steps, reader.observer.owner_size(whole.owner)))
        columns = reader.units(whole.owner, numbered(units.arguments[1:])) if is_several(units) else [reader.place_of(units)]
        return np.ascontiguousarray(rows[:, columns])


# --- which expressions -----------------------------------------------------------------------------------------------


def states_of(expr: Expr, observer: Observer) -> frozenset[Ref] | None:
    """The states whose values say what the expression is at each step; None where others take part."""
    try:
        return frozenset(_states(expr, observer, None)) if not observer.some_change else None
    except _Others:
        return None


class _Others(Exception):
    """An expression that takes more than states and parameters, element by element."""


def _states(expr: Expr, observer: Observer, owner: Part | None) -> Iterator[Ref]:
    """`owner`: within a definition of that population or projection."""
    match expr:
        case Number():
            pass
        case Ref():
            yield from _of_variable(expr, observer, owner)
        case Call(_, (Ref(OfPopulation() | OfProjection()) as whole, *numbers)) if is_unit(expr) or is_several(expr):
            if not all(isinstance(number, Number) for number in numbers):
                raise _Others
            yield from _of_variable(whole, observer, owner)
        case Call(function, (values,)) if owner is None and is_value_statistic(expr) and function in _OF_EACH:
            yield from _states(values, observer, owner)
        case Binary() | Negate() | Compare() | Logic() | Choice():
            for part in children(expr):
                yield from _states(part, observer, owner)
        case Call(function, arguments) if FUNCTIONS.get(function) == len(arguments):
            for part in arguments:
                yield from _states(part, observer, owner)
        case _:
            raise _Others


def _of_variable(ref: Ref, observer: Observer, owner: Part | None) -> Iterator[Ref]:
    if ref.owner is Whose.NETWORK:
        if ref.name not in observer.instance.parameters:
            raise _Others
        return
    target = Ref(owner, ref.name) if ref.owner is Whose.OWN and owner is not None else ref
    if not isinstance(target.owner, Part) or ref.limit:
        raise _Others
    match observer.how(target):
        case "read":
            yield target
        case "parameter":
            pass
        case "defined":
            formula = observer.declared[target].formula
            assert formula is not None, "what is defined has a formula"
            yield from _states(formula, observer, target.owner)
        case "summed" | None:
            raise _Others
