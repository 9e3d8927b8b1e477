"""What a rule and a small neuron look like: the change that one pair of spikes makes over its lag, and the plane of a neuron's two variables with its
nullclines and a path through it. Both are measured with the engine that runs everything else, on networks that are put beside the model.

A checked model and settings come in; `Window`s and a `Plane` go out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plasticdsl import driver
from plasticdsl.api import Model
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model import Network, Population
from plasticdsl.net import Net
from plasticdsl.source import SourceFile

Floats = NDArray[np.float64]

#: Points on each side of the plane.
_SIDE = 41
#: The step over which slopes are measured (s): far shorter than anything moves.
_INSTANT = 1e-9
_WINDOW = """
network Window_of_{rule}:
    lag = 10 ms
    pre = 1 Regular(rate = 1 Hz, start = 500 ms, count = 1)
    post = 1 Regular(rate = 1 Hz, start = 500 ms + lag, count = 1)
    syn = pre → post: {rule}, one to one{beginning}

experiment Look_at_{rule} on Window_of_{rule}:
    dt = 0.5 ms
    sweep lag from −100 ms to 100 ms in 81 values
    phase pair for 1 s
    record syn.w at 0 ms as before
    record syn.w at end as after
"""
#: How long the path through a plane is followed (s), and how many points of it are kept.
_FOLLOWED, _POINTS = 0.5, 2000
#: What a rule's weight begins at, the first that it can begin at.
_BEGINNINGS = (", w = w_max/2", ", w = 0.5", "")


@dataclass(frozen=True, slots=True)
class Window:
    """`change` of a weight by one pair, `lag` (s) = t_post − t_pre."""

    rule: str
    lag: Floats
    change: Floats


@dataclass(frozen=True, slots=True)
class Plane:
    """Slopes `dx`, `dy` (SI per second) at the points x × y of the plane of two variables of a population, and the path of its first unit."""

    names: tuple[str, str]
    x: Floats
    y: Floats
    dx: Floats
    dy: Floats
    path: tuple[Floats, Floats]


def windows(model: Model, settings: Mapping[str, str]) -> Iterator[Window]:
    """Of every rule that changes a weight at spikes and needs nothing but two units that fire."""
    rules = dict.fromkeys(
        rule for network in model.loaded.module.networks for projection in network.projections for rule in projection.rules
    )
    for rule in rules:
        found = _window(model, rule, settings)
        if found is not None and np.ptp(found.change) > 0.0:
            yield found


def _window(model: Model, rule: str, settings: Mapping[str, str]) -> Window | None:
    for beginning in _BEGINNINGS:
        try:
            beside = _beside(model, _WINDOW.format(rule=rule, beginning=beginning))
            network = next(n for n in beside.loaded.module.networks if n.name == f"Window_of_{rule}")
            mine = {name: value for name, value in settings.items() if name.partition(".")[0] in network.projections[0].rules}
            result = beside.run(f"Look_at_{rule}", parameters=mine)
        except (PlasError, KeyError, ValueError):
            continue
        change = np.ravel(result["after"].values) - np.ravel(result["before"].values)
        return Window(rule, np.linspace(-0.1, 0.1, change.size), change)
    return None


def plane(model: Model, network: Network, settings: Mapping[str, str]) -> Plane | None:
    """Of the first neuron with two variables that flow, in a network without projections; else None."""
    population = _small(network)
    if population is None:
        return None
    one, two = (flow.variable for flow in population.block.flows)
    symbols = {v.name: v.symbol for v in population.block.variables}
    names = tuple(f"{population.symbol}.{symbols[v]}[1]" for v in (one, two))
    try:
        first, second = _path(model.build(network.name, parameters=dict(settings)), population.symbol, symbols[one], symbols[two])
        x, y = (_around(values) for values in (first, second))
        across, up = (part.ravel() for part in np.meshgrid(x, y))
        given = {population.symbol: across.size, f"{population.symbol}.{symbols[one]}": across, f"{population.symbol}.{symbols[two]}": up}
        net = model.build(network.name, dt=_INSTANT, parameters={**settings, **given})
        net.run(steps=1)
        dx, dy = ((getattr(net[population.symbol], symbols[v]) - at) / _INSTANT for v, at in ((one, across), (two, up)))
    except (PlasError, KeyError, ValueError):
        return None
    shape = (y.size, x.size)
    return Plane((names[0], names[1]), x, y, dx.reshape(shape), dy.reshape(shape), (first, second))


def _path(net: Net, population: str, x: str, y: str) -> tuple[Floats, Floats]:
    """Of the first unit, from where it begins."""
    every = max(1, round(_FOLLOWED / net.dt / _POINTS))
    found = np.empty((2, _POINTS))
    for point in found.T:
        point[:] = getattr(net[population], x)[0], getattr(net[population], y)[0]
        net.run(steps=every)
    return found[0], found[1]


def _small(network: Network) -> Population | None:
    """Its first population of neurons with two variables that flow, where nothing acts on it from outside."""
    if network.projections:
        return None
    return next((p for p in network.populations if p.source is None and len(p.block.flows) == 2), None)


def _around(values: Floats) -> Floats:
    """The range of the path, and a quarter of it more on both sides."""
    low, high = float(values.min()), float(values.max())
    margin = 0.25 * (high - low) or 1e-3
    return np.linspace(low - margin, high + margin, _SIDE)


def _beside(model: Model, text: str) -> Model:
    """The model with more text behind it. Raises `PlasError` where that does not fit."""
    source = model.loaded.sources[model.loaded.module.path]
    return Model(driver.load(SourceFile(source.path, f"{source.text}\n{text}"), Path(source.path).resolve().parent))
