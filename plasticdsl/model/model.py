"""The checked model: what a file means, with every name resolved and every number in SI.

Comes in from `check`; goes out to `derive.schemes` (which fills `Block.schemes`), to `plan.lower` and to the reference
interpreter. It knows neither the syntax tree (but for spans) nor sympy, NumPy or numba, and pickles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from plasticdsl.graph import reached
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.owners import Foreign, OfArgument, OfPopulation, OfProjection, Owner, Whose, owner_text
from plasticdsl.model.parts import NamedPart, Units
from plasticdsl.model.patterns import DataSet, PatternSet
from plasticdsl.model.proofs import Proof
from plasticdsl.model.schemes import Scheme
from plasticdsl.source import NOWHERE, Span
from plasticdsl.units.dimension import Dimension


class Role(StrEnum):
    """What a name is.

    PARAMETER: constant during a run (a default, a value from the network, or a draw). GIVEN: a parameter without a default, which the
    projection or population must give. STATE: has a flow, a jump or an initial value. DEFINITION: `=` that always holds.
    INPUT: a sum that synapses fill. CLAMPED: the output of a `Source`, or an input that no projection fills: set by
    phases and programs, 0 before. REFRACTORY: 1 while the unit is refractory, else 0; in a network only where something reads it.
    """

    PARAMETER = "parameter"
    GIVEN = "given"
    STATE = "state"
    DEFINITION = "definition"
    INPUT = "input"
    CLAMPED = "clamped"
    REFRACTORY = "refractoriness"


@dataclass(frozen=True, slots=True)
class Distribution:
    """`name`: N, U, Gamma, LogN, Exp, Bernoulli, Binomial, Poisson; arguments as in `docs/language`. Two more are the ends at which it is cut off."""

    name: str
    arguments: tuple[Expr, ...]


Value = Expr | Distribution


@dataclass(frozen=True, slots=True)
class Variable:
    """One name of a block or network.

    `value`: default of a parameter or right side of a definition. `initial`: of a state (0 when None). `low`/`high`: hard bounds, applied
    after every statement that assigns it and after every flow step. `values`: the allowed values of a discrete variable.
    `unit`: text of the unit to show it in, with `scale` = SI value of 1 such unit. `indices`: of an observable with free index letters
    (`m_μ = …`), each letter and what it runs over; its value is then an array.
    """

    name: str
    symbol: str
    role: Role
    dimension: Dimension | None = None
    value: Value | None = None
    initial: Value | None = None
    low: Expr | None = None
    high: Expr | None = None
    values: tuple[float, ...] = ()
    unit: str = ""
    scale: float = 1.0
    span: Span = NOWHERE
    indices: tuple[tuple[str, str], ...] = ()

    @property
    def formula(self) -> Expr | None:
        """The right side of a definition; None for anything else."""
        return self.value if self.role is Role.DEFINITION and not isinstance(self.value, Distribution) else None


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
class Flow:
    """`d variable/dt = rate + noise ξ(t)`; the coefficient on the left has been divided out. `noise` is None without ξ."""

    variable: str
    rate: Expr
    noise: Expr | None = None
    source: str = ""
    is_rule: bool = False
    span: Span = NOWHERE


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
    """`spike when condition`; `rising`: only where it did not hold at the previous grid time."""

    condition: Expr
    rising: bool
    span: Span = NOWHERE


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


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """`method: RK4`: the name as written (`schemes.method_kind` says what it means) and the number of substeps."""

    name: str
    substeps: int
    span: Span


@dataclass(frozen=True, slots=True)
class Need:
    """A name a synapse or rule uses but does not declare: the block's own, of a unit, or of a projection that is its argument; `symbol`: as written."""

    owner: Foreign
    name: str
    symbol: str
    span: Span

    @property
    def key(self) -> str:
        """One text for each name that is needed; the plain name where it may be the block's own."""
        return Ref(self.owner, self.name).path if isinstance(self.owner, Whose) else f"({self.owner.name}).{self.name}"


