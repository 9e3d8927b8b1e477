"""What a projection keeps while a block of steps lasts (`loops.blocks`), and how its loops read it.

Comes in: the plan of a projection with a `StepBlock`. Goes out: `Block`, and the arrays and sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plasticdsl.kernels.identifiers import RUN, Field, Local, Part, of_population, of_projection
from plasticdsl.kernels.loops.names import I, N, Names, number_of, place_sizes
from plasticdsl.kernels.loops.walks import every_unit, in_force
from plasticdsl.kernels.program import ONE, ZERO, Array, Element, Fill, Let, Read, Size, Statement, Store, element, minus, only, plus, times
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model import Role
from plasticdsl.model.expr import Compare, Expr, Logic, Number
from plasticdsl.plan import operations as ops
from plasticdsl.plan.blocks import StepBlock
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Layout, Plan, ProjectionPlan
from plasticdsl.support.products import GROUP, MOST_AT_ONCE, TILE, in_groups, steps_at_once

#: For so many steps no block begins where one could not, or weights came near their bounds.
WAIT = 512

#: The local that says which step of the block this is.
PLACE = Local("place")


@dataclass(frozen=True, slots=True)
class Block:
    """A projection that takes steps in blocks."""

    plan: Plan
    projection: ProjectionPlan

    @property
    def how(self) -> StepBlock:
        """What is summed, and what changes."""
        assert self.projection.block is not None
        return self.projection.block

    @property
    def terms(self) -> int:
        """Changes in each step."""
        return 0 if self.how.change is None else len(self.how.change.terms)

    @property
    def leaves_all(self) -> bool:
        """Whether rules do nothing to w but add to it."""
        return self.how.change is None or self.how.change.kept == ONE

    @property
    def is_bounded(self) -> bool:
        """Whether changes may meet bounds of w."""
        return self.how.change is not None and not (self.how.weight.low is None and self.how.weight.high is None)

    @property
    def names(self) -> Names:
        """What names are in its loops."""
        return Names(self.plan, self.projection)

    def field(self, part: Part, *of: str) -> Field:
        """One of its fields."""
        return of_projection(self.projection.name).field(part, *of)

    def of_unit(self, part: Part) -> Element:
        """What there is for post unit i."""
        return element(self.field(part), I)

    @property
    def shown(self) -> Field:
        """What the sums read of the pre units."""
        return self.field(Part.BLOCK_SHOWN, self.how.shown)

    @property
    def w(self) -> Element:
        """The weight of connection k."""
        return self.names.own(self.how.weight.name)

    @property
    def steps(self) -> Element:
        """How many steps the present block has."""
        return only(self.field(Part.BLOCK_STEPS))

    @property
    def place(self) -> Let:
        """Which step of the block this one is."""
        return Let(PLACE, minus(Read(N), only(self.field(Part.BLOCK_FIRST))))

    @property
    def later(self) -> Store:
        """For some time no block begins."""
        return Store(only(self.field(Part.BLOCK_NEXT)), plus(Read(N), Number(float(WAIT))))

    @property
    def may_be_free(self) -> bool:
        """Whether what is shown is a state, which moves by itself where no table gives it."""
        own = self.projection.projection
        return self.plan.population(own.pre).variable(self.how.shown).variable.role is Role.STATE

    @property
    def before(self) -> Expr:
        """How many changes there have been before this step."""
        return Read(PLACE) if self.terms == 1 else times(Read(PLACE), Number(float(self.terms)))

    def each_post(self, *body: Statement) -> Statement:
        """All post units."""
        (loop,) = every_unit(self.projection, Place.POST, body)
        return loop

    def while_on(self, body: Sequence[Statement]) -> tuple[Statement, ...]:
        """Only while rules are on, where these hold w."""
        held = self.how.change is not None and self.how.change.held
        return (in_force(self.projection, body),) if held else tuple(body)

    def in_products(self, function: str, count: Expr, *arrays: Field) -> Fill:
        """What `support.products` makes of the matrix of weights."""
        own = self.projection.projection
        gap = ONE if self.projection.layout is Layout.FULL_BUT_SELF else ZERO
        return Fill(arrays, function, (count, number_of(own.pre), number_of(own.post), gap))


# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(plan: Plan, projection: ProjectionPlan) -> tuple[Size, ...]:
    """Lengths of what is kept while a block lasts."""
    if projection.block is None:
        return ()
    block = Block(plan, projection)
    pre, post = (of_population(name).field(Part.UNITS) for name in (projection.projection.pre, projection.projection.post))
    rows = MOST_AT_ONCE * max(1, block.terms)
    return (
        Size(block.field(Part.BLOCK_LENGTH), Apply(steps_at_once, (pre, post))),
        Size(block.field(Part.BLOCK_TERMS), rows),
        Size(block.field(Part.BLOCK_WIDTH), Apply(in_groups, (pre,))),
        Size(block.field(Part.BLOCK_TILE_LENGTH), rows * TILE),
        Size(block.field(Part.BLOCK_ROWS_LENGTH), GROUP * TILE),
        Size(block.field(Part.BROUGHT_LENGTH, block.how.weight.name)),
    )


def arguments(plan: Plan, projection: ProjectionPlan) -> Iterator[Array]:
    """What is kept while a block lasts. It goes on where a state is saved in between, so that nothing depends on when that is."""
    if projection.block is None:
        return
    block = Block(plan, projection)
    post, one = place_sizes(projection)[Place.POST], RUN.field(Part.ONE)
    length, rows, width = map(block.field, (Part.BLOCK_LENGTH, Part.BLOCK_TERMS, Part.BLOCK_WIDTH))
    yield from (Array(block.field(p), "int64", (one,), 0) for p in (Part.BLOCK_STEPS, Part.BLOCK_FIRST, Part.BLOCK_NEXT))
    yield Array(block.shown, "float64", (length, width), narrow=True)
    yield Array(block.field(Part.BLOCK_SUMS), "float64", (length, post))
    yield Array(block.field(Part.BLOCK_FACTORS), "float64", (rows, width), narrow=True)
    yield Array(block.field(Part.BLOCK_CHANGES), "float64", (rows, post), narrow=True)
    yield Array(block.field(Part.BLOCK_OVERLAPS), "float64", (rows, length))
    yield from (Array(block.field(part), "float64", (post,), 1.0) for part in (Part.BLOCK_KEPT, Part.BLOCK_LEAST, Part.BLOCK_MOST))
    yield Array(block.field(Part.BLOCK_LEFT), "float64", (post,), changes=False)
    now = block.how.weight.name
    yield Array(block.field(Part.BROUGHT, now), "float64", (block.field(Part.BROUGHT_LENGTH, now),), changes=False)
    for part, long in ((Part.BLOCK_TILE, Part.BLOCK_TILE_LENGTH), (Part.BLOCK_ROWS, Part.BLOCK_ROWS_LENGTH)):
        yield Array(block.field(part), "float64", (block.field(long),), changes=False, narrow=True)


def condition(when: ops.InBlock) -> Expr:
    """Whether a block is going on, or has no more steps."""
    field = of_projection(when.projection).field
    steps = only(field(Part.BLOCK_STEPS))
    begun = Compare("==" if when.off else ">", steps, ZERO)
    ends = Compare(">=", Read(N), plus(only(field(Part.BLOCK_FIRST)), steps))
    return Logic("and", (begun, ends)) if when.over else begun
