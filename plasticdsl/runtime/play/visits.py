"""`update asynchronously`: in which order units update, and what the network was after each of them.

Comes in: the order that a phase asks for. Goes out: the units in that order, told to an engine before each step. A random order is keyed by seed,
population and step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Network
from plasticdsl.model.owners import OfPopulation
from plasticdsl.model.protocol import Order
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.play.feeds import permutation
from plasticdsl.runtime.play.until import states_now
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.support.arrays import Integers

#: Variables of populations, by population and name.
States = dict[tuple[str, str], NDArray[np.float64]]


class Visits:
    """The order of the units in one phase."""

    def __init__(self, order: Order, network: Network, populations: Iterable[str]) -> None:
        self._order, self._network = order, network
        self._variables = {name: network.blocks[OfPopulation(name)].stepping for name in populations}
        self._last: dict[str, Integers] = {}
        self._before: States = {}

    @property
    def random(self) -> bool:
        """Whether each step has an order of its own."""
        return self._order == "random"

    def tell(self, engine: Engine, remember: bool) -> None:
        """The order of the next step; with `remember` it can be replayed afterwards."""
        sizes = {name: engine.instance.populations[name].size for name in self._variables}
        if self.random:
            self._last = {name: permutation(size, engine.instance.seed, name, "order", str(engine.step)) for name, size in sizes.items()}
        else:
            self._last = {name: np.arange(size) for name, size in sizes.items()}
        engine.visit(self._last)
        self._before = self._now(engine) if remember else {}

    def _now(self, engine: Engine) -> States:
        return states_now(engine, ((p, n) for p, names in self._variables.items() for n in names))

    def replay(self, observer: Observer) -> Iterator[None]:
        """Lets `observer` see the network as it was before the last step, and after each unit that changed in it (after the step where none did)."""
        after = self._now(observer.engine)
        shown = {key: values.copy() for key, values in self._before.items()}
        with observer.seen_as(shown):
            yield
            still = True
            for population, order in self._last.items():
                own = [key for key in shown if key[0] == population]
                changed = np.zeros(len(order), dtype=np.bool_)
                for key in own:
                    changed |= ~((shown[key] == after[key]) | (np.isnan(shown[key]) & np.isnan(after[key])))
                for unit in order[changed[order]]:
                    for key in own:
                        shown[key][unit] = after[key][unit]
                    still = False
                    yield
            if still:
                yield
