"""The plan: where every variable of a network lives, what happens to it, and in which order, before any loop is written.

Comes from `lower.lower(network)`, goes through `passes/` (plan → plan) to `kernels.build.build`, which only writes the loops. Expressions are those of
the checked model with all definitions written out but those of units that a step evaluates; `InPlan` stands in them
too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain

from plasticdsl.model import AddTo, Assign, AtMost, Network, PerUnit, Population, Projection, Role, SumInto, Total, Variable
from plasticdsl.model.expr import Expr, Ref, Special, refs, walk
from plasticdsl.model.inline import map_refs
from plasticdsl.model.owners import OfArgument, Whose
from plasticdsl.model.protocol import Asked
from plasticdsl.model.schemes import Scheme, Staged, linear_parts
from plasticdsl.plan.operations import Operation
from plasticdsl.plan.others import Other
from plasticdsl.plan.places import Place, Slot
from plasticdsl.source import NOWHERE, Span


class Kind(StrEnum):
    """How a variable is kept: a constant with one value for all, or with one for each unit or connection; a state; what a step evaluates."""

    SHARED = "shared"
    CONSTANT = "constant"
    STATE = "state"
    EVALUATED = "evaluated"


def kind_of(variable: Variable, differs: bool) -> Kind:
    """`differs`: it has one value per unit or connection."""
    match variable.role:
        case Role.PARAMETER | Role.GIVEN:
            return Kind.CONSTANT if differs else Kind.SHARED
        case Role.STATE | Role.CLAMPED:
            return Kind.STATE
        case Role.INPUT | Role.DEFINITION | Role.REFRACTORY:
            return Kind.EVALUATED


class Layout(StrEnum):
    """How the connections of a projection are numbered, sorted by pre, then post unit: listed, or computed where all pairs are connected, or all
    pairs of different units."""

    LISTED = "listed"
    FULL = "full"
    FULL_BUT_SELF = "full but self"


@dataclass(frozen=True, slots=True)
class Remember:
    """A value kept under a local name during one event of one connection (or unit): read as `InPlan("remembered", name)`."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Foresee:
    """The jump of a variable of the connection made on its forecast, read as `InPlan("forecast", name)`."""

    name: str
    value: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class SumHistory:
    """`target += Σ value` over the spike times kept in `history`, then `target` is bounded once. In `value`, `Special("lag")` stands
    for the kept spike's time. `with_now`: a spike of this very step counts (a tie that belongs to this side), otherwise earlier ones alone."""

    history: str
    target: str
    value: Expr
    with_now: bool
    span: Span = NOWHERE


#: A `Total` is taken when every connection that comes to its place has carried out the statements above, and read below as `InPlan("total", name)`; at
#: postsynaptic spikes it is that of the unit that spiked.
PlanStatement = Assign | AddTo | AtMost | Remember | Foresee | SumHistory | Total


@dataclass(frozen=True, slots=True)
class Event:
    """One statement at an event. `held`: it changes a weight and is skipped while rules are off. `once`: it remembers what is the same for all
    connections of the unit that spiked. `of`: the kind of event, where it is no spike."""

    statement: PlanStatement
    held: bool = False
    once: bool = False
    of: str = ""

    @property
    def value(self) -> Expr:
        """The right side of its statement."""
        return self.statement.value

    @property
    def assigned(self) -> str | None:
        """The own variable that it assigns."""
        match self.statement:
            case Assign(target) | AtMost(target):
                return target.name
            case Foresee(name) | SumHistory(target=name):
                return name
            case _:
                return None

    def reads(self, *limits: str) -> frozenset[str]:
        """The own variables that it reads with one of these limits, without what an assignment reads of its own target."""
        return frozenset(r.name for r in refs(self.value) if r.owner is Whose.OWN and r.limit in limits)

    def with_value(self, value: Expr) -> Event:
        """The same with another right side."""
        return replace(self, statement=replace(self.statement, value=value))

    def mapped(self, change: Callable[[Ref], Expr]) -> Event:
        """The same with every reference of its right side replaced by `change(reference)`."""
        return self.with_value(map_refs(self.value, change))


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
    """An integrator of a projection's variables, all in one place. `held`: weights that rules move, which stand still while these are off."""

    scheme: Scheme
    place: Place = Place.CONNECTION
    held: frozenset[str] = frozenset()


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

    `shadows`, `forecasts`: variables of which a copy is kept, see `Slot`. `same_axonal`, `same_dendritic`: one delay for all connections.
    `at_thirds`: what happens at the spikes, or other events, of units that are arguments. `others`: projections that it reads. `totals`: sums that flows
    read, each a variable of the post units. `past`: what its sums read, where they take time.
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
    totals: tuple[Total, ...] = ()
    past: tuple[PastRead, ...] = ()

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
        return tuple(chain.from_iterable((*dict(self.events).values(), *(e for *_, e in self.at_thirds))))

    @property
    def without_spike(self) -> tuple[Event, ...]:
        """What happens at every step, and what periodically."""
        return (*self.each_step, *(e for _, events in self.periodic for e in events))

    @property
    def between(self) -> tuple[Ref, ...]:
        """Variables of the units to which it adds without a spike."""
        return tuple(dict.fromkeys(e.statement.target for e in self.without_spike if isinstance(e.statement, AddTo)))

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
        return tuple(side for side, now in ((Place.PRE, Special("now_pre")), (Place.POST, Special("now_post"))) if now in read)

    def at(self, slot: Slot) -> tuple[Event, ...]:
        """The statements of a slot."""
        return next((events for s, events in self.events if s is slot), ())


