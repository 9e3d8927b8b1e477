"""From an instance to the arrays and scalars that a program's kernels work on.

Comes in: `Program` (what is needed), `Instance` (the numbers). Goes out: `Bound`, with one NumPy array per array argument. What each begins with says
the program in recipes (`kernels.recipes`); here they are carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.kernels.identifiers import NETWORK, Field, Group, Part, group_of
from plasticdsl.kernels.program import Program
from plasticdsl.kernels.recipes import Apply, Formula, Recipe
from plasticdsl.model.expr import Expr, refs
from plasticdsl.model.owners import OfPopulation, OfProjection, Whose
from plasticdsl.runtime.instance.instance import Instance, PopulationInstance, ProjectionInstance, Values
from plasticdsl.runtime.numbers.evaluate import constant
from plasticdsl.support.arrays import dense
from plasticdsl.support.random import signed


class Scalars(dict[Field, float | int]):
    """Numbers that may be changed between calls; `changed` tells whoever copies them that they were."""

    changed = True

    def __setitem__(self, field: Field, value: float | int) -> None:
        self.changed = self.changed or self[field] != value
        super().__setitem__(field, value)


@dataclass(slots=True)
class Bound:
    """The values of all fields: `sizes`, `scalars`, and `arrays`, C-contiguous."""

    sizes: dict[Field, int]
    scalars: Scalars
    arrays: dict[Field, NDArray[Any]]


def bind(program: Program, instance: Instance) -> Bound:
    """Every argument of the program's kernels for this instance; fresh arrays (constant ones may be shared with the instance)."""
    carried_out = _CarriedOut(instance)
    for s in program.sizes:
        carried_out.sizes[s.name] = carried_out.fresh(s.value)
    scalars = Scalars({s.name: carried_out.fresh(s.value) for s in program.scalars})
    return Bound(carried_out.sizes, scalars, {a.name: carried_out.fresh(a.whole) for a in program.arrays})


# --- other parameters --------------------------------------------------------------------------------------------------

#: What parameters move beside themselves.
_MOVED = (Part.REFRACTORY_STEPS, Part.STRIDE, Part.GIVEN_STEPS, Part.GIVEN_UNITS)
_GIVEN = (Part.GIVEN_STEPS, Part.GIVEN_UNITS)


class Readers:
    """Which arguments of a program's kernels read which parameters, or times and spikes that follow from them."""

    def __init__(self, program: Program) -> None:
        self._changing = [a for a in program.arrays if a.changes]
        self._sizes = [(s.name, s.value, _leaves(s.value)) for s in program.sizes]
        self._scalars = [(s.name, s.value, _leaves(s.value)) for s in program.scalars]
        self._arrays = [(a.name, a.whole, _leaves(a.whole), a.shape) for a in program.arrays if not a.changes]

    def rebound(self, bound: Bound, before: Instance, instance: Instance) -> Bound | None:
        """The arguments that are others for this instance than for the one `before`, which is `bound` and has the same states; None where new ones have to
        be made for it: one value for all has become many, or what changes during a run would have another size."""
        differing = _differences(before, instance)
        if differing is None:
            return None
        carried_out = _CarriedOut(instance)
        sizes = {name: carried_out.fresh(recipe) for name, recipe, read in self._sizes if read & differing}
        others = {name for name, value in sizes.items() if bound.sizes[name] != value}
        if any(others.intersection(a.shape) for a in self._changing):
            return None
        carried_out.sizes = {**bound.sizes, **sizes}
        scalars = Scalars({name: carried_out.fresh(recipe) for name, recipe, read in self._scalars if read & differing})
        moved = ((name, recipe) for name, recipe, read, shape in self._arrays if read & differing or others.intersection(shape))
        return Bound(sizes, scalars, {name: carried_out.fresh(recipe) for name, recipe in moved})


def _leaves(recipe: Recipe) -> frozenset[Field]:
    """What a recipe reads of an instance."""
    match recipe:
        case Field():
            return frozenset((recipe,))
        case Formula(owner, value):
            return frozenset((owner if ref.owner is Whose.OWN else group_of(ref.owner)).variable(ref.name) for ref in refs(value))
        case Apply(arguments=arguments, words=words):
            return _leaves((*arguments, *(value for _, value in words)))
        case tuple():
            return frozenset[Field]().union(*map(_leaves, recipe))
        case _:
            return frozenset()


