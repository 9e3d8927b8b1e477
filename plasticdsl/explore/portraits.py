"""What a rule and a small neuron look like: the change that one pair of spikes makes over its lag, and the plane of a neuron's two variables with its
nullclines and a path through it. Both are measured with the engine that runs everything else, on networks that are put beside the model.

A checked model and settings come in; `Window`s and a `Plane` go out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from plasticdsl import driver
from plasticdsl.api import Model
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model import Network, Population, Trigger
from plasticdsl.model.expr import Expr, Negate, Number, Ref
from plasticdsl.net import Net
from plasticdsl.source import SourceFile
from plasticdsl.syntax.layout import layout

Floats = NDArray[np.float64]
Texts = Mapping[Path, str]

NO_TEXTS: Texts = MappingProxyType({})

#: Points on each side of the plane.
_SIDE = 81
#: The step over which slopes are measured (s): far shorter than anything moves.
_INSTANT = 1e-9
#: Pairs of units side by side, each with a lag of its own, from −100 ms to 100 ms.
_WINDOW = """
network Window_of_{rule}:
    pre = 81 Regular(rate = 1 Hz, start = 500 ms, count = 1)
    post = 81 Regular(rate = 1 Hz, start = 400 ms + 2.5 ms (i − 1), count = 1)
    syn = pre → post: {rule}, one to one{beginning}

experiment Look_at_{rule} on Window_of_{rule}:
    dt = 0.5 ms
    phase pair for 1 s
    record syn.w at 0 ms as before
    record syn.w at end as after
"""
_ALONE = """
network Plane_of_{neuron}:
    {neuron} = 1 {neuron}
"""
#: How long the path through a plane is followed (s), and how many points of it are kept.
_FOLLOWED, _POINTS = 0.5, 2000
#: What a rule's weight begins at, the first that it can begin at, and the names that it needs for this.
_BEGINNINGS = ((", w = w_max/2", {"w", "w_max"}), (", w = 0.5", {"w"}), ("", {"w"}))
#: What is no part of what rules and neurons mean.
_ELSEWHERE = ("network ", "experiment ", "table ")
_WRITTEN = re.compile(r"[^\n]")


@dataclass(frozen=True, slots=True)
class Window:
    """`change` of a weight by one pair, in its `unit` as shown; `lag` (s) = t_post − t_pre."""

    rule: str
    lag: Floats
    change: Floats
    unit: str = ""


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


def of_block(block: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Those of the settings that are of a block."""
    return {name: value for name, value in settings.items() if name.partition(".")[0] == block}


def beginnings(model: Model, rule: str) -> Iterator[str]:
    """What its weight can begin at, in the line of a projection; nothing where it has none."""
    block = next((b for b in model.loaded.module.blocks if b.name == rule), None)
    known = None if block is None else {v.name for v in block.variables}
    yield from (beginning for beginning, needed in _BEGINNINGS if known is None or needed <= known)


def window(model: Model, rule: str, settings: Mapping[str, str], texts: Texts = NO_TEXTS) -> Window | None:
    """Of a rule that changes a weight at spikes and needs nothing but two units that fire; else None. `texts`: what stands for files that are used."""
    for beginning in beginnings(model, rule):
        try:
            added = beside(model, _WINDOW.format(rule=rule, beginning=beginning), texts)
            result = added.run(f"Look_at_{rule}", parameters=of_block(rule, settings))
        except (PlasError, KeyError, ValueError):
            continue
        weight = next(v for v in added.loaded.module.networks[-1].projections[0].connection.variables if v.name == "w")
        change = (np.ravel(result["after"].values) - np.ravel(result["before"].values)) / weight.scale
        return Window(rule, np.linspace(-0.1, 0.1, change.size), change, weight.unit) if np.ptp(change) > 0.0 else None
    return None


def plane(model: Model, network: Network, settings: Mapping[str, str]) -> Plane | None:
    """Of the first neuron with two variables that flow, in a network without projections; else None."""
    population = _small(network)
    if population is None:
        return None
    known = {v.name: v for v in population.block.variables}
    shown = tuple(known[flow.variable] for flow in population.block.flows)
    try:
        net = model.build(network.name, parameters=dict(settings))
        limits = [(_bound(v.low, net, population), _bound(v.high, net, population)) for v in shown]
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


def _bound(limit: Expr | None, net: Net, population: Population) -> float | None:
    """The number that a bound is; None where it is none, or computed."""
    match limit:
        case Number(value=value):
            return value
        case Negate(operand=Number(value=value)):
            return -value
        case Ref(name=name):
            symbol = next((v.symbol for v in population.block.variables if v.name == name), None)
            return None if symbol is None else float(np.ravel(getattr(net[population.symbol], symbol))[0])
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


def beside(model: Model, text: str, texts: Texts = NO_TEXTS) -> Model:
    """The rules and neurons of the model with more text behind them; they stay where they are, so that what was found of them stands. Raises
    `PlasError` where that does not fit."""
    source = model.loaded.sources[model.loaded.module.path]
    path = Path(source.path).resolve()
    folder = path.parent if path.is_file() else None
    own = source.text
    for line in layout(source).lines:
        if own[line.start : line.end].startswith(_ELSEWHERE):
            last = line
            while last.body:
                last = last.body[-1]
            own = own[: line.start] + _WRITTEN.sub(" ", own[line.start : last.end]) + own[last.end :]
    return Model(driver.load(SourceFile(source.path, f"{own}\n{text}"), folder, texts))
