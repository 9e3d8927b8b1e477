"""From an instance to the arrays and scalars that a program's kernels work on.

Comes in: `Program` (what is needed), `Instance` (the numbers). Goes out: `Bound`, with one NumPy array per array argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.kernels.identifiers import Field, Group, Part
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
    Program,
    Scalar,
    Size,
)
from plasticdsl.model.expr import At, Expr, Ref, Special
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.instance.counterparts import counterparts
from plasticdsl.runtime.instance.instance import Instance, PopulationInstance, ProjectionInstance, Values
from plasticdsl.runtime.numbers.evaluate import evaluate
from plasticdsl.support.propagators import propagator
from plasticdsl.support.random import exponentials, signed, stream_of
from plasticdsl.support.steps import to_steps

LOG_SPIKES = 1 << 16


@dataclass(slots=True)
class Bound:
    """The values of all fields: `sizes`, `scalars`, which may be changed between calls, and `arrays`, C-contiguous."""

    sizes: dict[Field, int]
    scalars: dict[Field, float | int]
    arrays: dict[Field, NDArray[Any]]


def bind(program: Program, instance: Instance) -> Bound:
    """Every argument of the program's kernels for this instance; fresh arrays (constant ones may be shared with the instance)."""
    binder = _Binder(instance)
    sizes = {s.name: binder.size(s) for s in program.sizes}
    scalars = {s.name: binder.scalar(s) for s in program.scalars}
    arrays = {a.name: binder.array(a, sizes) for a in program.arrays}
    return Bound(sizes, scalars, arrays)


