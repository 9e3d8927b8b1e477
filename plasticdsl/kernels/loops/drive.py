"""What a source adds to units, each from a unit of its own: numbers of spikes are drawn and added in one loop, without lists (`plan.passes.drive`).

A number is that of the random words that are not below 0, 1, … (`support.counts`): comparisons with the least words that stand for 1, 2, …, which a
compiler does for several units together. Words beyond the last of these, and those near the upper end, which get more bits, are few, and looked at
one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce

from plasticdsl.kernels.identifiers import Local, Part, of_population
from plasticdsl.kernels.loops import projections
from plasticdsl.kernels.loops.bounds import added
from plasticdsl.kernels.loops.calendar import mean_in_step
from plasticdsl.kernels.loops.collect import mentioned
from plasticdsl.kernels.loops.emission import MEAN, NO_SPIKE, is_driving, words_of_step
from plasticdsl.kernels.loops.names import I, J, K, N, Names
from plasticdsl.kernels.loops.seldom import where_seldom
from plasticdsl.kernels.program import ONE, ZERO, Comment, Function, If, Increase, Let, Read, Statement, element, only
from plasticdsl.kernels.recipes import SEED
from plasticdsl.model import AddTo
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Number
from plasticdsl.model.pretty import pretty
from plasticdsl.plan import operations as ops
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.populations import ByHazard
from plasticdsl.support.counts import NEAR_ONE

#: So many numbers are told by comparisons.
COMPARED = 5

#: Locals: a number of spikes, and of all units; from which word on words are looked at one by one; the probability of a number, and of no larger one.
NUMBER, TOTAL, BEYOND, LIKELY, BELOW = (Local(text) for text in ("number", "total", "beyond", "likely", "below"))


def at_spikes(plan: Plan, operation: ops.AtSpikes) -> Function:
    """The kernel for the statements of a slot."""
    function, projection = projections.at_spikes(plan, operation), plan.projection(operation.projection)
    if not projection.driven:
        return function
    source = plan.population(projection.projection.pre)
    by = source.emits("").emission
    assert isinstance(by, ByHazard)
    mean = mean_in_step(plan, source, by)
    driven = If(is_driving(of_population(source.name), mean), tuple(_added(plan, projection, mean)), function.body)
    return replace(function, body=(driven,))


def _added(plan: Plan, projection: ProjectionPlan, mean: Expr) -> Iterator[Statement]:
    (event,) = projection.at_spikes
    assert isinstance(event.statement, AddTo)
    target, own, p = event.statement.target, projection.projection, of_population(projection.projection.pre)
    names = Names(plan, projection)
    amount, word = names.resolve(event.value), element(p.field(Part.WORDS), I)
    here = tuple(Let(one, Read(I)) for one in (J, K) if one in mentioned((Let(NUMBER, amount),)))
    total = Let(TOTAL, Binary("+", Read(TOTAL), Read(NUMBER)))
    numbers: list[Expr] = [Choice(((Compare(">=", word, Read(_least(k))), ONE),), ZERO) for k in range(COMPARED)]
    number: Expr = reduce(lambda some, more: Binary("+", some, more), numbers[1:], numbers[0])
    adding = added(names, target, Binary("*", Read(NUMBER), amount))
    assert isinstance(adding, Increase)
    drawn = Call("count_of", (word, Read(SEED), Read(p.field(Part.STREAM)), Read(I), Read(N), Read(MEAN), Read(NO_SPIKE)))
    few = Compare(">=", word, Read(BEYOND))
    rest = If(few, (*here, Let(NUMBER, Binary("-", drawn, number)), adding, total))
    yield Comment(f"{target.path} += {pretty(event.statement.value)}, as often as the unit of {own.pre} with its number spikes")
    yield from words_of_step(p, mean, own.post)
    yield from _thresholds()
    yield Let(TOTAL, ZERO)
    yield where_seldom(own.post, few, (rest,), before=(*here, Let(NUMBER, number), adding, total))
    yield Increase(only(p.field(Part.SPIKE_TOTAL)), Read(TOTAL))


def _least(number: int) -> Local:
    """The least word that stands for more than so many."""
    return Local(f"more_than_{number}")


def _thresholds() -> Iterator[Statement]:
    """⌈2³² p − ½⌉ for the probability p of a number that is no larger; the word of a number is that less ½ in units of 2⁻³²."""
    yield Let(LIKELY, Read(NO_SPIKE))
    yield Let(BELOW, Read(NO_SPIKE))
    for number in range(COMPARED):
        if number:
            yield Let(LIKELY, Binary("*", Read(LIKELY), Binary("/", Read(MEAN), Number(float(number)))))
            yield Let(BELOW, Binary("+", Read(BELOW), Read(LIKELY)))
        yield Let(_least(number), Call("ceil", (Binary("-", Binary("*", Read(BELOW), Number(2.0**32)), Number(0.5)),)))
    yield Let(BEYOND, Call("min", (Read(_least(COMPARED - 1)), Number(float(NEAR_ONE)))))
