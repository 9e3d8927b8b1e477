"""The spikes and other events of a run that something needs: collected from the engine, cut into windows.

Comes in: an engine, the names of populations and events. Goes out: (steps, units) of any window, in order of time.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.model import Emitted, Network, Population, Projection
from plasticdsl.names import canonical
from plasticdsl.runtime.engine.engine import Engine

Train = tuple[NDArray[np.int64], NDArray[np.int32]]


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
        self._parts: dict[Emitted, list[Train]] = {one: [] for one in emitted}
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
                parts.append((steps, units.astype(np.int32)))

    def hold(self) -> None:
        """What the engine does from now on, it does once more: until `rewind` nothing is taken over."""
        self._again = True

    def rewind(self) -> None:
        """The engine was set back to where it stands now: what it has done since is forgotten."""
        self._again = False
        now = self._engine.step
        for emitted in self._parts:
            self._engine.drain(*emitted)
            steps, units = _joined(self._parts[emitted])
            kept = steps < now
            self._parts[emitted] = [(steps[kept], units[kept])] if kept.any() else []

    def train(self, emitted: Emitted) -> Train:
        """All spikes so far."""
        self.collect()
        parts = self._parts[emitted]
        if len(parts) > 1:
            parts[:] = [_joined(parts)]
        return _joined(parts)

    def within(self, emitted: Emitted, begin: int, end: int) -> Train:
        """The spikes of the steps begin to end − 1."""
        self.collect()
        first = bisect.bisect_left(self._parts[emitted], begin, key=lambda part: int(part[0][-1]))
        steps, units = _joined(self._parts[emitted][first:])
        part = slice(int(np.searchsorted(steps, begin)), int(np.searchsorted(steps, end)))
        return steps[part], units[part]


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
    return found.name, canonical(event) if event else ""


def _joined(parts: Sequence[Train]) -> Train:
    if len(parts) == 1:
        return parts[0]
    steps, units = zip((np.zeros(0, np.int64), np.zeros(0, np.int32)), *parts, strict=True)
    return np.concatenate(steps), np.concatenate(units)


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
