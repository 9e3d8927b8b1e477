"""What the panels of a figure have in common: which runs are shown, the time axis and the phases on it, and the colours of populations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.experiments import NO_WISH, AxisWish
from plasticdsl.model.expr import Expr
from plasticdsl.model.owners import Owner
from plasticdsl.model.parts import Emitted, Units, parts_read
from plasticdsl.results.picture import Axis, Stretch
from plasticdsl.runtime.play.schedule import Rounds, Timeline
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.series import Ends, Panel, PlotPlan, Series, SpikeRecord
from plasticdsl.support.arrays import Floats
from plasticdsl.units.dimension import TIME, Dimension

#: Colours that people with any colour vision can tell apart (Okabe & Ito 2008), the yellow left out: it is hard to see on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY, BLACK = "#555555", "#000000"

#: More combinations than this are not told apart in one figure over time.
_MOST_SHOWN = 6
#: Of a time axis at most so many stretches are marked, if that can be helped.
_MOST_STRETCHES = 16
#: Up to so many units get a line and a colour of their own.
FEW_LINES = 6

#: A population, or a part of it, or a projection, by its name and the numbers that are chosen.
Key = tuple[str, Units]


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """A time axis from step `begin` to `end`: `scale` steps make one `unit`."""

    begin: int
    end: int
    unit: str
    scale: float

    def of(self, steps: NDArray[np.int64] | NDArray[np.float64]) -> Floats:
        """Steps in units of the axis."""
        return np.asarray(steps, dtype=np.float64) / self.scale


@dataclass(frozen=True, slots=True)
class Scene:
    """`groups` of runs that are shown, each the repeats of one combination; `line`: of the longest, and where the `rounds` of its phases began and ended;
    `colours`: which colour what has."""

    groups: tuple[tuple[int, ...], ...]
    line: Timeline
    rounds: Mapping[str, Sequence[tuple[int, int]]]
    axis: TimeAxis
    colours: Mapping[Key, int]

    def colour_of(self, key: Key | None) -> int | None:
        """The number of its colour."""
        return None if key is None else self.colours.get(key)


def colour(number: int) -> str:
    """One colour after the other."""
    return COLOURS[number % len(COLOURS)]


def scene_of(study: Study, plans: Sequence[PlotPlan]) -> Scene:
    """The scene of a plot line; its axis covers what every panel shows."""
    groups = _groups(study)
    runs = [number for group in groups for number in group]
    longest = max((study.runs[n] for n in runs), key=lambda run: run.line.end)
    line = longest.line
    timed = ("time", "map")
    spans = [span for n in runs for panel in plans[n].panels if panel.kind in timed for s in panel.series if (span := _span(s))]
    spans += [(r.begin, min(r.end, study.runs[0].begin + max(study.runs[0].steps, 1))) for r in plans[0].spikes]
    begin, end = min((first for first, _ in spans), default=0), max((last for _, last in spans), default=line.end)
    first, last = limits(None if line.in_steps else plans[0].horizontal, line.dt)
    begin, end = (begin, end) if first is None or last is None else (round(first), round(last))
    axis = time_axis(line, 0 if begin <= 1 else begin, end, plans[0].spec.horizontal)
    return Scene(groups, line, longest.rounds, axis, _colours(plans[0], len(groups) == 1))


def _groups(study: Study) -> tuple[tuple[int, ...], ...]:
    """The repeats of each combination that were run, spread over the sweep where there are too many."""
    blocks = [tuple(range(k, min(k + study.repeats, len(study.runs)))) for k in range(0, len(study.runs), study.repeats)]
    return tuple(blocks[i] for i in combinations(study) if i < len(blocks))


def combinations(study: Study) -> list[int]:
    """The numbers of a few combinations of a sweep: of each parameter some values, evenly chosen."""
    shape = [len(axis.values) for axis in study.axes]
    kept = list(shape)
    while math.prod(kept) > _MOST_SHOWN:
        kept[kept.index(max(kept))] -= 1
    if not kept:
        return [0]
    chosen = np.meshgrid(*(evenly(count, most) for count, most in zip(shape, kept, strict=True)), indexing="ij")
    return [int(n) for n in np.ravel_multi_index(tuple(side.ravel() for side in chosen), tuple(shape))]


def _span(series: Series) -> tuple[int, int] | None:
    """First and last step of what was taken."""
    if not series.taken:
        return None
    return int(series.steps[0]) - (series.moments.stride if series.bins else 0), int(series.steps[-1])


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """At most so many of the numbers 0 to count − 1, spread over all of them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


# --- time ------------------------------------------------------------------------------------------------------------


def time_axis(line: Timeline, begin: int, end: int, wish: AxisWish = NO_WISH) -> TimeAxis:
    """The axis for a part of a run."""
    if line.in_steps:
        return TimeAxis(begin, end, "steps", 1.0)
    unit, seconds = wished_unit(wish, TIME) or time_unit((end - begin) * line.dt)
    return TimeAxis(begin, end, unit, seconds / line.dt)


def wished_unit(wish: AxisWish, dimension: Dimension) -> tuple[str, float] | None:
    """The unit of this dimension that an axis is called in, and its size in SI; None where it is not."""
    return (wish.shown.unit, wish.shown.scale) if wish.shown is not None and wish.shown.dimension == dimension else None


