"""What happens to units and connections: statements at events, pairs of spikes, flows, sums, and when spikes are fired."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.owners import Foreign, OfArgument, Whose
from plasticdsl.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Assign:
    """`target := value` for a variable of the block itself; then its bounds are applied. `w += a` has value w + a."""

    target: Ref
    value: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class AddTo:
    """`post.g += value` (once per connection), `pre.g += value` or, of a unit that is an argument, `glia.g += value`: the target's owner.

    In a neuron's handlers there is none."""

    target: Ref
    value: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class AtMost:
    """Connections arise where `target` is not 0, and so that a unit on `side` (`Whose.PRE` or `Whose.POST`) does not have more than `value`, the least
    that is said at any of its connections: where more would, those with the largest `target`, which is between 0 and 1, do not, and it becomes 0. All
    connections come to it, and then go on. Periodic only."""

    target: Ref
    value: Expr
    side: Whose
    span: Span = NOWHERE


Statement = Assign | AddTo | AtMost


class Trigger(StrEnum):
    """When a handler runs. SPIKE: the unit's own spike or other event (neurons). PRE, POST: one of that side reaches the synapse.
    THIRD: an argument has one. STEP: at every step, after the definitions (only where time is counted in steps, or with `every dt`). EVERY: periodic."""

    SPIKE = "spike"
    PRE = "pre"
    POST = "post"
    THIRD = "third"
    STEP = "step"
    EVERY = "every"


@dataclass(frozen=True, slots=True)
class Handler:
    """Statements that run top to bottom at a trigger. `simultaneous`: they came from pulses in flows (`dw/dt = S_post r`): every
    right side is evaluated with the values just before this event, then all are assigned. `source` names the rule or
    synapse they came from (for `rules off`); `is_rule` tells rules from synapses. `event`: which event triggers it, where it is no spike; `unit`: the
    argument whose events it waits for."""

    trigger: Trigger
    statements: tuple[Statement, ...]
    simultaneous: bool = False
    period: Expr | None = None
    source: str = ""
    is_rule: bool = False
    span: Span = NOWHERE
    event: str = ""
    unit: OfArgument | None = None

    @property
    def awaited(self) -> Foreign | None:
        """The unit whose spikes or other events trigger it: pre, post or an argument."""
        return self.unit or {Trigger.PRE: Whose.PRE, Trigger.POST: Whose.POST}.get(self.trigger)


class Pairing(StrEnum):
    """Which spike pairs count (Morrison, Diesmann & Gerstner 2008, Biol. Cybern. 98:459, fig. 7)."""

    ALL = "all"
    NEAREST = "nearest"
    CENTRED_PRE = "nearest centred on pre"
    CENTRED_POST = "nearest centred on post"
    REDUCED = "nearest reduced"


@dataclass(frozen=True, slots=True)
class PairRule:
    """`on all pairs: Δw = …`: for every pair, at the time of its later spike, increments are summed over the pairs completed by
    one spike, added to `target`, which is then bounded once. Increments are in terms of `Special("lag")` (t_post − t_pre).

    `truncate`: pairs with |lag| above it do not count (None: all count).
    """

    pairing: Pairing
    target: Ref
    increment: Expr
    truncate: Expr | None = None
    source: str = ""
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Conserved:
    """What flows and reactions leave as it is, by what the author says."""

    value: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Transition:
    """A reaction that happens now and then: `propensity` times a second (1/s), and each time adds to variables, by their names, so many times `grain`,
    which is what one molecule makes of them. `tolerance`: by what part of itself a rate may change while several happen at once; None: each by itself.
    `reactants`: how many molecules of each variable take part; `constant`: what is written as its rate, which may read variables all the same."""

    propensity: Expr
    net: tuple[tuple[str, int], ...]
    grain: Expr
    tolerance: float | None = None
    span: Span = NOWHERE
    reactants: tuple[tuple[str, int], ...] = ()
    constant: Expr | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """`d variable/dt = rate + noise ξ(t)`; the coefficient on the left has been divided out. `noise` is None without ξ. `smooth`: the rate without
    the mean of transitions, where there are some; 0 for what jumps alone."""

    variable: str
    rate: Expr
    noise: Expr | None = None
    source: str = ""
    is_rule: bool = False
    span: Span = NOWHERE
    smooth: Expr | None = None


@dataclass(frozen=True, slots=True)
class SumInto:
    """`post.h = Σ body`: adds Σ over the incoming connections of `body` to the post unit's input `target`."""

    target: str
    body: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Total:
    """`name` is Σ `value` over the connections of the projection that reach the same post unit. In `Block.totals` (filled in by `derive.totals`)
    it is an input of the connection's own, for flows that read such sums."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Threshold:
    """`spike when condition`; `rising`: only where it did not hold at the previous grid time. `located`: at the time within a step at which it comes to
    hold, not at a grid time."""

    condition: Expr
    rising: bool
    span: Span = NOWHERE
    located: bool = False


@dataclass(frozen=True, slots=True)
class NamedEvent:
    """`event burst when condition`: what happens to a unit beside spikes."""

    name: str
    symbol: str
    when: Threshold


@dataclass(frozen=True, slots=True)
class AtRate:
    """`spike at rate r` (per second): an inhomogeneous Poisson process, see `docs/language` (hazard accumulated per step)."""

    rate: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Refractory:
    """From a spike's jumps on, no further spike, and the flows of `held` are zero: for `duration`, or, where there is none, until `condition` does not
    hold at a grid time. `at_spike`: the duration is what it is after the jumps of the spike, else a constant of each unit. `default`: nothing was
    written of what is held."""

    duration: Expr | None
    held: tuple[str, ...]
    span: Span = NOWHERE
    condition: Expr | None = None
    at_spike: bool = False
    default: bool = False

    @property
    def constant(self) -> Expr | None:
        """The duration, where it is known before the run."""
        return None if self.at_spike else self.duration
