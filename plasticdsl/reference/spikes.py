"""All spikes and other events so far, and which of them reach a synapse when; what is said of spikes holds of any event.

A spike of step s reaches the connections of its unit at step s + d, where d is the connection's axonal delay for a presynaptic spike and
its dendritic delay for a postsynaptic one. Several spikes of a unit in one step are several spikes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Trigger
from plasticdsl.model.parts import Emitted
from plasticdsl.reference.structure import Index, Structure
from plasticdsl.runtime.instance.instance import Floats


@dataclass(slots=True)
class Spikes:
    """Of one population. `counts[step]`: spikes of each unit, int64[units], only of steps with spikes; `trains[unit]`: steps in order, a
    step of c spikes c times. `located[step]`: when they really came, in steps, unit after unit, where they are located within steps."""

    size: int
    counts: dict[int, Index] = field(default_factory=dict)
    trains: list[list[int]] = field(default_factory=list)
    located: dict[int, Floats] = field(default_factory=dict)
    total: int = 0

    def __post_init__(self) -> None:
        self.trains = self.trains or [[] for _ in range(self.size)]

    def add(self, step: int, counts: NDArray[np.int64], times: Floats | None = None) -> None:
        """The spikes of one step; `times`: of each, in steps, where they are located."""
        if not counts.any():
            return
        if times is not None:
            self.located[step] = times
        self.counts[step] = counts.astype(np.int64)
        for unit in np.flatnonzero(counts):
            self.trains[unit].extend([step] * int(counts[unit]))
        self.total += int(counts.sum())

    def events(self) -> tuple[Index, Index]:
        """Steps and units of all spikes, in order of time, then unit."""
        steps = [np.full(int(self.counts[s].sum()), s) for s in sorted(self.counts)]
        units = [np.repeat(np.arange(self.size), self.counts[s]) for s in sorted(self.counts)]
        nothing = np.zeros(0, dtype=np.int64)
        return np.concatenate([nothing, *steps]), np.concatenate([nothing, *units])

    def times(self) -> Floats | None:
        """When each of `events` came, in steps; None where nothing is located."""
        return np.concatenate([self.located[s] for s in sorted(self.counts)]) if self.located else None


def arriving(structure: Structure, spikes: dict[Emitted, Spikes], projection: str, side: Trigger, kind: str, step: int) -> Index:
    """How many spikes (or events of a `kind`) of `side` reach each connection at `step`: int64[connections]."""
    end = structure.end(projection, side)
    arrived = np.zeros(len(end.units), dtype=np.int64)
    counts = spikes[Emitted(end.population, kind)].counts
    for delay in end.delays_there:
        emitted = counts.get(step - delay)
        if emitted is not None:
            chosen = end.delays == delay
            arrived[chosen] = emitted[end.units[chosen]]
    return arrived


def arrivals(structure: Structure, spikes: dict[Emitted, Spikes], projection: str, side: Trigger, connection: int, step: int) -> list[int]:
    """The steps, up to and including `step`, at which spikes of `side` reached one connection, in order."""
    end = structure.end(projection, side)
    delay = int(end.delays[connection])
    return [s + delay for s in spikes[Emitted(end.population)].trains[int(end.units[connection])] if s + delay <= step]
