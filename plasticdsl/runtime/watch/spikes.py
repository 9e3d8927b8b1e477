"""The spikes of a run that something needs: collected from the engine, cut into windows.

Comes in: an engine and the names of populations. Goes out: (steps, units) of any window, in order of time.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.model import Network
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
    """Spikes of the logged populations since the beginning of the log."""

    def __init__(self, engine: Engine, populations: Iterable[str]) -> None:
        self._parts: dict[str, list[Train]] = {p: [] for p in populations}
        self._engine = engine
        self._again = False
        engine.log_spikes(self._parts)

    def follow(self, engine: Engine) -> None:
        """Go on with another engine that continues the run."""
        self.collect()
        self._engine = engine
        engine.log_spikes(self._parts)

    @property
    def populations(self) -> tuple[str, ...]:
        """Whose spikes are kept."""
        return tuple(self._parts)

    def collect(self) -> None:
        """Take over what the engine has logged."""
        if self._again:
            return
        for population, parts in self._parts.items():
            steps, units = self._engine.drain(population)
            if len(steps):
                parts.append((steps, units.astype(np.int32)))

    def hold(self) -> None:
        """What the engine does from now on, it does once more: until `rewind` nothing is taken over."""
        self._again = True

    def rewind(self) -> None:
        """The engine was set back to where it stands now: what it has done since is forgotten."""
        self._again = False
        now = self._engine.step
        for population in self._parts:
            self._engine.drain(population)
            steps, units = _joined(self._parts[population])
            kept = steps < now
            self._parts[population] = [(steps[kept], units[kept])] if kept.any() else []

    def train(self, population: str) -> Train:
        """All spikes so far."""
        self.collect()
        parts = self._parts[population]
        if len(parts) > 1:
            parts[:] = [_joined(parts)]
        return _joined(parts)

    def within(self, population: str, begin: int, end: int) -> Train:
        """The spikes of the steps begin to end − 1."""
        self.collect()
        first = bisect.bisect_left(self._parts[population], begin, key=lambda part: int(part[0][-1]))
        steps, units = _joined(self._parts[population][first:])
        part = slice(int(np.searchsorted(steps, begin)), int(np.searchsorted(steps, end)))
        return steps[part], units[part]


def of_units(train: Train, chosen: NDArray[np.int64] | None) -> Train:
    """The spikes of some units (from 0); of all for None."""
    if chosen is None:
        return train
    kept = np.isin(train[1], chosen)
    return train[0][kept], train[1][kept]


def _joined(parts: Sequence[Train]) -> Train:
    if len(parts) == 1:
        return parts[0]
    steps, units = zip((np.zeros(0, np.int64), np.zeros(0, np.int32)), *parts, strict=True)
    return np.concatenate(steps), np.concatenate(units)


def spiking_populations(network: Network) -> list[str]:
    """Those that can spike, neurons and sources."""
    return [p.name for p in network.populations if p.block.spike is not None or (p.source is not None and p.block.output is None)]


def logged(network: Network, log: Iterable[str] | None) -> tuple[str, ...]:
    """The populations whose spikes a program keeps: those named, else all neurons that spike (sources can be many and busy). Raises KeyError."""
    if log is None:
        return tuple(p.name for p in network.populations if p.block.spike is not None)
    names, spiking = tuple(canonical(name) for name in log), spiking_populations(network)
    for name in names:
        if name not in spiking:
            raise KeyError(f"{name} is no population that spikes; those that do: {', '.join(spiking) or 'none'}")
    return names
