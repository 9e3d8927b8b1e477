"""Where units and connections begin: `start units.x from ξ_1 with 20 % flipped`, and which values a discrete variable can have.

Comes in: a `Start` of a phase and the network as it is. Goes out: the values to begin with. Which units change is keyed by seed, phase, population and
variable.
"""

from __future__ import annotations

import numpy as np

from plasticdsl.model import Network
from plasticdsl.model.expr import Expr, refs
from plasticdsl.model.owners import OfPatterns, owner_text
from plasticdsl.model.patterns import RandomPatterns
from plasticdsl.model.protocol import Start
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.runtime.instance.patterns import Makings, draw_patterns, rounded
from plasticdsl.runtime.instance.resolver import fail
from plasticdsl.runtime.numbers.evaluate import constant, evaluate, units_of
from plasticdsl.runtime.play.feeds import subset, with_numbers
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.source import Span
from plasticdsl.support.arrays import Integers
from plasticdsl.support.random import stream_of
from plasticdsl.support.values import not_allowed


def started(start: Start, phase: str, network: Network, observer: Observer) -> Floats:
    """The values to begin with: float64[units or connections]. Raises `PlasError` for fractions or values that are not allowed."""
    units = observer.owner_size(start.target.owner)
    values = _values(start, observer, units)
    try:
        part = units_of(start.units, units, lambda number: float(observer.value(number)))
    except ValueError as problem:
        fail("out-of-range", f"‘{start.target.path}’ cannot start from there: {problem}.", start.span)
    if start.flipped is not None:
        chosen = _chosen(start, start.flipped, phase, observer, part)
        low, high = observer.declared[start.target].values
        values[chosen] = np.where(values[chosen] == low, high, low)
    if start.redrawn is not None:
        chosen = _chosen(start, start.redrawn, phase, observer, part)
        values[chosen] = _redrawn(start, phase, network, observer, units)[chosen]
    before = np.array(observer.engine.read(start.target))
    before[part] = values[part]
    require_allowed(observer.declared[start.target].values, start.target.path, before, start.span)
    return before


def _values(start: Start, observer: Observer, units: int) -> Floats:
    try:
        found = np.asarray(evaluate(start.value, with_numbers(observer.given_to(start.target.owner), units), observer))
    except ValueError as problem:
        fail("out-of-range", f"‘{start.target.path}’ cannot start from there: {problem}.", start.span)
    if found.shape not in ((), (1,), (units,)):
        message = f"‘{owner_text(start.target.owner)}’ has {units} values, but starts from an array of shape {found.shape}."
        fail("sizes-differ", message, start.span)
    return np.array(np.broadcast_to(found, (units,)))


def _chosen(start: Start, fraction: Expr, phase: str, observer: Observer, part: Integers) -> Integers:
    """The units of a part that change, without repeats."""
    share = float(observer.value(fraction))
    if not 0.0 <= share <= 1.0:
        fail("out-of-range", f"The fraction of units that change must be between 0 and 1, not {share:g}.", start.span)
    names = (phase, owner_text(start.target.owner), start.target.name, "changed")
    return np.asarray(part[subset(len(part), rounded(share * len(part)), observer.instance.seed, *names)])


def _redrawn(start: Start, phase: str, network: Network, observer: Observer, units: int) -> Floats:
    """A new pattern from the distribution of those that the start names."""
    named = {r.owner for r in refs(start.value) if r.name == ""}
    found = next((s for s in network.patterns if OfPatterns(s.name) in named), None)
    if found is None or not isinstance(found.source, RandomPatterns):
        fail("not-random", "‘redrawn’ needs random patterns to start from, whose distribution it can draw from again.", start.span)
    instance = observer.instance
    makings = Makings({found.population: units}, lambda given, *_: constant(given, instance), instance.seed, {})
    stream = stream_of(phase, owner_text(start.target.owner), start.target.name, "redrawn")
    return np.asarray(draw_patterns(found, found.source, makings, (1, units), stream)[0])


def require_allowed(allowed: tuple[float, ...], name: str, values: Floats, span: Span) -> None:
    """Raises `PlasError` where a discrete variable would get a value that it cannot have; any number will do where none are `allowed` alone."""
    refused = not_allowed(values, allowed)
    if refused:
        fail("value-not-allowed", f"‘{name}’ {refused}.", span, "Patterns and data for it must hold these values.")
