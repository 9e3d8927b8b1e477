"""A network with numbers: sizes, parameters, initial states, connections and delays, all drawn.

Comes from `build.instantiate`; both the compiled kernels and the reference interpreter start from it, so they share every random
draw made before the first step. They work on copies of its states; one that all units or connections begin with alike is there once. All values in SI;
times in whole steps where named so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation, OfProjection, OfTable, Owner, Whose, owner_text
from plasticdsl.source import NOWHERE, Span
from plasticdsl.support.arrays import Floats, Integers, Sparse, Units, Values, as_series, as_table, dense
from plasticdsl.support.structure import sources_of

__all__ = ["Floats", "Instance", "PopulationInstance", "ProjectionInstance", "Stored", "Values"]

#: The arrays of a file, by name.
Stored = dict[str, Floats | Sparse]


@dataclass(frozen=True, slots=True)
class Pace:
    """When the units of a regular source fire, float64[size] each: at `since` + (`left` + k)/`rate` in s, k = 0, 1, … `count` − 1 (None: for ever), and
    not before `step`, from which this rate holds. `symbol`, `span`: of the population, for messages."""

    rate: Floats
    since: Floats
    left: Floats
    count: Floats | None
    step: int = 0
    symbol: str = ""
    span: Span = NOWHERE


@dataclass(slots=True)
class PopulationInstance:
    """`parameters`: name → shared value or one per unit (float64[size]). `states`: name → float64[size].

    `stream` keys this population's random numbers (`support/philox.py`). `spike_steps`/`spike_units`: of given or regular sources,
    sorted by step then unit (int64), complete before step `spikes_until` (None: these are all; see `build.extend_spikes`). `pace`: of a regular source.
    `refractory_steps`: whole steps, shared or per unit. `stride`: from one of its steps to the next, in steps of the network.
    """

    name: str
    size: int
    stream: int
    parameters: dict[str, Values]
    states: dict[str, Floats]
    refractory_steps: int | NDArray[np.int64] = 0
    spike_steps: NDArray[np.int64] | None = None
    spike_units: NDArray[np.int64] | None = None
    spikes_until: int | None = None
    pace: Pace | None = None
    stride: int = 1

    @property
    def count(self) -> int:
        """How many values there are of what differs from unit to unit."""
        return self.size


@dataclass(frozen=True, slots=True)
class Places:
    """Some of `total` connections, those of one of several processes. Since these lead to units that follow each other, those of a pre unit do so too:
    `shifts` int64[n_pre] is by how much their numbers among all are larger than here."""

    shifts: Integers
    total: int


@dataclass(slots=True)
class ProjectionInstance:
    """Connections sorted by pre unit, then post unit: `rows` int64[n_pre + 1], `targets` (post unit of each, in 16 bits where these hold all).

    `parameters`/`states` as in `PopulationInstance`, per connection. `order`: as in `Connections`. `axonal`/`dendritic`: whole steps, the same (int)
    or per connection (int32). `places`: which of all connections these are; None: all of them.
    """

    name: str
    pre: str
    post: str
    stream: int
    rows: NDArray[np.int64]
    targets: Units
    parameters: dict[str, Values]
    states: dict[str, Floats]
    axonal: int | NDArray[np.int32] = 0
    dendritic: int | NDArray[np.int32] = 0
    order: Integers | None = None
    places: Places | None = None

    @property
    def count(self) -> int:
        """How many connections there are here."""
        return len(self.targets)

    @property
    def numbers(self) -> Integers:
        """Which of all connections these are: int64[connections], made anew."""
        found = np.arange(self.count)
        if self.places is not None:
            found += np.repeat(self.places.shifts, np.diff(self.rows))
        return found

    @property
    def count_of_all(self) -> int:
        """How many there are in all processes."""
        return self.count if self.places is None else self.places.total

    def sources(self) -> Units:
        """The pre unit of each connection."""
        return sources_of(self.rows)


@dataclass(slots=True)
class Instance:
    """`dt`: step in s. `seed` and the streams determine all random numbers. `parameters`: of the network. `patterns`: pattern set →
    float64[patterns, units]. `stored`: what was read from the files of its data sets, by their names. `warnings`: what was noticed when it was made."""

    dt: float
    seed: int
    parameters: dict[str, Values]
    populations: dict[str, PopulationInstance]
    projections: Mapping[str, ProjectionInstance]
    patterns: dict[str, Floats] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    warnings: list[Diagnostic] = field(default_factory=list)

    @property
    def own(self) -> Instance:
        """What this process has of it: all, where it is alone."""
        return self

    def series(self, ref: Ref) -> Floats:
        """Samples of a file: float64[samples], or float64[samples, units] where each unit has its own."""
        found = as_series(dense(self.stored[owner_text(ref.owner)][ref.name]))
        return found[:, 0] if found.shape[1] == 1 else found

    def table(self, ref: Ref) -> Values:
        """An array of a file by itself: a number, or float64 with its axes. Raises KeyError for one that was not read."""
        if not isinstance(ref.owner, OfTable) or ref.owner.name not in self.stored or ref.name not in self.stored[ref.owner.name]:
            raise KeyError(f"{ref.path} is in no file")
        return as_table(self.stored[ref.owner.name][ref.name], [None if axis is None else self.size(axis) for axis in ref.owner.axes])

    def size(self, name: str) -> int:
        """The number of units of a population, or of patterns of a set."""
        patterns = self.patterns.get(name)
        return self.populations[name].size if patterns is None else len(patterns)

    def part(self, owner: Owner) -> PopulationInstance | ProjectionInstance:
        """A population or projection."""
        match owner:
            case OfPopulation(name):
                return self.populations[name]
            case OfProjection(name):
                return self.projections[name]
            case _:
                raise KeyError(owner)

    def parameters_of(self, owner: Owner) -> dict[str, Values]:
        """Parameters of the network, a population or a projection; nothing else has any."""
        match owner:
            case OfPopulation() | OfProjection():
                return self.part(owner).parameters
            case Whose.NETWORK | Whose.OWN:
                return self.parameters
            case _:
                return {}
