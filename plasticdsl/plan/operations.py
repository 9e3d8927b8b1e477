"""What can happen in a step: a closed union. `Plan.step` holds them in the order in which they happen; `kernels` writes one loop for each.

An operation names what it works on (`population`, `projection`: names) and holds what no part of the plan says; everything else is in that part.
`stage` (0 to 3): it belongs to a stage of the integrators that are taken together; None: to t_n.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plasticdsl.model import Total
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.plan.places import Place, Slot
from plasticdsl.plan.sweeps import Sweep

# --- what needs no more than its name ---------------------------------------------------------------------------------


class OfUnits(StrEnum):
    """What all units of a population do, and in words when it is."""

    SPIKE = "spikes"  # those that spike at t_n are listed
    JUMP = "jumps of units that spike"  # and their refractory time begins
    FLOW = "flow"  # but of variables that are taken together
    FINISH = "flow at the end of stages"  # variables that were taken together get what their stages found


class OfConnections(StrEnum):
    """What a projection does for all its connections, and in words when it is."""

    COPY = "copies for ties"  # shadows and forecasts become what their variables are before the events of the step
    ARRIVE = "what spikes sent a dendritic delay ago arrives"  # at the post units
    SEND = "sums with dendritic delays are sent"
    REMEMBER = "what sums read an axonal delay later is kept"  # of the pre units
    ADD = "what is added to units without a spike"  # when everyone has read the values from before
    SETTLE = "connections are brought up to date"  # where a frame of what flows in them ends
    TURN = "a frame of postponed changes ends"  # where one does
    ROOM = "rows that histories cannot wait for are brought up to date"  # where a post unit could forget what they have not seen
    TURN_PRE = "traces are kept relative to the next frame"  # where a frame ends, of the pre units
    TURN_POST = "histories are kept relative to the next frame"  # and of the post units
    EXCEPT_TIES = "postponed changes leave out what reaches synapses now"  # that the presynaptic spike comes after
    BEGIN_BLOCK = "sums of all steps that are known beforehand are formed at once"  # where no block of steps is going on
    SUM_BLOCK = "the sums of this step are taken from those of its block"
    KEEP_BLOCK = "changes are kept until the block ends"
    END_BLOCK = "all changes of a block are made at once"
    KEEP_CHANGES = "changes are kept until the next sum"


@dataclass(frozen=True, slots=True)
class Units:
    """One of these for a population. `event`: of spikes and jumps, what else happens to the units."""

    population: str
    what: OfUnits
    event: str = ""


@dataclass(frozen=True, slots=True)
class Connections:
    """One of these for a projection."""

    projection: str
    what: OfConnections


# --- spikes and what they do -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Feed:
    """A variable takes the values of the item of this step, while a phase feeds it; what has values at the stages of an integrator does so there too."""

    population: str
    name: str
    stage: int | None = None


@dataclass(frozen=True, slots=True)
class KeepTimes:
    """The spikes that reach the synapses now are added to a history."""

    projection: str
    history: str


@dataclass(frozen=True, slots=True)
class CountArrivals:
    """Spikes of a side that reach the synapses now are counted; `anew`: that count begins anew."""

    projection: str
    side: Place
    anew: bool = False


@dataclass(frozen=True, slots=True)
class AtSpikes:
    """What the projection does when spikes, or other events, reach its synapses."""

    projection: str
    slot: Slot
    event: str = ""


@dataclass(frozen=True, slots=True)
class Meet:
    """What the pre units of a projection do when their spikes reach the synapses, and what connections will read of them then (`Window`)."""

    projection: str


@dataclass(frozen=True, slots=True)
class AtThird:
    """What the projection does when a unit that is an argument spikes; `number`: which of those for which it waits."""

    projection: str
    number: int


# --- sums and definitions --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Define:
    """A definition of the units is evaluated. `written`: as the author wrote it."""

    population: str
    name: str
    value: Expr
    written: Expr
    stage: int | None = None


@dataclass(frozen=True, slots=True)
class BeginLate:
    """What arrives at an input with a delay begins with 0."""

    population: str
    target: str


@dataclass(frozen=True, slots=True)
class AddLate:
    """Sums of a projection are added to it: those that need no time on the dendritic side, or those `sent` a dendritic delay ago."""

    projection: str
    target: str
    sent: bool


@dataclass(frozen=True, slots=True)
class BeginSum:
    """An input begins with what arrives `late`, or 0."""

    population: str
    target: str
    late: bool
    stage: int | None = None


@dataclass(frozen=True, slots=True)
class AddSum:
    """The sums over a projection's connections are added to an input. `along`: they run over the connections of this other projection. `changes`: what
    rules have changed since the last sum is carried out on the way (`passes.defer`)."""

    projection: str
    target: str
    along: str | None
    stage: int | None = None
    changes: bool = False


@dataclass(frozen=True, slots=True)
class EvaluateInput:
    """Everything that makes an input."""

    population: str
    target: str
    parts: tuple[Operation, ...]
    stage: int | None = None


@dataclass(frozen=True, slots=True)
class TakeTotals:
    """The sums that the flows of connections read, group by group: none reads another one of its group."""

    projection: str
    groups: tuple[tuple[Total, ...], ...]


# --- steps -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AtStep:
    """What the projection does without a spike. `periodic`: which of the periodic ones, None for what it does at every step."""

    projection: str
    periodic: int | None


@dataclass(frozen=True, slots=True)
class ChangeUnits:
    """What the units do by themselves, all at once."""

    population: str
    number: int


@dataclass(frozen=True, slots=True)
class Terms:
    """A sum of `body` over the connections of a projection, as long as nothing in it changes but these `variables` of the pre units."""

    projection: str
    body: Expr
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """Whether an input still holds the sum of its terms at the end of a step is noted (`passes.keep`): if, in this one, the rules of the projections
    `switched` are off, and the variables `unfed` do not come from tables. What changes other parts of its terms from outside makes the next step sum
    anew."""

    population: str
    target: str
    switched: tuple[str, ...]
    unfed: tuple[Ref, ...]
    terms: tuple[Terms, ...]


@dataclass(frozen=True, slots=True)
class Follow:
    """An input that is kept gets the changes of what pre units are now, where few have changed; where many have, it is to be summed anew."""

    kept: Keep


@dataclass(frozen=True, slots=True)
class Summed:
    """An input has been summed, and is kept from now on."""

    kept: Keep


# --- flow ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AtStage:
    """The variables of units that flow together are led to a stage, or (`slopes`) their rates are taken there."""

    population: str
    stage: int
    slopes: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """The projection's variables of one place move from t_n to t_{n+1}."""

    projection: str
    place: Place


