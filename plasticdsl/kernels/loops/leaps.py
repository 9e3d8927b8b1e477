"""Many jumps of one unit at once, where a tolerance allows it (tau-leaping, `model.schemes.Jumps`).

Comes in: a `Jumps` scheme with a tolerance, in which nothing flows. Goes out: what its loop does each time around: a leap, or a jump of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from plasticdsl.kernels.identifiers import Local
from plasticdsl.kernels.loops.flows import FlowContext, at_stage
from plasticdsl.kernels.loops.jumps import (
    AHEAD,
    BEHIND,
    DRAWN,
    FAILED,
    INFINITE,
    MADE,
    TOTAL,
    WAIT,
    key,
    now,
    propensities,
    propensity_of,
    values_of,
)
from plasticdsl.kernels.loops.names import T, local
from plasticdsl.kernels.program import ONE, ZERO, Comment, If, Let, Read, Statement, minus, plus, times
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Number
from plasticdsl.model.schemes import FEW, IN_TURN, WORTH, Jumps

#: How many jumps are still made one by one, how long a leap may be (after one that was too long, and by the tolerance), the propensities of all critical
#: transitions together, and how long the next leap is.
IN_A_ROW, LIMIT, LEAP, CRITICAL, LENGTH = (Local(name) for name in ("in_a_row", "limit", "leap", "critical", "length"))


def begin() -> list[Statement]:
    """Before the first time around."""
    return [Let(IN_A_ROW, ZERO), Let(LIMIT, INFINITE)]


def leap_or_jump(scheme: Jumps, context: FlowContext) -> tuple[Statement, ...]:
    """What happens each time around."""
    short = Compare("<", times(Read(LEAP), Read(TOTAL)), Number(WORTH))
    look = If(Compare("<", Read(IN_A_ROW), ONE), (*_longest(scheme, context), If(short, (Let(IN_A_ROW, Number(float(IN_TURN))),))))
    way = If(Compare(">", Read(IN_A_ROW), ZERO), _jump(scheme, context), _leap(scheme, context))
    going_on = If(Compare(">", Read(TOTAL), ZERO), (look, way), (Let(AHEAD, ZERO),))
    return (
        *propensities(scheme, context, values_of(scheme, context, {}), plus(Read(T), Read(BEHIND))),
        If(Compare(">=", Read(TOTAL), ZERO), (going_on,), (FAILED,)),
    )


def _many(number: int) -> Local:
    """The propensity of a transition that is not critical, else 0."""
    return Local(f"many_{number}")


def _times(number: int) -> Local:
    """How often a transition happens in the leap."""
    return Local(f"times_{number}")


def _longest(scheme: Jumps, context: FlowContext) -> tuple[Statement, ...]:
    """`LEAP`, and which transitions are critical."""
    found: list[Statement] = [Comment("how long propensities stay what they are, but for the tolerance")]
    for number, transition in enumerate(scheme.transitions, 1):
        few = [Compare("<", Read(now(v)), Number(-FEW * count)) for v, count in transition.net if count < 0]
        here = Read(propensity_of(number))
        found.append(Let(_many(number), Choice(((Logic("or", tuple(few)) if len(few) > 1 else few[0], ZERO),), here) if few else here))
    found.append(Let(CRITICAL, reduce(plus, (minus(Read(propensity_of(j)), Read(_many(j))) for j in _numbers(scheme)))))
    found.append(Let(LEAP, Call("min", (Read(LIMIT), Read(AHEAD)))))
    found += _of_rates(scheme, context)
    for v, order in scheme.orders:
        net = [(j, dict(t.net).get(v, 0)) for j, t in enumerate(scheme.transitions, 1)]
        changing = [(j, float(count)) for j, count in net if count]
        if not changing:
            continue
        room, mean, variance = (local(v, name) for name in ("room", "mean", "variance"))
        assert scheme.tolerance is not None, "who leaps has a tolerance"
        found += [
            Let(room, Call("max", (times(Number(scheme.tolerance / order), Read(now(v))), ONE))),
            *_bounds(room, mean, variance, [(Number(count), _many(j)) for j, count in changing]),
        ]
        if lost := _lost(scheme, v, changing):
            found += [Let(local(v, "lost"), reduce(plus, lost)), _at_most(Read(room), Read(local(v, "lost")))]
    return tuple(found)


def _bounds(room: Local, mean: Local, variance: Local, changes: Sequence[tuple[Expr, Local]]) -> tuple[Statement, ...]:
    """No leap in which something changes by more than `room`, on average or in standard deviation; `changes`: by what each transition changes it, and its
    propensity."""
    return (
        Let(mean, Call("abs", (reduce(plus, (times(by, Read(many)) for by, many in changes)),))),
        Let(variance, reduce(plus, (times(times(by, by), Read(many)) for by, many in changes))),
        _at_most(Read(room), Read(mean)),
        _at_most(times(Read(room), Read(room)), Read(variance)),
    )


def _lost(scheme: Jumps, v: str, changing: Sequence[tuple[int, float]]) -> list[Expr]:
    """How fast molecules of a kind are lost, and what its slopes bring back."""
    found: list[Expr] = [times(Number(-count), Read(_many(j))) for j, count in changing if count < 0 and not scheme.slopes[j - 1]]
    back: list[Expr] = [
        Call("abs", (times(Number(count), Read(_slope(v, j))),)) for j, count in changing if v in dict(scheme.slopes[j - 1])
    ]
    return [*found, *([times(Read(now(v)), reduce(plus, back))] if back else [])]


def _of_rates(scheme: Jumps, context: FlowContext) -> Iterator[Statement]:
    """No leap in which a rate that reads variables beside mass action changes too much."""
    time, values = plus(Read(T), Read(BEHIND)), values_of(scheme, context, {})
    for number, slopes in enumerate(scheme.slopes, 1):
        yield from (Let(_slope(v, number), at_stage(slope, values, time, context.names)) for v, slope in slopes)
        changes = [
            (reduce(plus, terms), _many(j))
            for j, t in enumerate(scheme.transitions, 1)
            if (terms := [times(Read(_slope(v, number)), Number(float(count))) for v, count in t.net if v in dict(slopes)])
        ]
        if changes:
            room, mean, variance = (Local(f"{name}_{number}") for name in ("room", "mean", "variance"))
            each: list[Expr] = [Call("abs", (Read(_slope(v, number)),)) for v, _ in slopes]
            least = reduce(lambda a, b: Call("min", (a, b)), each)
            assert scheme.tolerance is not None, "who leaps has a tolerance"
            yield Let(room, Call("max", (times(Number(scheme.tolerance), Read(propensity_of(number))), least)))
            yield from _bounds(room, mean, variance, changes)


def _slope(variable: str, number: int) -> Local:
    """What one molecule more makes of a propensity."""
    return local(variable, f"slope_{number}")


def _at_most(room: Expr, speed: Expr) -> If:
    return If(Compare(">", speed, ZERO), (Let(LEAP, Call("min", (Read(LEAP), Binary("/", room, speed)))),))


def _numbers(scheme: Jumps) -> range:
    return range(1, len(scheme.transitions) + 1)


def _changed(scheme: Jumps, by: Sequence[Expr]) -> list[tuple[str, Expr]]:
    """What each variable is when transitions have happened so often."""
    found: list[tuple[str, Expr]] = []
    for v in scheme.variables:
        terms = [times(Number(float(dict(t.net)[v])), count) for t, count in zip(scheme.transitions, by, strict=True) if v in dict(t.net)]
        begun: Expr = Read(now(v))
        found.append((v, reduce(plus, terms, begun)))
    return found


def _jump(scheme: Jumps, context: FlowContext) -> tuple[Statement, ...]:
    """One transition at its own time, or the end of the step."""
    here = tuple(Read(propensity_of(j)) for j in _numbers(scheme))
    happens = (
        Let(BEHIND, plus(Read(BEHIND), Read(WAIT))),
        Let(AHEAD, minus(Read(AHEAD), Read(WAIT))),
        Let(DRAWN, times(Read(TOTAL), Call("uniform", key(scheme, context, 1)))),
        *_choose(here, [[Let(now(v), plus(Read(now(v)), Number(float(c)))) for v, c in t.net] for t in scheme.transitions]),
    )
    return (
        Let(WAIT, Binary("/", Call("exponential", key(scheme, context, 0)), Read(TOTAL))),
        If(Compare("<", Read(WAIT), Read(AHEAD)), happens, (Let(AHEAD, ZERO),)),
        Let(MADE, plus(Read(MADE), Number(2.0))),
        Let(IN_A_ROW, minus(Read(IN_A_ROW), ONE)),
    )


def _choose(shares: Sequence[Expr], happens: Sequence[Sequence[Statement]]) -> tuple[Statement, ...]:
    """One of several things, by which share `DRAWN` falls into."""
    if len(shares) == 1:
        return tuple(happens[0])
    rest = (Let(DRAWN, minus(Read(DRAWN), shares[0])), *_choose(shares[1:], happens[1:]))
    return (If(Compare("<", Read(DRAWN), shares[0]), tuple(happens[0]), rest),)


def _leap(scheme: Jumps, context: FlowContext) -> tuple[Statement, ...]:
    """All transitions that are not critical, so many times as they happen in `LENGTH`; and a critical one at its end, where one comes by then."""
    count = len(scheme.transitions)
    draws = [Let(_times(j), Call("poisson", (*key(scheme, context, 1 + j), times(Read(_many(j)), Read(LENGTH))))) for j in _numbers(scheme)]
    critical = [minus(Read(propensity_of(j)), Read(_many(j))) for j in _numbers(scheme)]
    comes = (
        Let(LENGTH, Read(WAIT)),
        *draws,
        Let(DRAWN, times(Read(CRITICAL), Call("uniform", key(scheme, context, 1)))),
        *_choose(critical, [[Let(_times(j), plus(Read(_times(j)), ONE))] for j in _numbers(scheme)]),
    )
    after = _changed(scheme, [Read(_times(j)) for j in _numbers(scheme)])
    left = tuple(Compare(">=", Read(local(v, "left")), ZERO) for v, _ in after)
    made = (
        *(Let(now(v), Read(local(v, "left"))) for v, _ in after),
        Let(BEHIND, plus(Read(BEHIND), Read(LENGTH))),
        Let(AHEAD, minus(Read(AHEAD), Read(LENGTH))),
        Let(LIMIT, INFINITE),
    )
    wait = Binary("/", Call("exponential", key(scheme, context, 0)), Read(CRITICAL))
    return (
        Let(WAIT, INFINITE),
        If(Compare(">", Read(CRITICAL), ZERO), (Let(WAIT, wait),)),
        Let(LENGTH, Read(LEAP)),
        If(Compare("<", Read(WAIT), Read(LEAP)), comes, tuple(draws)),
        *(Let(local(v, "left"), value) for v, value in after),
        If(left[0] if len(left) == 1 else Logic("and", left), made, (Let(LIMIT, times(Number(0.5), Read(LENGTH))),)),
        Let(MADE, plus(Read(MADE), Number(float(2 + count)))),
    )
