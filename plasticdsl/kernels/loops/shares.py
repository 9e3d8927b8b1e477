"""Kernels of a share of the units, and what shares keep for a window of steps (`plan.passes.windows`).

A share has the units of each population from `BEGINS[share]` on. Its kernels are those that work on all units, rewritten: loops over units run over those
of the share, and spikes are listed by share and step of the window (`SHARE_SPIKES`) until all shares are through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import RUN, Field, Kernel, Local, Part, of_population, of_projection
from plasticdsl.kernels.loops.collect import changed, mentioned
from plasticdsl.kernels.loops.names import SHARE, SLOT, STEP, I, N, number_of, ring
from plasticdsl.kernels.loops.seldom import FIRST, GROUP, MEMBER
from plasticdsl.kernels.loops.walks import S
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Element,
    Fill,
    For,
    Function,
    If,
    Increase,
    Let,
    Read,
    Scalar,
    Size,
    Statement,
    Store,
    element,
    only,
)
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model.expr import Binary, Call, Expr
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import PopulationPlan
from plasticdsl.support.structure import begins_of_shares, counts_of, ends, shares_of, window_of

#: Numbers of the barrier: a line of memory that nothing else is in.
BARRIER_LENGTH = 16

#: Locals: the share that a loop over all of them is at, and how many spikes there are.
ANY, COUNT = Local("any_share"), Local("count")


# --- what is kept ----------------------------------------------------------------------------------------------------


def members(plan: Plan) -> tuple[str, ...]:
    """Populations whose units are divided."""
    return tuple(p.name for p in plan.populations if p.population.source is None)


def sizes(plan: Plan) -> Iterator[Size]:
    """How many shares there are, and how long a window is."""
    if not plan.windowed:
        return
    shares, window, among = RUN.field(Part.SHARES), RUN.field(Part.WINDOW), members(plan)
    delays = (of_projection(p.name).field(Part.AXONAL) for p in plan.projections if p.projection.pre in among)
    yield Size(shares, Apply(shares_of, tuple(of_population(name).field(Part.UNITS) for name in among)))
    yield Size(RUN.field(Part.SHARE_ENDS), Apply(ends, (shares,)))
    yield Size(window, Apply(window_of, tuple(delays)))
    yield Size(RUN.field(Part.WINDOW_ENDS), Apply(ends, (window,)))
    yield Size(RUN.field(Part.COUNTS_LENGTH), Apply(counts_of, (window,)))
    yield Size(RUN.field(Part.BARRIER_LENGTH), BARRIER_LENGTH)


def arguments(plan: Plan) -> Iterator[Array | Scalar]:
    """Where shares begin, and what they hand over."""
    if not plan.windowed:
        return
    shares, all_ends, window = (RUN.field(part) for part in (Part.SHARES, Part.SHARE_ENDS, Part.WINDOW))
    yield from (Scalar(RUN.field(part), "int64") for part in (Part.THREAD, Part.THREADS))
    yield from (Array(RUN.field(part), "int64", (RUN.field(Part.BARRIER_LENGTH),), changes=False) for part in (Part.BARRIER, Part.HERALD))
    for name in members(plan):
        p = of_population(name)
        yield Array(p.field(Part.BEGINS), "uint32", (all_ends,), begins(name), False, own=False)
        yield Array(p.field(Part.SHARE_SPIKES), "int32", (window, p.field(Part.UNITS)), changes=False)
        yield Array(p.field(Part.SHARE_COUNT), "int64", (shares, RUN.field(Part.COUNTS_LENGTH)), changes=False)
    for source in _driving(plan):
        yield Array(of_population(source).field(Part.SHARE_TOTAL), "int64", (shares, RUN.field(Part.COUNTS_LENGTH)), changes=False)


def begins(population: str) -> Apply:
    """The first unit of each share, and how many units there are."""
    return Apply(begins_of_shares, (of_population(population).field(Part.UNITS), RUN.field(Part.SHARES)))


def _driving(plan: Plan) -> tuple[str, ...]:
    return tuple(p.projection.pre for p in plan.projections if p.driven)


# --- kernels of a share ----------------------------------------------------------------------------------------------


def of_share(plan: Plan, function: Function) -> Function:
    """A kernel that works on all units, for those of a share."""
    counts = {of_population(name).field(Part.UNITS): name for name in members(plan)}
    lists = {of_population(name).field(Part.SPIKES): name for name in members(plan)}
    totals = {of_population(name).field(Part.SPIKE_TOTAL): name for name in _driving(plan)}

    def own(expr: Expr) -> Expr | None:
        """Lists and counts of the share."""
        match expr:
            case Element(array, (_, place)) if array in lists:
                found = changed((Let(S, place),), own)[0]
                assert isinstance(found, Let)
                name = lists[array]
                return element(of_population(name).field(Part.SHARE_SPIKES), STEP, Binary("+", Read(_first(name)), found.value))
            case Element(Field(group, Part.SPIKE_COUNT) as array, _) if group.field(Part.SPIKES) in lists:
                return element(array.group.field(Part.SHARE_COUNT), SHARE, STEP)
            case Element(array) if array in totals:
                return element(of_population(totals[array]).field(Part.SHARE_TOTAL), SHARE, ZERO)
            case _:
                return None

    body = changed(tuple(_divided(function.body, counts)), own)
    here = parts_of(body, members(plan), Read(SHARE))
    read = (
        s.name in mentioned(body[n + 1 :]) if isinstance(s, Let) and isinstance(s.value, Call) and s.value.function == "mod" else True
        for n, s in enumerate(body)
    )  # the place of a step in rings of spikes may be wanted no more
    return replace(function, body=(*here, *(s for s, wanted in zip(body, read, strict=True) if wanted)))


def _first(population: str) -> Local:
    return Local("first_{}", (population,))


def _units(population: str) -> Local:
    return Local("units_{}", (population,))


def parts_of(body: Sequence[Statement], among: Sequence[str], share: Expr) -> Iterator[Statement]:
    """Which units of these populations the share has, where the body asks."""
    names = mentioned(body)
    for population in among:
        if _first(population) in names or _units(population) in names:
            field = of_population(population).field(Part.BEGINS)
            first, after = (Call("index", (element(field, place),)) for place in (share, Binary("+", share, ONE)))
            yield Let(_first(population), first)
            yield Let(_units(population), Binary("-", after, Read(_first(population))))


def divided(body: Sequence[Statement], among: Sequence[str]) -> tuple[Statement, ...]:
    """Loops over all units of one of these populations over those of the share; `parts_of` says which these are."""
    return tuple(_divided(body, {of_population(name).field(Part.UNITS): name for name in among}))


def _divided(body: Sequence[Statement], counts: dict[Field, str]) -> Iterator[Statement]:
    """Loops over all units of a population, or over groups of them, over those of the share; loops over pre units stay."""
    for statement in body:
        match statement:
            case For(index, start, Read(Field() as stop), inner) if index == I and start == ZERO and stop in counts:
                name = counts[stop]
                unit = Let(I, Binary("+", Read(_first(name)), Read(MEMBER)))
                yield For(MEMBER, ZERO, Read(_units(name)), (unit, *inner))
            case For(index, _, stop) if index == GROUP and (named := [counts[f] for f in counts if f in mentioned((Let(S, stop),))]):
                yield _groups(statement, named[0])
            case Fill(arguments=(*others, start, Read(Field() as stop))) if start == ZERO and stop in counts:
                name = counts[stop]
                yield replace(statement, arguments=(*others, Read(_first(name)), _after(name)))
            case If(condition, then, otherwise):
                yield If(condition, tuple(_divided(then, counts)), tuple(_divided(otherwise, counts)))
            case _:
                yield statement


def _after(population: str) -> Expr:
    return Binary("+", Read(_first(population)), Read(_units(population)))


def _groups(loop: For, population: str) -> For:
    """A loop over groups (`seldom`) with those of the share, from its first unit on."""
    every = number_of(population)

    def counted(by: Expr) -> dict[Expr, Expr]:
        return {every: by}

    def put(statement: Statement, values: dict[Expr, Expr]) -> Statement:
        return changed((statement,), values.get)[0]

    def inside(statement: Statement) -> Statement:
        match statement:
            case Let(name, Call("max", (first, least))) if name == FIRST:
                return Let(name, Call("max", (Binary("+", Read(_first(population)), first), least)))
            case _:
                return put(statement, counted(_after(population)))

    (bounds,) = changed((Let(S, loop.stop),), counted(Read(_units(population))).get)
    assert isinstance(bounds, Let)
    return replace(loop, stop=bounds.value, body=tuple(map(inside, loop.body)))


# --- what spiked is known to all -------------------------------------------------------------------------------------


def known(population: PopulationPlan, rest: tuple[Statement, ...]) -> Function:
    """The kernel that lists for all what shares have listed for a step. `rest`: what is done with a list."""
    p = of_population(population.name)
    first = Call("index", (element(p.field(Part.BEGINS), ANY),))
    take = (
        Store(element(p.field(Part.SPIKES), SLOT, COUNT), element(p.field(Part.SHARE_SPIKES), STEP, Binary("+", first, Read(S)))),
        Let(COUNT, Binary("+", Read(COUNT), ONE)),
    )
    each = For(ANY, ZERO, Read(RUN.field(Part.SHARES)), (For(S, ZERO, element(p.field(Part.SHARE_COUNT), ANY, STEP), take),))
    body = (ring(SLOT, Read(N), p.field(Part.SLOTS)), Let(COUNT, ZERO), each, *rest)
    return Function(
        Kernel("known_{}", (population.name,)), f"List the units of {population.name} that spiked at step n, of all shares.", body
    )


def drawn(plan: Plan) -> Iterator[Statement]:
    """Numbers that shares have drawn of the spikes of sources are counted."""
    for source in _driving(plan):
        p = of_population(source)
        here = element(p.field(Part.SHARE_TOTAL), ANY, ZERO)
        yield For(ANY, ZERO, Read(RUN.field(Part.SHARES)), (Increase(only(p.field(Part.SPIKE_TOTAL)), here), Store(here, ZERO)))
