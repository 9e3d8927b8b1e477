"""Variables that a phase takes from a table, one row of it for so many steps.

Comes in: the plan, which says which variables may be fed. Goes out: the arguments of each feed and the kernel that copies the row of
the present step to the variable. The tables themselves come with `CompiledEngine.feed`, between calls.
"""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.kernels.identifiers import Kernel, Local, Part, group_of, of_population
from plasticdsl.kernels.loops.names import I, N, each_unit, stage_kernel
from plasticdsl.kernels.program import ONE, ZERO, Array, Comment, Function, If, Let, Read, Scalar, Size, Statement, Store, element
from plasticdsl.model.expr import Binary, Call, Compare, Expr, Ref
from plasticdsl.model.owners import OfPopulation
from plasticdsl.plan import operations as ops
from plasticdsl.plan.plan import Plan

_POSITION, _ROW, _COLUMN, _ACROSS, VALUE = (Local(text) for text in ("position", "row", "column", "across", "value"))
GIVEN, FREE = Compare("==", Read(VALUE), Read(VALUE)), Compare("!=", Read(VALUE), Read(VALUE))


def sizes(plan: Plan) -> tuple[Size, ...]:
    """Lengths of the tables: items, values in each, and how many items are shown."""
    lengths = (Part.FEED_ROWS, Part.FEED_WIDTH, Part.FEED_COUNT)
    return tuple(Size(group_of(r.owner).field(part, r.name)) for r in plan.asked.fed for part in lengths)


def arguments(plan: Plan) -> tuple[Array | Scalar, ...]:
    """The table of each fed variable, the items in the order in which they are shown, and when each is."""
    return tuple(a for ref in plan.asked.fed for a in _arguments(ref))


def _arguments(fed: Ref) -> Iterator[Array | Scalar]:
    field, v = group_of(fed.owner).field, fed.name
    yield Array(field(Part.FEED, v), "float64", (field(Part.FEED_ROWS, v), field(Part.FEED_WIDTH, v)), changes=False)
    yield Array(field(Part.FEED_ITEMS, v), "int64", (field(Part.FEED_COUNT, v),), changes=False)
    for part, start in ((Part.FEED_ACTIVE, 0), (Part.FEED_FIRST, 0), (Part.FEED_HOLD, 1), (Part.FEED_ACROSS, 0)):
        yield Scalar(field(part, v), "int64", start)


def active(fed: Ref) -> Compare:
    """Whether it is fed now."""
    return Compare("!=", Read(group_of(fed.owner).field(Part.FEED_ACTIVE, fed.name)), ZERO)


def shown(population: str, variable: str, step: Expr = Read(N)) -> tuple[Statement, ...]:  # noqa: B008  frozen
    """Which row of its table a fed variable takes in a step."""
    field = of_population(population).field
    first, hold, count = (Read(field(part, variable)) for part in (Part.FEED_FIRST, Part.FEED_HOLD, Part.FEED_COUNT))
    passed = Call("max", (Binary("-", step, first), ZERO))
    return (
        Let(_POSITION, Call("min", (Call("quotient", (passed, hold)), Binary("-", count, ONE)))),
        Let(_ROW, element(field(Part.FEED_ITEMS, variable), _POSITION)),
        Let(_ACROSS, Read(field(Part.FEED_ACROSS, variable))),
    )


def end(population: str, variable: str) -> Expr:
    """The step after the last in which another item is shown."""
    first, hold, count = (
        Read(of_population(population).field(part, variable)) for part in (Part.FEED_FIRST, Part.FEED_HOLD, Part.FEED_COUNT)
    )
    return Binary("+", first, Binary("*", count, hold))


def entry(population: str, variable: str) -> tuple[Statement, ...]:
    """What the row that is `shown` has for unit i: NaN where it is `FREE`."""
    column = Let(_COLUMN, Binary("*", Read(I), Read(_ACROSS)))
    return column, Let(VALUE, element(of_population(population).field(Part.FEED, variable), _ROW, _COLUMN))


def feed(plan: Plan, operation: ops.Feed) -> Function:
    """The kernel that gives the variable the values of the item of step n."""
    population, variable, stage = operation.population, operation.name, operation.stage
    cell = element(of_population(population).field(Part.VARIABLE if stage is None else Part.STAGE, variable), I)
    body = (
        Comment(f"{variable} of {population} is that of the present item, for units that have one (no NaN)"),
        *shown(population, variable),
        each_unit(population, (*entry(population, variable), If(GIVEN, (Store(cell, Read(VALUE)),))), in_order=True),
    )
    doc = f"Give {variable} of {population} the values of the item shown at step n, if it is fed."
    kernel = stage_kernel(Kernel("feed_{}_{}", (population, variable)), stage)
    return Function(kernel, doc, (If(active(Ref(OfPopulation(population), variable)), body),))
