"""From an instance to the arrays and scalars that a program's kernels work on.

Comes in: `Program` (what is needed), `Instance` (the numbers). Goes out: `Bound`, with one NumPy array per array argument. What each begins with says
the program in recipes (`kernels.recipes`); here they are carried out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from plasticdsl.kernels.identifiers import Field, Group, Part
from plasticdsl.kernels.program import Program
from plasticdsl.kernels.recipes import Apply, Formula, Recipe
from plasticdsl.model.expr import At, Expr, Ref, Special
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.instance.instance import Instance, PopulationInstance, ProjectionInstance, Values
from plasticdsl.runtime.numbers.evaluate import evaluate
from plasticdsl.support.random import signed


@dataclass(slots=True)
class Bound:
    """The values of all fields: `sizes`, `scalars`, which may be changed between calls, and `arrays`, C-contiguous."""

    sizes: dict[Field, int]
    scalars: dict[Field, float | int]
    arrays: dict[Field, NDArray[Any]]


def bind(program: Program, instance: Instance) -> Bound:
    """Every argument of the program's kernels for this instance; fresh arrays (constant ones may be shared with the instance)."""
    carried_out = _CarriedOut(instance)
    for s in program.sizes:
        carried_out.sizes[s.name] = carried_out.fresh(s.value)
    scalars = {s.name: carried_out.fresh(s.value) for s in program.scalars}
    return Bound(carried_out.sizes, scalars, {a.name: carried_out.fresh(a.whole) for a in program.arrays})


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
        if recipe not in self._known:
            self._known[recipe] = self.fresh(recipe)
        return self._known[recipe]

    def _at(self, field: Field) -> Any:
        match field.group:
            case Group("population", name):
                return _of_population(field, self._instance.populations[name])
            case Group("projection", name):
                return _of_projection(field, self._instance.projections[name])
            case Group("network"):
                return self._instance.parameters[field.of[0]]
            case _:
                return self._instance.dt if field.part is Part.DT else signed(self._instance.seed)

    def _evaluate(self, owner: Group, expr: Expr) -> Values:
        def lookup(node: Ref | Special | At) -> Values:
            match node:
                case Ref(Whose.NETWORK, name):
                    return self._instance.parameters[name]
                case Ref(_, name):
                    return self._owner(owner).parameters[name]
                case Special("dt"):
                    return self._instance.dt
                case _:
                    raise KeyError(f"{node} is not constant during a run")

        return evaluate(expr, lookup)

    def _owner(self, owner: Group) -> PopulationInstance | ProjectionInstance:
        return self._instance.populations[owner.name] if owner.kind == "population" else self._instance.projections[owner.name]


def _of_population(field: Field, population: PopulationInstance) -> Any:
    """Recording of spikes is off at first."""
    match field.part:
        case Part.VARIABLE:
            return _value(field.of[0], population)
        case Part.UNITS:
            return population.size
        case Part.REFRACTORY_STEPS:
            return population.refractory_steps
        case Part.GIVEN_STEPS:
            return () if population.spike_steps is None else population.spike_steps
        case Part.GIVEN_UNITS:
            return () if population.spike_units is None else population.spike_units
        case Part.RECORDING:
            return 0
        case _:
            raise AssertionError(field)


def _of_projection(field: Field, projection: ProjectionInstance) -> Any:
    """Rules are on at first."""
    match field.part:
        case Part.VARIABLE:
            return _value(field.of[0], projection)
        case Part.ROWS:
            return projection.rows
        case Part.TARGETS:
            return projection.targets
        case Part.SOURCES:
            return projection.sources()
        case Part.AXONAL:
            return projection.axonal
        case Part.DENDRITIC:
            return projection.dendritic
        case Part.LEARNING:
            return 1
        case _:
            raise AssertionError(field)


def _value(name: str, owner: PopulationInstance | ProjectionInstance) -> Values:
    return owner.states[name] if name in owner.states else owner.parameters[name]
