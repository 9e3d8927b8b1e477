"""What is kept of one recorded expression: a value, or one per unit or connection, at each moment; and which of these a plot line shows, or which plane of
values that an expression would have.

`Series` and `Panel` are planned by `recorder`, filled by the runner and read by `results`; they know neither xarray nor how they are drawn. All values
in SI.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.experiments import NO_WORDS, PlotSpec, Recording, Words
from plasticdsl.model.expr import Call, Expr, Ref
from plasticdsl.model.parts import Emitted, Units
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.play.schedule import Clock, Moments
from plasticdsl.runtime.watch.curves import Curve
from plasticdsl.runtime.watch.kinds import Sampled, has_spike_statistic
from plasticdsl.runtime.watch.readings import Reader
from plasticdsl.runtime.watch.rows import Rows, size_of
from plasticdsl.runtime.watch.spikes import called
from plasticdsl.runtime.watch.streams import Streams
from plasticdsl.runtime.watch.stretches import Stretch
from plasticdsl.support.arrays import Floats, Steps
from plasticdsl.units.dimension import ONE, Dimension
from plasticdsl.units.display import coherent


@dataclass(frozen=True, slots=True)
class Label:
    """How a quantity is called and shown: `text` as written, SI value `scale` of one display `unit`. In figures it is called by its `words`, or as a plot
    line says (`given`)."""

    text: str
    dimension: Dimension | None = None
    unit: str = ""
    scale: float = 1.0
    words: Words = NO_WORDS
    given: str = ""


def label_of(recording: Recording) -> Label:
    """What a recording is called."""
    return Label(recording.text, recording.dimension, recording.unit, recording.scale, recording.words, recording.label)


@dataclass(frozen=True, slots=True)
class Round:
    """One time that a repeated phase was carried out: its `numbers` in the repeats around it (from 1, the outermost first), how many values were `taken`
    before it, and the `step` (really done) at which it began."""

    numbers: tuple[int, ...]
    taken: int
    step: int


@dataclass(frozen=True, slots=True)
class SeriesSoFar:
    """What has been taken of a `Series`, and where it stands: values beyond the first `stored`, which are in the streams of these `names`."""

    moments: Moments
    window: tuple[int, int] | None
    rounds: tuple[Round, ...]
    traced: Mapping[Call, Sampled]
    values: Floats
    at: NDArray[np.int64]
    names: tuple[str, ...] = ()
    stored: int = 0


@dataclass(slots=True)
class Series:
    """`expr` taken at `moments`. `owner`: population or projection the values are of, `""` for a single value. `single`: one moment, no time axis.
    `window`: steps [begin, end) for statistics of spikes; None where each moment ends an interval of its own (`bins`).
    `units`: of a part of a population, the number (from 1) of each of its units; of some connections of a projection, that of each.
    `axes`: of an observable with index letters, each letter and what it runs over. `during`: the phase it belongs to. `kept`: the values of the moments
    done, float64[moments] or float64[moments, units or connections]. `most`: the most
    rounds of each repeat around its phase, in which `moments` are those of the present round; `rounds`: of each round so far. `traced`: statistics of
    traces, which `moments` sample; the value is that of the last. `curve`: what the last axis of a value stands for. `bins_asked`: of its histogram, 0
    where as many as suit. `is_theory`: it is computed from parameters (and the time) alone.
    """

    name: str
    label: Label
    expr: Expr
    moments: Moments
    owner: str = ""
    single: bool = False
    bins: bool = False
    window: tuple[int, int] | None = None
    is_histogram: bool = False
    axes: tuple[tuple[str, str], ...] = ()
    during: str | None = None
    units: NDArray[np.int64] | None = None
    kept: Rows = field(default_factory=Rows)
    most: tuple[int, ...] = ()
    rounds: list[Round] = field(default_factory=list)
    traced: dict[Call, Sampled] = field(default_factory=dict)
    curve: Curve | None = None
    bins_asked: int = 0
    is_theory: bool = False

    @property
    def taken(self) -> int:
        """How many moments are done."""
        return self.kept.taken

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one value."""
        return self.kept.shape

    @property
    def room(self) -> int:
        """The most values of all rounds."""
        return (1 if self.traced else len(self.moments)) * math.prod(self.most)

    def begin_round(self, numbers: tuple[int, ...], by: int, step: int) -> None:
        """Another round of its phase begins at this step (really done), planned `by` steps after the one before."""
        self.moments = self.moments.moved(by)
        self.window = None if self.window is None else (self.window[0] + by, self.window[1] + by)
        self.rounds.append(Round(numbers, self.taken, step))
        self.traced = {call: so_far.anew() for call, so_far in self.traced.items()}

    def prepare(self, shape: tuple[int, ...], flows: bool = False) -> None:
        """Room for all moments, of which the values leave memory if it `flows`; `shape` of one value."""
        self.kept.prepare(self.room, shape, flows)

    def take(self, reader: Reader, step: int) -> None:
        """Adds the value now, or to the traces that it is made of."""
        for call, so_far in self.traced.items():
            so_far.add(*reader.sampled(call, step))
        if not self.traced or self.moments.next_after(step) is None:
            self._keep(reader, step)

    def _keep(self, reader: Reader, step: int) -> None:
        value = reader.value(reader.with_results(self.expr, self.traced), *(self.window or self.moments.interval(step)))
        if len(self.shape) == 1 and np.size(value) != self.shape[0]:
            value = self._filled(np.ravel(value))
        self.add(value, reader.observer.engine.step)

    def add(self, value: Values, step: int) -> None:
        """One that was taken at this step (really done)."""
        self.kept.one(value, step)

    @property
    def read_at_once(self) -> tuple[Expr, ...]:
        """What a stretch of steps may be worked out of together, once there has been a first value; nothing for what looks back."""
        return () if self.traced or self.bins or self.window is not None or not self.taken else (self.expr,)

    def take_stretch(self, stretch: Stretch, reader: Reader) -> None:
        """Adds the values after each of the last steps."""
        now = reader.observer.engine.step
        rows = stretch.read(self.expr, reader).reshape(stretch.steps, *self.shape)
        self.kept.add(rows, np.arange(now - stretch.steps, now) + 1)

    def _filled(self, value: Floats) -> Floats:
        """There are as many values at spikes as there are spikes: all moments get as many as there have been at most, the rest being NaN."""
        most = max(value.size, self.shape[0])
        self.kept.widen(most)
        return np.pad(value, (0, most - value.size), constant_values=np.nan)

    def pass_over(self, reader: Reader, at: int, end: int) -> None:
        """A phase planned to end at `end` was over at `at`, where everything due was taken: takes what is due at the end of a phase, or begins there."""
        if self.traced and at in self.moments:  # which is sampled
            if self.moments.next_after(end) is None:
                self._keep(reader, end)
        elif end in self.moments and (self.single or self.moments.first == end):
            self.take(reader, end)

    # --- on disk ---

    @property
    def size(self) -> int:
        """Bytes of all values that it may take."""
        return size_of(self.room, self.shape)

    @property
    def can_flow(self) -> bool:
        """Whether its values may leave memory one after the other: nothing that is made of them needs all at once, and all are as many."""
        return not (self.single or self.traced or self.most or has_spike_statistic(self.expr))

    def leave_by(self, put: Callable[[], None]) -> None:
        """How its values leave memory, if they do."""
        self.kept.leave = put if self.kept.flows else None

    def put(self, streams: Streams, dt: float, owner: str) -> None:
        """What has been taken since the last time goes on disk too. Raises OSError."""
        kept = self.kept
        if self.single or kept.stored >= kept.taken:
            return
        if not kept.fits:  # as many values as spikes: there may be more
            (_, time), names = self.streamed, [f"{owner}{k + 1} of {self.name}" for k in range(len(self.shape))]
            about = {"units": coherent(self.label.dimension or ONE), "long_name": self.label.text}
            values = streams.stream(self.name, (time, *names), kept.values, about)
            kept.begin(values, streams.stream(time, (time,), kept.at, {"units": "s", "scale_factor": dt}))
        kept.put()

    def so_far(self) -> SeriesSoFar:
        """What there is, as data."""
        return SeriesSoFar(
            self.moments,
            self.window,
            tuple(self.rounds),
            self.traced,
            *self.kept.not_stored(),
            self.streamed if self.kept.streams else (),
            self.kept.stored,
        )

    @property
    def streamed(self) -> tuple[str, str]:
        """The names of the streams of its values and of their times."""
        return self.name, f"time of {self.name}"

    def go_on(self, found: SeriesSoFar, streams: Streams | None) -> None:
        """From what there was. Raises FileNotFoundError where that on disk is not there."""
        self.moments, self.window, self.rounds, self.traced = found.moments, found.window, list(found.rounds), dict(found.traced)
        self.kept.go_on(found.values, found.at, found.stored, found.names, streams)

    def rewind(self, clock: Clock, step: int) -> None:
        """What was taken after this step (really done) is forgotten."""
        self.kept.rewind(step)

    @property
    def steps(self) -> NDArray[np.int64]:
        """The steps at which values were taken."""
        return self.kept.at[: self.taken]

    @property
    def done(self) -> Floats:
        """The values taken so far, together in memory."""
        return self.kept.done


