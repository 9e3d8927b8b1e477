"""What a run of an experiment is made from, and what is left of it.

`Workshop` builds networks and engines, `Order` says how to run; a `Run` has everything recorded, and what results need to know of the network, so that it
can be forgotten (a sweep makes many). How it comes about is told in `runner`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.model import Network
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.parts import Emitted
from plasticdsl.runtime.engine.engine import Engine, State
from plasticdsl.runtime.instance.changed import Followers, with_parameters
from plasticdsl.runtime.instance.instance import Instance, Pace, Values
from plasticdsl.runtime.instance.patterns import Data
from plasticdsl.runtime.instance.settings import Settings
from plasticdsl.runtime.instance.sources import lay_down
from plasticdsl.runtime.instance.timestep import require_small_step, time_step
from plasticdsl.runtime.play.schedule import Timeline
from plasticdsl.runtime.play.until import Ending
from plasticdsl.runtime.watch.expectations import Outcome, Share
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.recorder import Recorder
from plasticdsl.runtime.watch.series import SpikeRecord
from plasticdsl.runtime.watch.spikes import Train
from plasticdsl.runtime.watch.streams import Stored
from plasticdsl.support.arrays import Floats, Integers, Steps


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where instances and engines of one network come from. `instantiate(dt, seed, settings)`, `engine(instance, settings)`. `spread`: parameters that
    may get a value for each unit or connection on the way. `kind`: of the engine for an instance; no other kind takes its states."""

    network: Network
    instantiate: Callable[[float, int, Settings], Instance]
    engine: Callable[[Instance, Settings], Engine]
    spread: tuple[Ref, ...] = ()
    kind: Callable[[Instance], str] = lambda _: ""
    _followers: Followers = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_followers", Followers(self.network, self.spread))

    def changed(self, base: Instance, settings: Settings, held: Settings, before: Engine) -> Engine:
        """An engine that goes on where `before` stands, of the network `base`, which was made with `settings`, with the parameters `held`: `before` itself
        where it can."""
        return self._with(base.own, settings, held, before, before.instance.own, before.step)

    def returned(self, base: Instance, settings: Settings, held: Settings, paces: Mapping[str, Pace], first: Engine, step: int) -> Engine:
        """`first`, which was made for `base`, or another engine, as one that has come to `step` in another run: with the parameters `held`, and with
        regular sources that have these paces."""
        if not held and not any(pace.step for pace in paces.values()):
            return first
        base = base.own
        moved = {name: replace(base.populations[name], pace=pace) for name, pace in paces.items()}
        for one in moved.values():
            lay_down(one, base.dt, one.spikes_until)
        return self._with(base, settings, held, first, replace(base, populations={**base.populations, **moved}), step)

    def _with(self, base: Instance, settings: Settings, held: Settings, engine: Engine, before: Instance, step: int) -> Engine:
        instance = with_parameters(self._followers, base, settings, held, before, step)
        require_small_step(self.network, instance, before)
        if engine.change(instance):
            return engine
        made = self.engine(instance, {**settings, **held})
        made.restore(engine.snapshot(), other_parameters=True)
        return made


@dataclass(frozen=True, slots=True)
class Order:
    """How to run: `settings` replace what the file says, `length` the duration of the last timed phase (`"10 s"`, or seconds). `data`: the
    arrays of each data set. `wishes`: settings that are the user's own, for all that an experiment begins with too."""

    seed: int = 1
    settings: Settings = field(default_factory=dict)
    length: str | float | None = None
    dt: float | None = None
    data: Data = field(default_factory=dict)
    wishes: Settings = field(default_factory=dict)

    def step(self, experiment: Experiment, network: Network) -> float:
        """The time step in s."""
        return time_step(experiment, network, self.settings) if self.dt is None else self.dt


