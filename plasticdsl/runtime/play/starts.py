"""`start units.x from ξ_1 with 20 % flipped`: where units begin in a phase.

Comes in: a `Start`, the network and an observer. Goes out: one value per unit. Which units are changed is keyed by seed, phase, population and variable.
"""

from __future__ import annotations

import numpy as np

from plasticdsl.model.expr import Expr, refs
from plasticdsl.model.model import Network
from plasticdsl.model.owners import OfPatterns, OfPopulation
from plasticdsl.model.patterns import RandomPatterns
from plasticdsl.model.protocol import Start
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.runtime.instance.patterns import Makings, draw_patterns, rounded
from plasticdsl.runtime.instance.resolver import fail
from plasticdsl.runtime.numbers.evaluate import constant
from plasticdsl.runtime.play.feeds import Integers, permutation
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.source import Span
from plasticdsl.support.random import stream_of


def started(start: Start, phase: str, network: Network, observer: Observer) -> Floats:
    """The values to begin with: float64[units]. Raises `PlasError` for fractions or values that are not allowed."""
    units = observer.size(start.population)
    values = _values(start, observer, units)
    if start.flipped is not None:
        chosen = _chosen(start, start.flipped, phase, observer, units)
        low, high = allowed_values(network, start.population, start.name)
        values[chosen] = np.where(values[chosen] == low, high, low)
    if start.redrawn is not None:
        chosen = _chosen(start, start.redrawn, phase, observer, units)
        values[chosen] = _redrawn(start, phase, network, observer, units)[chosen]
    require_allowed(network, start.population, start.name, values, start.span)
    return values


def _values(start: Start, observer: Observer, units: int) -> Floats:
    try:
        found = np.asarray(observer.value(start.value), dtype=np.float64)
    except ValueError as problem:
        fail("out-of-range", f"‘{start.population}.{start.name}’ cannot start from there: {problem}.", start.span)
    if found.shape not in ((), (1,), (units,)):
        message = f"‘{start.population}’ has {units} units, but starts from an array of shape {found.shape}."
        fail("sizes-differ", message, start.span)
    return np.array(np.broadcast_to(found, (units,)))


def _chosen(start: Start, fraction: Expr, phase: str, observer: Observer, units: int) -> Integers:
    """The units that change, without repeats."""
    share = float(observer.value(fraction))
    if not 0.0 <= share <= 1.0:
        fail("out-of-range", f"The fraction of units that change must be between 0 and 1, not {share:g}.", start.span)
    order = permutation(units, observer.instance.seed, phase, start.population, start.name, "changed")
    return np.asarray(order[: rounded(share * units)])


def _redrawn(start: Start, phase: str, network: Network, observer: Observer, units: int) -> Floats:
    """A new pattern from the distribution of those that the start names."""
    named = {r.owner for r in refs(start.value) if r.name == ""}
    found = next((s for s in network.patterns if OfPatterns(s.name) in named), None)
    if found is None or not isinstance(found.source, RandomPatterns):
        fail("not-random", "‘redrawn’ needs random patterns to start from, whose distribution it can draw from again.", start.span)
    instance = observer.instance
    makings = Makings({found.population: units}, lambda given, *_: constant(given, instance), instance.seed, {})
    stream = stream_of(phase, start.population, start.name, "redrawn")
    return np.asarray(draw_patterns(found, found.source, makings, (1, units), stream)[0])


def allowed_values(network: Network, population: str, name: str) -> tuple[float, ...]:
    """The values a discrete variable can have; none where any number will do."""
    variable = network.blocks[OfPopulation(population)].variable(name)
    return variable.values if variable is not None else ()


def require_allowed(network: Network, population: str, name: str, values: Floats, span: Span) -> None:
    """Raises `PlasError` where a discrete variable would get a value that it cannot have."""
    allowed = allowed_values(network, population, name)
    if not allowed:
        return
    wrong = ~np.isin(values, allowed)
    if wrong.any():
        there = ", ".join(f"{v:g}" for v in allowed)
        message = f"‘{population}.{name}’ is set to {values[wrong].flat[0]:g}, but only {{{there}}} is allowed."
        fail("value-not-allowed", message, span, "Patterns and data for it must hold these values.")