@dataclass(frozen=True, slots=True)
class RecordSoFar:
    """Where a `SpikeRecord` stands."""

    begin: int
    end: int
    numbers: tuple[tuple[int, ...], ...]
    edges: tuple[int, ...]


@dataclass(slots=True)
class SpikeRecord:
    """Spikes of a population, or another event of it, in the steps begin to end − 1, kept under `name`; of a `part` of it only those of its `units`
    (from 0). Where the phase it belongs to (`during`) is repeated, in all rounds: `numbers` of each, and `edges`, where it begins and ends. `taken`: what
    is taken at each spike, called `label`; `values`: at every spike of the population, in the end."""

    name: str
    train: Emitted
    begin: int
    end: int
    part: Units = ()
    units: NDArray[np.int64] | None = None
    during: str | None = None
    numbers: list[tuple[int, ...]] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)
    taken: Call | None = None
    label: Label | None = None
    values: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def population(self) -> str:
        """Whose they are."""
        return self.train.population

    @property
    def called(self) -> str:
        """`E`, or `E.burst`."""
        return called(self.train)

    def begin_round(self, numbers: tuple[int, ...], by: int, step: int) -> None:
        """Another round of its phase begins, planned `by` steps after the one before."""
        self.begin, self.end = self.begin + by, self.end + by
        self.numbers.append(numbers)
        self.edges += (self.begin, self.end)

    def so_far(self) -> RecordSoFar:
        """Where it stands, as data."""
        return RecordSoFar(self.begin, self.end, tuple(self.numbers), tuple(self.edges))

    def go_on(self, found: RecordSoFar) -> None:
        """From where it stood."""
        self.begin, self.end, self.numbers, self.edges = found.begin, found.end, list(found.numbers), list(found.edges)

    def settle(self, clock: Clock) -> None:
        """From planned to real steps, when all is done."""
        self.edges = [clock.real(edge) for edge in self.edges or (self.begin, self.end)]
        self.begin, self.end = self.edges[0], self.edges[-1]

    def stretch(self, steps: Steps) -> NDArray[np.int64]:
        """In which stretch each of the steps lies, from 0; −1 for none."""
        behind = np.searchsorted(np.asarray(self.edges), steps, side="right")
        return np.where(behind % 2 == 1, behind // 2, -1)


# --- plots -----------------------------------------------------------------------------------------------------------

Kind = Literal[
    "raster",
    "intervals",
    "at spikes",
    "histogram",
    "time",
    "plane",
    "sweep",
    "grid",
    "units",
    "contours",
    "curve",
    "matrix",
    "image",
    "map",
]


@dataclass(frozen=True, slots=True)
class Panel:
    """Items of a plot line that share two axes: `series` and what the line calls them (`labels`), or the `spikes` of a raster or of intervals. `shape`:
    rows and columns of an image, 0 where they are not said."""

    kind: Kind
    series: tuple[Series, ...] = ()
    labels: tuple[Label, ...] = ()
    spikes: tuple[SpikeRecord, ...] = ()
    shape: tuple[int, int] = (0, 0)


#: Where an axis begins and ends, in SI.
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlotPlan:
    """One plot line: its `panels` from top to bottom, `against` the series on the horizontal axis of a plane, `axes` what a sweep is plotted over. Of
    contours, the only series and `against` are the path of the run on their plane. `horizontal`, `vertical`: where the line says that axes end."""

    spec: PlotSpec
    panels: tuple[Panel, ...]
    against: Series | None = None
    axes: tuple[Expr, ...] = ()
    landscape: Landscape | None = None
    horizontal: Ends | None = None
    vertical: Ends | None = None

    @property
    def series(self) -> tuple[Series, ...]:
        """Of all panels."""
        return tuple(s for panel in self.panels for s in panel.series)

    @property
    def spikes(self) -> tuple[SpikeRecord, ...]:
        """Of all panels."""
        return tuple(s for panel in self.panels for s in panel.spikes)


# --- contours: the values of an expression over a plane of two variables --------------------------------------------

#: Points on each side of a grid.
_POINTS = 101


@dataclass(frozen=True, slots=True)
class Along:
    """One axis: a variable of all units (`unit` None) or of one unit (from 0), from `start` to `stop`, in SI."""

    target: Ref
    unit: int | None
    start: float
    stop: float

    def points(self) -> Floats:
        """Float64[points], with the ends."""
        return np.linspace(self.start, self.stop, _POINTS)


@dataclass(frozen=True, slots=True)
class Landscape:
    """`expr` over two axes; computed when it is first asked for, so only where it is drawn, and kept."""

    reader: Reader
    expr: Expr
    horizontal: Along
    vertical: Along
    levels: tuple[float, ...]
    _grid: list[Floats] = field(default_factory=list, compare=False, repr=False)

    def values(self) -> Floats:
        """Float64[vertical, horizontal]: the expression at every point, NaN where it has no value."""
        if not self._grid:
            x, y = self.horizontal.points(), self.vertical.points()
            self._grid.append(np.array([[self.at(float(b), float(a)) for b in x] for a in y]))
        return self._grid[0]

    def at(self, horizontal: float, vertical: float) -> float:
        """The value at one point."""
        observer = self.reader.observer
        supposed: dict[Ref, Floats] = {}
        for axis, value in ((self.horizontal, horizontal), (self.vertical, vertical)):
            if axis.target not in supposed:
                now = observer.variable(axis.target)
                supposed[axis.target] = np.array(np.broadcast_to(now, (observer.owner_size(axis.target.owner),)), dtype=np.float64)
            supposed[axis.target][slice(None) if axis.unit is None else axis.unit] = value
        before, observer.present.instead = observer.present.instead, {**observer.present.instead, **supposed}
        try:
            return float(np.ravel(self.reader.value(self.expr, 0, 0))[0])
        finally:
            observer.present.instead = before