class Presence(Enum):
    """Whether the connections of a projection stay, may vanish, or may arise too: then every pair that may be connected has its place."""

    FIXED = "fixed"
    PRUNED = "pruned"
    GROWN = "grown"


@dataclass(frozen=True, slots=True)
class Block:
    """A neuron, a synapse, a rule, or what a projection composes of a synapse and its rules (`kind == "connection"`).

    `variables`: parameters and definitions come in an order in which each depends only on earlier ones.
    `handlers` of one trigger run in the order given (in a connection: the synapse's, then each rule's).
    `output`: the variable that `x`/`y` mean. `presence`: of a connection.
    """

    kind: str
    name: str
    doc: str = ""
    variables: tuple[Variable, ...] = ()
    flows: tuple[Flow, ...] = ()
    handlers: tuple[Handler, ...] = ()
    pairs: tuple[PairRule, ...] = ()
    sums: tuple[SumInto, ...] = ()
    totals: tuple[Total, ...] = ()
    spike: Threshold | AtRate | None = None
    events: tuple[NamedEvent, ...] = ()
    refractory: Refractory | None = None
    output: str | None = None
    method: MethodChoice | None = None
    needs: tuple[Need, ...] = ()
    schemes: tuple[Scheme, ...] = ()
    span: Span = NOWHERE
    presence: Presence = Presence.FIXED

    def variable(self, name: str) -> Variable | None:
        """The variable with this canonical name."""
        return next((v for v in self.variables if v.name == name), None)

    @property
    def definitions(self) -> dict[str, Expr]:
        """The formulas of the definitions, in an order in which each depends only on earlier ones."""
        return {v.name: v.formula for v in self.variables if v.formula is not None}

    @property
    def stepping(self) -> tuple[str, ...]:
        """The own states that a statement without a trigger assigns at each step."""
        statements = self.statements(Trigger.STEP)
        assigned = {s.target.name for s in statements if isinstance(s, Assign) and s.target.owner is Whose.OWN}
        return tuple(v.name for v in self.variables if v.role is Role.STATE and v.name in assigned)

    @property
    def stepping_inputs(self) -> tuple[str, ...]:
        """The inputs that statements without a trigger read, also through definitions."""
        read = self.read_through(s.value for s in self.statements(Trigger.STEP))
        return tuple(v.name for v in self.variables if v.role is Role.INPUT and Ref(Whose.OWN, v.name) in read)

    def definition(self, ref: Ref) -> Expr | None:
        """The formula behind a name as the block itself reads it; None where it is no definition of its own."""
        found = self.variable(ref.name) if ref.owner is Whose.OWN else None
        return None if found is None else found.formula

    @property
    def arguments(self) -> frozenset[str]:
        """The names of projections and units that it takes as arguments."""
        read = {n.owner.name for n in self.needs if isinstance(n.owner, OfArgument)}
        return frozenset(read | {h.unit.name for h in self.handlers if h.unit is not None})

    def statements(self, *triggers: Trigger) -> tuple[Statement, ...]:
        """What its handlers do, one after the other; with `triggers`, those of these alone."""
        return tuple(s for h in self.handlers if not triggers or h.trigger in triggers for s in h.statements)

    def read_through(self, exprs: Iterable[Expr]) -> set[Ref]:
        """Everything that expressions of the block read, its own definitions among them, and what these read."""

        def following(ref: Ref) -> frozenset[Ref]:
            formula = self.definition(ref)
            return frozenset() if formula is None else refs(formula)

        return reached((ref for expr in exprs for ref in refs(expr)), following)


# --- networks --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PoissonSource:
    """Each unit fires as a Poisson process of `rate` (per second); the rate may depend on t and on per-unit values."""

    rate: Expr


@dataclass(frozen=True, slots=True)
class RegularSource:
    """Spikes at start + k/rate, k = 0 … count − 1 (count None: for ever), each rounded to the grid from the start, not summed up."""

    rate: Expr
    start: Expr
    count: Expr | None


@dataclass(frozen=True, slots=True)
class SpikeFile:
    """`SpikeTimes(d.times ms, d.units)`: the arrays of these names in the file at `path`; `scale`: how many seconds 1 is. Units are numbered from 0."""

    path: str
    times: str
    units: str
    scale: float


