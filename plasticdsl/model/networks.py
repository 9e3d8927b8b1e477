"""Networks: populations of units or sources, and the projections that connect them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from plasticdsl.model.blocks import Block, Presence
from plasticdsl.model.dynamics import SumInto
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.owners import OfArgument, OfPopulation, OfProjection, Owner, Whose, owner_text
from plasticdsl.model.parts import Emitted, NamedPart, Units
from plasticdsl.model.patterns import DataSet, PatternSet
from plasticdsl.model.proofs import Proof
from plasticdsl.model.variables import Value, Variable
from plasticdsl.source import NOWHERE, Span


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
    written out as it. `hidden`: nobody wrote it down; it has what flows in the network. `as_many_as`: the population whose size it has, whatever that is
    set to (a source written in place); else it is empty.
    """

    name: str
    symbol: str
    size: Expr
    block: Block
    source: Source | None = None
    values: tuple[tuple[str, Value], ...] = ()
    span: Span = NOWHERE
    step: Expr | None = None
    hidden: bool = False
    as_many_as: str = ""

    @property
    def as_owner(self) -> OfPopulation:
        """Whose its variables are, seen from outside."""
        return OfPopulation(self.name)

    @property
    def number(self) -> Ref:
        """What is set to say how many there are: the population as such, or the parameter that counts its neurons where each unit is a segment of one."""
        counted = refs(self.size) if self.block.sections else ()
        return next(iter(counted), Ref(self.as_owner, ""))

    @property
    def spikes(self) -> bool:
        """Whether its units fire spikes."""
        return self.block.spike is not None if self.source is None else not isinstance(self.source, ClampedSource)

    @property
    def emits(self) -> tuple[Emitted, ...]:
        """Its spikes and other events, in the order in which they happen."""
        return tuple(Emitted(self.name, event) for event in (*([""] if self.spikes else ()), *(e.name for e in self.block.events)))


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
    `shared`: projections whose weights it uses and whose gradients go through it: each of their connections has its counterpart among its own.
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
    shared: tuple[str, ...] = ()

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

    def of_units(self, found: Iterable[Ref]) -> set[Ref]:
        """The variables of the units among what a connection reads or changes."""
        ends = self.ends
        return {Ref(OfPopulation(ends[ref.owner]), ref.name) for ref in found if ref.owner in ends}


@dataclass(frozen=True, slots=True)
class Network:
    """Populations and projections in the order written, parameters and observables (`variables`), and `order`: inputs and those
    definitions that connections or the network read, each after what it depends on. `data`: files of arrays. `proofs`: what it says of itself. `parts`: of
    populations, with names. `symbol`: its name as it was written, where it was.
    """

    name: str
    doc: str
    variables: tuple[Variable, ...]
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    order: tuple[Ref, ...] = ()
    span: Span = NOWHERE
    patterns: tuple[PatternSet, ...] = ()
    data: tuple[DataSet, ...] = ()
    proofs: tuple[Proof, ...] = ()
    parts: tuple[NamedPart, ...] = ()
    symbol: str = field(default="", compare=False)

    @property
    def called(self) -> str:
        """What it is called where people read it."""
        return self.symbol or self.name

    @property
    def blocks(self) -> dict[Owner, Block]:
        """What units and connections do, by their population or projection."""
        of_units: dict[Owner, Block] = {p.as_owner: p.block for p in self.populations}
        return of_units | {p.as_owner: p.connection for p in self.projections}

    def sums_into(self, population: str, name: str) -> tuple[tuple[Projection, SumInto], ...]:
        """The sums that fill an input of a population, in order, each with the projection over which it runs."""
        return tuple((p, s) for p in self.projections if p.post == population for s in p.connection.sums if s.target == name)
