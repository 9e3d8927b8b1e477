"""The compiled engine: a network's kernels, bound to its arrays."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.kernels.identifiers import AT_RANDOM, NETWORK, Field, Part, field_of, group_of, of_emitted, of_population, of_projection
from plasticdsl.kernels.program import Array, Postponed, Program
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfProjection, Owner
from plasticdsl.model.parts import Emitted
from plasticdsl.plan.places import Place
from plasticdsl.runtime.engine.binding import Bound, Readers, bind
from plasticdsl.runtime.engine.engine import TOO_MANY_LOCATED, TOO_MANY_SPIKES, Feed, State, checked_feed, checked_order
from plasticdsl.runtime.engine.sound import require_sound
from plasticdsl.runtime.engine.summed import Summed, keep_rests
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.support.arrays import Units

if TYPE_CHECKING:
    from plasticdsl.runtime.engine.load import Kernels

CLOCK = "clock"
_log = logging.getLogger(__name__)

#: By so much of itself a float of 32 bits is off at most when it is rounded.
HALF_A_DIGIT = 2.0**-24
_NONE: NDArray[np.int64] = np.zeros(0, dtype=np.int64)


class CompiledEngine:
    """Runs `instance` with compiled kernels; see `engine.Engine` for what it offers."""

    def __init__(self, program: Program, kernels: Kernels, instance: Instance) -> None:
        self.instance, self.asked = instance, program.asked
        self._program = program
        self._bound = bind(program, instance)
        _tell_too_slow(program, self._bound)
        self._code = kernels
        self._kernels = kernels.bind(self._bound)
        self._arrays: dict[Field, Array] = {a.name: a for a in program.arrays}
        self._late = {one.field: one for one in program.postponed}
        self._sums = dict(self._all_sums())
        self._waiting = {field for one in program.deferred for field in one.fields}
        self._unused = {name: np.array(first) for name, first in self._first_states().items() if name not in self._arrays}
        self._known_beforehand = {one.field.group.name for one in program.postponed if one.shown is not None}
        self._rests_on = tuple(dict.fromkeys(field for one in program.postponed for field in one.rests_on))
        self._states = self._all_states()
        self._well: set[Field] = set()  # weights that were finite when they were looked at, and have stood still since
        self._whole: dict[str, NDArray[Any]] = {}
        self._plain: dict[Ref, NDArray[np.float64]] = {}
        self._kept: dict[Emitted, list[tuple[NDArray[Any], ...]]] = {}
        self._drained: dict[str, dict[str, NDArray[np.float64]]] = {}
        self._times: dict[Emitted, NDArray[np.float64]] = {}
        self._told: dict[Emitted, tuple[NDArray[Any] | None, NDArray[Any] | None]] = {}
        self._readers: Readers | None = None
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
                raise RuntimeError(TOO_MANY_SPIKES if done == -1 else TOO_MANY_LOCATED)
            self._step += done
            self._collect()

    def once(self) -> None:
        """One step. It counts before it is done, so that Ctrl-C, which Python notices after the call, leaves both alike."""
        self._kernels.prepare()
        call, arguments, step = self._kernels.function, self._kernels.arguments, self._step
        self._step = step + 1
        if call(step, 1, *arguments) != 1:
            self._step = step
            self._collect()
            self.advance(1)

    @property
    def bound(self) -> Bound:
        """What the kernels work on."""
        return self._bound

    def some_steps(self, most: int) -> str:
        """So many steps, or as many as logs have room for; what went wrong, or nothing."""
        done = self._kernels.advance(self._step, most)
        if done < 0:
            return TOO_MANY_SPIKES if done == -1 else TOO_MANY_LOCATED
        self._step += done
        if self._kept:
            self._collect()
        return ""

    def part_of_step(self, last: bool) -> str:
        """The part of a step that the arguments ask for; with the last one the step is done. What went wrong, or nothing."""
        while (done := self._kernels.advance(self._step, 1)) == 0:
            self._collect()
        if done < 0:
            return TOO_MANY_SPIKES if done == -1 else TOO_MANY_LOCATED
        self._step += last
        return ""

    def agreed(self, value: float) -> float:
        """The same: nobody else runs this network."""
        return value

    def _all_states(self) -> dict[Field, NDArray[Any]]:
        arrays = self._bound.arrays
        moving = (a.name for a in self._program.arrays if a.name.part is Part.VARIABLE and a.changes and a.dtype.startswith("float"))
        found = (
            {name: arrays[name] for name in self._first_states() if name in arrays} | {name: arrays[name] for name in moving} | self._unused
        )
        found |= {name: arrays[name] for one in self._program.postponed for name in (*one.changes, *one.sums)}
        return {name: array.reshape(-1) for name, array in found.items()}

    def _all_sums(self) -> Iterator[tuple[Field, Summed]]:
        for group in self._program.superposed:
            for number, field in enumerate(group.fields):
                place = self._arrays[field].per
                assert place is not None
                yield field, Summed(group, number, place, self.instance.projections[field.group.name])

    def bind_anew(self) -> None:
        """Arrays of what the kernels work on are others than before."""
        self._kernels, self._states = self._code.bind(self._bound), self._all_states()
        self._whole.clear()

    def all_finite(self) -> bool:
        """Whether all states are finite, told fast: where it says no, they may only be large."""
        self._carry_out_last()
        standing = {name for s in self._program.switches if not self._bound.scalars[s.field] for name in s.standing}
        with np.errstate(all="ignore"):
            for name, array in self._states.items():
                # a sum, since threads of BLAS go on looking for work for a while after each product, and take it from others
                if name not in self._well and not isfinite(np.add.reduce(array)):
                    return False
        self._well = standing & self._states.keys()
        return True

    def array_of(self, target: Ref) -> NDArray[np.float64] | None:
        """The array in which kernels keep a state, if each unit or connection has its own."""
        field = field_of(target)
        array = self._bound.arrays.get(field)
        plain = (
            array is not None
            and field not in self._late
            and field not in self._waiting
            and self._keepers(target.owner, self._arrays[field].per) is None
            and array.shape == (self.instance.part(target.owner).count,)
            and array.dtype == np.float64
        )
        if array is None or not plain:
            return None
        self._plain[target] = array
        return array

    def adopt(self, target: Ref, array: NDArray[np.float64]) -> bool:
        """Keep a state in this array from now on, if it is one that `array_of` could give; whether it is."""
        own = self.array_of(target)
        if own is None or own.shape != array.shape:
            return False
        if own is not array:
            array[...] = own
            self._bound.arrays[field_of(target)] = array
            self.bind_anew()
            self._plain[target] = array
        return True

    def written(self) -> None:
        """Sums that were kept from step to step, or formed for steps to come, may be wrong."""
        self._well.clear()
        if self._program.kept:
            self._sum_anew()
        self._carry_out(self._known_beforehand)

    def _collect(self) -> None:
        arrays = self._bound.arrays
        for emitted in self._kept:
            field = of_emitted(*emitted).field
            logged = arrays[field(Part.LOG_COUNT)]
            if count := int(logged[0]):
                steps, units = arrays[field(Part.LOG_STEPS)][:count], arrays[field(Part.LOG_UNITS)][:count]
                times = arrays.get(field(Part.LOG_TIMES), np.zeros(0))[:count]
                values = (arrays[field(Part.LOG_VALUES, name)][:count] for name in self._names_kept(*emitted))
                self._kept[emitted].append((steps.copy(), units.astype(np.int64), times.copy(), *(v.astype(np.float64) for v in values)))
                logged[0] = 0

    def _sum_anew(self, *changed: Field) -> None:
        """Something was changed from outside, all these fields: sums that were kept from step to step and do not follow them may be wrong."""
        for kept in self._program.kept:
            if not changed or not set(changed) <= set(kept.follows):
                self._bound.arrays[kept.age][...] = 0

    # --- what waits ---

    def _brought(self, late: Postponed) -> NDArray[np.float64]:
        """An array with the changes that wait. Nothing of the state changes, so that a run is the same whoever looks at it."""
        bound, own = self._bound, self._bound.arrays[late.field]
        if not bound.arrays[late.begun][0]:
            return own
        if bound.sizes[late.length] != len(own):
            bound.sizes[late.length], bound.arrays[late.now] = len(own), np.empty(len(own))
            self._kernels = self._code.bind(bound)
        self._kernels.advance(self._step, 0)
        return bound.arrays[late.now]

    def _carry_out_last(self) -> None:
        """Nothing of the last step waits for the next sum any more. To the bit the same weights come of it, whoever asks when."""
        if any(self._bound.arrays[one.wait][0] for one in self._program.deferred):
            self._kernels.advance(self._step, 0)

    def _carry_out(self, projections: Collection[str]) -> None:
        """Nothing waits in these projections any more: something about them is changed from outside."""
        concerned = [late for late in self._late.values() if late.field.group.name in projections]
        for late, now in [(late, self._brought(late)) for late in concerned]:  # what one is may follow from how another is kept
            self._bound.arrays[late.field][...] = now
        for late in concerned:
            for sums in late.sums:
                self._bound.arrays[sums][...] = 0.0
            self._bound.arrays[late.begun][0] = 0

    # --- state ---

    def _first_states(self) -> dict[Field, NDArray[np.float64]]:
        """All states of the model as they were at the beginning, by where they would be."""
        of_units, of_connections = self.instance.populations.values(), self.instance.projections.values()
        found = {of_population(p.name).variable(name): values for p in of_units for name, values in p.states.items()}
        return found | {of_projection(p.name).variable(name): values for p in of_connections for name, values in p.states.items()}

    def read(self, target: Ref) -> NDArray[np.float64]:
        """A state, input or parameter now, one value per unit or connection."""
        plain = self._plain.get(target)
        if plain is not None or (plain := self.array_of(target)) is not None:
            return plain
        field = field_of(target)
        if field in self._sums:
            return self._sums[field].read(self._bound, self._now)
        if field in self._bound.arrays:
            if field in self._waiting:
                self._carry_out_last()
            values, units = self._now(field), self._keepers(target.owner, self._arrays[field].per)
            return values if units is None else np.asarray(values[units])
        part = self.instance.part(target.owner)  # what no kernel touches keeps its value from the beginning
        kept = self._unused[field] if field in self._unused else part.parameters[target.name]
        return np.broadcast_to(np.asarray(kept, dtype=np.float64), (part.count,))

    def _now(self, field: Field) -> NDArray[Any]:
        """An array of a variable, with what waits."""
        late = self._late.get(field)
        return self._bound.arrays[field] if late is None else self._brought(late)

    def _keepers(self, owner: Owner, per: Place | None) -> Units | None:
        """Where connections share one value for each unit: the unit of each; None where all have their own."""
        match owner, per:
            case OfProjection(name), Place.PRE:
                return self.instance.projections[name].sources()
            case OfProjection(name), Place.POST:
                return self.instance.projections[name].targets
            case _:
                return None

    def write(self, target: Ref, values: NDArray[np.float64] | float) -> None:
        """Set a state of every unit or connection; where all connections of a unit share it, their values must agree."""
        field = field_of(target)
        self._carry_out_last()
        self._well.discard(field)
        self._sum_anew(field)
        self._carry_out({one.field.group.name for one in self._late.values() if field.group == one.field.group or field == one.shown})
        plain = self._plain.get(target)
        if plain is not None or (plain := self.array_of(target)) is not None:
            plain[...] = values
            return
        if field in self._sums:
            if self._sums[field].write(self._bound, values):
                self.bind_anew()
            return
        part = self.instance.part(target.owner)
        array = self._bound.arrays.get(field, self._unused.get(field))
        if array is None:
            if field not in self._bound.scalars or np.ndim(values):
                raise ValueError(f"{target.path} is a parameter shared by all units or connections; give it a single number")
            self._bound.scalars[field] = part.parameters[target.name] = float(values)
            return
        per = self._arrays[field].per if field in self._arrays else None
        units = self._keepers(target.owner, per)
        if units is None:
            array[...] = values
            return
        wanted = np.broadcast_to(np.asarray(values, dtype=np.float64), units.shape)
        shared = array.copy()
        shared[units] = wanted
        if not np.array_equal(shared[units], wanted):
            raise ValueError(f"{target.path} is one value per {per} unit; the values given differ between connections of one unit")
        array[...] = shared

    # --- spikes ---

    def log_spikes(self, emitted: Iterable[Emitted]) -> None:
        """From now on keep these spikes and other events (and no others)."""
        wanted = set(emitted)
        for one in self._program.logs:
            self._bound.scalars[of_emitted(*one).field(Part.RECORDING)] = int(one in wanted)
        self._kept = {one: self._kept.get(one, []) for one in wanted if one in self._program.logs}

    def located(self, population: str, event: str = "") -> tuple[NDArray[np.float64], NDArray[np.int64], Mapping[str, NDArray[np.float64]]]:
        """Events that were located in the step that has just ended, which the next step counts and logs."""
        p, arrays = of_emitted(population, event), self._bound.arrays
        if p.field(Part.LOCATED_COUNT) not in arrays:
            return np.zeros(0), _NONE, {}
        counts, times = arrays[p.field(Part.LOCATED_COUNT)], arrays[p.field(Part.LOCATED_AT)]
        here = np.arange(times.shape[1]) < counts[:, None]
        kept = {name: arrays[p.field(Part.LOCATED_VALUES, name)][here] for name in self._names_kept(population, event)}
        return times[here], np.repeat(np.arange(len(counts)), counts), kept

    def drain(self, population: str, event: str = "") -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Steps and unit numbers of the spikes, or of another event, logged since the last call."""
        self._collect()
        one, names = Emitted(population, event), self._names_kept(population, event)
        chunks = self._kept.get(one, [])
        steps, units, times, *values = zip((_NONE, _NONE, np.zeros(0), *(np.zeros(0) for _ in names)), *chunks, strict=True)
        chunks.clear()
        if not event:
            self._drained[population] = dict(zip(names, map(np.concatenate, values), strict=True))
        self._times[one] = np.concatenate(times)
        return np.concatenate(steps), np.concatenate(units)

    def times(self, population: str, event: str = "") -> NDArray[np.float64] | None:
        """Of each that `drain` gave last: when it was, in steps, where that is located within steps."""
        is_located = of_emitted(population, event).field(Part.LOG_TIMES) in self._bound.arrays
        return self._times[Emitted(population, event)] if is_located else None

    def _names_kept(self, population: str, event: str) -> tuple[str, ...]:
        """The variables whose values are logged with an event: only with spikes."""
        return () if event else self.asked.kept_of(population)

    def values_at_spikes(self, population: str) -> Mapping[str, NDArray[np.float64]]:
        """The variables that are kept at spikes, of those that `drain` gave last."""
        return self._drained[population]

    def spike_count(self, population: str, event: str = "") -> int:
        """All spikes of the population so far, or another event of it."""
        total = of_emitted(population, event).field(Part.SPIKE_TOTAL)
        located = of_emitted(population, event).field(Part.LOCATED_COUNT)
        more = int(self._bound.arrays[located].sum()) if located in self._bound.arrays else 0
        return int(self._bound.arrays[total][0]) + more if Emitted(population, event) in self._program.logs else 0

    def undecided(self, population: str, event: str = "") -> NDArray[np.int64]:
        """Units whose rate or spike condition (or that of another event) was no number: a hazard that has taken such a rate stays none."""
        one = Emitted(population, event)
        if one not in self._told:
            p = of_emitted(*one)
            self._told[one] = self._bound.arrays.get(p.field(Part.HAZARD)), self._bound.arrays.get(p.field(Part.UNDECIDED))
        hazard, flags = self._told[one]
        if flags is not None:
            return np.flatnonzero(flags)
        return np.flatnonzero(np.isnan(hazard)) if hazard is not None else _NONE

    def switch_rules(self, on: Mapping[str, bool]) -> None:
        """Rules of these projections hold the weights (False) or change them (True)."""
        self._carry_out_last()
        for switch in self._program.switches:
            if switch.projection in on:
                self._well.difference_update(switch.standing if on[switch.projection] else ())
                self._carry_out({switch.projection} if self._bound.scalars[switch.field] != int(on[switch.projection]) else ())
                self._bound.scalars[switch.field] = int(on[switch.projection])

    def feed(self, feeds: Sequence[Feed]) -> None:
        """Take these variables from tables from now on; raises `ValueError` for one that cannot be fed or a table that does not fit."""
        for target in self.asked.fed:
            self._bound.scalars[group_of(target.owner).field(Part.FEED_ACTIVE, target.name)] = 0
        if self.asked.fed:
            self._sum_anew(*map(field_of, self.asked.fed))
        self._carry_out(self._known_beforehand)
        for feed in feeds:
            self._take(feed)
        self._kernels = self._code.bind(self._bound)

    def _take(self, feed: Feed) -> None:
        table, items = checked_feed(feed, self.asked.fed, self.instance)
        group, bound = group_of(feed.target.owner), self._bound

        def field(part: Part) -> Field:
            return group.field(part, feed.target.name)

        bound.arrays[field(Part.FEED)] = np.ascontiguousarray(table, dtype=self._arrays[field(Part.FEED)].dtype)
        bound.arrays[field(Part.FEED_ITEMS)] = items
        lengths = {Part.FEED_ROWS: table.shape[0], Part.FEED_WIDTH: table.shape[1], Part.FEED_COUNT: len(items)}
        bound.sizes.update({field(part): value for part, value in lengths.items()})
        across = int(table.shape[1] > 1)
        values = {Part.FEED_ACTIVE: 1, Part.FEED_FIRST: feed.first, Part.FEED_HOLD: feed.hold, Part.FEED_ACROSS: across}
        for part, value in values.items():
            bound.scalars[field(part)] = value

    def change(self, instance: Instance) -> bool:
        """Go on with other parameters; what follows from them is worked out anew, and nothing else."""
        self._carry_out_last()
        self._readers = self._readers or Readers(self._program)
        new = self._readers.rebound(self._bound, self.instance, instance)
        if new is None:
            return False
        bound, self.instance = self._bound, instance
        self._well.clear()
        groups = {field.group for field in (*new.sizes, *new.scalars, *new.arrays)}
        self._carry_out(instance.projections if NETWORK in groups else {g.name for g in groups if g.kind == "projection"})
        bound.sizes.update(new.sizes)
        self._set(new.scalars)
        bound.arrays.update(new.arrays)
        if new.sizes or new.arrays:
            self._kernels = self._code.bind(bound)
            self._plain.clear()
        self._find_given()
        self._sum_anew()
        return True

    def visit(self, order: Mapping[str, NDArray[np.int64] | None]) -> None:
        """Update these populations unit by unit, in this order, or another one in each step, and all others at once; raises `ValueError` for one that
        cannot."""
        for population in self.asked.one_by_one:
            self._bound.scalars[of_population(population).field(Part.VISITING)] = 0
        for population, units in order.items():
            checked_order(population, units, self.asked.one_by_one, self.instance)
            p = of_population(population)
            self._bound.scalars[p.field(Part.VISITING)] = AT_RANDOM if units is None else 1
            if units is not None and p.field(Part.ORDER) in self._bound.arrays:
                self._bound.arrays[p.field(Part.ORDER)][...] = units

    # --- the whole state ---

    def snapshot(self, into: State | None = None, *, moving: bool = False) -> dict[str, NDArray[np.generic]]:
        """Copies of everything that changes during a run, or as things are now, and the clock."""
        self._carry_out_last()
        state: dict[str, NDArray[Any]] = {}
        for key, values in self._changing(moving).items():
            used = None if into is None else into.get(key)
            state[key] = np.empty_like(values) if used is None or used.shape != values.shape else used
            state[key][...] = values
        state.update({str(s.field): np.asarray(self._bound.scalars[s.field]) for s in self._program.switches})
        state.update({str(field): np.asarray(self._bound.scalars[field]) for field in self._rests_on})
        state[CLOCK] = np.asarray(self._step)
        return state

    def _changing(self, moving: bool = False) -> dict[str, NDArray[Any]]:
        """All arrays that are part of the state, by key; states that no kernel reads or changes may still be written from outside, shown and recorded."""
        if not self._whole:
            changing = {name: self._bound.arrays[name] for name, array in self._arrays.items() if array.changes}
            self._whole = {str(name): array for name, array in (self._unused | changing).items()}
        still = {str(name) for s in self._program.switches if moving and not self._bound.scalars[s.field] for name in s.standing}
        return {name: array for name, array in self._whole.items() if name not in still} if still else self._whole

    def restore(self, state: State, *, other_parameters: bool = False, moving: bool = False, foreign: bool = False) -> None:
        """Continue from a snapshot; raises `ValueError` naming what does not fit. `other_parameters`: what was computed from them is not taken over."""
        self._keep_rests(state)
        wanted, lists = self._changing(moving), {str(of_emitted(*one).field(Part.SPIKES)) for one in self._program.logs}
        for name, array in wanted.items():
            shape = state[name].shape if name in state else None
            if shape != array.shape and not (name in lists and shape is not None and shape[:-1] == array.shape[:-1]):
                found = "nothing" if shape is None else f"shape {shape}"
                raise ValueError(f"the saved state does not fit this network: {name} has shape {array.shape}, the file holds {found}")
        if foreign:
            units = {name: made.size for name, made in self.instance.populations.items()}
            require_sound(self._program, self._bound.sizes, units, state, CLOCK)
        for name, array in wanted.items():
            common = min(array.shape[-1], state[name].shape[-1])  # lists of spikes have room for more than there are
            array[..., :common] = state[name][..., :common]
        for one in self._program.deferred:
            self._bound.arrays[one.wait][0] = 0
        for switch in (s.field for s in self._program.switches):
            if str(switch) in state:
                self._bound.scalars[switch] = int(state[str(switch)])
        self._step = int(state[CLOCK])
        self._well.clear()
        self._find_given()
        if other_parameters:
            self._sum_anew()
            own = {field: self._bound.scalars[field] for field in self._rests_on}
            then = {field: state[str(field)].item() for field in own}
            if then != own:  # what waits is carried out for the values of then
                self._set(then)
                self._carry_out(self.instance.projections)
                self._set(own)

    def _keep_rests(self, state: State) -> None:
        """There are rests where there are some in the state."""
        changed = False
        for group in self._program.superposed:
            count, found = self.instance.projections[group.length.group.name].count, state.get(str(group.rests[0]))
            changed = keep_rests(group, self._bound, count if found is not None and len(found) == count else 0) or changed
        if changed:
            self.bind_anew()

    def _set(self, scalars: Mapping[Field, float]) -> None:
        for name, value in scalars.items():
            self._bound.scalars[name] = value

    def _find_given(self) -> None:
        """The next of the given spikes, which may be others than those of a state."""
        for population in self.instance.populations:
            field = of_population(population).field
            if field(Part.GIVEN_NEXT) in self._bound.arrays:
                self._bound.arrays[field(Part.GIVEN_NEXT)][0] = np.searchsorted(self._bound.arrays[field(Part.GIVEN_STEPS)], self._step)


def _tell_too_slow(program: Program, bound: Bound) -> None:
    """Names variables of 32 bits that fall by so little in a step that rounding changes what is left by more than a thousandth of that."""
    single = {a.name for a in program.arrays if a.dtype == "float32"}
    slow: dict[str, float] = {}
    for field, value in (*bound.scalars.items(), *bound.arrays.items()) if single else ():
        if field.is_decay and (variable := field.group.variable(field.of[0])) in single:
            lost = 1.0 - np.asarray(value)
            slow[str(variable)] = float(lost[lost > 0.0].min(initial=1.0))
    slow = {name: lost for name, lost in slow.items() if HALF_A_DIGIT / lost > 1e-3}
    if slow:
        least = min(slow.values())
        text = (
            "single precision is too coarse for %s: what falls by %.1e of itself in a step may do so up to %.2g %% too fast or too slowly"
        )
        _log.warning(text, " and ".join(slow), least, 100.0 * HALF_A_DIGIT / least)
