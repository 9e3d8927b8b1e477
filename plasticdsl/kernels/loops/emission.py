"""How units spike, or have another event: statements that list those that do so at t_n."""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.kernels.identifiers import Group, Local, Part, of_emitted, of_population
from plasticdsl.kernels.loops.calendar import mean_in_step, through_calendar
from plasticdsl.kernels.loops.collect import mentioned
from plasticdsl.kernels.loops.names import REPEAT, SLOT, I, N, Names, each_unit, number_of
from plasticdsl.kernels.loops.refractory import free, recovery, refractory_steps
from plasticdsl.kernels.loops.seldom import where_seldom
from plasticdsl.kernels.program import ONE, ZERO, Comment, Fill, For, If, Let, Read, Return, Statement, Store, While, element, only
from plasticdsl.kernels.recipes import SEED
from plasticdsl.model import PoissonSource
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, joined
from plasticdsl.model.pretty import pretty
from plasticdsl.model.undefined import may_be_undefined, undefined
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import AtGivenTimes, AtThreshold, ByHazard, Emits, Located, PopulationPlan
from plasticdsl.support.counts import OFTEN

#: Locals of the kernel that finds spikes: how many so far, where in a list, whether the unit may still fire.
COUNT, POSITION, MAY_FIRE = (Local(text) for text in ("count", "position", "may_fire"))
#: The mean number of spikes in a step, the probability of none, and the least word that may stand for one.
MEAN, NO_SPIKE, LEAST = (Local(text) for text in ("mean", "none", "least_word"))
#: What is returned where an event has happened to a unit more often in a step than can be told.
TOO_OFTEN = -2.0
#: From this mean on spikes are listed: a buffer may not hold them all, which somebody has to be told.
MANY = 4.0


def emission(plan: Plan, population: PopulationPlan, emits: Emits) -> tuple[str, tuple[Statement, ...]]:
    """In words, and as statements."""
    match emits.emission:
        case ByHazard() as by:
            often = isinstance(population.population.source, PoissonSource)
            return f"a Poisson process{' whose rate follows the state' if by.of_state else ''}", _poisson(plan, population, by, often)
        case AtGivenTimes():
            return "given times", _given(of_population(population.name))
        case AtThreshold() as at:
            return f"condition {pretty(at.written)}", _by_threshold(plan, population, at, emits.event)
        case Located() as at:
            return f"condition {pretty(at.written)}, located in the step before", _of_last_step(plan, population, at, emits.event)


def _append(p: Group, unit: Expr) -> tuple[Statement, ...]:
    return (
        If(Compare(">=", Read(COUNT), Read(p.field(Part.CAPACITY))), (Return(Number(-1.0)),)),
        Store(element(p.field(Part.SPIKES), SLOT, COUNT), unit),
        Let(COUNT, Binary("+", Read(COUNT), ONE)),
    )


def _by_threshold(plan: Plan, population: PopulationPlan, at: AtThreshold, event: str) -> tuple[Statement, ...]:
    """What else happens to a unit asks not whether it is refractory."""
    p, resolved = of_emitted(population.name, event), Names(plan, population).resolve(at.condition)
    may: list[Expr] = [resolved]
    before: list[Statement] = []
    after: list[Statement] = []
    unanswered = undefined(resolved, may_be_undefined)
    if unanswered is not None:
        before.append(If(unanswered, (Store(element(p.field(Part.UNDECIDED), I), ONE),)))
    if at.rising:
        was_true = element(p.field(Part.WAS_TRUE), I)
        may.append(Compare("==", was_true, ZERO))
        after.append(Store(was_true, Choice(((resolved, ONE),), ZERO)))
    seldom = joined("or", [joined("and", may), *(() if unanswered is None else (unanswered,))])
    recovered = () if event else recovery(plan, population)
    if population.rest is not None and not event:
        may.append(free(p))
    body = (Comment(pretty(at.condition)), *before, If(joined("and", may), _append(p, Read(I))))
    if recovered:
        return (each_unit(population.name, (*recovered, *body, *after), in_order=True),)
    return (where_seldom(population.name, seldom, body, after=after),)


def _of_last_step(plan: Plan, population: PopulationPlan, at: Located, event: str) -> tuple[Statement, ...]:
    """What has happened on the way from the last grid time (`loops.located`), once for each time that it did, and logged with these times."""
    p, names = of_emitted(population.name, event), Names(plan, population)
    often = element(p.field(Part.LOCATED_COUNT), I)
    unanswered = undefined(names.resolve(at.condition), may_be_undefined)
    before: tuple[Statement, ...] = () if unanswered is None else (If(unanswered, (Store(element(p.field(Part.UNDECIDED), I), ONE),)),)
    logged = only(p.field(Part.LOG_COUNT))
    kept = () if event else tuple(name for name, _ in population.kept)
    log: tuple[Statement, ...] = (
        Let(POSITION, logged),
        Store(element(p.field(Part.LOG_STEPS), POSITION), Read(N)),
        Store(element(p.field(Part.LOG_UNITS), POSITION), Read(I)),
        Store(element(p.field(Part.LOG_TIMES), POSITION), element(p.field(Part.LOCATED_AT), I, REPEAT)),
        *(
            Store(element(p.field(Part.LOG_VALUES, name), POSITION), element(p.field(Part.LOCATED_VALUES, name), I, REPEAT))
            for name in kept
        ),
        Store(logged, Binary("+", Read(POSITION), ONE)),
    )
    each = For(REPEAT, ZERO, often, (*_append(p, Read(I)), If(Compare("!=", Read(p.field(Part.RECORDING)), ZERO), log)))
    too_often = If(Compare(">", often, Read(p.field(Part.LOCATED))), (Return(Number(TOO_OFTEN)),))
    happened = Compare(">", often, ZERO)
    body = (*before, If(happened, (too_often, each, Store(often, ZERO))))
    recovered = () if event else recovery(plan, population)
    if recovered:
        return (each_unit(population.name, (*recovered, *body), in_order=True),)
    return (where_seldom(population.name, happened if unanswered is None else Logic("or", (happened, unanswered)), body),)


