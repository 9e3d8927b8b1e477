"""What processes that share a network tell each other of spikes and other events (`plan.spread`), and what they do with what they hear.

In each step a process adds what its own units have done to a message, each spike or event a number: which step of the stretch, which event, which unit.
So messages are sorted. When those of all processes are there, they are listed for all: processes have their units in blocks, one after the other, so that
for each step and event what the first has told comes first, then what the second has, …

What is to be done is said in `EXCHANGE`: how many steps of a stretch are to be listed before the next step, which is the first of them, in which half of
`HEARD` they are, and when the stretch of now began. `listed` says how many spikes there were.
"""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.kernels.identifiers import RUN, Group, Kernel, Local, Part, of_emitted, of_population
from plasticdsl.kernels.loops.names import SLOT, I, N, ring
from plasticdsl.kernels.loops.walks import S
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    For,
    Function,
    If,
    Increase,
    Invoke,
    Let,
    Read,
    Return,
    Scalar,
    Size,
    Statement,
    Store,
    While,
    element,
    minus,
    only,
    plus,
    times,
)
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model.expr import Call, Compare, Expr, Logic, Negate, Number
from plasticdsl.plan.plan import Plan
from plasticdsl.support.structure import message_length

#: A number of a message holds which step and event it is, times this, and the unit.
KEY = 2**32
#: Places of `EXCHANGE`.
STEPS_HEARD, FIRST_HEARD, HALF, BEGUN, FOUND = range(5)

TELL, HEAR = Kernel("tell"), Kernel("hear")

_EXCHANGE, _MESSAGE, _HEARD, _PLACES, _LISTED = (
    RUN.field(part) for part in (Part.EXCHANGE, Part.MESSAGE, Part.HEARD, Part.HEARD_PLACES, Part.LISTED)
)
_PROCESSES = RUN.field(Part.PROCESSES)
_FIRST, _AFTER, _BASE, _PLACE, _STEP, _WHEN, _COUNT, _PROCESS, _END, _HALF, _FOUND, _WELL = (
    Local(text) for text in ("first", "after", "base", "place", "step", "when", "count", "process", "end", "half", "found", "well")
)


def events(plan: Plan) -> tuple[tuple[str, str], ...]:
    """What is told: population and event, in the order of messages."""
    assert plan.spread is not None
    return tuple((p.name, e.event) for p in plan.populations if p.name in plan.spread.members for e in p.events)


def sizes(plan: Plan) -> Iterator[Size]:
    """Lengths of messages. How many processes there are, and what one of them may tell at once, comes with the engine."""
    if plan.spread is None:
        return
    held = tuple(of_emitted(*one).field(Part.CAPACITY) for one in events(plan))
    yield Size(RUN.field(Part.EXCHANGE_LENGTH), 8)
    yield Size(RUN.field(Part.MESSAGE_LENGTH), Apply(message_length, held))
    yield Size(_PROCESSES)
    yield Size(RUN.field(Part.HALVES))
    yield Size(RUN.field(Part.HEARD_LENGTH))
    yield Size(RUN.field(Part.LISTED_LENGTH))


def arguments(plan: Plan) -> Iterator[Array | Scalar]:
    """Messages."""
    if plan.spread is None:
        return
    heard = (RUN.field(Part.HALVES), _PROCESSES, RUN.field(Part.HEARD_LENGTH))
    yield Array(_EXCHANGE, "int64", (RUN.field(Part.EXCHANGE_LENGTH),), changes=False)
    yield Array(_MESSAGE, "int64", (RUN.field(Part.MESSAGE_LENGTH),), changes=False)
    yield Array(_HEARD, "int64", heard, changes=False)
    yield Array(_PLACES, "int64", (_PROCESSES,), changes=False)
    yield Array(_LISTED, "int64", (RUN.field(Part.LISTED_LENGTH),), changes=False)


def _at(place: int) -> Expr:
    return element(_EXCHANGE, Number(float(place)))


# --- telling ---------------------------------------------------------------------------------------------------------


def is_full(plan: Plan) -> Expr | None:
    """Whether the message could not hold what one more step may add."""
    fields = [Read(of_emitted(*one).field(Part.CAPACITY)) for one in events(plan)]
    if not fields:
        return None
    held: Expr = plus(only(_MESSAGE), ONE)
    for field in fields:
        held = plus(held, field)
    return Compare(">", held, Read(RUN.field(Part.MESSAGE_LENGTH)))


