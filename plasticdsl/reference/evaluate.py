"""What names mean to a unit and to a connection, and so the value of an expression.

Comes in: an expression of the checked model and a scope that knows what names mean at one moment. Goes out: a NumPy array, one value per unit,
connection or spike pair (or without an axis, for a value that all share). A definition is evaluated whenever it is
read, from whatever its own names mean at that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Trigger
from plasticdsl.model.expr import At, Drawn, Expr, Incoming, Limit, Ref, Special
from plasticdsl.model.owners import OfArgument, OfProjection, OfSeries, Whose
from plasticdsl.reference import chance
from plasticdsl.reference.structure import Frame, Index, Structure
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.runtime.numbers import evaluate as numbers
from plasticdsl.support.pairs import counterparts
from plasticdsl.support.random import stream_of

Array = NDArray[Any]


def evaluate(expr: Expr, scope: OwnerScope) -> Array:
    """The value of `expr`; conditions give 1 and 0. Raises `TypeError` for what only a network's observer evaluates."""
    moves = scope.frame.ahead != 0.0 and not scope.at_grid
    return numbers.numbers(expr, scope.value, in_jumps=scope.value_on_grid if moves else None)


@dataclass(slots=True)  # never changed; a frozen one takes six times as long to make, and one is made for each expression
class OwnerScope:
    """Units of a population, or connections of a projection: those numbered `index` of `owner`.

    Own names: `plain`, `before`, `after` hold what a name without limit, with ⁻ and with ⁺ means where that differs from `own`; `own`
    holds the values of these very units or connections, and where it is None the frame's do. `limit` is the one under which a definition is read.
    `at_grid`: `t` does not move with the stages of an integrator, as within what changes in jumps alone. `repeat`: which of the unit's spikes of this step
    is handled, from 0.

    Of connections alone: `lag`: of one spike pair per connection. `pre_frame`: where the pre units are read, if not in `frame`. `elsewhere`: for sums,
    what a name means at connections that are not among these, where that differs from the frame. `sums`: what sums have come to, by body and limit; it
    is filled while they are evaluated.
    """

    structure: Structure
    frame: Frame
    owner: str
    index: Index
    own: Mapping[str, Floats] | None = None
    plain: Mapping[str, Floats] = field(default_factory=dict)
    before: Mapping[str, Floats] = field(default_factory=dict)
    after: Mapping[str, Floats] = field(default_factory=dict)
    limit: Limit = ""
    lag: Floats | None = None
    pre_frame: Frame | None = None
    elsewhere: Mapping[str, Floats] = field(default_factory=dict)
    sums: dict[tuple[Expr, Limit], Array] | None = None
    at_grid: bool = False
    repeat: int = 0

    def value(self, node: numbers.Name) -> Array:
        """What stands in an expression."""
        match node:
            case Ref():
                return self.ref(node)
            case Special(name):
                return self.special(name)
            case Incoming(body):
                return self.incoming(body)
            case Drawn():
                return self.drawn(node)
            case At():
                raise TypeError("a variable at index letters is evaluated by a network's observer, not by a unit or connection")

    def value_on_grid(self, node: numbers.Name) -> Array:
        """The same within what changes in jumps alone."""
        return replace(self, at_grid=True).value(node)

    def ref(self, ref: Ref) -> Array:
        """Own names and parameters of the network; of a connection also names of its units and of other projections."""
        match ref.owner:
            case Whose.OWN:
                return self._own(ref)
            case Whose.NETWORK:
                return np.asarray(self.structure.instance.parameters[ref.name], dtype=np.float64)
            case Whose.PRE | Whose.POST | OfArgument() if self.owner in self.structure.projections:
                return self._unit(ref)
            case OfSeries():
                series = self.structure.instance.series(ref)
                return series if series.ndim == 1 else series[:, self.index]
            case OfProjection(other) if self.owner in self.structure.projections:
                return self._other(other, ref.name)
            case _:
                raise KeyError(f"{self.owner} cannot read {ref.path}")

    def _own(self, ref: Ref) -> Array:
        limit = ref.limit or self.limit
        table = self.plain if not limit else self.before if limit == "before" else self.after
        if ref.name in table:
            return table[ref.name]
        if self.own is not None and ref.name in self.own:
            return self.own[ref.name]
        values = self.frame.values[self.owner]
        if ref.name in values:
            return values[ref.name][self.index]
        parameters = self.structure.made[self.owner].parameters
        if ref.name in parameters:
            array = np.asarray(parameters[ref.name], dtype=np.float64)
            return array if array.ndim == 0 else array[self.index]
        block = self.structure.block(self.owner)
        formula = block.definition(ref)
        if formula is None:
            raise KeyError(f"{block.name}: {ref.name} has no value")
        return evaluate(formula, self if limit == self.limit else replace(self, limit=limit))

    def _unit(self, ref: Ref) -> Array:
        if ref.limit:
            raise ValueError(f"{self.owner}: ⁻ and ⁺ say nothing about {ref.path}, which is not the connection's own")
        end = self.structure.unit(self.owner, ref.owner)
        frame = self.pre_frame if ref.owner is Whose.PRE and self.pre_frame is not None else self.frame
        return OwnerScope(self.structure, frame, end.population, end.units[self.index]).ref(Ref(Whose.OWN, ref.name))

    def _other(self, other: str, name: str) -> Array:
        """A variable of another projection between the same two units, in either direction."""
        here, there = self.structure.projections[self.owner], self.structure.projections[other]
        pre, post = (end[self.owner].units[self.index] for end in (self.structure.pre, self.structure.post))
        ends = (pre, post) if (there.pre, there.post) == (here.pre, here.post) else (post, pre)
        found = counterparts(*ends, self.structure.pre[other].units, self.structure.post[other].units).astype(np.int64)
        return OwnerScope(self.structure, self.frame, other, found).ref(Ref(Whose.OWN, name))

    def incoming(self, body: Expr) -> Array:
        """The sum over all connections that reach the post unit of each of these."""
        found = self.sums.get((body, self.limit)) if self.sums is not None else None
        if found is None:
            found = self._summed(body)
        if self.sums is not None:
            self.sums[body, self.limit] = found
        return found

    def _summed(self, body: Expr) -> Array:
        post = self.structure.post[self.owner]
        targets = post.units
        summed = np.flatnonzero(np.isin(targets, targets[self.index]))
        frame = self.frame.values[self.owner]
        scope = replace(
            self,
            index=summed,
            own=None if self.own is None else self._widened(self.own, frame, summed),
            plain=self._widened(self.plain, {**frame, **self.elsewhere}, summed),
            before=self._widened(self.before, {**frame, **self.elsewhere}, summed),
            after=self._widened(self.after, {**frame, **self.elsewhere}, summed),
            sums=None,
        )
        terms = np.broadcast_to(evaluate(body, scope), summed.shape)
        totals = np.zeros(self.structure.count(post.population))
        np.add.at(totals, targets[summed], terms)
        return np.asarray(totals[targets[self.index]])

    def _widened(self, known: Mapping[str, Floats], others: Mapping[str, Floats], summed: Index) -> Mapping[str, Floats]:
        """Values of these connections and of all others that are summed."""
        found: dict[str, Floats] = {}
        for name, values in known.items():
            whole = others[name].copy()
            whole[self.index] = values
            found[name] = whole[summed]
        return found

    def drawn(self, what: Drawn) -> Array:
        """One number for each of these units or connections, at this event."""
        stream = stream_of(self.owner, "event", what.source, str(what.number)) + self.repeat
        arguments, ends = ([evaluate(part, self) for part in parts] for parts in (what.arguments, what.ends))
        return chance.numbers(what.distribution, arguments, ends, (self.structure.instance.seed, stream, self.index, self.frame.step))

    def special(self, name: str) -> Array:
        """Everything of `model.expr.Special`; of units alone `t`, `dt` and their number."""
        projection = self.structure.projections.get(self.owner)
        match name:
            case "t":
                return np.asarray(self.frame.time if self.at_grid else self.frame.time + self.frame.ahead, dtype=np.float64)
            case "dt":
                return np.asarray(self.structure.instance.dt, dtype=np.float64)
            case "i" | "j" if projection is None:
                return np.asarray(self.index + 1, dtype=np.float64)
            case "i" | "j":
                end = (self.structure.post if name == "i" else self.structure.pre)[self.owner]
                return np.asarray(end.units[self.index] + 1, dtype=np.float64)
            case "N_pre" | "N_post" if projection is not None:
                population = projection.pre if name == "N_pre" else projection.post
                return np.asarray(self.structure.count(population), dtype=np.float64)
            case "now_pre" | "now_post" if projection is not None:
                arrived = self.frame.arrived[Trigger.PRE if name == "now_pre" else Trigger.POST]
                return np.asarray(arrived[self.owner, ""][self.index], dtype=np.float64)
            case "lag" if self.lag is not None:
                return self.lag
            case _:
                raise KeyError(f"{self.owner}: {name} means nothing here")


def everything(structure: Structure, frame: Frame, owner: str, own: Mapping[str, Floats] | None = None) -> OwnerScope:
    """All units or connections of an owner."""
    return OwnerScope(structure, frame, owner, np.arange(structure.count(owner)), own)


def bounded(name: str, values: Array, scope: OwnerScope) -> Floats:
    """`values` of one of the owner's variables brought into its bounds."""
    variable = scope.structure.block(scope.owner).variable(name)
    if variable is None:
        raise KeyError(f"{scope.owner} has no variable {name}")
    result = np.asarray(values, dtype=np.float64)
    if variable.low is not None:
        result = np.maximum(result, evaluate(variable.low, scope))
    if variable.high is not None:
        result = np.minimum(result, evaluate(variable.high, scope))
    return np.asarray(result, dtype=np.float64)
