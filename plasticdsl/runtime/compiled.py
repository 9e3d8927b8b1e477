"""The compiled engine: a network's kernels, bound to its arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plasticdsl.kernels.program import Array, Program
from plasticdsl.runtime.binding import Bound, bind
from plasticdsl.runtime.engine import TOO_MANY_SPIKES, Feed
from plasticdsl.runtime.feeding import checked_feed, checked_order
from plasticdsl.runtime.instance import Instance

CLOCK = "clock"


class Advance(Protocol):
    """Machine code bound to arrays: runs whole steps and returns how many were done, negative where a buffer overflowed."""

    def advance(self, first_step: int, steps: int) -> int:
        """Run whole steps from `first_step`."""


class Kernels(Protocol):
    """What `kernels.load` gives."""

    def bind(self, bound: Bound) -> Advance:
        """The code with its arguments."""


class CompiledEngine:
    """Runs `instance` with compiled kernels; see `engine.Engine` for what it offers."""

    def __init__(self, program: Program, kernels: Kernels, instance: Instance) -> None:
        self.instance = instance
        self._program = program
        self._bound = bind(program, instance)
        self._code = kernels
        self._kernels = kernels.bind(self._bound)
        self._arrays: dict[str, Array] = {a.name: a for a in program.arrays}
        self._logs = {log.population: log for log in program.logs}
        self._kept: dict[str, list[tuple[NDArray[np.int64], NDArray[np.int64]]]] = {}
        self._step = 0

    @property
    def step(self) -> int:
        """Whole steps done since the beginning."""
        return self._step

    def advance(self, steps: int) -> None:
        """Run whole steps, emptying the spike logs whenever one is full."""
        end = self._step + steps
        while self._step < end:
            done = self._kernels.advance(self._step, end - self._step)
            if done < 0:
                raise RuntimeError(TOO_MANY_SPIKES)
            self._step += done
            self._collect()

    def _collect(self) -> None:
        arrays = self._bound.arrays
        for population in self._kept:
            log = self._logs[population]
            count = int(arrays[log.count][0])
            if count:
                steps, units = arrays[log.steps][:count], arrays[log.units][:count]
                self._kept[population].append((steps.copy(), units.astype(np.int64)))
                arrays[log.count][0] = 0

    def _sum_anew(self) -> None:
        """Something was changed from outside: sums that were kept from step to step may be wrong."""
        for kept in self._program.kept:
            self._bound.arrays[kept][...] = 0

    # --- state ---

    def read(self, owner: str, name: str) -> NDArray[np.float64]:
        """A state, input or parameter now, one value per unit or connection."""
        values = self._bound.arrays.get(f"{owner}_{name}")
        if values is None:
            return self._from_instance(owner, name)
        match self._arrays[f"{owner}_{name}"].per:
            case "pre":
                return np.asarray(values[self.instance.projections[owner].sources()])
            case "post":
                return np.asarray(values[self.instance.projections[owner].targets])
            case _:
                return values

    def _from_instance(self, owner: str, name: str) -> NDArray[np.float64]:
        """What no kernel touches keeps its value from the beginning."""
        population = self.instance.populations.get(owner)
        source = population or self.instance.projections[owner]
        size = population.size if population is not None else self.instance.projections[owner].count
        values = source.states[name] if name in source.states else source.parameters[name]
        return np.broadcast_to(np.asarray(values, dtype=np.float64), (size,))

    def write(self, owner: str, name: str, values: NDArray[np.float64] | float) -> None:
        """Set a state of every unit or connection; where all connections of a unit share it, their values must agree."""
        self._sum_anew()
        array = self._bound.arrays.get(f"{owner}_{name}")
        if array is None:
            self._write_instance(owner, name, values)
            return
        per = self._arrays[f"{owner}_{name}"].per
        if per in ("pre", "post"):
            projection = self.instance.projections[owner]
            units = projection.sources() if per == "pre" else projection.targets
            wanted = np.broadcast_to(np.asarray(values, dtype=np.float64), units.shape)
            shared = array.copy()
            shared[units] = wanted
            if not np.array_equal(shared[units], wanted):
                raise ValueError(f"{owner}.{name} is one value per {per} unit; the values given differ between connections of one unit")
            array[...] = shared
            return
        array[...] = values

    def _write_instance(self, owner: str, name: str, values: NDArray[np.float64] | float) -> None:
        source = self.instance.populations.get(owner) or self.instance.projections[owner]
        if name in source.states:
            source.states[name][...] = values
            return
        scalar = f"{owner}_{name}"
        if scalar in self._bound.scalars and np.ndim(values) == 0:
            self._bound.scalars[scalar] = float(np.asarray(values))
            source.parameters[name] = float(np.asarray(values))
            return
        raise ValueError(f"{owner}.{name} is a parameter shared by all units or connections; give it a single number")

    # --- spikes ---

    def log_spikes(self, populations: Iterable[str]) -> None:
        """From now on keep the spikes of these populations (and of no others)."""
        wanted = set(populations)
        for population, log in self._logs.items():
            self._bound.scalars[log.recording] = int(population in wanted)
        self._kept = {p: self._kept.get(p, []) for p in wanted if p in self._logs}

    def drain(self, population: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Steps and unit numbers of the spikes logged since the last call."""
        chunks = self._kept.get(population, [])
        if population in self._kept:
            self._kept[population] = []
        if not chunks:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        return np.concatenate([c[0] for c in chunks]), np.concatenate([c[1] for c in chunks])

    def spike_count(self, population: str) -> int:
        """All spikes of the population so far."""
        log = self._logs.get(population)
        return 0 if log is None else int(self._bound.arrays[log.total][0])

    def undecided(self, population: str) -> NDArray[np.int64]:
        """Units whose rate or spike condition was no number: a hazard that has taken such a rate stays none."""
        hazard, flags = (self._bound.arrays.get(f"{population}_{what}") for what in ("hazard", "undecided"))
        if flags is not None:
            return np.flatnonzero(flags)
        return np.flatnonzero(np.isnan(hazard)) if hazard is not None else np.empty(0, dtype=np.int64)

    def switch_rules(self, on: Mapping[str, bool]) -> None:
        """Rules of these projections hold the weights (False) or change them (True)."""
        self._sum_anew()  # rules that begin anew may change connections before the sums of their first step
        switches = dict(self._program.switches)
        for projection, value in on.items():
            if projection in switches:
                self._bound.scalars[switches[projection]] = int(value)

    def feed(self, feeds: Sequence[Feed]) -> None:
        """Take these variables from tables from now on; raises `ValueError` for one that cannot be fed or a table that does not fit."""
        for population, name in self._program.feeds:
            self._bound.scalars[f"{population}_{name}_feed_active"] = 0
        self._sum_anew()
        for feed in feeds:
            self._take(feed)
        self._kernels = self._code.bind(self._bound)

    def _take(self, feed: Feed) -> None:
        table, items = checked_feed(feed, self._program.feeds, self.instance)
        full, bound = f"{feed.population}_{feed.name}_feed", self._bound
        bound.arrays[full] = np.ascontiguousarray(table, dtype=self._arrays[full].dtype)
        bound.arrays[f"{full}_items"] = items
        bound.sizes.update({f"{full}_rows": table.shape[0], f"{full}_width": table.shape[1], f"{full}_count": len(items)})
        across = int(table.shape[1] > 1)
        values = {"active": 1, "first": feed.first, "hold": feed.hold, "across": across}
        bound.scalars.update({f"{full}_{what}": value for what, value in values.items()})

    def visit(self, order: Mapping[str, NDArray[np.int64]]) -> None:
        """Update these populations unit by unit, in this order, and all others at once; raises `ValueError` for one that cannot."""
        for population in self._program.visits:
            self._bound.scalars[f"{population}_visiting"] = 0
        for population, units in order.items():
            checked_order(population, units, self._program.visits, self.instance)
            self._bound.scalars[f"{population}_visiting"] = 1
            if f"{population}_order" in self._bound.arrays:
                self._bound.arrays[f"{population}_order"][...] = units

    # --- the whole state ---

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """Copies of everything that changes during a run, and the clock."""
        state: dict[str, NDArray[Any]] = {name: self._bound.arrays[name].copy() for name, a in self._arrays.items() if a.changes}
        state.update({name: values.copy() for name, values in self._untouched()})
        state.update({name: np.asarray(value) for name, value in self._scalars_that_change()})
        state[CLOCK] = np.asarray(self._step)
        return state

    def _untouched(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """States that no kernel reads or changes: they may still be written from outside, shown and recorded."""
        parts = [(owner, part.states) for owner, part in self.instance.populations.items()]
        parts += [(owner, part.states) for owner, part in self.instance.projections.items()]
        for owner, states in parts:
            yield from ((f"{owner}_{name}", values) for name, values in states.items() if f"{owner}_{name}" not in self._bound.arrays)

    def _scalars_that_change(self) -> list[tuple[str, float | int]]:
        return [(switch, self._bound.scalars[switch]) for _, switch in self._program.switches]

    def restore(self, state: Mapping[str, NDArray[np.generic]], *, other_parameters: bool = False) -> None:
        """Continue from a snapshot; raises `ValueError` naming what does not fit. `other_parameters`: what was computed from them is not taken over."""
        wanted = {name: self._bound.arrays[name] for name, a in self._arrays.items() if a.changes} | dict(self._untouched())
        for name, array in wanted.items():
            if name not in state or state[name].shape != array.shape:
                found = "nothing" if name not in state else f"shape {state[name].shape}"
                raise ValueError(f"the saved state does not fit this network: {name} has shape {array.shape}, the file holds {found}")
        for name, array in wanted.items():
            array[...] = state[name]
        for _, switch in self._program.switches:
            if switch in state:
                self._bound.scalars[switch] = int(state[switch])
        self._step = int(state[CLOCK])
        if other_parameters:
            self._sum_anew()
