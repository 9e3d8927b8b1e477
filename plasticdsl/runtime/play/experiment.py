"""What a run of an experiment is made from, and what is left of it.

`Workshop` builds networks and engines, `Order` says how to run; a `Run` has everything recorded, and what results need to know of the network, so that it
can be forgotten (a sweep makes many). How it comes about is told in `runner`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
from plasticdsl.runtime.instance.instance import Instance, Values
from plasticdsl.runtime.instance.patterns import Data
from plasticdsl.runtime.instance.settings import Settings
from plasticdsl.runtime.instance.timestep import require_small_step, time_step
from plasticdsl.runtime.play.schedule import Timeline
from plasticdsl.runtime.play.until import Ending
from plasticdsl.runtime.watch.expectations import Outcome, Share
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.recorder import Recorder
from plasticdsl.runtime.watch.series import SpikeRecord
from plasticdsl.runtime.watch.spikes import Train
from plasticdsl.support.arrays import Floats


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
        instance = with_parameters(self._followers, base, settings, held, before.instance, before.step)
        require_small_step(self.network, instance, before.instance)
        if before.change(instance):
            return before
        engine = self.engine(instance, {**settings, **held})
        engine.restore(before.snapshot(), other_parameters=True)
        return engine


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
    spikes: dict[Emitted, Train] = field(default_factory=dict)
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

    def train(self, record: SpikeRecord) -> Train:
        """The spikes of one record: steps and units (from 0)."""
        kept, (steps, units) = self._kept(record), self.spikes[record.train]
        return steps[kept], units[kept]

    def values(self, record: SpikeRecord) -> Floats:
        """What the record takes at these spikes."""
        return record.values[self._kept(record)]

    def _kept(self, record: SpikeRecord) -> NDArray[np.bool_]:
        """Which of the spikes of its population are those of a record."""
        steps, units = self.spikes[record.train]
        inside = record.stretch(steps) >= 0
        return inside if record.units is None else inside & np.isin(units, record.units)


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