def _poisson(plan: Plan, population: PopulationPlan, by: ByHazard, often: bool) -> tuple[Statement, ...]:
    """`often`: where there are often spikes their number is drawn in each step, otherwise units go from one spike to the next. Units that share a rate
    take their random words from one array."""
    if not often:
        return _by_hazard(plan, population, by)
    p, rate = of_population(population.name), pretty(by.rate)
    mean = mean_in_step(plan, population, by)
    keys = Read(SEED), Read(p.field(Part.STREAM)), Read(I), Read(N)
    many, comment = Compare(">=", mean, Number(OFTEN)), Comment(f"a number of spikes of mean {rate} dt")
    if I in mentioned((Let(COUNT, mean),)):
        drawn = For(REPEAT, ZERO, Call("poisson_count", (*keys, mean)), _append(p, Read(I)))
        return _by_hazard(plan, population, by, If(many, (comment, drawn)))
    word = element(p.field(Part.WORDS), I)
    drawn = For(REPEAT, ZERO, Call("count_of", (word, *keys, Read(MEAN), Read(NO_SPIKE))), _append(p, Read(I)))
    counts: tuple[Statement, ...] = (
        comment,
        *words_of_step(p, mean, population.name),
        Let(LEAST, Binary("-", Binary("*", Number(2.0**32), Read(NO_SPIKE)), ONE)),
        each_unit(population.name, (If(Compare(">=", word, Read(LEAST)), (drawn,)),), in_order=True),
    )
    if by.unlisted:
        counts = (If(Logic("not", (is_driving(p, mean),)), counts),)
    return (If(many, counts, _by_hazard(plan, population, by)),)


def words_of_step(p: Group, mean: Expr, units: str) -> tuple[Statement, ...]:
    """A random word for each of as many units as that population has, and what a count depends on beside it."""
    return (
        Let(MEAN, mean),
        Let(NO_SPIKE, Call("exp", (Negate(Read(MEAN)),))),
        Fill((p.field(Part.WORDS),), "words_of_step", (Read(SEED), Read(p.field(Part.STREAM)), Read(N), ZERO, number_of(units))),
    )


def is_driving(p: Group, mean: Expr) -> Expr:
    """Whether numbers of spikes are drawn where they are delivered."""
    within = Logic("and", (Compare(">=", mean, Number(OFTEN)), Compare("<", mean, Number(MANY))))
    return Logic("and", (within, Compare("==", Read(p.field(Part.RECORDING)), ZERO)))


def _by_hazard(plan: Plan, population: PopulationPlan, by: ByHazard, counted: If | None = None) -> tuple[Statement, ...]:
    """`counted`: what units do instead for which its condition holds."""
    p, rate = of_population(population.name), pretty(by.rate)
    left, draws = element(p.field(Part.HAZARD), I), element(p.field(Part.DRAWS), I)
    draw = Call("in_grains", (Call("exponential", (Read(SEED), Read(p.field(Part.STREAM)), Read(I), draws)),))
    due: Expr = Compare("<=", left, ZERO)
    begin: tuple[Statement, ...] = ()
    end: tuple[Statement, ...] = ()
    if population.rest is not None:  # a unit that becomes refractory fires once
        begin = (Let(MAY_FIRE, ONE),)
        stop = Let(MAY_FIRE, ZERO)
        known = population.rest.condition is None and not population.rest.at_spike
        end = (If(Compare(">", refractory_steps(plan, population), ZERO), (stop,)) if known else stop,)
        due = Logic("and", (due, Compare("==", Read(MAY_FIRE), ONE)))
    use_up: tuple[Statement, ...] = (
        Comment(f"the hazard {rate} dt uses up an exponential draw; each time it is used up, a spike"),
        *begin,
        While(due, (*_append(p, Read(I)), Store(draws, Binary("+", draws, ONE)), Store(left, Binary("+", left, draw)), *end)),
    )
    if by.ahead:
        return through_calendar(plan, population, by, use_up, counted)
    less: Expr = Binary("-", left, Call("in_grains", (mean_in_step(plan, population, by),)))
    recovered = recovery(plan, population)
    if recovered:
        return (each_unit(population.name, (*recovered, If(free(p), (Store(left, less), *use_up))), in_order=True),)
    some: Expr = Compare("<=", left, ZERO)
    if population.rest is not None:
        less, use_up = Choice(((free(p), less),), left), (If(free(p), use_up),)
    if counted is not None:
        less, some = Choice(((counted.condition, left),), less), Logic("or", (counted.condition, some))
        use_up = (replace(counted, otherwise=use_up),)
    return (where_seldom(population.name, some, use_up, before=(Store(left, less),)),)


def _given(p: Group) -> tuple[Statement, ...]:
    position, one = Read(POSITION), only(p.field(Part.GIVEN_NEXT))
    due = Compare("==", element(p.field(Part.GIVEN_STEPS), POSITION), Read(N))
    more = Logic("and", (Compare("<", position, Read(p.field(Part.GIVEN))), due))
    return (
        Let(POSITION, one),
        While(more, (*_append(p, element(p.field(Part.GIVEN_UNITS), POSITION)), Let(POSITION, Binary("+", position, ONE)))),
        Store(one, position),
    )