def called(wish: AxisWish, otherwise: str, dimensions: Iterable[Dimension | None]) -> str:
    """What an axis is called where these lie along it: as the line says, if the unit in that is one of theirs."""
    meant = wish.shown is None or any(dimension in (None, wish.shown.dimension) for dimension in dimensions)
    return wish.label if wish.label and meant else otherwise


def time_unit(span: float) -> tuple[str, float]:
    """A unit in which `span` seconds is a handy number, and its length in seconds."""
    if span < 1.0:
        return "ms", 1e-3
    if span < 1200.0:
        return "s", 1.0
    return ("min", 60.0) if span < 4 * 3600.0 else ("h", 3600.0)


def horizontal(axis: TimeAxis) -> Axis:
    """Limits and label."""
    margin = 0.5 if axis.unit == "steps" else 0.0
    begin, end = axis.of(np.array([axis.begin, axis.end]))
    low, high = (float(begin) - margin, float(end) + margin) if end > begin else (None, None)
    return Axis("step" if axis.unit == "steps" else f"time ({axis.unit})", low, high, whole=axis.unit == "steps")


def stretches(scene: Scene) -> tuple[Stretch, ...]:
    """The phases in sight, where there are several; what is repeated is one stretch where there would be too many."""
    axis = scene.axis
    seen = _within(_every_round(scene), axis)
    if len(seen) > _MOST_STRETCHES:
        seen = _within(_repeats_together(scene), axis)
    shift = 0.5 if axis.unit == "steps" else 0.0
    ends = [axis.of(np.array([max(first, axis.begin), min(last, axis.end)])) + shift for _, first, last in seen]
    found = tuple(Stretch(name.replace("_", " "), float(a), float(b)) for (name, *_), (a, b) in zip(seen, ends, strict=True))
    return found if len(found) > 1 else ()


#: What a phase, or several repeated ones, is called; where it begins and ends.
_Part = tuple[str, int, int]


def _within(parts: Sequence[_Part], axis: TimeAxis) -> list[_Part]:
    return sorted((part for part in parts if part[2] > axis.begin and part[1] < axis.end and part[2] > part[1]), key=lambda part: part[1])


def _every_round(scene: Scene) -> list[_Part]:
    """Of runs of which nothing was noted, the first rounds as they were planned."""
    if not scene.rounds:
        return [(phase.name, phase.first, phase.last) for phase in scene.line.phases]
    return [(name, *ends) for name, rounds in scene.rounds.items() for ends in rounds]


def _repeats_together(scene: Scene) -> list[_Part]:
    """Phases, and what is repeated as one: `600 × whole, gap`."""
    found = []
    for part in scene.line.course:
        names = list(_phases_of(part))
        ends = [one for name in names for one in scene.rounds.get(name, ())]
        text = ", ".join(names)
        if isinstance(part, Rounds):
            done = [len(scene.rounds.get(name, ())) for name in part.body if isinstance(name, str)]
            text = f"{max(done, default=part.most)} × {text}"
        if ends:
            found.append((text, min(first for first, _ in ends), max(last for _, last in ends)))
    return found


def _phases_of(part: str | Rounds) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    else:
        for one in part.body:
            yield from _phases_of(one)


# --- colours ---------------------------------------------------------------------------------------------------------


def key_of(expr: Expr) -> Key | None:
    """What an expression is about, where that is one thing."""
    parts: frozenset[tuple[Owner, Units]] = parts_read(expr)
    if len(parts) != 1:
        return None
    ((owner, units),) = parts
    return owner.name, units


def key_of_spikes(record: SpikeRecord) -> Key:
    """Whose spikes they are; another event is another thing."""
    train: Emitted = record.train
    return train.population + (f".{train[1]}" if train[1] else ""), record.part


def colours_of(series: Series) -> int:
    """How many colours the lines of a series take."""
    units = math.prod(series.shape if series.curve is None else series.shape[:-1])
    return units if 1 < units <= FEW_LINES else 1


def _colours(plan: PlotPlan, alone: bool) -> dict[Key, int]:
    """The same colour for the same thing in all panels, the first colours for spikes; none where a panel shows a thing twice, or its units in colours."""
    found = dict.fromkeys(key_of_spikes(r) for panel in plan.panels for r in panel.spikes)
    if alone and all(map(_tells_apart, plan.panels)):
        found |= dict.fromkeys(key for panel in plan.panels for key in _keys(panel) if key is not None)
    return {key: number for number, key in enumerate(found)}


def _tells_apart(panel: Panel) -> bool:
    keys = [key for key in _keys(panel) if key is not None]
    return len(set(keys)) == len(keys) and all(colours_of(s) == 1 for s in panel.series)


def _keys(panel: Panel) -> Iterator[Key | None]:
    yield from (key_of(series.expr) for series in panel.series)


def vertical_limits(plan: PlotPlan, panel: Panel) -> tuple[float | None, float | None]:
    """Where the vertical axis of a panel ends, if the line says it and means this one: that of the same dimension."""
    wanted = plan.spec.vertical.dimension
    meant = wanted is None or any(label.dimension in (None, wanted) for label in panel.labels)
    return limits(plan.vertical, panel.labels[0].scale) if meant and panel.labels else (None, None)


def limits(ends: Ends | None, scale: float) -> tuple[float | None, float | None]:
    """Where the line says that an axis ends, in its unit."""
    return (None, None) if ends is None else (min(ends) / scale, max(ends) / scale)