def tell(plan: Plan) -> Function:
    """The kernel that adds what has been found in a step to the message. It is counted when it is heard."""
    among, body = events(plan), list[Statement]()
    for number, (population, event) in enumerate(among):
        p = of_emitted(population, event)
        begins, count = of_population(population).field(Part.BEGINS), element(p.field(Part.SPIKE_COUNT), SLOT)
        key = plus(Read(_BASE), Read(I))
        add = (Let(_PLACE, plus(only(_MESSAGE), ONE)), Store(element(_MESSAGE, _PLACE), key), Store(only(_MESSAGE), Read(_PLACE)))
        own = Logic("and", (Compare("<=", Read(_FIRST), Read(I)), Compare("<", Read(I), Read(_AFTER))))
        body += [
            ring(SLOT, Read(N), p.field(Part.SLOTS)),
            If(
                Compare(">", count, ZERO),
                (
                    Let(_FIRST, Call("index", (element(begins, ZERO),))),
                    Let(_AFTER, Call("index", (element(begins, ONE),))),
                    Let(_BASE, _key(minus(Read(N), _at(BEGUN)), number, len(among))),
                    For(S, ZERO, count, (Let(I, element(p.field(Part.SPIKES), SLOT, S)), If(own, add))),
                    Increase(only(p.field(Part.SPIKE_TOTAL)), Negate(count)),
                ),
            ),
        ]
    return Function(TELL, "Add what units of this process have done at step n to what others are told.", tuple(body))


def _key(step: Expr, number: int, count: int) -> Expr:
    """The least number of a message that stands for this event in this step."""
    return times(plus(times(step, Number(float(count))), Number(float(number))), Number(float(KEY)))


# --- hearing ---------------------------------------------------------------------------------------------------------


def hear(plan: Plan) -> Function:
    """The kernel that lists for all what processes have told of a stretch of steps; it returns −1 where that does not fit a list."""
    among = events(plan)
    begin = For(_PROCESS, ZERO, Read(_PROCESSES), (Store(element(_PLACES, _PROCESS), ONE),))
    steps = [s for number, one in enumerate(among) for s in _listed(of_emitted(*one), number, len(among))]
    body = (
        Let(_HALF, _at(HALF)),
        Let(_FOUND, ZERO),
        begin,
        For(_STEP, ZERO, _at(STEPS_HEARD), (Let(_WHEN, plus(_at(FIRST_HEARD), Read(_STEP))), *steps)),
        Store(element(_EXCHANGE, Number(float(FOUND))), Read(_FOUND)),
        Store(element(_EXCHANGE, Number(float(STEPS_HEARD))), ZERO),
        Return(Read(_FOUND)),
    )
    return Function(HEAR, "List what units of all processes have done in the steps of a stretch, in the order of the units.", body)


def _listed(p: Group, number: int, count: int) -> Iterator[Statement]:
    """One event in one of these steps. Lists have room for the last steps alone: earlier ones nobody asks for any more."""
    slots = p.field(Part.SLOTS)
    place = (Read(_HALF), Read(_PROCESS), Read(_PLACE))
    told, below = element(_HEARD, *place), plus(Read(_BASE), Number(float(KEY)))
    more = Logic("and", (Compare("<", Read(_PLACE), Read(_END)), Compare("<", told, below)))
    wanted = Compare(">=", plus(Read(_WHEN), Read(slots)), Read(N))
    take = (
        If(Compare(">=", Read(_COUNT), Read(p.field(Part.CAPACITY))), (Return(Number(-1.0)),)),
        If(wanted, (Store(element(p.field(Part.SPIKES), SLOT, _COUNT), minus(told, Read(_BASE))),)),
        Store(element(_LISTED, _FOUND), told),
        Let(_FOUND, plus(Read(_FOUND), ONE)),
        Let(_COUNT, plus(Read(_COUNT), ONE)),
        Let(_PLACE, plus(Read(_PLACE), ONE)),
    )
    each = (
        Let(_PLACE, element(_PLACES, _PROCESS)),
        Let(_END, plus(element(_HEARD, Read(_HALF), Read(_PROCESS), ZERO), ONE)),
        While(more, take),
        Store(element(_PLACES, _PROCESS), Read(_PLACE)),
    )
    yield ring(SLOT, Read(_WHEN), slots)
    yield Let(_BASE, _key(Read(_STEP), number, count))
    yield Let(_COUNT, ZERO)
    yield For(_PROCESS, ZERO, Read(_PROCESSES), each)
    yield If(wanted, (Store(element(p.field(Part.SPIKE_COUNT), SLOT), Read(_COUNT)),))
    yield Increase(only(p.field(Part.SPIKE_TOTAL)), Read(_COUNT))


def first(told: Expr, steps: Expr) -> tuple[Statement, ...]:
    """What has been heard is listed before anything else is done; that may be all."""
    well: tuple[Statement, ...] = (
        Comment("what others have told"),
        Let(N, told),
        Invoke(HEAR, _WELL),
        If(Compare("<", Read(_WELL), ZERO), (Return(Read(_WELL)),)),
        If(Compare("==", steps, ZERO), (Return(steps),)),
    )
    return (If(Compare(">", _at(STEPS_HEARD), ZERO), well),)
