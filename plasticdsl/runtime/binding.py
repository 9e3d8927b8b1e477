"""From an instance to the arrays and scalars that a program's kernels work on.

Comes in: `Program` (what is needed), `Instance` (the numbers). Goes out: `Bound`, with one NumPy array per array argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from plasticdsl.kernels.support.propagators import propagator
from plasticdsl.model.expr import At, Expr, Ref, Special
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.counterparts import counterparts
from plasticdsl.runtime.evaluate import evaluate
from plasticdsl.runtime.instance import Instance, PopulationInstance, ProjectionInstance, Values
from plasticdsl.runtime.random import exponential, signed, stream_of
from plasticdsl.runtime.steps import to_steps

LOG_SPIKES = 1 << 16


@dataclass(slots=True)
class Bound:
    """`sizes` and `scalars` by name; `arrays` by name, C-contiguous. `scalars` may be changed between calls."""

    sizes: dict[str, int]
    scalars: dict[str, float | int]
    arrays: dict[str, NDArray[Any]]


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
        self.structures: dict[tuple[str, str], NDArray[Any]] = {}

    # --- sizes ---

    def size(self, size: Size) -> int:
        """The length a size stands for."""
        if size.what in ("one", "feed"):
            return 1
        population = self.instance.populations.get(size.owner)
        if population is not None:
            return self._population_size(size, population)
        projection = self.instance.projections[size.owner]
        pre = self.instance.populations[projection.pre].size
        post = self.instance.populations[projection.post].size
        match size.what:
            case "connections":
                return projection.count
            case "rows":
                return pre + 1
            case "columns":
                return post + 1
            case "axonal_slots":
                return _largest(projection.axonal) + 1
            case "dendritic_slots":
                return _largest(projection.dendritic) + 1
            case "delayed_rows":
                return pre * (_largest(projection.axonal) + 1) + 1
            case "delayed_columns":
                return post * (_largest(projection.dendritic) + 1) + 1
            case "history":
                assert size.value is not None
                return to_steps(float(np.max(self._evaluate(size.owner, size.value))), self.instance.dt) * 2 + 4
            case _:
                raise AssertionError(size.what)

    def _population_size(self, size: Size, population: PopulationInstance) -> int:
        match size.what:
            case "units":
                return population.size
            case "slots":
                return self._largest_delay(population.name) + 1
            case "capacity":
                return self._capacity(population)
            case "log":
                return max(LOG_SPIKES, 4 * self._capacity(population))
            case "given":
                return 0 if population.spike_steps is None else len(population.spike_steps)
            case _:
                raise AssertionError(size.what)

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
            return {"dt": self.instance.dt, "seed": signed(self.instance.seed)}.get(
                scalar.name, 0 if scalar.name.endswith("_recording") else 1
            )
        value = self._values(scalar.fill)
        return int(value) if scalar.dtype == "int64" else float(value)

    def array(self, array: Array, sizes: dict[str, int]) -> NDArray[Any]:
        """A fresh array filled as the argument asks."""
        shape = tuple(sizes[s] for s in array.shape)
        if isinstance(array.fill, OfStructure):
            return np.ascontiguousarray(self._structure(array.fill), dtype=array.dtype)
        filled = np.zeros(shape, dtype=array.dtype)
        match array:
            case Array(per="pre" | "post", fill=OfState(owner)):
                projection = self.instance.projections[owner]
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
            case OfParameter("network", name):
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
                return stream_of(owner, *purpose)
            case OfHazard(population):
                p = instance.populations[population]
                return exponential(instance.seed, p.stream, np.arange(p.size), 0)
            case OfCounterpart(projection, other, transposed):
                return counterparts(instance.projections[projection], instance.projections[other], transposed)
            case OfRefractory(population):
                return instance.populations[population].refractory_steps

    def _owner(self, owner: str) -> PopulationInstance | ProjectionInstance:
        return self.instance.populations.get(owner) or self.instance.projections[owner]

    def _evaluate(self, owner: str, expr: Expr) -> Values:
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

    def _make_structure(self, p: ProjectionInstance, part: str) -> Any:
        post = self.instance.populations[p.post].size
        match part:
            case "rows":
                return p.rows
            case "targets":
                return p.targets
            case "columns":
                return _ends(p.targets.astype(np.int64), post)
            case "column_connections":
                return np.argsort(p.targets, kind="stable").astype(np.int32)
            case "column_sources" | "delayed_column_sources":
                return p.sources()[self._structure(OfStructure(p.name, part.replace("sources", "connections")))]
            case "axonal" | "dendritic":
                return p.axonal if part == "axonal" else p.dendritic
            case "delayed_rows" | "delayed_row_connections":
                pre = self.instance.populations[p.pre].size
                return _by_delay(p.sources(), p.axonal, pre, part == "delayed_rows")
            case "delayed_columns" | "delayed_column_connections":
                return _by_delay(p.targets, p.dendritic, post, part == "delayed_columns")
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
