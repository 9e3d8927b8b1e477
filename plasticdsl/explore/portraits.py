"""What a small neuron looks like: the plane of its two variables with its nullclines and a path through it, measured with the engine that runs
everything else; and which rules and neurons of a model have a portrait.

A checked model and settings come in; a `Plane` goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.api import Model
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.explore.added import NO_TEXTS, Texts, beside, of_block
from plasticdsl.model import Block, Network, Population, Trigger
from plasticdsl.model.expr import Expr, Negate, Number, Ref
from plasticdsl.net import Net

Floats = NDArray[np.float64]

#: Points on each side of the plane.
_SIDE = 81
#: The step over which slopes are measured (s): far shorter than anything moves.
_INSTANT = 1e-9
_ALONE = """
network Plane_of_{neuron}:
    {neuron} = 1 {neuron}
"""
#: How long the path through a plane is followed (s), and how many points of it are kept.
_FOLLOWED, _POINTS = 0.5, 2000


@dataclass(frozen=True, slots=True)
class Axis:
    """A variable along one side of the plane: its `name` and `unit` as shown, and where its slopes are known, in this unit."""

    name: str
    unit: str
    points: Floats


@dataclass(frozen=True, slots=True)
class Plane:
    """Slopes `dx`, `dy` (in units of the axes per second) at the points of the plane of two variables of a population, a row for each point of `y`, NaN
    where the unit jumps at a spike; and the path of its first unit, with NaN where it jumped."""

    population: str
    x: Axis
    y: Axis
    dx: Floats
    dy: Floats
    path: tuple[Floats, Floats]


def rules_of(model: Model, network: Network | None = None) -> tuple[str, ...]:
    """The rules of a network; of all networks where none is given, and those that the file declares and no network has."""
    module = model.loaded.module
    used = [rule for n in (module.networks if network is None else (network,)) for p in n.projections for rule in p.rules]
    own = [block.name for block in module.blocks if block.kind == "rule" and block.span.path == module.path and network is None]
    return tuple(dict.fromkeys((*used, *own)))


def small_neurons(model: Model, network: Network | None = None) -> tuple[Network | str, ...]:
    """What has a plane. Of a network: itself, where nothing acts on its first neuron, which has two variables that flow; else the names of such neurons
    in it. Where none is given, of all of them, one for each neuron, and of the neurons that the file declares."""
    module = model.loaded.module
    if network is not None:
        inside = (p.block.name for p in network.populations if p.source is None and len(p.block.flows) == 2)
        known = {block.name for block in module.blocks if block.kind == "neuron"}
        return (network,) if _small(network) is not None else tuple(name for name in dict.fromkeys(inside) if name in known)
    shown: dict[str, Network] = {}
    for one in module.networks:
        if (population := _small(one)) is not None:
            shown.setdefault(population.block.name, one)
    own = (b for b in module.blocks if b.kind == "neuron" and b.span.path == module.path and len(b.flows) == 2)
    return (*shown.values(), *(block.name for block in own if block.name not in shown))


def plane_alone(model: Model, neuron: str, settings: Mapping[str, str], texts: Texts = NO_TEXTS) -> Plane | None:
    """Of one neuron of the file, on which nothing acts."""
    try:
        added = beside(model, _ALONE.format(neuron=neuron), texts)
    except PlasError:
        return None
    network = next(n for n in added.loaded.module.networks if n.name == f"Plane_of_{neuron}")
    return plane(added, network, of_block(neuron, settings))


def plane(model: Model, network: Network, settings: Mapping[str, str]) -> Plane | None:
    """Of the first neuron with two variables that flow, in a network without projections; else None."""
    population = _small(network)
    if population is None:
        return None
    known = {v.name: v for v in population.block.variables}
    shown = tuple(known[flow.variable] for flow in population.block.flows)
    try:
        net = model.build(network.name, parameters=dict(settings))
        part = net[population.symbol]
        limits = [(bound(v.low, part, population.block), bound(v.high, part, population.block)) for v in shown]
        path = _path(net, population, shown[0].symbol, shown[1].symbol)
        sides = [_around(values[np.isfinite(values)], *limit) for values, limit in zip(path, limits, strict=True)]
        points = [part.ravel() for part in np.meshgrid(*sides)]
        given = {f"{population.symbol}.{v.symbol}": at for v, at in zip(shown, points, strict=True)}
        net = model.build(network.name, dt=_INSTANT, parameters={**settings, **given, population.symbol: points[0].size})
        net.run(steps=1)
    except (PlasError, KeyError, ValueError):
        return None
    slopes = [(getattr(net[population.symbol], v.symbol) - at) / _INSTANT / v.scale for v, at in zip(shown, points, strict=True)]
    if population.block.spike is not None and population.block.statements(Trigger.SPIKE):
        for slope in slopes:
            slope[net.spikes(population.symbol).units] = np.nan
    axes = [Axis(v.symbol, v.unit, side / v.scale) for v, side in zip(shown, sides, strict=True)]
    dx, dy = (slope.reshape(sides[1].size, sides[0].size) for slope in slopes)
    return Plane(population.symbol, axes[0], axes[1], dx, dy, (path[0] / shown[0].scale, path[1] / shown[1].scale))


def bound(limit: Expr | None, part: Any, block: Block) -> float | None:
    """The number that a bound is, for the first unit or connection of a part of a `Net`; None where it is none, or computed."""
    match limit:
        case Number(value=value):
            return value
        case Negate(operand=Number(value=value)):
            return -value
        case Ref(name=name):
            symbol = next((v.symbol for v in block.variables if v.name == name), None)
            return None if symbol is None else float(np.ravel(getattr(part, symbol))[0])
        case _:
            return None


def _path(net: Net, population: Population, x: str, y: str) -> tuple[Floats, Floats]:
    """Of the first unit, from where it begins; NaN between two points with a spike between them."""
    every = max(1, round(_FOLLOWED / net.dt / _POINTS))
    found = np.empty((2, _POINTS))
    times = np.empty(_POINTS)
    for number, point in enumerate(found.T):
        times[number] = net.time
        point[:] = getattr(net[population.symbol], x)[0], getattr(net[population.symbol], y)[0]
        net.run(steps=every)
    if not population.spikes:
        return found[0], found[1]
    spikes = net.spikes(population.symbol)
    jumps = np.unique(np.searchsorted(times, spikes.times[spikes.units == 0] + net.dt / 2))
    along, up = np.insert(found, jumps[jumps < _POINTS], np.nan, axis=1)
    return along, up


def _small(network: Network) -> Population | None:
    """Its first population of neurons with two variables that flow, where nothing acts on it from outside."""
    if network.projections:
        return None
    return next((p for p in network.populations if p.source is None and len(p.block.flows) == 2), None)


def _around(values: Floats, least: float | None, most: float | None) -> Floats:
    """The range of the path, and a quarter of it more on both sides, as far as its bounds allow."""
    low, high = float(values.min()), float(values.max())
    margin = 0.25 * (high - low) or 1e-3
    first, last = (-np.inf if least is None else least), (np.inf if most is None else most)
    return np.linspace(max(low - margin, first), min(high + margin, last), _SIDE)
