"""The plan: where every variable of a network lives, what happens to it, and in which order, before any loop is written.

Comes from `lower.lower(network)`, goes through `passes/` (plan → plan) to `kernels.build.build`, which only writes the loops. Expressions are those of
the checked model with all definitions written out but those of units that a step evaluates; `InPlan` stands in them
too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from plasticdsl.model import AddTo, Network, PerUnit, Projection, Role, SumInto, Total, Variable
from plasticdsl.model.expr import Expr, Ref, Special, walk
from plasticdsl.model.owners import OfArgument, Whose
from plasticdsl.model.protocol import Asked
from plasticdsl.model.schemes import Scheme
from plasticdsl.plan.blocks import StepBlock
from plasticdsl.plan.deferred import Deferred
from plasticdsl.plan.events import Event, Postpone
from plasticdsl.plan.operations import Operation, Window
from plasticdsl.plan.others import Other
from plasticdsl.plan.places import Kind, Place, Slot
from plasticdsl.plan.populations import PopulationPlan
from plasticdsl.plan.replayed import Replayed
from plasticdsl.plan.settled import Settled
from plasticdsl.plan.superposed import Superposed


class Layout(StrEnum):
    """How the connections of a projection are numbered, sorted by pre, then post unit: listed, or computed where all pairs are connected, or all
    pairs of different units."""

    LISTED = "listed"
    FULL = "full"
    FULL_BUT_SELF = "full but self"


@dataclass(frozen=True, slots=True)
class Placed:
    """A variable of a projection with its place: where the value that the author's name means now lives. `derived`: it stands for no name of the author's
    but for a part of what is at `variable.span`. `reason` for `explain`."""

    variable: Variable
    kind: Kind = Kind.STATE
    place: Place = Place.CONNECTION
    derived: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlacedScheme:
    """An integrator of a projection's variables, all in one place. `held`: weights that rules move, which stand still while these are off. `sums`: what
    it reads or leads along for those that do, and stands for the sum of parts that flow by themselves (`Superposed`), with the name of the first part."""

    scheme: Scheme
    place: Place = Place.CONNECTION
    held: frozenset[str] = frozenset()
    sums: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """For each unit of `side`, the times of its spikes of the last `duration` seconds, as they reached the synapses: for a window that is no sum
    of exponentials."""

    name: str
    side: Place
    duration: Expr


@dataclass(frozen=True, slots=True)
class PastRead:
    """What delayed sums read of the pre unit. `now`: its value at any time in a step; `stored`: the same when all definitions of the step are known, kept
    for the sums that read it an axonal delay later."""

    name: str
    now: Expr
    stored: Expr


@dataclass(frozen=True, slots=True)
class ProjectionPlan:
    """One projection. `events`: slot → statements in order. `each_step`, `periodic` (period, statements): without a trigger.
    `narrow`: its units have numbers of 16 bits. `fetches`: each presynaptic spike asks for the connections of the next.

    `shadows`, `forecasts`: variables of which a copy is kept, see `Slot`. `same_axonal`, `same_dendritic`: one delay for all connections.
    `at_thirds`: what happens at the spikes, or other events, of units that are arguments. `others`: projections that it reads. `totals`: sums that flows
    read, each a variable of the post units. `past`: what its sums read, where they take time. `block`: how it takes several steps at once, if it does.
    `settled`: how its connections flow, where nobody looks at them in every step. `framed`: variables of units that decay when somebody looks.
    `superposed`: variables that are sums of a part of each unit. `deferred`: what its rules change, where that waits for its next sum.
    `replayed`: what connections do later at postsynaptic spikes.
    `driven`: the pre units are a source that draws how often each of them spikes in a step, and each has one connection, to the post unit with its number.
    """

    projection: Projection
    variables: tuple[Placed, ...]
    events: tuple[tuple[Slot, tuple[Event, ...]], ...]
    schemes: tuple[PlacedScheme, ...]
    sums: tuple[SumInto, ...]
    each_step: tuple[Event, ...] = ()
    periodic: tuple[tuple[Expr, tuple[Event, ...]], ...] = ()
    at_thirds: tuple[tuple[OfArgument, str, tuple[Event, ...]], ...] = ()
    histories: tuple[History, ...] = ()
    shadows: tuple[str, ...] = ()
    forecasts: tuple[str, ...] = ()
    same_axonal: bool = True
    same_dendritic: bool = True
    others: tuple[Other, ...] = ()
    layout: Layout = Layout.LISTED
    narrow: bool = False
    fetches: bool = False
    totals: tuple[Total, ...] = ()
    past: tuple[PastRead, ...] = ()
    block: StepBlock | None = None
    settled: Settled | None = None
    deferred: Deferred | None = None
    framed: tuple[str, ...] = ()
    superposed: tuple[Superposed, ...] = ()
    replayed: Replayed | None = None
    driven: bool = False

    @property
    def name(self) -> str:
        """The projection's name."""
        return self.projection.name

    @property
    def label(self) -> str:
        """What people call it: its symbol, or `pre → post`."""
        own = self.projection
        return (own.symbol or f"{own.pre} -> {own.post}").replace("->", "→")

    @property
    def late(self) -> bool:
        """Whether its sums take time."""
        return bool(self.sums and self.projection.delays)

    def variable(self, name: str) -> Placed:
        """Where this variable of the author's, or a derived one, lives."""
        return next(p for p in self.variables if p.variable.name == name)

    @property
    def at_spikes(self) -> tuple[Event, ...]:
        """What happens at spikes, slot by slot, and then at those of arguments."""
        return tuple(chain.from_iterable((*dict(self.events).values(), *[e for *_, e in self.at_thirds])))

    @property
    def without_spike(self) -> tuple[Event, ...]:
        """What happens at every step, and what periodically."""
        return (*self.each_step, *[e for _, events in self.periodic for e in events])

    @property
    def between(self) -> tuple[Ref, ...]:
        """Variables of the units to which it adds without a spike."""
        return tuple(dict.fromkeys([e.statement.target for e in self.without_spike if isinstance(e.statement, AddTo)]))

    @property
    def arriving(self) -> tuple[str, ...]:
        """Variables of the post units to which it adds a dendritic delay later."""
        if self.projection.delays.dendritic is None:
            return ()
        added = (e.statement.target for e in (*self.at_spikes, *self.without_spike) if isinstance(e.statement, AddTo))
        return tuple(sorted({target.name for target in added if target.owner is Whose.POST}))

    @property
    def counts_now(self) -> tuple[Place, ...]:
        """Sides whose arriving spikes are counted: for ties of a window with a value of its own at zero lag."""
        read = {node for e in self.at_spikes for node in walk(e.value) if isinstance(node, Special)}
        return tuple([side for side, now in ((Place.PRE, Special("now_pre")), (Place.POST, Special("now_post"))) if now in read])

    @property
    def postponed(self) -> tuple[Postpone, ...]:
        """What its connections carry out at the next presynaptic spike."""
        return tuple(e.statement for e in self.at(Slot.POST) if isinstance(e.statement, Postpone))

    def at(self, slot: Slot) -> tuple[Event, ...]:
        """The statements of a slot."""
        return dict(self.events).get(slot, ())


