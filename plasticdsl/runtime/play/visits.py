"""`update asynchronously`: in which order units update, and what the network was after each of them.

Comes in: the order that a phase asks for. Goes out: the units in that order, told to an engine before each step. A random order is keyed by seed,
population and step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from plasticdsl.model import Network
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation
from plasticdsl.model.protocol import Order
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.play.feeds import permutation
from plasticdsl.runtime.play.until import states_now
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.support.arrays import Floats, Integers


class Visits:
    """The order of the units in one phase."""

    def __init__(self, order: Order, network: Network, populations: Iterable[str]) -> None:
        self._order, self._network = order, network
        self._variables = {name: [Ref(o, v) for v in network.blocks[o].stepping] for name in populations for o in [OfPopulation(name)]}
        self._last: dict[str, Integers] = {}
        self._before: dict[Ref, Floats] = {}

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
        self._before = states_now(engine, chain(*self._variables.values())) if remember else {}

    def replay(self, observer: Observer) -> Iterator[None]:
        """Lets `observer` see the network as it was before the last step, and after each unit that changed in it (after the step where none did)."""
        after = states_now(observer.engine, self._before)
        shown = {key: values.copy() for key, values in self._before.items()}
        with observer.seen_as(shown):
            yield
            still = True
            for population, order in self._last.items():
                own = self._variables[population] if shown else []
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