class _Binder:
    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.propagators: dict[Any, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        self.structures: dict[tuple[str, Part], NDArray[Any]] = {}

    # --- sizes ---

    def size(self, size: Size) -> int:
        """The length a size stands for."""
        group = size.name.group
        match group:
            case Group("population", name):
                return self._population_size(size.name.part, self.instance.populations[name])
            case Group("projection", name):
                return self._projection_size(size, self.instance.projections[name])
            case _:
                return 1

    def _projection_size(self, size: Size, projection: ProjectionInstance) -> int:
        pre = self.instance.populations[projection.pre].size
        post = self.instance.populations[projection.post].size
        match size.name.part:
            case Part.CONNECTIONS:
                return projection.count
            case Part.ROW_ENDS:
                return pre + 1
            case Part.COLUMN_ENDS:
                return post + 1
            case Part.AXONAL_SLOTS:
                return _largest(projection.axonal) + 1
            case Part.DENDRITIC_SLOTS:
                return _largest(projection.dendritic) + 1
            case Part.DELAYED_ROW_ENDS:
                return pre * (_largest(projection.axonal) + 1) + 1
            case Part.DELAYED_COLUMN_ENDS:
                return post * (_largest(projection.dendritic) + 1) + 1
            case Part.HISTORY_LENGTH:
                assert size.value is not None
                return to_steps(float(np.max(self._evaluate(size.name.group, size.value))), self.instance.dt) * 2 + 4
            case _:
                raise AssertionError(size.name)

    def _population_size(self, part: Part, population: PopulationInstance) -> int:
        match part:
            case Part.UNITS:
                return population.size
            case Part.SLOTS:
                return self._largest_delay(population.name) + 1
            case Part.CAPACITY:
                return self._capacity(population)
            case Part.LOG:
                return max(LOG_SPIKES, 4 * self._capacity(population))
            case Part.GIVEN:
                return 0 if population.spike_steps is None else len(population.spike_steps)
            case Part.FEED_ROWS | Part.FEED_WIDTH | Part.FEED_COUNT:  # given with the tables
                return 1
            case _:
                raise AssertionError(part)

    def _capacity(self, population: PopulationInstance) -> int:
        if population.spike_steps is None or len(population.spike_steps) == 0:
            return 4 * population.size + 64
        _, counts = np.unique(population.spike_steps, return_counts=True)
        return max(int(counts.max()), population.size)

    def _largest_delay(self, population: str) -> int:
        delays = [0]
        for p in self.instance.projections.values():
            delays += [_largest(p.axonal)] if p.pre == population else []
            delays += [_largest(p.dendritic)] if p.post == population else []
        return max(delays)

    # --- scalars and arrays ---

    def scalar(self, scalar: Scalar) -> float | int:
        """The value of a scalar argument; the switches start on, recording off."""
        if scalar.fill is None:
            return self._of_run(scalar.name.part)
        value = self._values(scalar.fill)
        return int(value) if scalar.dtype == "int64" else float(value)

    def _of_run(self, part: Part) -> float | int:
        match part:
            case Part.DT:
                return self.instance.dt
            case Part.SEED:
                return signed(self.instance.seed)
            case Part.RECORDING:
                return 0
            case _:
                return 1

    def array(self, array: Array, sizes: dict[Field, int]) -> NDArray[Any]:
        """A fresh array filled as the argument asks."""
        shape = tuple(sizes[s] for s in array.shape)
        if isinstance(array.fill, OfStructure):
            return np.ascontiguousarray(self._structure(array.fill), dtype=array.dtype)
        filled = np.zeros(shape, dtype=array.dtype)
        match array:
            case Array(per="pre" | "post", fill=OfState(owner)):
                projection = self.instance.projections[owner.name]
                filled[projection.sources() if array.per == "pre" else projection.targets] = self._values(array.fill)
            case _:
                filled[...] = self._of_one(array.fill) if array.per in ("pre", "post") else self._values(array.fill)
        return filled

    def _of_one(self, fill: Fill) -> Any:
        """What all connections start with, for a variable that lives with the units (the same for all, or it would not)."""
        values = self._values(fill)
        return values if np.ndim(values) == 0 else values[0] if len(values) else 0.0

    def _values(self, fill: Fill) -> Any:
        instance = self.instance
        match fill:
            case Constant(value):
                return value
            case OfState(owner, name):
                return self._owner(owner).states[name]
            case OfParameter(Group("network"), name):
                return instance.parameters[name]
            case OfParameter(owner, name):
                return self._owner(owner).parameters[name]
            case OfStructure():
                return self._structure(fill)
            case OfPropagator():
                return self._propagator(fill)
            case OfExpression(owner, value, steps):
                number = self._evaluate(owner, value)
                return to_steps(float(np.asarray(number)), instance.dt) if steps else number
            case OfSource(population, part):
                source = instance.populations[population]
                return source.spike_steps if part == "steps" else source.spike_units
            case OfStream(owner, ()):
                return self._owner(owner).stream
            case OfStream(owner, purpose):
                return stream_of(owner.name, *purpose)
            case OfHazard(population):
                p = instance.populations[population]
                return exponentials(instance.seed, p.stream, np.arange(p.size), 0)
            case OfCounterpart(projection, other, transposed):
                return counterparts(instance.projections[projection], instance.projections[other], transposed)
            case OfRefractory(population):
                return instance.populations[population].refractory_steps

    def _owner(self, owner: Group) -> PopulationInstance | ProjectionInstance:
        return self.instance.populations[owner.name] if owner.kind == "population" else self.instance.projections[owner.name]

    def _evaluate(self, owner: Group, expr: Expr) -> Values:
        parameters = self._owner(owner).parameters

        def lookup(node: Ref | Special | At) -> Values:
            match node:
                case Ref(Whose.NETWORK, name):
                    return self.instance.parameters[name]
                case Ref(_, name):
                    return parameters[name]
                case Special("dt"):
                    return self.instance.dt
                case _:
                    raise KeyError(f"{node} is not constant during a run")

        return evaluate(expr, lookup)

    def _propagator(self, fill: OfPropagator) -> Any:
        key = (fill.owner, fill.matrix)
        if key not in self.propagators:
            entries = [[np.asarray(self._evaluate(fill.owner, e), dtype=np.float64) for e in row] for row in fill.matrix]
            shape = np.broadcast_shapes(*(e.shape for row in entries for e in row))
            matrix = np.stack([np.stack([np.broadcast_to(e, shape) for e in row], axis=-1) for row in entries], axis=-2)
            self.propagators[key] = propagator(matrix, self.instance.dt)
        p, q = self.propagators[key]
        return (p if fill.part == "P" else q)[..., fill.row, fill.column]

    # --- connectivity ---

    def _structure(self, fill: OfStructure) -> Any:
        key = (fill.projection, fill.part)
        if key not in self.structures:
            self.structures[key] = self._make_structure(self.instance.projections[fill.projection], fill.part)
        return self.structures[key]

    def _make_structure(self, p: ProjectionInstance, part: Part) -> Any:
        pre, post = self.instance.populations[p.pre].size, self.instance.populations[p.post].size
        match part:
            case Part.ROWS:
                return p.rows
            case Part.TARGETS:
                return p.targets
            case Part.COLUMNS:
                return _ends(p.targets.astype(np.int64), post)
            case Part.COLUMN_CONNECTIONS:
                return np.argsort(p.targets, kind="stable").astype(np.int32)
            case Part.COLUMN_SOURCES:
                return p.sources()[self._structure(OfStructure(p.name, Part.COLUMN_CONNECTIONS))]
            case Part.DELAYED_COLUMN_SOURCES:
                return p.sources()[self._structure(OfStructure(p.name, Part.DELAYED_COLUMN_CONNECTIONS))]
            case Part.AXONAL:
                return p.axonal
            case Part.DENDRITIC:
                return p.dendritic
            case Part.DELAYED_ROWS | Part.DELAYED_ROW_CONNECTIONS:
                return _by_delay(p.sources(), p.axonal, pre, part is Part.DELAYED_ROWS)
            case Part.DELAYED_COLUMNS | Part.DELAYED_COLUMN_CONNECTIONS:
                return _by_delay(p.targets, p.dendritic, post, part is Part.DELAYED_COLUMNS)
            case _:
                raise AssertionError(part)


def _largest(delay: int | NDArray[np.int32]) -> int:
    return int(np.max(delay, initial=0))


def _ends(keys: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Where each group begins among the sorted keys, and the end: int64[groups + 1]."""
    ends = np.zeros(groups + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=groups), out=ends[1:])
    return ends


def _by_delay(units: NDArray[np.int32], delay: int | NDArray[np.int32], count: int, ends: bool) -> NDArray[Any]:
    slots = _largest(delay) + 1
    keys = units.astype(np.int64) * slots + delay
    return _ends(keys, count * slots) if ends else np.argsort(keys, kind="stable").astype(np.int32)
