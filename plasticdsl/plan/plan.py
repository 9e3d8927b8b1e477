"""The plan: where every variable of a network lives and what happens to it when, before any loop is written.

Comes from `lower.lower(network)`, goes through `passes/` (plan → plan) to `kernels.build.build`. Expressions are those of the
checked model; `Remembered`, `TotalOf`, `Shadow` and `Forecast` appear in them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plasticdsl.model.expr import Expr
from plasticdsl.model.model import AddTo, Assign, Network, PerUnit, Population, Projection, SumInto, Total, Variable
from plasticdsl.model.schemes import Scheme
from plasticdsl.plan.others import Other, readers_first
from plasticdsl.plan.sweeps import Sweep
from plasticdsl.source import NOWHERE, Span


class Place(StrEnum):
    """The index space of a variable of a projection: one value per connection, per pre unit or per post unit."""

    CONNECTION = "connection"
    PRE = "pre"
    POST = "post"


class Slot(StrEnum):
    """When, within the events of one step, a statement of a projection runs; the order of the members is the order of execution.

    Everything of one slot runs, projection by projection, before the next slot begins. The late and early slots exist for ties: a jump
    that the other side must not see yet is made late, one that it asked to see (`r⁺`) early (`ties.py`).
    """

    POST_EARLY = "post early"
    PRE = "pre"
    POST = "post"
    PRE_LATE = "pre late"

    @property
    def side(self) -> Place:
        """Whose spikes trigger it."""
        return Place.PRE if self in (Slot.PRE, Slot.PRE_LATE) else Place.POST


class Layout(StrEnum):
    """How the connections of a projection are numbered, sorted by pre, then post unit: listed, or computed where all pairs are connected, or all
    pairs of different units."""

    LISTED = "listed"
    FULL = "full"
    FULL_BUT_SELF = "full but self"


@dataclass(frozen=True, slots=True)
class Remember:
    """A value kept under a local name during one event of one connection (or unit): read as `Remembered(name)`."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Foresee:
    """The jump of a variable of the connection made on its forecast, read as `Forecast(name)`."""

    name: str
    value: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class SumHistory:
    """`target += Σ increment` over the spike times kept in `history`, then `target` is bounded once. In `increment`, `Special("lag")` stands
    for the kept spike's time. `with_now`: a spike of this very step counts (a tie that belongs to this side), otherwise earlier ones alone."""

    history: str
    target: str
    increment: Expr
    with_now: bool
    span: Span = NOWHERE


#: A `Total` is taken when every connection that comes to its place has carried out the statements above, and read below as `TotalOf(name)`; at
#: postsynaptic spikes it is that of the unit that spiked.
PlanStatement = Assign | AddTo | Remember | Foresee | SumHistory | Total


@dataclass(frozen=True, slots=True)
class Event:
    """One statement at an event. `held`: it changes a weight and is skipped while rules are off."""

    statement: PlanStatement
    held: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A variable of a projection with its place. `derived`: it comes from a learning window, not from the text. `reason` for `explain`."""

    variable: Variable
    place: Place = Place.CONNECTION
    derived: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlacedScheme:
    """An integrator of a projection's variables, all in one place. `held`: it moves a weight and stands still while rules are off."""

    scheme: Scheme
    place: Place = Place.CONNECTION
    held: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """For each unit of `side`, the times of its spikes of the last `duration` seconds, as they reached the synapses: for a window that is no sum
    of exponentials."""

    name: str
    side: Place
    duration: Expr


@dataclass(frozen=True, slots=True)
class ProjectionPlan:
    """One projection. `events`: slot → statements in order. `each_step`, `periodic` (period, statements): without a trigger.

    `shadows`, `forecasts`: variables of which a copy is kept, see `Slot`. `same_axonal`, `same_dendritic`: one delay for all connections.
    `counts_now`: sides whose arriving spikes are counted (for ties of a window with a value of its own at zero lag). `others`: projections that
    it reads. `totals`: sums that flows read, each a variable of the post units.
    """

    projection: Projection
    variables: tuple[Placed, ...]
    events: tuple[tuple[Slot, tuple[Event, ...]], ...]
    schemes: tuple[PlacedScheme, ...]
    sums: tuple[SumInto, ...]
    each_step: tuple[Event, ...] = ()
    periodic: tuple[tuple[Expr, tuple[Event, ...]], ...] = ()
    histories: tuple[History, ...] = ()
    shadows: tuple[str, ...] = ()
    forecasts: tuple[str, ...] = ()
    counts_now: tuple[Place, ...] = ()
    same_axonal: bool = True
    same_dendritic: bool = True
    others: tuple[Other, ...] = ()
    layout: Layout = Layout.LISTED
    totals: tuple[Total, ...] = ()

    def place(self, name: str) -> Place:
        """Where this variable lives."""
        return next(p.place for p in self.variables if p.variable.name == name)

    def at(self, slot: Slot) -> tuple[Event, ...]:
        """The statements of a slot."""
        return next((events for s, events in self.events if s is slot), ())


@dataclass(frozen=True, slots=True)
class PopulationPlan:
    """One population; its schemes and statements are in `population.block`. `ring`: some projection delays or reads its spikes."""

    population: Population


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole network. `per_unit`: parameters and times that have one value per unit or connection; all others are shared.

    `notes`: what passes did, for `explain`. `sweeps`: populations that can update unit by unit.
    """

    network: Network
    populations: tuple[PopulationPlan, ...]
    projections: tuple[ProjectionPlan, ...]
    per_unit: PerUnit
    notes: tuple[str, ...] = ()
    sweeps: tuple[Sweep, ...] = ()

    @property
    def readers_first(self) -> tuple[ProjectionPlan, ...]:
        """The projections in an order in which each is read by others before it changes."""
        by_name = {p.projection.name: p for p in self.projections}
        return tuple(by_name[name] for name in readers_first(self.network))
