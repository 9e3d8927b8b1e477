"""Variables that a phase takes from a table, one row of it for so many steps.

Comes in: the plan, which says which variables may be fed. Goes out: the arguments of each feed and the kernel that copies the row of
the present step to the variable. The tables themselves come with `CompiledEngine.feed`, between calls.
"""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.kernels.identifiers import Kernel, Local, Part, of_population
from plasticdsl.kernels.loops.names import I, N, each_unit
from plasticdsl.kernels.program import ONE, ZERO, Array, Comment, Function, If, Let, Read, Scalar, Size, Statement, Store, element
from plasticdsl.model.expr import Binary, Call, Compare
from plasticdsl.plan import operations as ops
from plasticdsl.plan.plan import Plan


def sizes(plan: Plan) -> tuple[Size, ...]:
    """Lengths of the tables: items, values in each, and how many items are shown."""
    lengths = (Part.FEED_ROWS, Part.FEED_WIDTH, Part.FEED_COUNT)
    return tuple(Size(of_population(p).field(part, v)) for p, v in plan.asked.fed for part in lengths)


def arguments(plan: Plan) -> tuple[Array | Scalar, ...]:
    """The table of each fed variable, the items in the order in which they are shown, and when each is."""
    return tuple(a for p, v in plan.asked.fed for a in _arguments(p, v))


def _arguments(p: str, v: str) -> Iterator[Array | Scalar]:
    field = of_population(p).field
    yield Array(field(Part.FEED, v), "float64", (field(Part.FEED_ROWS, v), field(Part.FEED_WIDTH, v)), changes=False)
    yield Array(field(Part.FEED_ITEMS, v), "int64", (field(Part.FEED_COUNT, v),), changes=False)
    for part, start in ((Part.FEED_ACTIVE, 0), (Part.FEED_FIRST, 0), (Part.FEED_HOLD, 1), (Part.FEED_ACROSS, 0)):
        yield Scalar(field(part, v), "int64", start)


def active(population: str, variable: str) -> Compare:
    """Whether it is fed now."""
    return Compare("!=", Read(of_population(population).field(Part.FEED_ACTIVE, variable)), ZERO)


def feed(plan: Plan, operation: ops.Feed) -> Function:
    """The kernel that gives the variable the values of the item of step n."""
    population, variable = operation.population, operation.name
    field, (position, row, column) = of_population(population).field, (Local(text) for text in ("position", "row", "column"))
    first, hold, count, across = (
        Read(field(part, variable)) for part in (Part.FEED_FIRST, Part.FEED_HOLD, Part.FEED_COUNT, Part.FEED_ACROSS)
    )
    passed = Call("max", (Binary("-", Read(N), first), ZERO))
    copy: tuple[Statement, ...] = (
        Let(column, Binary("*", Read(I), across)),
        Store(element(field(Part.VARIABLE, variable), I), element(field(Part.FEED, variable), row, column)),
    )
    body = (
        Comment(f"{variable} of {population} is that of the present item"),
        Let(position, Call("min", (Call("quotient", (passed, hold)), Binary("-", count, ONE)))),
        Let(row, element(field(Part.FEED_ITEMS, variable), position)),
        each_unit(population, copy, in_order=True),
    )
    doc = f"Give {variable} of {population} the values of the item shown at step n, if it is fed."
    return Function(Kernel("feed_{}_{}", (population, variable)), doc, (If(active(population, variable), body),))