@dataclass(frozen=True, slots=True)
class GivenSpikes:
    """`SpikeTimes([…])` for every unit, or times and units given from Python under `name` or read from a `file`."""

    times: tuple[Expr, ...]
    name: str = ""
    file: SpikeFile | None = None


@dataclass(frozen=True, slots=True)
class ClampedSource:
    """`Source`: an output that phases, patterns or data clamp; 0 where nothing does. Its variable is `x`."""


Source = PoissonSource | RegularSource | GivenSpikes | ClampedSource


@dataclass(frozen=True, slots=True)
class Population:
    """`size` units of `block` or of a `source` (`block` then holds the source's own variables, e.g. a drawn rate).

    `values` override the block's parameters or initial values (keys `"V(0)"` for the latter); expressions are in the scope of
    the network and of the block's parameters. `step`: how long its steps are, where they are longer than those of the network; `dt` in the block is
    written out as it.
    """

    name: str
    symbol: str
    size: Expr
    block: Block
    source: Source | None = None
    values: tuple[tuple[str, Value], ...] = ()
    span: Span = NOWHERE
    step: Expr | None = None

    @property
    def as_owner(self) -> OfPopulation:
        """Whose its variables are, seen from outside."""
        return OfPopulation(self.name)

    @property
    def spikes(self) -> bool:
        """Whether its units fire spikes."""
        return self.block.spike is not None if self.source is None else not isinstance(self.source, ClampedSource)

    @property
    def emits(self) -> tuple[Emitted, ...]:
        """Its spikes and other events, in the order in which they happen."""
        return tuple((self.name, event) for event in (*([""] if self.spikes else ()), *(e.name for e in self.block.events)))