@dataclass(frozen=True, slots=True)
class Spread:
    """How several processes share a network. `members`: populations whose units are divided. `at_once`: spikes have to be known to all in the step in
    which they happen, else a smallest delay later."""

    members: tuple[str, ...]
    at_once: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole network. `asked`: what experiments ask of it. `step`: everything that happens in one step, in order. `per_unit`: parameters and times that
    have one value per unit or connection; all others are shared. `notes`: what passes did, for `explain`. `single`: states will have 32 bits.
    `spread`: how several processes share it, if they do (`plan.spread`).
    """

    network: Network
    populations: tuple[PopulationPlan, ...]
    projections: tuple[ProjectionPlan, ...]
    per_unit: PerUnit
    asked: Asked
    step: tuple[Operation, ...] = ()
    notes: tuple[str, ...] = ()
    single: bool = False
    spread: Spread | None = None

    @property
    def windowed(self) -> bool:
        """Whether units advance in shares, by several steps at a time."""
        return any(isinstance(o, Window) for o in self.step)

    @property
    def parameters(self) -> tuple[Variable, ...]:
        """Those of the network itself."""
        return tuple(v for v in self.network.variables if v.role in (Role.PARAMETER, Role.GIVEN))

    def population(self, name: str) -> PopulationPlan:
        """The population with this name."""
        return next(p for p in self.populations if p.name == name)

    def projection(self, name: str) -> ProjectionPlan:
        """The projection with this name."""
        return next(p for p in self.projections if p.name == name)
