"""The reference interpreter: what a checked model means, carried out step by step.

Comes in: a network whose blocks carry their integrators, and its instance. It keeps the lists of all spikes, sums learning windows over
explicit pairs and evaluates definitions whenever they are read; it shares no lowering, trace or pass with the compiled kernels, only the
formula of the integrators and the random draws. The order of a step is that of `docs/language/time-and-order.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Network, Role
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation, Whose, owner_text
from plasticdsl.model.parts import Emitted
from plasticdsl.model.protocol import NOTHING_ASKED, Asked
from plasticdsl.reference.between import change_between_spikes
from plasticdsl.reference.evaluate import evaluate, everything
from plasticdsl.reference.events import spike_events
from plasticdsl.reference.integrate import flow
from plasticdsl.reference.snapshot import restored, snapshot_of
from plasticdsl.reference.sources import emit, flat
from plasticdsl.reference.state import Run, first_state
from plasticdsl.reference.structure import Structure, structure_of
from plasticdsl.reference.sums import sum_inputs
from plasticdsl.runtime.engine.engine import Feed, State, checked_feed, checked_order
from plasticdsl.runtime.instance.instance import Floats, Instance


class ReferenceEngine:
    """Implements `runtime.engine.engine.Engine` slowly and obviously.

    Raises `ValueError` where the network's evaluation order leaves an input out, `KeyError` where network and instance do not fit.
    """

    def __init__(self, network: Network, instance: Instance, asked: Asked = NOTHING_ASKED) -> None:
        self.instance, self.asked = instance, asked
        self._structure = structure_of(network, instance)
        _require_order(self._structure)
        self._run = first_state(self._structure)
        self._logged: set[Emitted] = set()
        self._drained: dict[Emitted, int] = dict.fromkeys(self._run.spikes, 0)
        self._times: dict[tuple[str, str], Floats | None] = {}
        self._at_spikes: dict[str, dict[str, NDArray[np.float64]]] = {}

    @property
    def step(self) -> int:
        """Whole steps done."""
        return self._run.frame.step

    def advance(self, steps: int) -> None:
        """Run whole steps."""
        for _ in range(steps):
            _step(self._run)

    def once(self) -> None:
        """One step."""
        self.advance(1)

    def all_finite(self) -> bool:
        """Not told: whoever asks has to look."""
        return False

    def array_of(self, target: Ref) -> NDArray[np.float64] | None:
        """None: states are written by `write` alone."""
        return None

    def adopt(self, target: Ref, array: NDArray[np.float64]) -> bool:
        """Never."""
        return False

    def written(self) -> None:
        """Nothing follows."""

    def read(self, target: Ref) -> NDArray[np.float64]:
        """A state, input, parameter or definition now: float64[units or connections]."""
        owner, name = owner_text(target.owner), target.name
        values = self._run.frame.values[owner]
        if name in values:
            return values[name]
        found = evaluate(Ref(Whose.OWN, name), everything(self._structure, self._run.frame, owner))
        return np.array(np.broadcast_to(found, (self._structure.count(owner),)), dtype=np.float64)

    def write(self, target: Ref, values: NDArray[np.float64] | float) -> None:
        """Set a state, or the output of a clamped source."""
        self._run.frame.values[owner_text(target.owner)][target.name][...] = values

    def agreed(self, value: float) -> float:
        """The same: nobody else runs this network."""
        return value

    def log_spikes(self, emitted: Iterable[Emitted]) -> None:
        """Keep these from now on, and no others."""
        wanted = set(emitted) & self._run.spikes.keys()
        for name in wanted - self._logged:
            self._drained[name] = self._run.spikes[name].total
        self._logged = wanted
        self._run.kept = tuple(ref for ref in self.asked.at_spikes if (owner_text(ref.owner), "") in wanted)
        self._run.noted = {one: values for one, values in self._run.noted.items() if one in self._run.kept}

    def drain(self, population: str, event: str = "") -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Steps and units of the spikes, or of an event, since the last call."""
        one = population, event
        if one not in self._logged:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        steps, units = self._run.spikes[one].events()
        begin = self._drained[one]
        self._drained[one], times = len(steps), self._run.spikes[one].times()
        self._times[one] = None if times is None else times[begin:]
        if not event:
            noted = {name: self._run.noted.pop(Ref(OfPopulation(population), name), []) for name in self.asked.kept_of(population)}
            self._at_spikes[population] = {name: np.concatenate([np.zeros(0), *values]) for name, values in noted.items()}
        return steps[begin:], units[begin:]

    def times(self, population: str, event: str = "") -> Floats | None:
        """Of each that `drain` gave last: when it was, in steps, where that is located within steps."""
        return self._times.get((population, event))

    def located(self, population: str, event: str = "") -> tuple[Floats, NDArray[np.int64], Mapping[str, Floats]]:
        """What was located in the step that has just ended, and is counted in the next."""
        one, run = Emitted(population, event), self._run
        if one not in run.located_at:
            return np.zeros(0), np.zeros(0, dtype=np.int64), {}
        counts = run.located_count[one]
        kept = {} if event else {name: flat(values, counts) for name, values in run.located_kept.get(population, {}).items()}
        return flat(run.located_at[one], counts), np.repeat(np.arange(len(counts)), counts), kept

    def values_at_spikes(self, population: str) -> Mapping[str, NDArray[np.float64]]:
        """The variables that are kept at spikes, of those that `drain` gave last."""
        return self._at_spikes[population]

    def spike_count(self, population: str, event: str = "") -> int:
        """All spikes of the population so far, or another event of it."""
        found = self._run.spikes.get(Emitted(population, event))
        return 0 if found is None else found.total + int(self._run.located_count[Emitted(population, event)].sum())

    def undecided(self, population: str, event: str = "") -> NDArray[np.int64]:
        """Units whose rate or spike condition (or that of an event) was no number in some step."""
        return np.flatnonzero(self._run.undecided.get(Emitted(population, event), False))

    def switch_rules(self, on: Mapping[str, bool]) -> None:
        """Rules of these projections hold the weights or change them."""
        self._run.rules_on.update(on)

    def feed(self, feeds: Sequence[Feed]) -> None:
        """Take these variables from tables from now on, and no others."""
        checked = [checked_feed(feed, self.asked.fed, self.instance) for feed in feeds]
        self._run.feeds = tuple(replace(f, table=table, items=items) for f, (table, items) in zip(feeds, checked, strict=True))

    def change(self, instance: Instance) -> bool:
        """Another interpreter goes on with other parameters."""
        return False

    def visit(self, order: Mapping[str, NDArray[np.int64] | None]) -> None:
        """Update these populations unit by unit, in this order, or another one in each step, and all others at once."""
        for population, units in order.items():
            checked_order(population, units, self.asked.one_by_one, self.instance)
        self._run.visits = {population: None if units is None else np.array(units) for population, units in order.items()}

    def snapshot(self, into: State | None = None, *, moving: bool = False) -> dict[str, NDArray[np.generic]]:
        """Everything that changes during a run, as copies, always in new arrays."""
        return snapshot_of(self._run)

    def restore(self, state: State, *, other_parameters: bool = False, moving: bool = False, foreign: bool = False) -> None:
        """Continue from a snapshot; raises `ValueError` where it is of another network. Nothing here is kept that parameters went into."""
        feeds, visits, kept = self._run.feeds, self._run.visits, self._run.kept
        self._run = restored(self._structure, state)
        self._run.feeds, self._run.visits, self._run.kept = feeds, visits, kept
        self._drained = {one: spikes.total for one, spikes in self._run.spikes.items()}


def _step(run: Run) -> None:
    """Step n: the events of t_n in order, then the flow to t_{n+1}."""
    run.frame.time = run.frame.step * run.structure.instance.dt
    with np.errstate(all="ignore"):  # what overflows or is undefined shows as inf or nan, as in compiled kernels
        run.show_items()
        emit(run)
        spike_events(run)
        sum_inputs(run)
        change_between_spikes(run)
        flow(run)
        run.show_items()
    run.frame.step += 1
    run.frame.time = run.frame.step * run.structure.instance.dt


def _require_order(structure: Structure) -> None:
    listed = set(structure.inputs)
    for name, population in structure.populations.items():
        missing = [v.name for v in population.block.variables if v.role is Role.INPUT and Ref(OfPopulation(name), v.name) not in listed]
        if missing:
            raise ValueError(f"{name}: the evaluation order leaves out {', '.join(missing)}")
