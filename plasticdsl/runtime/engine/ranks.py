"""The engine of a process that shares a network with others.

Each process has its own units' states, the connections that lead to them, and everything that all have alike. Steps are carried out by all together: each
goes on by itself for as many steps as the smallest delay, or for a part of a step where something else than spikes is needed of others, and then they tell
each other. What is read is gathered, so that every process sees the whole network; what runs and records on top of it is the same on each.

To the bit it is the run of one process: units and connections are computed by the same loops, in the same order, from the same random numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.kernels.identifiers import RUN, Field, Part, field_of, of_population, of_projection
from plasticdsl.kernels.program import Array, Program, Shared
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation, OfProjection
from plasticdsl.model.parts import Emitted
from plasticdsl.runtime.engine.company import Company, total
from plasticdsl.runtime.engine.compiled import CompiledEngine
from plasticdsl.runtime.engine.engine import Feed, State
from plasticdsl.runtime.engine.telling import Telling
from plasticdsl.runtime.engine.whole import whole_of
from plasticdsl.runtime.instance.divided import Division
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.support.arrays import Integers

if TYPE_CHECKING:
    from plasticdsl.runtime.engine.load import Kernels

#: The longest that processes go on by themselves, in steps.
MOST_STEPS = 64
_SEGMENT = RUN.field(Part.SEGMENT)


class SharedEngine:
    """Runs `instance` together with the other processes of a company; see `engine.Engine` for what it offers. All calls are collective."""

    def __init__(self, program: Program, kernels: Kernels, instance: Instance, company: Company) -> None:
        assert program.shared is not None
        self.asked = program.asked
        self.instance: Instance = whole_of(instance, self._of_all)
        self._program, self._company, self._shared = program, company, program.shared
        division = Division(company.rank, company.size)
        self._ends = {name: division.own(instance.populations[name].size) for name in self._shared.members}
        self._own = CompiledEngine(program, kernels, instance)
        self._tell_own()
        self._arrays: dict[Field, Array] = {a.name: a for a in program.arrays}
        self._members = tuple(one for one in program.logs if one.population in self._shared.members)
        self._values: dict[str, dict[str, NDArray[np.float64]]] = {}
        self._telling = Telling(self._own, company, self._members) if self._members else None
        self._longest = _longest(self._shared, program, instance)

    def _tell_own(self) -> None:
        """Which units are its own, and which numbers its connections have in all."""
        arrays = self._own.bound.arrays
        for name in self._shared.members:
            field = of_population(name).field(Part.BEGINS)
            if field in arrays:
                arrays[field][...] = self._ends[name]
        for name in self._own.instance.projections:
            field = of_projection(name).field(Part.NUMBER)
            if field in arrays:
                arrays[field][...] = self._numbers(name)

    def _numbers(self, projection: str) -> Integers:
        """Which connections it has."""
        return self._own.instance.projections[projection].numbers

    @property
    def step(self) -> int:
        """Whole steps done since the beginning."""
        return self._own.step

    # --- steps ---

    def advance(self, steps: int) -> None:
        """Run whole steps together with the others. Raises `RuntimeError` on all of them where a buffer would overflow on one."""
        end, stretches, number = self.step + steps, _stretches(self._longest), 0
        while self.step < end:
            if stretches:
                self._by_itself(min(stretches[number % len(stretches)], end - self.step), len(stretches) > 1)
                number += 1
            else:
                self._in_parts()
        if self._telling is not None:
            self._telling.finish()

    def once(self) -> None:
        """One step."""
        self.advance(1)

    def _by_itself(self, steps: int, ahead: bool) -> None:
        """A stretch of steps, of which others hear afterwards; `ahead`: when they have gone through the next one."""
        first, problem, telling = self.step, "", self._telling
        while (left := first + steps - self.step) and not problem:
            if telling is None:
                problem = self._own.some_steps(left)
                continue
            telling.before(first)
            problem = self._own.some_steps(left)
            telling.after()
            if self.step < first + steps:
                telling.spill()
        if telling is None:
            if problem:
                raise RuntimeError(problem)
            return
        telling.hear()
        telling.send(first, steps, problem)
        if problem or not ahead:
            telling.hear()

    def _in_parts(self) -> None:
        """A step, part by part."""
        first, scalars, telling = self.step, self._own.bound.scalars, self._telling
        last = len(self._shared.needed) - 1
        for number, fields in enumerate(self._shared.needed):
            scalars[_SEGMENT] = number
            if telling is not None:
                telling.before(first)
            problem = self._own.part_of_step(number == last)
            if telling is not None:
                telling.after()
                if number == 0:
                    telling.send(first, 1, problem)
                    telling.hear()
            elif problem:
                raise RuntimeError(problem)
            for field in fields:
                self._complete(field)
        scalars[_SEGMENT] = 0

    def _complete(self, field: Field) -> None:
        """An array of units with what other processes have found for theirs."""
        array, name = self._own.bound.arrays[field], field.group.name
        begin, end = self._ends[name]
        array[...] = np.concatenate(self._company.gather(array[begin:end]))

    # --- values ---

    def all_finite(self) -> bool:
        """Whether all states of all processes are finite, told fast."""
        return total(self._company, int(not self._own.all_finite())) == 0

    def array_of(self, target: Ref) -> NDArray[np.float64] | None:
        """None: no process has all values."""
        return None

    def adopt(self, target: Ref, array: NDArray[np.float64]) -> bool:
        """No: no process has all values."""
        return False

    def written(self) -> None:
        """Something was written into an array."""
        self._own.written()

    def read(self, target: Ref) -> NDArray[np.float64]:
        """A state, input or parameter now, one value per unit or connection of all processes."""
        values = self._own.read(target)
        match target.owner:
            case OfPopulation(name) if name in self._ends and self._moves(target):
                return self._whole(name, values)
            case OfProjection(name):
                return self._of_all(name, values)
            case _:
                return values

    def _moves(self, target: Ref) -> bool:
        """Whether a kernel may change it."""
        array = self._arrays.get(field_of(target))
        return array is not None and array.changes

    def _whole(self, population: str, values: NDArray[Any]) -> NDArray[Any]:
        begin, end = self._ends[population]
        return np.concatenate(self._company.gather(values[begin:end]))

    def _of_all(self, projection: str, values: NDArray[Any]) -> NDArray[Any]:
        """Values of connections along the first axis, in the order of all."""
        order = np.concatenate(self._company.gather(self._numbers(projection)))
        every = np.concatenate(self._company.gather(np.ascontiguousarray(values).reshape(-1)))
        if not every.size:  # rests that nobody has
            return values
        found = np.empty((len(order), *values.shape[1:]), dtype=values.dtype)
        found[order] = every.reshape(found.shape)
        return found

    def write(self, target: Ref, values: NDArray[np.float64] | float) -> None:
        """Set a state of every unit or connection."""
        own = values
        if isinstance(target.owner, OfProjection) and np.ndim(values):
            part = self._own.instance.projections[target.owner.name]
            own = np.broadcast_to(np.asarray(values, dtype=np.float64), (part.count_of_all,))[self._numbers(target.owner.name)]
        problem: ValueError | None = None
        try:
            self._own.write(target, own)
        except ValueError as error:
            problem = error
        if total(self._company, int(problem is not None)):
            raise problem or ValueError(f"{target.path} cannot be given these values in another process")

    # --- spikes ---

    def agreed(self, value: float) -> float:
        """What the first process has, so that all do the same."""
        return self._company.first(value)

    def log_spikes(self, emitted: Iterable[Emitted]) -> None:
        """From now on keep these spikes and other events (and no others)."""
        wanted = set(emitted)
        with_values = {one for one in wanted if one in self._members and self._names_kept(*one)}
        self._own.log_spikes(wanted.difference(self._members) | with_values)
        if self._telling is not None:
            self._telling.keep([one for one in self._members if one in wanted])

    def _names_kept(self, population: str, event: str) -> tuple[str, ...]:
        """The variables whose values are logged with an event: only with spikes."""
        return () if event else self.asked.kept_of(population)

    def drain(self, population: str, event: str = "") -> tuple[Integers, Integers]:
        """Steps and unit numbers (from 0) logged since the last call, of all processes."""
        one = Emitted(population, event)
        if self._telling is None or one not in self._members:
            return self._own.drain(population, event)
        if self._names_kept(*one):
            self._drain_values(population)
        return self._telling.drain(one)

    def _drain_values(self, population: str) -> None:
        """What is kept at spikes: each process has it of its own units."""
        steps, units = self._own.drain(population)
        values = self._own.values_at_spikes(population)
        begin, end = self._ends[population]
        here = (units >= begin) & (units < end)
        steps, units, *rows = (np.concatenate(self._company.gather(row[here])) for row in (steps, units, *values.values()))
        order = np.lexsort((units, steps))
        self._values[population] = dict(zip(values, (row[order] for row in rows), strict=True))

    def times(self, population: str, event: str = "") -> NDArray[np.float64] | None:
        """When events were that are located within steps; None, since none are."""
        return None

    def located(self, population: str, event: str = "") -> tuple[NDArray[np.float64], Integers, Mapping[str, NDArray[np.float64]]]:
        """Events that were located in the step that has just ended."""
        return self._own.located(population, event)

    def values_at_spikes(self, population: str) -> Mapping[str, NDArray[np.float64]]:
        """The variables that are kept at spikes, of those that `drain` gave last."""
        return self._values[population] if population in self._values else self._own.values_at_spikes(population)

    def spike_count(self, population: str, event: str = "") -> int:
        """All spikes of the population so far, or another event of it."""
        self._sum_drawn()
        return self._own.spike_count(population, event)

    def _sum_drawn(self) -> None:
        """What each process has drawn of the spikes of sources counts for all."""
        arrays = self._own.bound.arrays
        for source in self._shared.driving:
            field = of_population(source).field
            if field(Part.SHARE_TOTAL) in arrays:
                drawn = arrays[field(Part.SHARE_TOTAL)]
                arrays[field(Part.SPIKE_TOTAL)][0] += total(self._company, int(drawn[0]))
                drawn[0] = 0

    def undecided(self, population: str, event: str = "") -> Integers:
        """Units whose rate or condition, or that of another event, was no number."""
        found = self._own.undecided(population, event)
        if population not in self._ends:
            return found
        begin, end = self._ends[population]
        return np.concatenate(self._company.gather(found[(found >= begin) & (found < end)].astype(np.int64)))

    def switch_rules(self, on: Mapping[str, bool]) -> None:
        """Rules of these projections hold the weights (False) or change them (True)."""
        self._own.switch_rules(on)

    def feed(self, feeds: Sequence[Feed]) -> None:
        """Take these variables from tables from now on."""
        self._own.feed(feeds)

    def change(self, instance: Instance) -> bool:
        """Go on with other parameters; what follows from them is worked out anew, and nothing else."""
        longest = _longest(self._shared, self._program, instance)
        if longest != self._longest or not self._own.change(instance):
            return False
        self.instance = whole_of(instance, self._of_all)
        self._tell_own()
        return True

    def visit(self, order: Mapping[str, Integers | None]) -> None:
        """Units that update one by one are not divided."""
        self._own.visit(order)

    # --- the whole state ---

    def snapshot(self, into: State | None = None, *, moving: bool = False) -> dict[str, NDArray[np.generic]]:
        """Everything that changes during a run, of all processes: what one process would have. `moving`: that of this process, to be restored here."""
        self._sum_drawn()
        if moving:
            return self._own.snapshot(into, moving=True)
        state: dict[str, NDArray[Any]] = dict(self._own.snapshot())
        for array in self._arrays.values():
            if str(array.name) in state:
                state[str(array.name)] = self._gathered(array, state[str(array.name)])
        for name, projection in self._own.instance.projections.items():  # what no kernel touches
            for variable in projection.states:
                field = of_projection(name).variable(variable)
                if field not in self._arrays and str(field) in state:
                    state[str(field)] = self._of_all(name, state[str(field)])
        return state

    def _gathered(self, array: Array, values: NDArray[Any]) -> NDArray[Any]:
        """A whole array: along the axis of connections, or of units that are divided."""
        axis, projection, population = _divided_along(array, self._program, self._ends)
        if axis is None:
            return values
        along = np.moveaxis(values, axis, 0)
        if projection:
            found = self._of_all(projection, along)
        else:
            begin, end = self._ends[population]
            parts = self._company.gather(np.ascontiguousarray(along[begin:end]).reshape(-1))
            found = np.concatenate(parts).reshape(along.shape)
        return np.ascontiguousarray(np.moveaxis(found, 0, axis))

    def restore(self, state: State, *, other_parameters: bool = False, moving: bool = False, foreign: bool = False) -> None:
        """Continue from a snapshot, of one process or of any number of them (`moving`: of this process alone)."""
        if not moving:
            own: dict[str, NDArray[Any]] = dict(state)
            for array in self._arrays.values():
                axis, projection, _ = _divided_along(array, self._program, self._ends)
                if axis is not None and projection and (found := state.get(str(array.name))) is not None and found.shape[axis]:
                    own[str(array.name)] = np.ascontiguousarray(np.take(found, self._numbers(projection), axis=axis))
            for name, projection_ in self._own.instance.projections.items():
                for variable in projection_.states:
                    field = of_projection(name).variable(variable)
                    if field not in self._arrays and str(field) in state:
                        own[str(field)] = state[str(field)][self._numbers(name)]
            state = own
        self._own.restore(state, other_parameters=other_parameters, moving=moving, foreign=foreign)
        for source in self._shared.driving:
            self._own.bound.arrays.get(of_population(source).field(Part.SHARE_TOTAL), np.zeros(1))[...] = 0


def _divided_along(array: Array, program: Program, members: Collection[str]) -> tuple[int | None, str, str]:
    """Along which axis processes have parts of an array, and of which projection or population; None where all have it alike."""
    assert program.shared is not None
    rests = {one.length for one in program.superposed}
    for axis, size in enumerate(array.shape):
        if size.part is Part.CONNECTIONS or size in rests:
            return axis, size.group.name, ""
        of_units = array.name.group.kind == "population" or array.name in program.shared.of_post
        if of_units and size.part is Part.UNITS and size.group.name in members:
            return axis, "", size.group.name
    return None, "", ""


def _longest(shared: Shared, program: Program, instance: Instance) -> int:
    """For how many steps processes go on by themselves; 0 where they tell each other within a step."""
    if shared.at_once:
        return 0
    delays = [p.axonal for p in instance.projections.values() if p.pre in shared.members]
    least = min((int(np.min(delay, initial=MOST_STEPS)) for delay in delays), default=MOST_STEPS)
    return max(1, min(MOST_STEPS, least))


def _stretches(longest: int) -> tuple[int, ...]:
    """How many steps are carried out between two exchanges, in turns. What is told after a stretch is heard after the next one, and needed after as many
    steps as the smallest delay: two stretches are as long as that."""
    if longest < 2:
        return (longest,) if longest else ()
    return longest // 2, longest - longest // 2
