"""A rule between units of its own: what it changes, what it waits for, and what it reads, which is held.

A checked model and the name of a rule come in; a `Stand` goes out, which writes the network that `added.beside` puts beside the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from plasticdsl.model import Assign, Block, Network, Projection, Role, Trigger, Variable
from plasticdsl.model.expr import Incoming, Number, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.module import Module
from plasticdsl.model.owners import Foreign, OfArgument, Whose
from plasticdsl.model.presence import NEWBORN, PRESENT
from plasticdsl.model.weights import read_by_others, weights
from plasticdsl.units.dimension import ONE
from plasticdsl.units.display import display_unit

#: What blocks call the output of the unit on a side.
OUTPUT = "#output"
#: What a rate is held at (Hz), and what a third unit tells, such as a reward, in its unit; anything else is held at 1.
_RATE, _TOLD = 10.0, 0.1


class Kind(Enum):
    """What a rule asks for. PAIRS: two units that fire, and at most what can be held. CELLS: units that fire and have more than spikes, such as a
    potential. VALUES: values of units. NOTHING: it reads neither of the two units. HANDED: what its network alone knows, such as a gradient."""

    PAIRS = "pairs"
    CELLS = "cells"
    VALUES = "values"
    NOTHING = "nothing"
    HANDED = "handed"


@dataclass(frozen=True, slots=True)
class Held:
    """What a rule reads of a unit: `value` of `unit` unless it is set; `scale`: the SI value of one such unit."""

    owner: Foreign
    name: str
    symbol: str
    unit: str = ""
    value: float = 1.0
    scale: float = 1.0

    @property
    def text(self) -> str:
        """`1 µM`."""
        return f"{self.value:g} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Stand:
    """A rule as it stands between two units. `weight`: the name of what it changes; `used`: a projection of the model that carries it; `given`: what the
    projection must give (names as written), and `held`: what it reads."""

    rule: Block
    kind: Kind
    weight: str
    held: tuple[Held, ...] = ()
    given: tuple[Held, ...] = ()
    used: tuple[Network, Projection] | None = None

    def of(self, side: Whose) -> tuple[Held, ...]:
        """What is read of the unit on a side."""
        return tuple(h for h in self.held if h.owner is side)

    @property
    def jumps(self) -> bool:
        """Whether spikes change the weight itself, or what pairs of them count for: then its window may jump at a lag of 0."""
        at_spikes = (s for h in self.rule.handlers if h.trigger in (Trigger.PRE, Trigger.POST) for s in h.statements)
        return bool(self.rule.pairs) or any(isinstance(s, Assign) and s.target.name == self.weight for s in at_spikes)

    @property
    def compares(self) -> bool:
        """Whether it weighs a connection against all others that reach the same unit, at each step."""
        steps = (h for h in self.rule.handlers if h.trigger is Trigger.STEP)
        return any(isinstance(node, Incoming) for h in steps for expr in expressions(h.statements) for node in walk(expr))

    @property
    def words(self) -> tuple[str, ...]:
        """What is held beside the two units, `dopamine.D = 1 µM`, `H = 1 Hz`."""
        of_units = (f"{h.owner.name}.{h.symbol} = {h.text}" for h in self.held if isinstance(h.owner, OfArgument))
        return (*of_units, *(f"{h.symbol} = {h.text}" for h in self.given))

    def text(self, network: str, pre: str = "", post: str = "", how: str = "one to one", counts: tuple[int, int] = (1, 1)) -> str:
        """The network `network` with the projection `syn`. `pre`, `post`: what fires, `81 Poisson(rate = ν)`; else so many units (`counts`) that hold
        what is read."""
        owners = dict.fromkeys(h.owner for h in self.held)
        sides = {Whose.PRE: pre, Whose.POST: post}
        neurons = {owner: _name(network, owner) for owner in owners if isinstance(owner, OfArgument) or not sides.get(owner)}
        blocks = [_neuron(name, [h for h in self.held if h.owner == owner]) for owner, name in neurons.items()]
        blocks += [f"neuron {_name(network, side)}:\n    x(0) = 0\n" for side in sides if not sides[side] and side not in neurons]
        inside = [
            f"    {side.value} = {sides[side] or f'{count} {_name(network, side)}'}" for side, count in zip(sides, counts, strict=True)
        ]
        inside += [f"    {owner.name} = 1 {name}" for owner, name in neurons.items() if isinstance(owner, OfArgument)]
        arguments = [f"{owner.name} = {owner.name}" for owner in neurons if isinstance(owner, OfArgument)]
        arguments += [f"{h.symbol} = {h.text}" for h in self.given]
        rule = f"{self.rule.name}({', '.join(arguments)})" if arguments else self.rule.name
        inside.append(f"    syn = pre → post: {', '.join([rule, how, *self._delays(), *self._beginning()])}")
        return "\n".join([*blocks, f"network {network}:", *inside, ""])

    def _delays(self) -> Iterator[str]:
        """Those with which the model uses the rule."""
        if self.used is None or self.kind is not Kind.PAIRS:
            return
        delays = self.used[1].delays
        for word, delay in (("axonal", delays.axonal), ("dendritic", delays.dendritic)):
            if isinstance(delay, Number):
                yield f"{word} delay = {delay.value * 1e3:g} ms"

    def _beginning(self) -> Iterator[str]:
        """Where the rule says nothing of it, the projection gives the weight; it is set before the run."""
        found = self.rule.variable(self.weight)
        if found is None or found.initial is not None:
            return
        known = found if self.used is None else self.used[1].connection.variable(self.weight) or found
        yield f"{found.symbol} = 0 {display_unit(known.dimension or ONE)[0]}".rstrip()


def stand(module: Module, rule: str) -> Stand | None:
    """Of a rule of the model; None where there is none of this name, or it changes nothing of connections."""
    block = next((b for b in module.blocks if b.name == rule and b.kind == "rule"), None)
    used = next(((n, p) for n in module.networks for p in n.projections if rule in p.rules), None)
    weight = None if block is None else _weight(block, None if used is None else used[1])
    if block is None or weight is None:
        return None
    known = None if used is None else used[1].connection
    given = tuple(_held(Whose.OWN, v, None if known is None else known.variable(v.name)) for v in block.variables if v.role is Role.GIVEN)
    needs = [n for n in block.needs if n.name not in (PRESENT, NEWBORN)]
    held, handed = [], False
    for need in needs:
        found = _unit_of(used, need.owner, need.name)
        handed |= need.owner is Whose.OWN or (isinstance(need.owner, OfArgument) and found is None)
        held.append(_held(need.owner, Variable(need.name, need.symbol, Role.STATE), found))
    reads = any(h.owner in (Whose.PRE, Whose.POST) for h in held)
    fires = bool(block.pairs) or any(h.trigger in (Trigger.PRE, Trigger.POST) for h in block.handlers)
    kind = Kind.HANDED if handed else (Kind.CELLS if reads else Kind.PAIRS) if fires else Kind.VALUES if reads else Kind.NOTHING
    return Stand(block, kind, weight, tuple(held), given, used)


def _weight(block: Block, used: Projection | None) -> str | None:
    """What it changes: `w` where it is called so, else what `rules off` holds, or would hold, else what it changes first; of several, one that it gives a
    beginning."""
    assigned = (s.target.name for h in block.handlers for s in h.statements if isinstance(s, Assign) and s.target.owner is Whose.OWN)
    changed = list(dict.fromkeys((*(p.target.name for p in block.pairs), *(f.variable for f in block.flows), *assigned)))
    if "w" in changed:
        return "w"
    changed = [name for name in changed if name not in (PRESENT, NEWBORN)]
    held = frozenset(changed) - read_by_others(block) if used is None else weights(used)
    choices = [name for name in changed if name in held] or changed
    begun = [name for name in choices if (v := block.variable(name)) is not None and v.initial is not None]
    return next(iter(begun or choices), None)


def _unit_of(used: tuple[Network, Projection] | None, owner: Foreign, name: str) -> Variable | None:
    """The variable of the unit that the model has there."""
    if used is None:
        return None
    network, projection = used
    third = next((t.population for t in projection.thirds if t.owner == owner), "")
    place = {Whose.PRE: projection.pre, Whose.POST: projection.post}.get(owner, third) if isinstance(owner, Whose) else third
    block = next((p.block for p in network.populations if p.name == place), None)
    if block is None:
        return None
    return block.variable((block.output or "x") if name == OUTPUT else name)


def _held(owner: Foreign, wanted: Variable, found: Variable | None) -> Held:
    dimension = None if found is None else found.dimension
    unit, scale = display_unit(dimension or wanted.dimension or ONE)
    value = _RATE if unit == "Hz" else _TOLD if isinstance(owner, OfArgument) else 1.0
    return Held(owner, wanted.name, wanted.symbol, unit, value, scale)


def _name(network: str, owner: Whose | OfArgument) -> str:
    return f"{network}_{owner.value if isinstance(owner, Whose) else owner.name}"


def _neuron(name: str, held: list[Held]) -> str:
    """One that does nothing but hold what is read of it."""
    lines = [f"    {h.symbol}(0) = {h.text}" for h in held]
    lines += [f"    output {h.symbol}" for h in held if h.name == OUTPUT]
    return "\n".join([f"neuron {name}:", *lines, ""])
