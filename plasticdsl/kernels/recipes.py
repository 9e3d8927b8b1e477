"""What the sizes, scalars and arrays of a loop program begin with, said once for everybody who fills them.

Comes in: a size, scalar or array. Goes out: a recipe, functions of `support/` applied to what a network has once it is set up. The runtime carries it out
on an instance (`runtime.engine.binding`), a module that runs by itself has it as text (`embed`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from plasticdsl.kernels.identifiers import RUN, Field, Group, Part, of_population, of_projection
from plasticdsl.kernels.program import (
    Array,
    Constant,
    Fill,
    OfCounterpart,
    OfExpression,
    OfHazard,
    OfParameter,
    OfPropagator,
    OfRefractory,
    OfSource,
    OfState,
    OfStream,
    OfStructure,
    Scalar,
    Size,
)
from plasticdsl.model.expr import Expr
from plasticdsl.model.model import Network
from plasticdsl.support.pairs import counterparts
from plasticdsl.support.propagators import propagator
from plasticdsl.support.random import exponentials, stream_of
from plasticdsl.support.steps import whole_steps
from plasticdsl.support.structure import (
    by_delay,
    capacity,
    ends,
    entry,
    filled,
    group_ends,
    history_length,
    kept,
    log_length,
    scattered,
    shared,
    slots,
    sorting,
    square,
)
from plasticdsl.support.values import taken


@dataclass(frozen=True, slots=True)
class Place:
    """What stands under this name once a network is set up."""

    field: Field


@dataclass(frozen=True, slots=True)
class Formula:
    """The value of an expression in the parameters of its owner."""

    owner: Group
    value: Expr


@dataclass(frozen=True, slots=True)
class OfPairs:
    """The same as a function of the pre and the post units of pairs."""

    owner: Group
    value: Expr


@dataclass(frozen=True, slots=True)
class Default:
    """The default of a parameter."""

    field: Field


@dataclass(frozen=True, slots=True)
class Word:
    """What whoever sets a network up calls so: a given value, or one that was made before."""

    text: str


@dataclass(frozen=True, slots=True)
class Apply:
    """What a function makes of its arguments; `words`: those with a name."""

    function: Callable[..., Any]
    arguments: tuple[Recipe, ...]
    words: tuple[tuple[str, Recipe], ...] = ()


#: A tuple stands for a tuple, numbers and texts for themselves.
Recipe = Place | Formula | OfPairs | Default | Word | Apply | tuple[Any, ...] | float | str | None

#: The pre and the post population of each projection.
Ends = Mapping[str, tuple[str, str]]

DT = Place(RUN.field(Part.DT))
SEED = Place(RUN.field(Part.SEED))


def ends_of(network: Network) -> Ends:
    """Between which populations the projections of a network are."""
    return {p.name: (p.pre, p.post) for p in network.projections}


def size(wanted: Size, between: Ends) -> Recipe:
    """A length."""
    group, part = wanted.name.group, wanted.name.part

    def at(part: Part) -> Place:
        return Place(group.field(part))

    def units(side: int) -> Place:
        return Place(of_population(between[group.name][side]).field(Part.UNITS))

    match part:
        case Part.UNITS:
            return at(Part.UNITS)
        case Part.CONNECTIONS:
            return Apply(len, (at(Part.TARGETS),))
        case Part.ROW_ENDS:
            return Apply(ends, (units(0),))
        case Part.COLUMN_ENDS:
            return Apply(ends, (units(1),))
        case Part.DELAYED_ROW_ENDS:
            return Apply(ends, (units(0), at(Part.AXONAL)))
        case Part.DELAYED_COLUMN_ENDS:
            return Apply(ends, (units(1), at(Part.DENDRITIC)))
        case Part.AXONAL_SLOTS:
            return Apply(slots, (at(Part.AXONAL),))
        case Part.DENDRITIC_SLOTS:
            return Apply(slots, (at(Part.DENDRITIC),))
        case Part.SLOTS:
            return Apply(slots, _delays(group.name, between))
        case Part.CAPACITY:
            return Apply(capacity, (at(Part.GIVEN_STEPS), at(Part.UNITS)))
        case Part.LOG:
            return Apply(log_length, (at(Part.GIVEN_STEPS), at(Part.UNITS)))
        case Part.GIVEN:
            return Apply(len, (at(Part.GIVEN_STEPS),))
        case Part.HISTORY_LENGTH:
            assert wanted.value is not None
            return Apply(history_length, (Formula(group, wanted.value), DT))
        case _:  # of tables that are given later
            return 1


def _delays(population: str, between: Ends) -> tuple[Place, ...]:
    """Those of a population's projections on its side."""
    found = [of_projection(name).field(Part.AXONAL) for name, (pre, _) in between.items() if pre == population]
    found += [of_projection(name).field(Part.DENDRITIC) for name, (_, post) in between.items() if post == population]
    return tuple(map(Place, found))


