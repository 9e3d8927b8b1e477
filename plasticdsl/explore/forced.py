"""The window and the drift of a rule that reads more of its postsynaptic unit than spikes, such as its potential: measured on the network of the model,
in which the presynaptic side fires when it is told to, all other sources are silent, and the postsynaptic unit is pushed over its threshold.

A checked model comes in; a `Window` and a `Drift` go out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from plasticdsl.api import Model
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.explore.stands import Kind, stand
from plasticdsl.explore.windows import AT, LAGS, RATES, Drift, Floats, Window
from plasticdsl.model import Block, ClampedSource, GivenSpikes, Network, Population, Projection, Role, Threshold
from plasticdsl.model.expr import Compare, Expr, Number, Ref, walk
from plasticdsl.model.owners import Whose
from plasticdsl.net import Net

#: How far over its threshold a unit is pushed (a part of the value, or SI where that is 0).
_OVER = 1e-3
#: For how long (s) both sides fire by chance, after as many seconds as the first number says, in so many parts, of which each is one measurement; and how
#: far apart (s) two spikes of a unit are at least.
_BEFORE, _WATCHED, _PARTS, _APART = 1.0, 40.0, 20, 5e-3


def forced_window(model: Model, rule: str, settings: Mapping[str, str] = MappingProxyType({})) -> Window | None:
    """Of a rule whose postsynaptic unit fires by a threshold that a variable of its own has to pass; else None."""
    bench = _bench(model, rule)
    if bench is None:
        return None
    try:
        net = bench.built([AT], settings)
        change = np.array([bench.run(net, [AT + lag], 2 * AT) for lag in LAGS])
    except (PlasError, KeyError, ValueError):
        return None
    shown = bench.shown
    return Window(rule, LAGS, change / shown.scale, shown.unit, shown.symbol) if np.ptp(change) > 0.0 else None


def forced_drift(model: Model, rule: str) -> Drift | None:
    """Of the same rules."""
    bench = _bench(model, rule)
    if bench is None:
        return None
    chance, found = np.random.default_rng(1), []
    try:
        for rate in RATES:
            net = bench.built(list(_by_chance(chance, rate)))
            found.append(bench.parts(net, list(_by_chance(chance, rate))))
    except (PlasError, KeyError, ValueError):
        return None
    changes, shown = np.array(found) / bench.shown.scale, bench.shown
    error = changes.std(axis=1, ddof=1) / np.sqrt(_PARTS)
    return Drift(rule, np.array(RATES), changes.mean(axis=1), error, _BEFORE, shown.unit, shown.symbol)


def _by_chance(chance: np.random.Generator, rate: float) -> Iterator[float]:
    """Times (s) of a Poisson process with a dead time."""
    time = 0.0
    while (time := time + _APART + chance.exponential(1.0 / rate - _APART)) < _BEFORE + _WATCHED:
        yield time


@dataclass(frozen=True, slots=True)
class _Bench:
    """The network of the model with silent sources; what is pushed over what."""

    model: Model
    network: Network
    projection: Projection
    shown: Any
    pushed: str
    over: Expr

    def built(self, times: list[float], settings: Mapping[str, str] = MappingProxyType({})) -> Net:
        """With spikes of the first presynaptic unit at these times (s)."""
        return self.model.build(
            self.network.name, parameters=settings, spikes={self.projection.pre: (np.array(times), np.zeros(len(times), dtype=int))}
        )

    def run(self, net: Net, pushes: list[float], end: float) -> float:
        """What the first weight changes by from the beginning to the end (s), where the first postsynaptic unit fires at these times."""
        net.reset()
        before = self._weight(net)
        self._go_on(net, pushes, end)
        return self._weight(net) - before

    def parts(self, net: Net, pushes: list[float]) -> Floats:
        """The same in each part, for a second."""
        self._go_on(net, [t for t in pushes if t < _BEFORE], _BEFORE)
        found = np.empty(_PARTS)
        length = _WATCHED / _PARTS
        for part in range(_PARTS):
            begin, before = _BEFORE + part * length, self._weight(net)
            self._go_on(net, [t for t in pushes if begin <= t < begin + length], begin + length)
            found[part] = (self._weight(net) - before) / length
        return found

    def _go_on(self, net: Net, pushes: list[float], end: float) -> None:
        unit = net[self.projection.post]
        for time in pushes:
            self._until(net, time)
            limit = self._limit(unit)
            getattr(unit, self.pushed)[0] = limit + (abs(limit) or 1.0) * _OVER
        self._until(net, end)

    def _limit(self, unit: Any) -> float:
        if isinstance(self.over, Number):
            return self.over.value
        assert isinstance(self.over, Ref)
        return float(np.ravel(getattr(unit, self.over.name))[0])

    @staticmethod
    def _until(net: Net, time: float) -> None:
        steps = round(time / net.dt) - net.step
        if steps > 0:
            net.run(steps=steps)

    def _weight(self, net: Net) -> float:
        return float(getattr(net[self.projection.symbol], self.shown.symbol)[0])


def _bench(model: Model, rule: str) -> _Bench | None:
    found = stand(model.loaded.module, rule)
    if found is None or found.kind is not Kind.CELLS or found.used is None:
        return None
    network, projection = found.used
    named = {p.name: p for p in network.populations}
    pushed = _threshold(named[projection.post].block)
    if named[projection.pre].source is None or pushed is None:
        return None
    populations = tuple(_silent(p, p.name == projection.pre) for p in network.populations)
    silent = replace(network, populations=populations)
    module = model.loaded.module
    loaded = replace(
        model.loaded,
        module=replace(module, networks=tuple(silent if n is network else n for n in module.networks)),
        digest=f"{model.loaded.digest} forced {rule}",
    )
    shown = next(v for v in projection.connection.variables if v.name == found.weight)
    return _Bench(Model(loaded), silent, projection, shown, *pushed)


def _silent(population: Population, given: bool) -> Population:
    """A source that does not fire, or at the times that it is given."""
    if population.source is None or isinstance(population.source, ClampedSource):
        return population
    return replace(population, source=GivenSpikes((), population.name if given else ""))


def _threshold(block: Block) -> tuple[str, Expr] | None:
    """The state of a unit that makes it spike above a number or parameter, and that."""
    if not isinstance(block.spike, Threshold):
        return None
    for node in walk(block.spike.condition):
        match node:
            case Compare(">" | ">=", Ref(owner=Whose.OWN, name=name), (Number() | Ref(owner=Whose.OWN)) as over):
                state = block.variable(name)
                if state is not None and state.role is Role.STATE:
                    return state.symbol, over
            case _:
                pass
    return None
