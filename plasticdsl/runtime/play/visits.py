"""`update asynchronously`: in which order units update, and what the network was after each of them.

Comes in: the order that a phase asks for. Goes out: what an engine is told of it, and the units in the order of a step. A random one is keyed by seed,
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
from plasticdsl.runtime.engine.engine import Engine, order_in_step
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

    def tell(self, engine: Engine) -> None:
        """The order of all steps to come."""
        sizes = {name: engine.instance.populations[name].size for name in self._variables}
        engine.visit({name: None if self._order == "random" else np.arange(size) for name, size in sizes.items()})

    def remember(self, engine: Engine) -> None:
        """The next step can be replayed afterwards."""
        for name in self._variables:
            size = engine.instance.populations[name].size
            self._last[name] = order_in_step(name, engine.step, engine.instance) if self._order == "random" else np.arange(size)
        self._before = states_now(engine, chain(*self._variables.values()))

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