def scalar(wanted: Scalar) -> Recipe:
    """One number; that of the step, the seed and the switches stands under their own name."""
    if wanted.fill is None:
        return Place(wanted.name)
    return Apply(int if wanted.dtype == "int64" else float, (_values(wanted.fill),))


def array(wanted: Array) -> Apply:
    """A whole array, fresh if it changes."""
    like: tuple[Recipe, Recipe] = (tuple(map(Place, wanted.shape)), wanted.dtype)
    match wanted:
        case Array(fill=OfStructure() as fill):
            return Apply(kept, (_values(fill), *like))
        case Array(per="pre" | "post" as side, fill=OfState(owner) as fill):
            units = Place(owner.field(Part.SOURCES if side == "pre" else Part.TARGETS))
            return Apply(scattered, (_values(fill), units, *like))
        case Array(per="pre" | "post", fill=fill):
            return Apply(filled, (Apply(shared, (_values(fill),)), *like))
        case _:
            return Apply(filled, (_values(wanted.fill), *like))


def _values(fill: Fill) -> Recipe:
    match fill:
        case Constant(value):
            return value
        case OfState(owner, name) | OfParameter(owner, name):
            return Place(owner.variable(name))
        case OfPropagator(owner, matrix, part, row, column):
            rows = tuple(tuple(Formula(owner, e) for e in entries) for entries in matrix)
            return Apply(entry, (Apply(propagator, (Apply(square, (rows,)), DT)), part, row, column))
        case OfExpression(owner, value, steps):
            return Apply(whole_steps, (Formula(owner, value), DT)) if steps else Formula(owner, value)
        case OfSource(population, what):
            return Place(of_population(population).field(Part.GIVEN_STEPS if what == "steps" else Part.GIVEN_UNITS))
        case OfStream(owner, purpose):
            return stream_of(owner.name, *purpose)
        case OfHazard(population):
            return Apply(
                exponentials, (SEED, stream_of(population), Apply(range, (Place(of_population(population).field(Part.UNITS)),)), 0)
            )
        case OfRefractory(population):
            return Place(of_population(population).field(Part.REFRACTORY_STEPS))
        case OfCounterpart(projection, other, transposed):
            own, others = _both(of_projection(projection)), _both(of_projection(other))
            return Apply(counterparts, (*(own[::-1] if transposed else own), *others))
        case OfStructure(projection, part):
            return _structure(of_projection(projection), part)
        case _:
            assert_never(fill)


def _both(p: Group) -> tuple[Place, Place]:
    return Place(p.field(Part.SOURCES)), Place(p.field(Part.TARGETS))


def _structure(p: Group, part: Part) -> Recipe:
    sources, targets = _both(p)
    late = Apply(by_delay, (sources, Place(p.field(Part.AXONAL))))
    late_back = Apply(by_delay, (targets, Place(p.field(Part.DENDRITIC))))
    match part:
        case Part.COLUMNS:
            return Apply(group_ends, (targets, Place(p.field(Part.COLUMN_ENDS))))
        case Part.COLUMN_CONNECTIONS:
            return Apply(sorting, (targets,))
        case Part.COLUMN_SOURCES:
            return Apply(taken, (sources, Apply(sorting, (targets,))))
        case Part.DELAYED_ROWS:
            return Apply(group_ends, (late, Place(p.field(Part.DELAYED_ROW_ENDS))))
        case Part.DELAYED_ROW_CONNECTIONS:
            return Apply(sorting, (late,))
        case Part.DELAYED_COLUMNS:
            return Apply(group_ends, (late_back, Place(p.field(Part.DELAYED_COLUMN_ENDS))))
        case Part.DELAYED_COLUMN_CONNECTIONS:
            return Apply(sorting, (late_back,))
        case Part.DELAYED_COLUMN_SOURCES:
            return Apply(taken, (sources, Apply(sorting, (late_back,))))
        case _:
            return Place(p.field(part))