@dataclass(frozen=True, slots=True)
class Connectivity:
    """Which connections exist.

    `kind`: `all`, `one`, `probability`, `in-degree`, `out-degree`, `where`, `listed`, `transposed`; `amount` the probability, degree or condition on
    `Special("i")`, `Special("j")`; `also` an additional `where` condition. `self_connections`/`repeats` as the text says
    (defaults: all, probability and where include self-connections unless `except self`; degrees exclude both).
    `listed`: given from Python, or by `data`: arrays of pre and of post units (from 0), or one matrix [post, pre], whose entries that are not 0 are
    connections. `transposed` (derived ones only): those of projection `of`, each from its post to its pre unit. `pre`, `post`: the parts of the two
    populations among which there are connections (empty: the whole); then numbers and amounts are of these parts, and i and j still the numbers of units.
    """

    kind: str
    amount: Expr | None = None
    also: Expr | None = None
    self_connections: bool = True
    repeats: bool = False
    span: Span = NOWHERE
    of: str = ""
    pre: Units = ()
    post: Units = ()
    data: tuple[Ref, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether every unit of one population is connected with every unit of the other, but for self-connections."""
        return self.kind == "all" and self.also is None and not self.pre and not self.post


class Timing(Enum):
    """Times that a population or a projection has beside what the author called by a name."""

    REFRACTORY = "refractory time"
    AXONAL = "axonal delay"
    DENDRITIC = "dendritic delay"


@dataclass(frozen=True, slots=True)
class Timed:
    """One of these times of a population or projection."""

    owner: Owner
    timing: Timing

    @property
    def order(self) -> tuple[str, str, str]:
        """As `Ref.order`."""
        return owner_text(self.owner), "", self.timing.value


#: A variable of units: the name of the population, and its own.
Owned = tuple[str, str]
#: What happens to units: the name of the population, and of the event; empty for spikes.
Emitted = tuple[str, str]
#: What has one value per unit or connection.
PerUnit = frozenset[Ref | Timed]


@dataclass(frozen=True, slots=True)
class Delays:
    """Axonal and dendritic delay (s), each the same for all connections (an Expr) or drawn per connection; None where none is written, or a
    number that is 0. A bare `delay` on a projection without a rule is `axonal`."""

    axonal: Value | None = None
    dendritic: Value | None = None

    def __bool__(self) -> bool:
        """Whether there is a delay, and so whether sums take time."""
        return self.axonal is not None or self.dendritic is not None


@dataclass(frozen=True, slots=True)
class Third:
    """A unit of another population that connections take as an argument, `owner`: the one with the number `first` (from 0) for all of them, or (`each`)
    one for each post unit i (from 0), with the number i + `first`. `units`: the part of the population that was written, `post`: that of the postsynaptic
    one (empty: the whole)."""

    owner: OfArgument
    population: str
    first: Expr
    each: bool
    units: Units = ()
    post: Units = ()
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Projection:
    """Connections from population `pre` to population `post`, each carrying the state of `connection`.

    `values` as in `Population`; `origins` maps a variable of `connection` to (block name, its name there), for `Block.name` look-ups.
    `rules`: names of the rules it carries. `given`: variables whose values the projection itself writes (`w = 0.05`). `symmetric`: those with
    `w_ij = w_ji`; `alike`: own parameters that their changes read, which must be the same in both directions too; `partners`: own states that their
    changes read, each with the one that takes its place in the other direction. `thirds`: units of other populations that they take as arguments.
    """

    name: str
    symbol: str
    pre: str
    post: str
    connection: Block
    connectivity: Connectivity
    delays: Delays = Delays()
    values: tuple[tuple[str, Value], ...] = ()
    rules: tuple[str, ...] = ()
    origins: tuple[tuple[str, tuple[str, str]], ...] = ()
    given: tuple[str, ...] = ()
    span: Span = NOWHERE
    symmetric: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    partners: tuple[tuple[str, str], ...] = ()
    thirds: tuple[Third, ...] = ()

    @property
    def as_owner(self) -> OfProjection:
        """Whose its variables are, seen from outside."""
        return OfProjection(self.name)

    @property
    def changing(self) -> bool:
        """Whether its connections come and go (`model.presence`)."""
        return self.connection.presence is not Presence.FIXED

    @property
    def ends(self) -> Mapping[Owner, str]:
        """The populations of the units, by how a connection names them."""
        return {Whose.PRE: self.pre, Whose.POST: self.post, **{third.owner: third.population for third in self.thirds}}

    def third(self, owner: OfArgument) -> Third:
        """The unit that is this argument."""
        return next(third for third in self.thirds if third.owner == owner)

    def from_outside(self, ref: Ref) -> Ref:
        """What a connection reads, seen from outside: as a variable of the projection or of the population of a unit."""
        if ref.owner is Whose.OWN:
            return Ref(self.as_owner, ref.name)
        return Ref(OfPopulation(self.ends[ref.owner]), ref.name) if ref.owner in self.ends else ref

    def of_units(self, found: Iterable[Ref]) -> set[Owned]:
        """The variables of the units among what a connection reads or changes."""
        ends = self.ends
        return {(ends[ref.owner], ref.name) for ref in found if ref.owner in ends}


@dataclass(frozen=True, slots=True)
class Network:
    """Populations and projections in the order written, parameters and observables (`variables`), and `order`: inputs and those
    definitions that connections or the network read, each after what it depends on. `data`: files of arrays. `proofs`: what it says of itself. `parts`: of
    populations, with names.
    """

    name: str
    doc: str
    variables: tuple[Variable, ...]
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    order: tuple[Owned, ...] = ()
    span: Span = NOWHERE
    patterns: tuple[PatternSet, ...] = ()
    data: tuple[DataSet, ...] = ()
    proofs: tuple[Proof, ...] = ()
    parts: tuple[NamedPart, ...] = ()

    @property
    def blocks(self) -> dict[Owner, Block]:
        """What units and connections do, by their population or projection."""
        of_units: dict[Owner, Block] = {p.as_owner: p.block for p in self.populations}
        return of_units | {p.as_owner: p.connection for p in self.projections}

    def sums_into(self, population: str, name: str) -> tuple[tuple[Projection, SumInto], ...]:
        """The sums that fill an input of a population, in order, each with the projection over which it runs."""
        return tuple((p, s) for p in self.projections if p.post == population for s in p.connection.sums if s.target == name)
