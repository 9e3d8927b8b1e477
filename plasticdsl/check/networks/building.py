"""A network while it is checked: what is known of it so far, for what stands later in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plasticdsl.check.blocks.block import CheckedBlocks
from plasticdsl.check.networks.positions import Space
from plasticdsl.check.terms.amounts import Values
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.scope import Declared, Scope, entries, seen_events
from plasticdsl.check.terms.unification import Dim
from plasticdsl.model import Block, Population, Projection, Third
from plasticdsl.model.expr import Expr
from plasticdsl.model.owners import OfArgument, OfProjection, Owner, Whose
from plasticdsl.model.parts import NamedPart, Units, count
from plasticdsl.model.patterns import DataSet, PatternSet
from plasticdsl.source import Span
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Side:
    """One population with the dimension of each of its names; `units`: the part of it that is meant; `named`: the parts of
    populations that have names; `space`: where its units are, if that is known."""

    population: Population
    dims: Mapping[str, Dim]
    units: Units = ()
    named: tuple[NamedPart, ...] = ()
    space: Space | None = None

    @property
    def block(self) -> Block:
        """What one of its units is."""
        return self.population.block

    @property
    def count(self) -> Expr:
        """How many units are meant."""
        return count(self.units) if self.units else self.population.size


@dataclass(slots=True)
class Building:
    """`names` are those of the network's scope; `dims`: by projection; `constants`: what is known of its parameters; `pattern_dims`: the dimension of
    the entries of each of `patterns`; `observables`: the dimension of each, known by name before they are translated; `parts`: of populations, by
    name, and `named`: the same once the populations are known; `data`: files of arrays, by name;
    `missing`: populations and projections that are declared but not known, because of an
    error; `missing_rules`: the blocks of projections that could not be made; `moving`: the unit that has the network's quantities that flow;
    `fed`: values of populations that read them: (population, variable, value, where it is written)."""

    blocks: CheckedBlocks
    context: Context
    names: dict[str, Declared]
    sides: dict[str, Side] = field(default_factory=dict)
    projections: dict[str, Projection] = field(default_factory=dict)
    dims: dict[str, Mapping[str, Dim]] = field(default_factory=dict)
    constants: Values = field(default_factory=dict)
    patterns: dict[str, PatternSet] = field(default_factory=dict)
    pattern_dims: dict[str, Dim] = field(default_factory=dict)
    observables: dict[str, Dim] = field(default_factory=dict)
    parts: Mapping[str, tree.Indexed] = field(default_factory=dict)
    named: tuple[NamedPart, ...] = ()
    data: dict[str, DataSet] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    missing_rules: set[str] = field(default_factory=set)
    moving: Side | None = None
    fed: list[tuple[Side, str, Expr, Span]] = field(default_factory=list)

    @property
    def symbols(self) -> list[str]:
        """What the populations are called that somebody wrote down."""
        return [side.population.symbol for side in self.sides.values() if not side.population.hidden]

    def add_side(self, side: Side) -> None:
        """A population, in sight from now on."""
        self.sides[side.population.name] = side
        self._declare(side.population, "a population", side.block, side.dims)

    def add_projection(self, projection: Projection, dims: Mapping[str, Dim]) -> None:
        """A projection, in sight from now on."""
        self.projections[projection.name] = projection
        self.dims[projection.name] = dims
        self._declare(projection, "a projection", projection.connection, dims)

    def _declare(self, part: Population | Projection, what: str, block: Block, dims: Mapping[str, Dim]) -> None:
        members = Scope(entries(block.variables, dims, part.as_owner) | seen_events(block.events, part.as_owner))
        self.names[part.name] = Declared(part.name, part.symbol, what, members=members, span=part.span)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a block takes as an argument, `owner` for the projection's connections: the variables of another projection, or those of a unit of another
    population (`side`), which `third` says."""

    owner: OfProjection | OfArgument
    dims: Mapping[str, Dim]
    side: Side | None = None
    third: Third | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """The two units of a projection, and those of other populations that its blocks take as arguments.

    `observables`: those of the network, of which a rule may take derivatives. `constants`: as in `Building`. `delayed`: whether what arrives was sent
    earlier.
    """

    pre: Side
    post: Side
    thirds: Mapping[Owner, Side]
    observables: Mapping[str, Dim]
    constants: Values
    delayed: bool
    moving: Side | None = None

    def side(self, owner: Owner) -> Side | None:
        """The unit that an owner is."""
        return self.pre if owner is Whose.PRE else self.post if owner is Whose.POST else self.thirds.get(owner)
