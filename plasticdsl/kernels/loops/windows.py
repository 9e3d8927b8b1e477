"""Whole windows of steps, one after the other (`plan.passes.windows`), on one thread or several.

All threads run `advance`. The first one looks ahead, says which steps the window has (`HERALD`), and makes known what spiked; the others wait for it.
In between each takes every so many shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plasticdsl.kernels.identifiers import RUN, Group, Kernel, Local, Part, of_emitted, of_population
from plasticdsl.kernels.loops import shares
from plasticdsl.kernels.loops.names import SHARE, STEP, N, T, number_of
from plasticdsl.kernels.loops.waiting import waiting_in
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Comment,
    Fill,
    For,
    Function,
    If,
    Invoke,
    Let,
    Read,
    Return,
    Statement,
    Store,
    While,
    element,
    only,
)
from plasticdsl.kernels.recipes import DT
from plasticdsl.model.expr import Binary, Call, Compare, Expr, Logic
from plasticdsl.plan.plan import Plan

#: First step of the window, and the one after its last.
BEGUN, UNTIL = Local("begun"), Local("until")
#: What the kernel of a share is told.
TOLD = (SHARE, BEGUN, UNTIL)
#: Locals: how many steps the window has, which of its shares a thread is at, and what a kernel returns that nobody asks for.
LONG, TURN, LISTED = Local("long"), Local("turn"), Local("listed")

OF_SHARE = Kernel("advance_share")


def of_share(kernels: Sequence[Kernel]) -> Function:
    """The kernel that advances a share by a window."""
    calls = [Invoke(kernel, LISTED if kernel.pattern.startswith("spikes_") else None) for kernel in kernels]
    body: tuple[Statement, ...] = (Let(T, Binary("*", Read(N), Read(DT))), Let(STEP, Binary("-", Read(N), Read(BEGUN))), *calls)
    return Function(OF_SHARE, "Advance the units of a share from step `begun` to step `until`.", (For(N, Read(BEGUN), Read(UNTIL), body),))


def advance(
    plan: Plan, before: Sequence[Statement], ahead: Sequence[Statement], known: Sequence[Kernel], told: tuple[Local, Local]
) -> tuple[Statement, ...]:
    """The body of `advance`. `before`: what is done before the first window; `told`: the first step, and how many."""
    first, steps = map(Read, told)
    end = Binary("+", first, steps)
    step: tuple[Statement, ...] = (Let(T, Binary("*", Read(N), Read(DT))), Let(STEP, Binary("-", Read(N), Read(BEGUN))))
    look = For(N, Read(BEGUN), Read(UNTIL), (*step, *_letting_go(ahead)))
    tell = For(N, Read(BEGUN), Read(UNTIL), (step[1], *map(Invoke, known)))
    window: tuple[Statement, ...] = (
        Let(N, Read(BEGUN)),
        *_logs_are_full(plan, Binary("-", Read(BEGUN), first)),
        *_length(plan, end),
        Let(UNTIL, Binary("+", Read(BEGUN), Read(LONG))),
        Comment("what hangs on spikes of earlier windows alone"),
        look,
        *_say(Read(BEGUN), Read(UNTIL)),
        _wait(),
        Comment("each share by itself"),
        _shares(),
        _wait(),
        Comment("what spiked is known to all"),
        tell,
        *shares.drawn(plan),
        Let(BEGUN, Read(UNTIL)),
    )
    return (
        If(Compare(">", Read(RUN.field(Part.THREAD)), ZERO), (*_help(), Return(steps))),
        *before,
        Let(BEGUN, first),
        While(Compare("<", Read(BEGUN), end), window),
        *_let_go(),
        Return(steps),
    )


# --- threads ---------------------------------------------------------------------------------------------------------


def _wait() -> Fill:
    return Fill((RUN.field(Part.BARRIER),), "wait_for_all", (Read(RUN.field(Part.THREADS)),))


def _say(begun: Expr, until: Expr) -> tuple[Statement, ...]:
    herald = RUN.field(Part.HERALD)
    return Store(element(herald, ZERO), begun), Store(element(herald, ONE), until)


def _let_go() -> tuple[Statement, ...]:
    """No window follows."""
    return (*_say(ZERO, ZERO), _wait())


def _letting_go(body: Sequence[Statement]) -> Iterator[Statement]:
    """The same, with the other threads let go where it returns."""
    for statement in body:
        match statement:
            case Return():
                yield from (*_let_go(), statement)
            case If(condition, then, otherwise):
                yield If(condition, tuple(_letting_go(then)), tuple(_letting_go(otherwise)))
            case _:
                yield statement


def _help() -> tuple[Statement, ...]:
    """What other threads than the first do."""
    begun, until = (element(RUN.field(Part.HERALD), place) for place in (ZERO, ONE))
    window = (Let(BEGUN, begun), Let(UNTIL, until), _shares(), _wait(), _wait())
    return _wait(), While(Compare("<", begun, until), window)


def _shares() -> For:
    """Every so many shares."""
    count, thread, threads = (Read(RUN.field(part)) for part in (Part.SHARES, Part.THREAD, Part.THREADS))
    turns = Call("quotient", (Binary("-", Binary("+", count, threads), Binary("+", thread, ONE)), threads))
    return For(TURN, ZERO, turns, (Let(SHARE, Binary("+", thread, Binary("*", Read(TURN), threads))), Invoke(OF_SHARE)))


# --- how long a window is --------------------------------------------------------------------------------------------


def _length(plan: Plan, end: Expr) -> Iterator[Statement]:
    """As many steps as the smallest delay, and no more than are left, than a frame of changes that wait has left, and than logs hold."""
    yield Let(LONG, Call("min", (Binary("-", end, Read(BEGUN)), Read(RUN.field(Part.WINDOW)))))
    for projection in plan.projections:
        waiting = waiting_in(plan, projection)
        if waiting is not None:
            frame = Read(waiting.field(Part.FRAME_STEPS))
            yield Let(LONG, Call("min", (Read(LONG), Binary("-", frame, Call("mod", (Read(N), frame))))))
            if waiting.bounded:
                yield If(Compare("==", waiting.any_at_once, ONE), (Let(LONG, ONE),))
    for p, most in _logs(plan):
        room = Call("quotient", (Binary("-", Read(p.field(Part.LOG)), only(p.field(Part.LOG_COUNT))), most))
        yield If(_is_logged(p), (Let(LONG, Call("min", (Read(LONG), room))),))


def _logs_are_full(plan: Plan, done: Expr) -> Iterator[Statement]:
    """Stops where a log could not hold another step."""
    for p, most in _logs(plan):
        held = Compare(">", Binary("+", only(p.field(Part.LOG_COUNT)), most), Read(p.field(Part.LOG)))
        yield If(Logic("and", (_is_logged(p), held)), (*_let_go(), Return(done)))


def _logs(plan: Plan) -> Iterator[tuple[Group, Expr]]:
    """Logs of spikes, and how many spikes a step can have."""
    among = shares.members(plan)
    for population in plan.populations:
        p = of_emitted(population.name)
        if population.events:
            yield p, number_of(population.name) if population.name in among else Read(of_population(population.name).field(Part.CAPACITY))


def _is_logged(p: Group) -> Compare:
    return Compare("!=", Read(p.field(Part.RECORDING)), ZERO)