# --- conditions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OneByOne:
    """While a population updates unit by unit, or (`off`) all at once."""

    population: str
    off: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Where an input that can be kept has to be summed anew."""

    population: str
    target: str


@dataclass(frozen=True, slots=True)
class RulesOn:
    """While the rules of any of these projections are on."""

    projections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InBlock:
    """While sums and changes of a projection belong to a block of steps, or (`off`) are formed step by step; `over`: where such a block has no more
    steps."""

    projection: str
    off: bool = False
    over: bool = False


Condition = OneByOne | Due | RulesOn | InBlock


@dataclass(frozen=True, slots=True)
class Only:
    """These operations, under a condition."""

    when: Condition
    parts: tuple[Operation, ...]


# --- several steps ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """As many steps as the smallest delay (`passes.windows`). `ahead`, step by step: what hangs on spikes of earlier windows alone. Then `parts`, for one
    share of the units after the other, step by step each. What spiked meanwhile is known to all at the end."""

    ahead: tuple[Single, ...]
    parts: tuple[Single, ...]


#: What is one loop.
OfSpikes = Feed | KeepTimes | CountArrivals | AtSpikes | Meet | AtThird
OfSums = Define | BeginLate | AddLate | BeginSum | AddSum | TakeTotals
OfSteps = AtStep | ChangeUnits | Sweep | Keep | Follow | Summed
OfFlow = AtStage | Flow
Single = Units | Connections | OfSpikes | OfSums | OfSteps | OfFlow
Operation = Single | EvaluateInput | Only | Window
