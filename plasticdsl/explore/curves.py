"""What a rule does that waits for no spikes: how its change depends on what it reads of the postsynaptic unit, which is the curve that such rules are
known by, and where two weights of a linear neuron go while two patterns take turns.

A checked model comes in; a `Curve` and a `Stream` go out. Both are measured on a network that is put beside the model (`stands`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.api import Model
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.explore.added import beside
from plasticdsl.explore.portraits import bound
from plasticdsl.explore.stands import OUTPUT, Held, Kind, Stand, stand
from plasticdsl.explore.windows import slowest
from plasticdsl.model import Assign, Role, Trigger
from plasticdsl.model.expr import Expr, Ref, Special
from plasticdsl.model.owners import Whose
from plasticdsl.symbolic.block_contents import default_values
from plasticdsl.symbolic.numeric import evaluate

Floats = NDArray[np.float64]

#: The values of the curve, in units of what is read: of an output, of a rate (Hz), and of something else that is read alone, which is mostly an error.
_VALUES, _RATES, _ERRORS = np.linspace(-0.5, 2.0, 51), np.linspace(0.0, 30.0, 61), np.linspace(-1.0, 1.0, 51)
#: The two patterns, in the same units, in Hz times 10; and between what the weights begin, so many along each side
#: of the plane, where they have no bounds.
PATTERNS = np.array([[1.0, 0.3], [0.2, 1.0]])
_PLANE, _MANY = (-1.0, 2.4), 12
#: How many presentations, or steps, it takes until means have settled, in time constants; a step (s) where nothing counts steps.
_SETTLED, _STEP = 8.0, 1e-3


#: Lines closer than this part of the largest change are one to the eye.
_ALIKE = 0.01


@dataclass(frozen=True, slots=True)
class Curve:
    """`change` of `weight` in its `unit`, in one presentation, a second or a period (`per`), over what it reads of the postsynaptic unit, `over` in
    `over_unit`: one for each value (in `begins`) that the weight can have, as far as they differ. `held`: what else it reads."""

    rule: str
    over: str
    points: Floats
    changes: tuple[Floats, ...]
    begins: tuple[float, ...]
    held: tuple[str, ...]
    per: str
    over_unit: str = ""
    unit: str = ""
    weight: str = "w"


@dataclass(frozen=True, slots=True)
class Stream:
    """How two weights of a linear neuron change in one round of the patterns: `across`, `up` at the points of `side` × `side`, a row for each of the
    second weight. `unit`: of the inputs."""

    rule: str
    side: Floats
    across: Floats
    up: Floats
    unit: str = ""
    weight: str = "w"


def curve(model: Model, rule: str) -> Curve | None:
    """Of a rule that reads the values of units, and compares no connections; None of any other, and where nothing changes. Running means have settled
    while the postsynaptic unit was where it is held, and the presynaptic one at 0."""
    found = stand(model.loaded.module, rule)
    swept = None if found is None else _swept(found)
    if found is None or swept is None:
        return None
    points = _RATES if swept.unit == "Hz" else _ERRORS if swept.name != OUTPUT and len(found.of(Whose.POST)) == 1 else _VALUES
    try:
        bench = _Bench(model, found, f"Curve_of_{rule}", (3 * points.size, 3 * points.size), "one to one")
        begins = bench.begins()
        before = np.repeat(begins, points.size) * bench.shown.scale
        bench.settle(before, [{h: 0.0 if h.owner is Whose.PRE and h.name == OUTPUT else h.value for h in found.held}])
        change = bench.change(before, {swept: np.tile(points, 3)}).reshape(3, -1)
    except (PlasError, KeyError, ValueError):
        return None
    if not np.ptp(change) > 0.0:
        return None
    alike = _ALIKE * float(np.abs(change).max())
    kept = [0, *(n for n in (1, 2) if not np.allclose(change[n], change[n - 1], rtol=0.0, atol=alike))]
    held = tuple(f"{h.symbol} = {h.text}" for h in found.held if h is not swept and isinstance(h.owner, Whose)) + found.words
    lines, values = tuple(change[n] for n in kept), tuple(float(begins[n]) for n in kept)
    return Curve(rule, swept.symbol, points, lines, values, held, bench.per, swept.unit, bench.shown.unit, bench.shown.symbol)


def stream(model: Model, rule: str) -> Stream | None:
    """Of a rule that reads the outputs of both sides, or of one, and nothing else, at each presentation or all the time. Running means have settled with
    the same weights."""
    found = stand(model.loaded.module, rule)
    if found is None or found.kind is not Kind.VALUES or any(h.name != OUTPUT for h in found.held):
        return None
    unit = next((h.unit for h in found.held), "")
    sides = {side: next(iter(found.of(side)), None) for side in (Whose.PRE, Whose.POST)}
    patterns = PATTERNS * (10.0 if unit == "Hz" else 1.0)
    try:
        bench = _Bench(model, found, f"Stream_of_{rule}", (2, _MANY**2), "all to all")
        if bench.per == "period":
            return None
        pre, post = bench.net["syn"].pre, bench.net["syn"].post
        side = bench.side()
        plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)  # of each neuron, its two weights

        def shown(pattern: Floats, weights: Floats) -> dict[Held, Any]:
            values = {Whose.PRE: pattern, Whose.POST: weights @ pattern}
            return {held: values[side] for side, held in sides.items() if held is not None}

        before = plane[post, pre] * bench.shown.scale
        bench.settle(before, [shown(pattern, plane) for pattern in patterns])
        weights = plane.copy()
        for pattern in patterns:
            weights[post, pre] += bench.change(weights[post, pre] * bench.shown.scale, shown(pattern, weights))
    except (PlasError, KeyError, ValueError):
        return None
    across, up = (weights - plane).T.reshape(2, _MANY, _MANY)
    return Stream(rule, side, across, up, unit, bench.shown.symbol) if np.any(across) or np.any(up) else None


class _Bench:
    """The rule between units that are held. `shown`: what it changes; by how much counts for one presentation, a second or a period (`per`)."""

    def __init__(self, model: Model, found: Stand, name: str, counts: tuple[int, int], how: str) -> None:
        added = beside(model, found.text(name, how=how, counts=counts))
        self.found, self.own = found, added.loaded.module.networks[-1].projections[0]
        self.shown = next(v for v in self.own.connection.variables if v.name == found.weight)
        changing = [h for h in found.rule.handlers if any(isinstance(s, Assign) and s.target.name == found.weight for s in h.statements)]
        period = next((h.period for h in changing if h.trigger is Trigger.EVERY and h.period is not None), None)
        steps = any(h.trigger is Trigger.STEP for h in found.rule.handlers)
        length = math.nan if period is None or steps else evaluate(period, default_values(found.rule))
        parts = 1 if math.isnan(length) else max(1, round(length / _STEP))
        self.step = 1.0 if steps else _STEP if math.isnan(length) else length / parts
        self.net = added.build(name, dt=self.step)
        parameters = (v for v in self.own.connection.variables if v.role is Role.PARAMETER)
        self.values: dict[Expr, float] = {
            Ref(Whose.OWN, v.name): float(np.ravel(getattr(self.net["syn"], v.symbol))[0]) for v in parameters
        }
        self.values[Special("dt")] = self.step
        self.watched = 1 if period is None else max(1, round(evaluate(period, self.values) / self.step))
        self.per = "period" if period is not None else "presentation" if steps else "s"

    def bounds(self) -> tuple[float, float] | None:
        """Those of the weight, in the unit as shown; None where there are not two."""
        low, high = (bound(limit, self.net["syn"], self.own.connection) for limit in (self.shown.low, self.shown.high))
        return None if low is None or high is None or not np.isfinite(high - low) else (low / self.shown.scale, high / self.shown.scale)

    def begins(self) -> Floats:
        """Three weights to begin with, in the unit as shown: the bounds and what is halfway between them, or 0, ½ and 1."""
        return np.linspace(*(self.bounds() or (0.0, 1.0)), 3)

    def side(self) -> Floats:
        """A side of the plane of two weights, within their bounds."""
        low, high = self.bounds() or _PLANE
        return np.linspace(low, high, 2 * _MANY + 1)[1::2]

    def settle(self, weights: Floats, rounds: Sequence[Mapping[Held, Any]]) -> None:
        """Running means are what they are after many rounds of these values, with these weights."""
        time = slowest(self.found, math.inf if self.step == 1.0 else 1e3 * self.step, self.values)
        self._begin(weights)
        self.net.rules(False)
        for _ in range(math.ceil(_SETTLED * time / self.step / len(rounds))):
            for values in rounds:
                self._hold(values)
                self.net.run(steps=1)
        self.net.rules(True)

    def change(self, weights: Floats, values: Mapping[Held, Any]) -> Floats:
        """What each weight changes by, in the unit as shown, where these values are held."""
        self._hold({**{h: h.value for h in self.found.held if isinstance(h.owner, Whose)}, **values})
        if self.per == "period":
            self.net.run(steps=1)  # a period ends at the beginning
        self._begin(weights)
        self.net.run(steps=self.watched)
        found: Floats = getattr(self.net["syn"], self.shown.symbol) - weights
        return found / self.shown.scale / (self.step if self.per == "s" else 1.0)

    def _begin(self, weights: Floats) -> None:
        getattr(self.net["syn"], self.shown.symbol)[:] = weights

    def _hold(self, values: Mapping[Held, Any]) -> None:
        for held, value in values.items():
            if isinstance(held.owner, Whose):
                getattr(self.net[held.owner.value], held.symbol)[:] = np.asarray(value) * held.scale


def _swept(found: Stand) -> Held | None:
    """What is varied of the postsynaptic unit: its output, else what is read first."""
    read = found.of(Whose.POST)
    if found.kind is not Kind.VALUES or found.compares or not read:
        return None
    return next((h for h in read if h.name == OUTPUT), read[0])
