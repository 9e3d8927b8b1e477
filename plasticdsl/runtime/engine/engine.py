"""What can run a network: the compiled kernels and the reference interpreter both offer this.

Step n handles the events of t_n = n dt (thresholds, jumps, `on pre`, `on post`, sums and definitions) and then the flow to t_{n+1};
after `advance(k)` from step n the clock stands at n + k, whose events have not happened yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Ref
from plasticdsl.model.parts import Emitted
from plasticdsl.model.protocol import Asked
from plasticdsl.model.schemes import MOST_LOCATED
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.support.random import order_of, stream_of

TOO_MANY_SPIKES = (
    "more spikes in one step than a population's buffer holds (4 per unit): a rate is far too high for this dt; use a smaller dt"
)

TOO_MANY_LOCATED = (
    f"an event that is located within steps has happened more than {MOST_LOCATED} times to a unit in one step; use a smaller dt, or let the event "
    "change what it waits for by so much that it does not come again at once"
)


#: A snapshot: all arrays that change during a run, by a key that each engine chooses.
State = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Feed:
    """`table`: float64[items, units or 1]. From step `first` on, at step n `target`, of a population, has row `items[(n − first) // hold]` of the table;
    the last item stays. Units are free where it has NaN."""

    target: Ref
    table: NDArray[np.float64]
    items: NDArray[np.int64]
    first: int
    hold: int = 1


class Engine(Protocol):
    """One network with its state. What is read and written belongs to a population or projection; values are in SI. `asked`: what it is ready for
    beside running."""

    instance: Instance
    asked: Asked

    @property
    def step(self) -> int:
        """Whole steps done since the beginning."""

    def advance(self, steps: int) -> None:
        """Run whole steps. Spikes of logged populations are kept until `drain`. Raises `RuntimeError` where a buffer would overflow."""

    def once(self) -> None:
        """One step, as `advance(1)`, as fast as can be."""

    def all_finite(self) -> bool:
        """Whether all states are finite, told fast: where it says no, they may only be large."""

    def array_of(self, target: Ref) -> NDArray[np.float64] | None:
        """The array in which a state is kept, one value for each unit or connection, if there is one. Whoever writes into it calls `written`."""

    def adopt(self, target: Ref, array: NDArray[np.float64]) -> bool:
        """Keep a state in this array from now on, if it is one that `array_of` could give; whether it is."""

    def written(self) -> None:
        """Something was written into an array of `array_of`."""

    def read(self, target: Ref) -> NDArray[np.float64]:
        """A state or input now, up to date whatever was postponed: float64[units or connections] (connections in the order of the
        instance). A view where possible; `write` to change it."""

    def write(self, target: Ref, values: NDArray[np.float64] | float) -> None:
        """Set a state (or a `Source`'s output `x`) of every unit or connection."""

    def agreed(self, value: float) -> float:
        """A number that hangs on the clock or on who asks: where several processes run the network, the one that the first of them has."""

    def log_spikes(self, emitted: Iterable[Emitted]) -> None:
        """From now on keep these spikes and other events (and no others)."""

    def drain(self, population: str, event: str = "") -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Steps and unit numbers (from 0) of the spikes, or of another event, logged since the last call, in order of time, then unit. What is located
        within a step is counted, and logged, in the next."""

    def times(self, population: str, event: str = "") -> NDArray[np.float64] | None:
        """Of each that `drain` gave last: when it was, in steps, where that is located within steps; None where it is the step."""

    def located(self, population: str, event: str = "") -> tuple[NDArray[np.float64], NDArray[np.int64], Mapping[str, NDArray[np.float64]]]:
        """Events that were located in the step that has just ended, which the next step counts and logs: when, in steps, the units, and of spikes the
        variables that are kept at them."""

    def values_at_spikes(self, population: str) -> Mapping[str, NDArray[np.float64]]:
        """Of each spike that `drain` gave last: the variables of `asked.at_spikes`, as they were when it was found, before it had any effect."""

    def spike_count(self, population: str, event: str = "") -> int:
        """All spikes of the population so far, or how often another event has happened to its units, logged or not."""

    def undecided(self, population: str, event: str = "") -> NDArray[np.int64]:
        """Units (from 0) whose rate or spike condition, or that of another event, was no number when it was taken, in some step so far."""

    def switch_rules(self, on: Mapping[str, bool]) -> None:
        """Rules of these projections hold the weights (False) or change them (True); traces and means run either way."""

    def feed(self, feeds: Sequence[Feed]) -> None:
        """From now on these variables are taken, item by item, from tables, at the beginning of each step (and again at its end, so that nothing else
        moves them); variables fed before and not named now keep their last values. Only variables in `asked.fed` can be fed."""

    def change(self, instance: Instance) -> bool:
        """Go on with other parameters, those of another instance of the network that shares the states of this one. Whether it can: if not, nothing has
        changed, and an engine has to be made for it."""

    def visit(self, order: Mapping[str, NDArray[np.int64] | None]) -> None:
        """Populations that update unit by unit from now on, and the order (unit numbers from 0, each once) of the next step, which holds until
        it is given anew; None: each step has a random order of its own, `order_in_step`. All others update at once. Only populations in
        `asked.one_by_one` can be named."""

    def snapshot(self, into: State | None = None, *, moving: bool = False) -> dict[str, NDArray[np.generic]]:
        """Everything that changes during a run (copies), the clock and random counters included. `into`: an earlier snapshot of this engine that is
        no longer needed, whose arrays may be used again. `moving`: weights may be left out that stand still while their rules are off."""

    def restore(self, state: State, *, other_parameters: bool = False, moving: bool = False, foreign: bool = False) -> None:
        """Continue from a snapshot of the same network, to the same bits, or (`other_parameters`) of one that has other values of its parameters;
        raises `ValueError` where it does not fit. `moving`: the snapshot is of what moves while these rules are off. `foreign`: it comes
        from a file, in which there can be anything."""


def checked_feed(feed: Feed, known: Collection[Ref], instance: Instance) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """float64[rows, units or 1], int64[items]. Raises `ValueError` where the table does not fit or the variable cannot be fed."""
    full = feed.target.path
    if feed.target not in known:
        raise ValueError(f"{full} is not among the variables that phases feed")
    table = np.ascontiguousarray(feed.table, dtype=np.float64)
    items = np.ascontiguousarray(feed.items, dtype=np.int64)
    units = instance.part(feed.target.owner).count
    if table.ndim != 2 or table.shape[1] not in (1, units):
        raise ValueError(f"{full} has {units} units, but is fed from a table of shape {table.shape}")
    if items.ndim != 1 or not len(items) or items.min() < 0 or items.max() >= len(table):
        raise ValueError(f"{full} is fed items that are no rows of a table of {len(table)}")
    if feed.hold < 1:
        raise ValueError(f"{full}: an item is shown for a whole number of steps, not {feed.hold}")
    return table, items


def order_in_step(population: str, step: int, instance: Instance) -> NDArray[np.int64]:
    """The random order in which the units of a population update in a step."""
    return order_of(instance.seed, stream_of(population, "order"), step, instance.populations[population].size)


def checked_order(population: str, units: NDArray[np.int64] | None, known: Collection[str], instance: Instance) -> None:
    """Raises `ValueError` where the population cannot update unit by unit, or the order does not name each of its units once."""
    if population not in known:
        raise ValueError(f"{population} is not among the populations that phases update unit by unit")
    size = instance.populations[population].size
    if units is not None and (units.shape != (size,) or not np.array_equal(np.sort(units), np.arange(size))):
        raise ValueError(f"the order in which {population} updates must name each of its {size} units once")
