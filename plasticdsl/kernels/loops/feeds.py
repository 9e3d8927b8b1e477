"""Variables that a phase takes from a table, one row of it for so many steps.

Comes in: the plan, whose network says which variables may be fed. Goes out: the arguments of each feed and the kernel that copies the row of
the present step to the variable. The tables themselves come with `CompiledEngine.feed`, between calls.
"""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.kernels.program import Array, Comment, Constant, For, Function, If, Let, Scalar, Size, Statement, Store, element, name
from plasticdsl.model.expr import Binary, Call, Compare, Expr, Number
from plasticdsl.model.model import Population, Role
from plasticdsl.plan.plan import Plan

ZERO, ONE = Number(0.0), Number(1.0)


def sizes(plan: Plan) -> tuple[Size, ...]:
    """Lengths of the tables: items, values in each, and how many items are shown."""
    return tuple(Size(f"{p}_{v}_feed_{what}", p, "feed") for p, v in plan.network.fed for what in ("rows", "width", "count"))


def arguments(plan: Plan) -> tuple[Array | Scalar, ...]:
    """The table of each fed variable, the items in the order in which they are shown, and when each is."""
    return tuple(a for p, v in plan.network.fed for a in _arguments(p, v))


def _arguments(p: str, v: str) -> Iterator[Array | Scalar]:
    full = f"{p}_{v}_feed"
    yield Array(full, "float64", (f"{full}_rows", f"{full}_width"), Constant(), False, f"values of {v} of {p}, one row per item")
    yield Array(f"{full}_items", "int64", (f"{full}_count",), Constant(), False, "row of each item shown, in order")
    yield Scalar(f"{full}_active", "int64", Constant(), f"1 while {v} of {p} is fed, else 0")
    yield Scalar(f"{full}_first", "int64", Constant(), "step at which the first item is shown")
    yield Scalar(f"{full}_hold", "int64", Constant(1.0), "for how many steps each item is shown")
    yield Scalar(f"{full}_across", "int64", Constant(), "1 where rows have a value for each unit, 0 where all units share one")


def fed(plan: Plan, population: str, variable: str) -> bool:
    """Whether a phase may feed this variable."""
    return (population, variable) in plan.network.fed


def active(population: str, variable: str) -> Expr:
    """Whether it is fed now."""
    return Compare("!=", name(f"{population}_{variable}_feed_active"), ZERO)


def feed(population: str, variable: str) -> Function:
    """The kernel that gives the variable the values of the item of step n."""
    full = f"{population}_{variable}_feed"
    passed = Call("max", (Binary("-", name("n"), name(f"{full}_first")), ZERO))
    position = Call("min", (Call("quotient", (passed, name(f"{full}_hold"))), Binary("-", name(f"{full}_count"), ONE)))
    copy: tuple[Statement, ...] = (
        Let("column", Binary("*", name("i"), name(f"{full}_across"))),
        Store(element(f"{population}_{variable}", "i"), element(full, "row", "column")),
    )
    body = (
        Comment(f"{variable} of {population} is that of the present item"),
        Let("position", position),
        Let("row", element(f"{full}_items", "position")),
        For("i", ZERO, name(f"{population}_units"), copy),
    )
    doc = f"Give {variable} of {population} the values of the item shown at step n, if it is fed."
    return Function(f"feed_{population}_{variable}", doc, ("n",), (), (), (If(active(population, variable), body),))


def feeds(plan: Plan) -> tuple[Function, ...]:
    """All of them, for the beginning of a step."""
    return tuple(feed(p, v) for p, v in plan.network.fed)


def moved(plan: Plan) -> tuple[str, ...]:
    """The kernels to run again at the end of a step: of what something else in the step may have changed."""
    by_name = {p.population.name: p.population for p in plan.populations}
    return tuple(f"feed_{p}_{v}" for p, v in plan.network.fed if _may_move(by_name[p], v))


def _may_move(population: Population, variable: str) -> bool:
    declared = population.block.variable(variable)
    return declared is not None and declared.role in (Role.STATE, Role.INPUT)