@dataclass(slots=True)
class Run:
    """One run. `steps` were done, from step `begin` on, of `line.end`; `counts`: spikes of each population over the whole run; `spikes` as
    recorded; `rounds`: the steps (really done) at which each round of each phase began and ended; `endings` of the phases with `until`; `shares`: what
    this run contributes to each expectation over repeats. Phases that were over
    sooner than planned end there on `line`. `failure`: why it could not go on; everything else is then of what was done until there. `build_s`
    and `run_s` went by on the clock; `processor_s` is the processor time of the phases, which other programs do not lengthen."""

    seed: int
    line: Timeline
    recorder: Recorder
    facts: Facts
    spikes: dict[Emitted, Train | Stored] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    shares: tuple[Share | None, ...] = ()
    endings: list[Ending] = field(default_factory=list)
    rounds: Mapping[str, list[tuple[int, int]]] = field(default_factory=dict)
    begin: int = 0
    steps: int = 0
    interrupted: bool = False
    failure: tuple[Diagnostic, ...] = ()
    build_s: float = 0.0
    run_s: float = 0.0
    processor_s: float = 0.0

    @property
    def duration(self) -> float:
        """Seconds (nominal ones where time is counted in steps) that were simulated."""
        return self.steps * self.line.dt

    def train(self, record: SpikeRecord, of: Integers | None = None) -> Train:
        """The spikes of one record, or those of some units of it: steps and units (from 0)."""
        pieces = [(steps[kept], units[kept]) for steps, units in self.pieces(record) for kept in [_of_units(units, of)]]
        steps, units = zip(*pieces, strict=True) if pieces else ((np.zeros(0, np.int64),), (np.zeros(0, np.int32),))
        return np.concatenate(steps), np.concatenate(units)

    def pieces(self, record: SpikeRecord) -> Iterator[Train]:
        """The same piece by piece, where not all of them are in memory."""
        for steps, units in self._whole(record.train, record.edges[0], record.edges[-1]):
            kept = _inside(record, steps, units)
            yield steps[kept], units[kept]

    def spikes_of(self, records: Sequence[SpikeRecord]) -> Train:
        """The spikes of one train that are in any of these records."""
        found = []
        for steps, units in self._whole(records[0].train):
            kept = np.any([_inside(record, steps, units) for record in records], axis=0)
            found.append((steps[kept], units[kept]))
        return np.concatenate([steps for steps, _ in found]), np.concatenate([units for _, units in found])

    def values(self, record: SpikeRecord) -> Floats:
        """What the record takes at these spikes."""
        kept = np.concatenate([_inside(record, *piece) for piece in self._whole(record.train)])
        return np.asarray(record.values[kept])

    def _whole(self, emitted: Emitted, begin: float = -np.inf, end: float = np.inf) -> Iterator[Train]:
        """All spikes of a train, or those from one step to before another, and perhaps some around them, in pieces."""
        match self.spikes[emitted]:
            case Stored() as stored:
                yield from ((steps, units) for steps, units, *_ in stored.pieces(begin, end))
            case train:
                yield train


def _inside(record: SpikeRecord, steps: Steps, units: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which of the spikes of its population are those of a record."""
    inside = record.stretch(steps) >= 0
    return inside if record.units is None else inside & np.isin(units, record.units)


def _of_units(units: NDArray[np.int32], of: Integers | None) -> NDArray[np.bool_] | slice:
    return slice(None) if of is None else np.isin(units, of)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The network as it is at the end of another experiment, after so many steps."""

    state: State
    step: int


# --- facts that are left of a network -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """A parameter with one value per unit or connection."""

    mean: float
    least: float
    largest: float


Ends = tuple[NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Facts:
    """`units` of each population, `patterns` of each set. `parameters` by the name that sets them, in SI (of the network under `network.…`).
    `ends`: pre and post unit (from 0) of each connection of the projections that have recordings, or are plotted, per connection. `over`: for each plot
    line over swept parameters their values."""

    units: Mapping[str, int]
    parameters: Mapping[Ref, float | Spread]
    ends: Mapping[str, Ends]
    over: tuple[tuple[float, ...], ...]
    patterns: Mapping[str, int]


def facts_of(observer: Observer, recorder: Recorder) -> Facts:
    """The facts of a network that has been run."""
    instance = observer.instance
    ends = {}
    for series in (*recorder.series, *recorder.per_connection):
        projection = instance.projections.get(series.owner)
        if projection is not None and series.owner not in ends:
            ends[series.owner] = projection.sources().astype(np.int32), projection.targets.astype(np.int32)
    over = tuple(tuple(float(np.asarray(observer.value(axis))) for axis in p.axes) for p in recorder.plots)
    units = {p.name: p.size for p in instance.populations.values()}
    owners = (Whose.NETWORK, *observer.network.blocks)
    parameters = {Ref(owner, name): _summary(value) for owner in owners for name, value in instance.parameters_of(owner).items()}
    return Facts(units, parameters, ends, over, {name: len(found) for name, found in instance.patterns.items()})


def _summary(value: Values) -> float | Spread:
    if isinstance(value, float):
        return value
    if not value.size:
        return np.nan
    return Spread(float(np.mean(value)), float(np.min(value)), float(np.max(value)))
