"""What a rule does to a connection between two units that fire: the change by one pair of spikes over its lag, and the drift where both sides fire by
chance. Both are measured with the engine that runs everything else, on a network that is put beside the model (`stands`), or, where the rule reads more
of its units than spikes, on that of the model (`forced`).

A checked model comes in; a `Window` and a `Drift` go out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.api import Model
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.explore.added import NO_TEXTS, Texts, beside, of_block
from plasticdsl.explore.portraits import bound
from plasticdsl.explore.stands import Kind, Stand, stand
from plasticdsl.model import Block, Flow, Projection, Variable
from plasticdsl.model.expr import SLIDING, Call, Expr, Ref, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Whose
from plasticdsl.net import Net
from plasticdsl.symbolic.block_contents import default_values
from plasticdsl.symbolic.linear import NotLinear, linear_form
from plasticdsl.symbolic.numeric import evaluate
from plasticdsl.symbolic.windows import window_of

Floats = NDArray[np.float64]

#: Lags of pairs of units side by side, t_post − t_pre (s), and when the presynaptic one fires (s).
LAGS = np.linspace(-0.1, 0.1, 81)
AT = 0.5
_PRE = "81 Regular(rate = 1 Hz, start = 500 ms, count = 1)"
_POST = "81 Regular(rate = 1 Hz, start = 400 ms + 2.5 ms (i − 1), count = 1)"
#: Rates of both sides (Hz), how many pairs of units fire at each, and for how long (s) their weights are watched, in so many parts.
RATES = (2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0)
_MANY, _WATCHED, _PARTS = 1000, 2.0, 64
_STEP = "0.1 ms"
#: Within so many time constants what began at 0 is as good as settled; slower ones than so many seconds stand about where they begin.
_SETTLED, _SLOW = 6.0, 10.0


@dataclass(frozen=True, slots=True)
class Window:
    """`change` of `weight` (its symbol) by one pair, in its `unit` as shown; `lag` (s) = t_post − t_pre. `jumps`: whether it may jump at a lag of 0."""

    rule: str
    lag: Floats
    change: Floats
    unit: str = ""
    weight: str = "w"
    jumps: bool = True


@dataclass(frozen=True, slots=True)
class Drift:
    """What `weight` changes by in a second, on average, in its `unit`, and the standard `error` of that, where both sides fire by chance at `rate` (Hz).
    `settled`: for how many seconds they had fired before."""

    rule: str
    rate: Floats
    change: Floats
    error: Floats
    settled: float
    unit: str = ""
    weight: str = "w"


def window(model: Model, rule: str, settings: Mapping[str, str], texts: Texts = NO_TEXTS) -> Window | None:
    """Of a rule that changes a weight at spikes and needs nothing but two units that fire, and values that can be held; else None. `texts`: what stands
    for files that are used."""
    found = stand(model.loaded.module, rule)
    if found is None or found.kind is not Kind.PAIRS:
        return None
    try:
        added = beside(model, found.text(name := f"Window_of_{rule}", _PRE, _POST), texts, by_itself=True, paired=found.weight)
        net = added.build(name, dt=_STEP, parameters=of_block(rule, settings))
        weight = begin(net, found, own := _own(added))
        before = weight.copy()
        net.run(AT + float(LAGS[-1]) + max(AT - float(LAGS[-1]), _SETTLED * slowest(found, 0.2 * _SLOW)))
    except (PlasError, KeyError, ValueError):
        return None
    shown = variable(found, own)
    change = (weight - before) / shown.scale
    return Window(rule, LAGS, change, shown.unit, shown.symbol, found.jumps) if np.ptp(change) > 0.0 else None


def drift(model: Model, rule: str, rates: Sequence[float] = RATES) -> Drift | None:
    """Of the same rules. Traces and sliding rates have settled before, but for those that are very slow: these stand where they begin."""
    found = stand(model.loaded.module, rule)
    if found is None or found.kind is not Kind.PAIRS:
        return None
    fires = f"{_MANY} Poisson(rate = {rates[0]} Hz)"
    try:
        added = beside(model, found.text(name := f"Drift_of_{rule}", fires, fires), by_itself=True)
        own = _own(added)
        settled = max(AT, _SETTLED * slowest(found, _SLOW), sliding(found.rule))
        changes = np.array([_by_chance(added.build(name, dt=_STEP), found, own, rate, settled) for rate in rates])
    except (PlasError, KeyError, ValueError):
        return None
    shown = variable(found, own)
    changes /= shown.scale
    return Drift(rule, np.array(rates), changes.mean(axis=1), changes.std(axis=1) / np.sqrt(_MANY), settled, shown.unit, shown.symbol)


def _by_chance(net: Net, found: Stand, own: Projection, rate: float, settled: float) -> Floats:
    """What weights change by in a second. They are not watched for longer than it takes to a quarter of the way to a bound."""
    net["pre"].rate, net["post"].rate = rate, rate
    weight = begin(net, found, own)
    net.rules(False)
    net.run(settled)
    net.rules(True)
    before, room, parts = weight.copy(), _room(net, found, own), 0
    while parts < _PARTS and abs(np.mean(weight - before)) < room / 4:
        net.run(_WATCHED / _PARTS)
        parts += 1
    return (weight - before) / (parts * _WATCHED / _PARTS)


def begin(net: Net, found: Stand, own: Projection) -> Floats:
    """The weights of the projection, where they begin: where the rule says, else halfway between their bounds, or at ½ of their unit."""
    weight: Floats = getattr(net[own.symbol], variable(found, own).symbol)
    low, high = _bounds(net, found, own)
    if (declared := found.rule.variable(found.weight)) is None or declared.initial is None:
        weight[:] = (low + high) / 2 if math.isfinite(high - low) else 0.5 * variable(found, own).scale
    return weight


def _room(net: Net, found: Stand, own: Projection) -> float:
    """How far a weight can go from where it begins."""
    weight = float(getattr(net[own.symbol], variable(found, own).symbol)[0])
    low, high = _bounds(net, found, own)
    return max(weight - low, high - weight)


def _bounds(net: Net, found: Stand, own: Projection) -> tuple[float, float]:
    shown, part = variable(found, own), net[own.symbol]
    low, high = (None if limit is None else bound(limit, part, own.connection) for limit in (shown.low, shown.high))
    return -math.inf if low is None else low, math.inf if high is None else high


def variable(found: Stand, own: Projection) -> Variable:
    """What the rule changes."""
    return next(v for v in own.connection.variables if v.name == found.weight)


def slowest(found: Stand, limit: float, values: Mapping[Expr, float] | None = None) -> float:
    """The longest time constant (s) up to the limit of what the rule keeps beside its weight, traces of its windows among them; 0 where there is none.
    `values`: of its parameters, where the defaults are not meant."""
    known = default_values(found.rule) if values is None else values
    rates = [_decay(flow, known) for flow in found.rule.flows if flow.variable != found.weight]
    for pairs in found.rule.pairs:
        try:
            sides = window_of(pairs, found.rule)
        except PlasError:
            continue
        for trace in (*(sides.causal.traces or ()), *(sides.acausal.traces or ())):
            rates += list(np.linalg.eigvals([[evaluate(entry, known) for entry in row] for row in trace.matrix]).real)
    times = [-1.0 / rate for rate in rates if rate < 0.0]
    return max((time for time in times if time <= limit), default=0.0)


def _decay(flow: Flow, known: Mapping[Expr, float]) -> float:
    """The factor of the variable in its own flow; NaN where that is not constant."""
    own = Ref(Whose.OWN, flow.variable)
    try:
        return evaluate(linear_form(flow.rate, frozenset({own})).coefficient(own), known)
    except NotLinear:
        return math.nan


def sliding(block: Block) -> float:
    """Over how long (s) its sliding rates go."""
    known = default_values(block)
    calls = (node for e in expressions(block) for node in walk(e) if isinstance(node, Call) and node.function in SLIDING)
    return max((evaluate(call.arguments[0], known) for call in calls), default=0.0)


def _own(model: Model) -> Projection:
    return model.loaded.module.networks[-1].projections[0]