def _differences(before: Instance, after: Instance) -> frozenset[Field] | None:
    """What parameters have moved; None where one value for all has become many."""
    pairs = [(NETWORK.variable(name), value, after.parameters[name]) for name, value in before.parameters.items()]
    owners: list[OfPopulation | OfProjection] = [*map(OfPopulation, before.populations), *map(OfProjection, before.projections)]
    for owner in owners:
        one, other, group = before.part(owner), after.part(owner), group_of(owner)
        if one is other:
            continue
        pairs += [(group.variable(name), value, other.parameters[name]) for name, value in one.parameters.items()]
        if isinstance(one, PopulationInstance):
            pairs += [(group.field(part), _OF_PARTS[part](one), _OF_PARTS[part](other)) for part in _MOVED]
    moved = [(field, old, new) for field, old, new in pairs if old is not new]
    if any(np.shape(old) != np.shape(new) for field, old, new in moved if field.part not in _GIVEN):
        return None
    return frozenset(field for field, old, new in moved if not np.array_equal(old, new))


def checked_arrays(program: Program, bound: Bound) -> list[NDArray[Any]]:
    """The arrays of a program in order; machine code would not notice a wrong one."""
    found = []
    for wanted in program.arrays:
        name, array = wanted.name, bound.arrays[wanted.name]
        shape = tuple(bound.sizes[s] for s in wanted.shape)
        if array.shape != shape or array.dtype != np.dtype(wanted.dtype) or not array.flags.c_contiguous:
            raise ValueError(f"{name} is {array.dtype}{list(array.shape)}, but must be contiguous {wanted.dtype}{list(shape)}")
        found.append(array)
    return found


class _CarriedOut:
    """Recipes carried out on an instance. What several of them have in common is computed once."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._known: dict[Recipe, Any] = {}
        self.sizes: dict[Field, int] = {}

    def fresh(self, recipe: Recipe) -> Any:
        """What a recipe gives, of its own."""
        match recipe:
            case Field():
                return self.sizes[recipe] if recipe in self.sizes else self._at(recipe)
            case Formula(owner, value):
                return self._evaluate(owner, value)
            case Apply(function, arguments):
                return function(*map(self._shared, arguments))
            case tuple():
                return tuple(map(self._shared, recipe))
            case _:
                return recipe

    def _shared(self, recipe: Recipe) -> Any:
        if isinstance(recipe, int | float | str | None):
            return recipe  # not looked up: 0 is a key like 0.0, and no index like it
        if isinstance(recipe, tuple):
            return self.fresh(recipe)  # nor is (0, 1), which is one like (0.0, 1.0)
        if recipe not in self._known:
            self._known[recipe] = self.fresh(recipe)
        return self._known[recipe]

    def _at(self, field: Field) -> Any:
        match field.group:
            case Group("network"):
                return self._instance.parameters[field.of[0]]
            case Group("run"):
                return _OF_RUN[field.part](self._instance)
            case Group("data", name):
                return dense(self._instance.stored[name][field.of[0]])
            case Group(kind, name):
                part = self._instance.projections[name] if kind == "projection" else self._instance.populations[name]
                return _value(field.of[0], part) if field.part is Part.VARIABLE else _OF_PARTS[field.part](part)

    def _evaluate(self, owner: Group, expr: Expr) -> Values:
        return constant(expr, self._instance, (OfPopulation if owner.kind == "population" else OfProjection)(owner.name))


#: What holds for the whole run.
_OF_RUN: Mapping[Part, Callable[[Instance], Any]] = {
    Part.DT: lambda instance: instance.dt,
    Part.SEED: lambda instance: signed(instance.seed),
    Part.THREAD: lambda _: 0,
    Part.THREADS: lambda _: 1,
}

#: What a population or projection says of itself.
_OF_PARTS: Mapping[Part, Callable[[Any], Any]] = {
    Part.UNITS: lambda population: population.size,
    Part.STRIDE: lambda population: population.stride,
    Part.REFRACTORY_STEPS: lambda population: population.refractory_steps,
    Part.GIVEN_STEPS: lambda population: () if population.spike_steps is None else population.spike_steps,
    Part.GIVEN_UNITS: lambda population: () if population.spike_units is None else population.spike_units,
    Part.RECORDING: lambda _: 0,  # off at first
    Part.ROWS: lambda projection: projection.rows,
    Part.TARGETS: lambda projection: projection.targets,
    Part.SOURCES: lambda projection: projection.sources(),
    Part.AXONAL: lambda projection: projection.axonal,
    Part.DENDRITIC: lambda projection: projection.dendritic,
    Part.LEARNING: lambda _: 1,  # on at first
}


def _value(name: str, owner: PopulationInstance | ProjectionInstance) -> Values:
    return owner.states[name] if name in owner.states else owner.parameters[name]
