"""The spikes and other events of a run that something needs: collected from the engine, cut into windows.

Comes in: an engine, the names of populations and events. Goes out: (steps, units) of any window, in order of time.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Network, Population, Projection
from plasticdsl.model.parts import Emitted
from plasticdsl.names import canonical
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.watch.streams import NOTHING_STORED, Stored, Streams, required
from plasticdsl.support.arrays import Floats, Steps

Train = tuple[Steps, NDArray[np.int32]]
#: When each was, in steps, its unit, the step that counted it (the same array where nothing is located within steps), and one array for each variable that
#: is kept at spikes.
Columns = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class Spikes:
    """`times` in seconds, float64[spikes]; `units` from 0, int32[spikes]; in order of time."""

    times: NDArray[np.float64]
    units: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True)
class TrainSoFar:
    """The spikes in memory, and whether their times are steps; those before them that are on disk, in the streams of these `names` (`ends` and `lasts` as
    of `Stored`)."""

    columns: Columns
    on_grid: bool
    names: tuple[str, ...] = ()
    ends: tuple[int, ...] = ()
    lasts: tuple[float, ...] = ()

    @property
    def stored(self) -> int:
        """How many are on disk."""
        return self.ends[-1] if self.ends else 0


class SpikeHistory:
    """Spikes and other events that are logged, since the beginning of the log. What has been `put` on disk is no longer in memory."""

    def __init__(self, engine: Engine, emitted: Iterable[Emitted]) -> None:
        self._parts: dict[Emitted, list[Columns]] = {one: [] for one in emitted}
        self._stored: dict[Emitted, Stored] = {}
        self._engine = engine
        self._again = False
        engine.log_spikes(self._parts)

    def follow(self, engine: Engine) -> None:
        """Go on with another engine that continues the run."""
        self.collect()
        self._engine = engine
        engine.log_spikes(self._parts)

    @property
    def kept(self) -> tuple[Emitted, ...]:
        """What is kept."""
        return tuple(self._parts)

    def collect(self) -> None:
        """Take over what the engine has logged."""
        if self._again:
            return
        for emitted, parts in self._parts.items():
            steps, units = self._engine.drain(*emitted)
            if len(steps):
                names = self._names(emitted)
                values = self._engine.values_at_spikes(emitted[0]) if names else {}
                times = self._engine.times(*emitted)
                kept: Columns = (units.astype(np.int32), steps, *(values[name] for name in names))
                parts.append((steps, *kept) if times is None else _in_order((times, *kept)))

    # --- on disk ---

    @property
    def size(self) -> int:
        """Bytes of the spikes in memory."""
        return sum(column.nbytes for parts in self._parts.values() for part in parts for column in part)

    @property
    def any_stored(self) -> bool:
        """Whether some are on disk."""
        return bool(self._stored)

    def put(self, streams: Streams) -> None:
        """Everything that the engine has logged goes on disk. Raises OSError, and then what is not there is still in memory."""
        self.collect()
        for emitted, parts in self._parts.items():
            if parts:
                columns = self._joined(emitted, parts)
                stored = self._stored.get(emitted) or self._new(emitted, streams, columns)
                for stream, column in zip(stored.streams, _as_stored(columns), strict=True):
                    stream.put(stored.rows, column)
                ends, lasts = (*stored.ends, stored.rows + len(columns[0])), (*stored.lasts, float(columns[0][-1]))
                self._stored[emitted] = replace(stored, ends=ends, lasts=lasts)
                parts.clear()

    def _new(self, emitted: Emitted, streams: Streams, columns: Columns) -> Stored:
        """Where the first of these spikes are put."""
        dimension, seconds = f"spike_{called(emitted)}", {"units": "s", "scale_factor": self._engine.instance.dt}
        about: dict[str, dict[str, Any]] = {
            f"spikes({called(emitted)})": {**seconds, "long_name": f"spike times of {called(emitted)}"},
            f"unit_of_{dimension}": {"long_name": f"unit of {emitted.population}, from 0"},
            **{f"{name}_of_{dimension}": {} for name in self._names(emitted)},
            f"step_of_{dimension}": {"long_name": "step in which it was counted"},  # where that is not when it was
        }
        made = [streams.stream(name, (dimension,), one, about[name]) for name, one in zip(about, _as_stored(columns), strict=False)]
        return Stored(tuple(made), tuple(about)[: len(made)])

    def _read(self, emitted: Emitted, begin: float, end: float) -> list[Columns]:
        """What of it is on disk, as it was in memory."""
        count, found = len(self._names(emitted)), list[Columns]()
        for times, units, *more in self._stored.get(emitted, NOTHING_STORED).pieces(begin, end):
            found.append((times, units, more[count] if len(more) > count else times, *more[:count]))
        return found

    def so_far(self) -> dict[Emitted, TrainSoFar]:
        """All spikes that the engine has logged, as data."""
        self.collect()
        joined = {emitted: self._joined(emitted, parts) for emitted, parts in self._parts.items()}
        stored = {emitted: self._stored.get(emitted, NOTHING_STORED) for emitted in joined}
        return {
            one: TrainSoFar(found, found[2] is found[0], stored[one].names, stored[one].ends, stored[one].lasts)
            for one, found in joined.items()
        }

    def go_on(self, found: Mapping[Emitted, TrainSoFar], streams: Streams | None) -> None:
        """From the spikes that there were. Raises FileNotFoundError where those on disk are not there."""
        for emitted, so_far in found.items():
            times, units, counted, *values = so_far.columns
            kept: Columns = (times, units, times if so_far.on_grid else counted, *values)
            self._parts[emitted] = [kept] if len(times) else []
            if so_far.names:
                opened = tuple(required(streams).again(name) for name in so_far.names)
                self._stored[emitted] = Stored(opened, so_far.names, so_far.ends, so_far.lasts)

    def hold(self) -> None:
        """What the engine does from now on, it does once more: until `rewind` nothing is taken over."""
        self._again = True

    def rewind(self) -> None:
        """The engine was set back to where it stands now: what it has done since is forgotten."""
        self._again = False
        now = self._engine.step
        for emitted in self._parts:
            self._engine.drain(*emitted)
            columns = self._joined(emitted, self._parts[emitted])
            before = columns[2] < now
            self._parts[emitted] = [tuple(column[before] for column in columns)] if before.any() else []

    def train(self, emitted: Emitted) -> Train:
        """All spikes so far."""
        steps, units, *_ = self._whole(emitted)
        return steps, units

    def kept_train(self, emitted: Emitted) -> Train | Stored:
        """All spikes so far, or where they are: then all of them are on disk."""
        on_disk = emitted in self._stored and not self._parts[emitted] and not self._not_yet_counted(emitted)
        return self._stored[emitted] if on_disk else self.train(emitted)

    def within(self, emitted: Emitted, begin: int, end: int) -> Train:
        """The spikes of the steps begin to end − 1."""
        steps, units, *_ = self._within(emitted, begin, end)
        return steps, units

    def count(self, emitted: Emitted, begin: int, end: int) -> int:
        """How many there are in the steps begin to end − 1."""
        self.collect()
        waiting = (part[0] for part in (*self._parts[emitted], *self._not_yet_counted(emitted)))
        in_memory = sum(int(np.searchsorted(times, end) - np.searchsorted(times, begin)) for times in waiting)
        return in_memory + self._stored.get(emitted, NOTHING_STORED).count(begin, end)

    def values(self, population: str, begin: int | None = None, end: int = 0) -> tuple[Train, dict[str, Floats]]:
        """The spikes of the steps begin to end − 1 (None: all so far), and the variables that are kept at each."""
        emitted = Emitted(population)
        steps, units, _, *values = self._whole(emitted) if begin is None else self._within(emitted, begin, end)
        return (steps, units), dict(zip(self._names(emitted), values, strict=True))

    def _whole(self, emitted: Emitted) -> Columns:
        self.collect()
        parts = self._parts[emitted]
        if len(parts) > 1:
            parts[:] = [self._joined(emitted, parts)]
        return self._joined(emitted, [*self._read(emitted, -np.inf, np.inf), *parts, *self._not_yet_counted(emitted)])

    def _within(self, emitted: Emitted, begin: int, end: int) -> Columns:
        self.collect()
        first = bisect.bisect_left(self._parts[emitted], float(begin), key=lambda part: float(part[0][-1]))
        parts = self._read(emitted, begin, end) + self._parts[emitted][first:]
        columns = self._joined(emitted, [*parts, *self._not_yet_counted(emitted)])
        part = slice(int(np.searchsorted(columns[0], begin)), int(np.searchsorted(columns[0], end)))
        return tuple(column[part] for column in columns)

    def _not_yet_counted(self, emitted: Emitted) -> list[Columns]:
        """What was located in the step that has just ended, and is logged in the next."""
        if self._again:
            return []
        times, units, values = self._engine.located(*emitted)
        counted = np.full(len(times), self._engine.step)
        return [_in_order((times, units.astype(np.int32), counted, *(values[name] for name in self._names(emitted))))] if len(times) else []

    def _joined(self, emitted: Emitted, parts: Sequence[Columns]) -> Columns:
        if len(parts) == 1:
            return parts[0]
        nothing = (np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64), *(np.zeros(0) for _ in self._names(emitted)))
        times, units, counted, *values = zip(nothing, *parts, strict=True)
        found = np.concatenate(times)
        on_grid = all(one is other for one, other in zip(times[1:], counted[1:], strict=True))
        return (found, np.concatenate(units), found if on_grid else np.concatenate(counted), *map(np.concatenate, values))

    def _names(self, emitted: Emitted) -> tuple[str, ...]:
        """The variables whose values are kept with an event: only with spikes."""
        population, event = emitted
        return () if event else self._engine.asked.kept_of(population)


def _as_stored(columns: Columns) -> Columns:
    """As they are on disk: the step that counted a spike comes last, where that is not its time."""
    times, units, counted, *values = columns
    return (times, units, *values) if counted is times else (times, units, *values, counted)


def _in_order(columns: Columns) -> Columns:
    """By time; what is located within a step is logged by units."""
    order = np.argsort(columns[0], kind="stable")
    return tuple(column[order] for column in columns)


def of_units(train: Train, chosen: NDArray[np.int64] | None) -> Train:
    """The spikes of some units (from 0); of all for None."""
    if chosen is None:
        return train
    kept = np.isin(train[1], chosen)
    return train[0][kept], train[1][kept]


def called(emitted: Emitted) -> str:
    """`E`, or `E.burst`."""
    return ".".join(filter(None, emitted))


def event_of(found: Population | Projection, event: str) -> Emitted:
    """An event of a population as a program names it (empty: its spikes). Raises KeyError."""
    known = {e.name for e in found.block.events} if isinstance(found, Population) else set[str]()
    if event and canonical(event) not in known:
        raise KeyError(f"{found.symbol} has no event {event}; its events are {', '.join(sorted(known)) or 'none'}")
    return Emitted(found.name, canonical(event) if event else "")


def logged(network: Network, log: Iterable[str] | None) -> tuple[Emitted, ...]:
    """What a program keeps of the spikes and other events of populations: of those named, else of all neurons (sources can be many and busy). Raises
    KeyError."""
    known = {p.name: p.emits for p in network.populations if p.emits}
    if log is None:
        return tuple(one for p in network.populations if p.source is None for one in p.emits)
    names = tuple(canonical(name) for name in log)
    for name in names:
        if name not in known:
            raise KeyError(f"{name} is no population that spikes; those that do: {', '.join(known) or 'none'}")
    return tuple(one for name in names for one in known[name])
