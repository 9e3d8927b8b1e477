"""The spikes and other events of a run that something needs: collected from the engine, cut into windows.

Comes in: an engine, the names of populations and events. Goes out: (steps, units) of any window, in order of time.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Network, Population, Projection
from plasticdsl.model.parts import Emitted
from plasticdsl.names import canonical
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.support.arrays import Floats

Train = tuple[NDArray[np.int64], NDArray[np.int32]]
#: Steps, units, and one array for each variable that is kept at spikes.
Columns = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class Spikes:
    """`times` in seconds, float64[spikes]; `units` from 0, int32[spikes]; in order of time."""

    times: NDArray[np.float64]
    units: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.times)


class SpikeHistory:
    """Spikes and other events that are logged, since the beginning of the log."""

    def __init__(self, engine: Engine, emitted: Iterable[Emitted]) -> None:
        self._parts: dict[Emitted, list[Columns]] = {one: [] for one in emitted}
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
                parts.append((steps, units.astype(np.int32), *(values[name] for name in names)))

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
            before = columns[0] < now
            self._parts[emitted] = [tuple(column[before] for column in columns)] if before.any() else []

    def train(self, emitted: Emitted) -> Train:
        """All spikes so far."""
        steps, units, *_ = self._whole(emitted)
        return steps, units

    def within(self, emitted: Emitted, begin: int, end: int) -> Train:
        """The spikes of the steps begin to end − 1."""
        steps, units, *_ = self._within(emitted, begin, end)
        return steps, units

    def values(self, population: str, begin: int | None = None, end: int = 0) -> tuple[Train, dict[str, Floats]]:
        """The spikes of the steps begin to end − 1 (None: all so far), and the variables that are kept at each."""
        emitted = Emitted(population)
        steps, units, *values = self._whole(emitted) if begin is None else self._within(emitted, begin, end)
        return (steps, units), dict(zip(self._names(emitted), values, strict=True))

    def _whole(self, emitted: Emitted) -> Columns:
        self.collect()
        parts = self._parts[emitted]
        if len(parts) > 1:
            parts[:] = [self._joined(emitted, parts)]
        return self._joined(emitted, parts)

    def _within(self, emitted: Emitted, begin: int, end: int) -> Columns:
        self.collect()
        first = bisect.bisect_left(self._parts[emitted], begin, key=lambda part: int(part[0][-1]))
        columns = self._joined(emitted, self._parts[emitted][first:])
        part = slice(int(np.searchsorted(columns[0], begin)), int(np.searchsorted(columns[0], end)))
        return tuple(column[part] for column in columns)

    def _joined(self, emitted: Emitted, parts: Sequence[Columns]) -> Columns:
        if len(parts) == 1:
            return parts[0]
        nothing = (np.zeros(0, np.int64), np.zeros(0, np.int32), *(np.zeros(0) for _ in self._names(emitted)))
        return tuple(map(np.concatenate, zip(nothing, *parts, strict=True)))

    def _names(self, emitted: Emitted) -> tuple[str, ...]:
        """The variables whose values are kept with an event: only with spikes."""
        population, event = emitted
        return () if event else self._engine.asked.kept_of(population)


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