# --- populations -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """A unit spikes where `condition` holds; `rising`: and did not at the previous grid time. `written`: as the author wrote it."""

    condition: Expr
    rising: bool
    written: Expr


@dataclass(frozen=True, slots=True)
class ByHazard:
    """A unit spikes each time that the hazard `rate` dt has used up an exponential draw. `of_state`: the rate follows the state."""

    rate: Expr
    of_state: bool
    written: Expr


@dataclass(frozen=True, slots=True)
class AtGivenTimes:
    """Spikes are listed before the run."""


Emission = AtThreshold | ByHazard | AtGivenTimes


@dataclass(frozen=True, slots=True)
class Stored:
    """A variable of units, its bounds written out."""

    variable: Variable
    kind: Kind


@dataclass(frozen=True, slots=True)
class UnitJump:
    """`target := value` in a unit, then its bounds are applied. `written`: the value as the author wrote it."""

    target: str
    value: Expr
    written: Expr


@dataclass(frozen=True, slots=True)
class Emits:
    """How units spike, or another `event` happens to them, and what they do then."""

    event: str
    emission: Emission
    jumps: tuple[UnitJump, ...]


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What units do at steps by themselves, all together: at every step, or every `period`. `number` tells those of one population apart."""

    number: int
    period: Expr | None
    jumps: tuple[UnitJump, ...]


@dataclass(frozen=True, slots=True)
class Rest:
    """The refractory time: `held` variables stand still. It lasts for `duration` (`differs`: each unit has its own; `at_spike`: as it is after the jumps
    of the spike), or until `condition` does not hold. `written`: whichever there is, as the author wrote it. `shown`: the variables that tell of it."""

    duration: Expr | None
    condition: Expr | None
    written: Expr
    held: tuple[str, ...]
    differs: bool
    at_spike: bool
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PopulationPlan:
    """One population. `events`: how its units spike, and what else happens to them, in order; `changes`: what they do at steps. `coupled`: their staged
    integrators take the stages together with those of other populations; `staged`: variables, inputs and definitions that have a value at each stage.
    `kept`: names whose values are logged with each spike."""

    population: Population
    variables: tuple[Stored, ...]
    events: tuple[Emits, ...]
    changes: tuple[UnitChange, ...]
    rest: Rest | None
    schemes: tuple[Scheme, ...]
    coupled: bool = False
    staged: frozenset[str] = frozenset()
    kept: tuple[tuple[str, Expr], ...] = ()

    @property
    def name(self) -> str:
        """The population's name."""
        return self.population.name

    def emits(self, event: str) -> Emits:
        """How one of these events happens."""
        return next(e for e in self.events if e.event == event)

    def variable(self, name: str) -> Stored:
        """How this variable is kept."""
        return next(s for s in self.variables if s.variable.name == name)

    @property
    def alone(self) -> tuple[Scheme, ...]:
        """Integrators that need nothing of other units within a step."""
        return tuple(s for s in self.schemes if not (self.coupled and isinstance(s, Staged)))

    @property
    def at_stages(self) -> tuple[tuple[str, Expr, Expr], ...]:
        """(variable, a, b) of the rates a x + b that are evaluated at stages."""
        return tuple(part for s in self.schemes if isinstance(s, Staged) for part in linear_parts(s))


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole network. `asked`: what experiments ask of it. `step`: everything that happens in one step, in order. `per_unit`: parameters and times that
    have one value per unit or connection; all others are shared. `notes`: what passes did, for `explain`.
    """

    network: Network
    populations: tuple[PopulationPlan, ...]
    projections: tuple[ProjectionPlan, ...]
    per_unit: PerUnit
    asked: Asked
    step: tuple[Operation, ...] = ()
    notes: tuple[str, ...] = ()

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
