"""Jumps of one unit or connection within a step, each at its own time, and what flows between them.

Comes in: a `Jumps` scheme. Goes out: statements that leave what the variables are at t_{n+1} in the locals `…_new`. Molecules are counted in locals, in
whole numbers, and become what they are of the variable at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from plasticdsl.kernels.identifiers import Local, Part
from plasticdsl.kernels.loops.flows import FlowContext, at_stage, comment, still
from plasticdsl.kernels.loops.names import T, local
from plasticdsl.kernels.program import ONE, ZERO, Comment, If, Let, Read, Statement, While, minus, plus, times
from plasticdsl.kernels.recipes import SEED
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import CLOSE, MOST_JUMPS, MOST_NEWTON, STAGES, Jumps

#: How much of the step lies behind and ahead, how many jumps there were, the hazard that the next one waits for and that which has come up, how long it is
#: until then, whether it comes within the step, all propensities together, which part of them is drawn, Newton's last step and how many there were.
BEHIND, AHEAD, MADE, WANTED, HAZARD, WAIT = (Local(name) for name in ("behind", "ahead", "made", "wanted", "hazard", "wait"))
COMES, TOTAL, DRAWN, MOVED, NEWTON = (Local(name) for name in ("comes", "total", "drawn", "moved", "newton"))
NAN, INFINITE = Number(float("nan")), Number(float("inf"))
#: A propensity is negative or no number: the loop ends with something ahead.
FAILED = Let(MADE, Number(float(MOST_JUMPS)))
TWO, SIX = Number(2.0), Number(6.0)


def jumps(scheme: Jumps, context: FlowContext) -> list[Statement]:
    """Statements for one step of the grid."""
    names = context.names
    begun: list[Statement] = [comment(v, context, "jumps") for v in scheme.variables]
    for v, grain in zip(scheme.variables, scheme.grains, strict=True):
        value = names.resolve(Ref(Whose.OWN, v))
        begun.append(Let(now(v), value if grain is None else Call("round", (_over(value, names.resolve(grain)),))))
    begun += [Let(AHEAD, names.dt), Let(BEHIND, ZERO), Let(MADE, ZERO)]
    going_on = Logic("and", (Compare(">", Read(AHEAD), ZERO), Compare("<", Read(MADE), Number(float(MOST_JUMPS)))))
    if scheme.tolerance is not None:
        from plasticdsl.kernels.loops import leaps  # which is made of what is here

        begun, body = [*begun, *leaps.begin()], leaps.leap_or_jump(scheme, context)
    else:
        body = (Let(WANTED, _draw("exponential", context, ZERO, scheme)), *(_with_flow if scheme.flowing else _alone)(scheme, context))
    lost = If(Compare(">", Read(AHEAD), ZERO), tuple(Let(now(v), NAN) for v in scheme.variables))
    ended = [
        Let(local(v, "new"), times(Read(now(v)), names.resolve(grain)))
        for v, grain in zip(scheme.variables, scheme.grains, strict=True)
        if grain is not None and grain != ONE
    ]
    return [*begun, While(going_on, body), lost, *ended]


def now(variable: str) -> Local:
    """What a variable is now, or how many molecules of it there are."""
    return local(variable, "new")


def _over(left: Expr, right: Expr) -> Expr:
    return left if right == ONE else Binary("/", left, right)


def _draw(function: str, context: FlowContext, turn: Expr, scheme: Jumps) -> Expr:
    """A number for this jump of this step; `turn`: its first or its second."""
    stream = _stream(scheme, context)
    return Call(function, (Read(SEED), plus(plus(stream, times(TWO, Read(MADE))), turn), Read(context.unit), context.names.draw))


def key(scheme: Jumps, context: FlowContext, number: int) -> tuple[Expr, ...]:
    """Of one of the numbers that are drawn from here on, of which `MADE` have been used up."""
    return Read(SEED), plus(plus(_stream(scheme, context), Read(MADE)), Number(float(number))), Read(context.unit), context.names.draw


def _stream(scheme: Jumps, context: FlowContext) -> Expr:
    return Read(context.names.group.field(Part.JUMPS, scheme.variables[0]))


def values_of(scheme: Jumps, context: FlowContext, flowing: Mapping[str, Expr]) -> dict[str, Expr]:
    """What each variable is, by what those that flow are."""
    found: dict[str, Expr] = {}
    for v, grain in zip(scheme.variables, scheme.grains, strict=True):
        whole = Read(now(v)) if grain is None or grain == ONE else times(Read(now(v)), context.names.resolve(grain))
        found[v] = flowing.get(v, whole)
    return found


def propensities(scheme: Jumps, context: FlowContext, values: Mapping[str, Expr], time: Expr) -> list[Statement]:
    """Locals with each propensity and with all together; NaN where one is negative."""
    found: list[Statement] = []
    for number, transition in enumerate(scheme.transitions, 1):
        found.append(Let(propensity_of(number), at_stage(transition.propensity, values, time, context.names)))
    each: list[Expr] = [Read(propensity_of(number)) for number in range(1, len(scheme.transitions) + 1)]
    allowed = [Compare(">=", a, ZERO) for a in each]
    total = Choice(((allowed[0] if len(allowed) == 1 else Logic("and", tuple(allowed)), reduce(plus, each)),), NAN)
    return [*found, Let(TOTAL, total)]


def propensity_of(number: int) -> Local:
    """Of the transition with this number, from 1."""
    return Local(f"propensity_{number}")


def _chosen(scheme: Jumps, context: FlowContext) -> list[Statement]:
    """One of the transitions happens."""
    statements: list[Statement] = [Let(DRAWN, times(Read(TOTAL), _draw("uniform", context, ONE, scheme)))]
    last = len(scheme.transitions)

    def choose(number: int) -> list[Statement]:
        transition = scheme.transitions[number - 1]
        happens: list[Statement] = [Comment(pretty(transition.propensity))]
        for v, count in transition.net:
            grain = scheme.grains[scheme.variables.index(v)]
            by = Number(float(count)) if grain is not None else times(Number(float(count)), context.names.resolve(transition.grain))
            happens.append(Let(now(v), plus(Read(now(v)), by)))
        if number == last:
            return happens
        here = Read(propensity_of(number))
        rest = [Let(DRAWN, minus(Read(DRAWN), here)), *choose(number + 1)]
        return [If(Compare("<", Read(DRAWN), here), tuple(happens), tuple(rest))]

    return [*statements, *choose(1), Let(MADE, plus(Read(MADE), ONE))]


def _alone(scheme: Jumps, context: FlowContext) -> list[Statement]:
    """Nothing flows, so that the propensities stay until the next jump."""
    values = values_of(scheme, context, {})
    wait = Choice(((Compare(">", Read(TOTAL), ZERO), Binary("/", Read(WANTED), Read(TOTAL))),), Number(float("inf")))
    comes = (
        Let(BEHIND, plus(Read(BEHIND), Read(WAIT))),
        Let(AHEAD, minus(Read(AHEAD), Read(WAIT))),
        *_chosen(scheme, context),
    )
    return [
        *propensities(scheme, context, values, plus(Read(T), Read(BEHIND))),
        Let(WAIT, wait),
        If(Compare(">=", Read(TOTAL), ZERO), (If(Compare("<", Read(WAIT), Read(AHEAD)), comes, (Let(AHEAD, ZERO),)),), (FAILED,)),
    ]


def _with_flow(scheme: Jumps, context: FlowContext) -> list[Statement]:
    """To the end of the step, or to where the hazard has come up to what is wanted."""
    short = times(Number(CLOSE), Read(AHEAD))
    searching = Logic("and", (Compare(">", Call("abs", (Read(MOVED),)), short), Compare("<", Read(NEWTON), Number(float(MOST_NEWTON)))))
    ends = {v: Read(local(v, "end")) for v in scheme.flowing}
    there = propensities(scheme, context, values_of(scheme, context, ends), plus(plus(Read(T), Read(BEHIND)), Read(WAIT)))
    nearer = Choice(((Compare(">", Read(TOTAL), ZERO), Binary("/", minus(Read(WANTED), Read(HAZARD)), Read(TOTAL))),), ZERO)
    within = Call("max", (ZERO, Call("min", (Read(AHEAD), plus(Read(WAIT), Read(MOVED))))))
    newton = (
        *_runge_kutta(scheme, context, Read(WAIT)),
        *there,
        Let(MOVED, nearer),
        Let(MOVED, minus(within, Read(WAIT))),
        Let(WAIT, plus(Read(WAIT), Read(MOVED))),
        Let(NEWTON, plus(Read(NEWTON), ONE)),
    )
    found = (
        Let(WAIT, Binary("/", times(Read(AHEAD), Read(WANTED)), Read(HAZARD))),
        Let(MOVED, Read(AHEAD)),
        Let(NEWTON, ZERO),
        While(searching, newton),
        *_runge_kutta(scheme, context, Read(WAIT)),
    )
    arrived = [Let(now(v), Read(local(v, "end"))) for v in scheme.flowing]
    jumped = (
        *found,
        *arrived,
        *propensities(scheme, context, values_of(scheme, context, {}), plus(plus(Read(T), Read(BEHIND)), Read(WAIT))),
        Let(BEHIND, plus(Read(BEHIND), Read(WAIT))),
        Let(AHEAD, minus(Read(AHEAD), Read(WAIT))),
        *_chosen(scheme, context),
    )
    comes = If(Compare(">", Read(HAZARD), Read(WANTED)), jumped, (*arrived, Let(AHEAD, ZERO)))
    return [*_runge_kutta(scheme, context, Read(AHEAD)), If(Compare(">=", Read(HAZARD), ZERO), (comes,), (FAILED,))]


def _runge_kutta(scheme: Jumps, context: FlowContext, length: Expr) -> list[Statement]:
    """Locals `…_end` and the hazard after a time in which nothing jumps."""
    names, begin = context.names, plus(Read(T), Read(BEHIND))
    rates = dict(zip(scheme.variables, scheme.rates, strict=True))
    statements: list[Statement] = []
    flowing: dict[str, Expr] = {v: Read(now(v)) for v in scheme.flowing}
    for stage, fraction in enumerate(STAGES, 1):
        way = times(Number(fraction), length)
        if stage > 1:
            for v in scheme.flowing:
                there = local(v, f"at{stage}")
                statements.append(Let(there, plus(Read(now(v)), times(way, Read(local(v, f"k{stage - 1}"))))))
                flowing[v] = Read(there)
        values, time = values_of(scheme, context, flowing), begin if fraction == 0.0 else plus(begin, way)
        statements += [Let(local(v, f"k{stage}"), still(v, at_stage(rates[v], values, time, names), context)) for v in scheme.flowing]
        statements += [*propensities(scheme, context, values, time), Let(_hazard_at(stage), Read(TOTAL))]
    for v in scheme.flowing:
        statements.append(Let(local(v, "end"), plus(Read(now(v)), _weighted([local(v, f"k{s}") for s in (1, 2, 3, 4)], length))))
    return [*statements, Let(HAZARD, _weighted([_hazard_at(s) for s in (1, 2, 3, 4)], length))]


def _hazard_at(stage: int) -> Local:
    return Local(f"hazard_{stage}")


def _weighted(slopes: Sequence[Local], length: Expr) -> Expr:
    """length (k₁ + 2 (k₂ + k₃) + k₄)/6."""
    one, two, three, four = (Read(k) for k in slopes)
    return times(Binary("/", length, SIX), plus(plus(one, times(TWO, plus(two, three))), four))
