"""What results need to know of a network after its run, so that the network itself can be forgotten (a sweep makes many)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.recorder import Recorder


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
    `ends`: pre and post unit (from 0) of each connection of the projections that have recordings per connection. `over`: for each plot line
    over a swept parameter its value."""

    units: Mapping[str, int]
    parameters: Mapping[Ref, float | Spread]
    ends: Mapping[str, Ends]
    over: tuple[float | None, ...]
    patterns: Mapping[str, int]


def facts_of(observer: Observer, recorder: Recorder) -> Facts:
    """The facts of a network that has been run."""
    instance = observer.instance
    ends = {}
    for series in recorder.series:
        projection = instance.projections.get(series.owner)
        if projection is not None and series.owner not in ends:
            ends[series.owner] = projection.sources(), projection.targets
    over = tuple(None if p.axis is None else float(np.asarray(observer.value(p.axis))) for p in recorder.plots)
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
