"""Random connections with variables to which both sides add, alone, in chains, and followed by weights.

As `random_models`, with spikes of both sides that keep meeting. What is added is known of one side alone more often than not; now and then it is not, or
the variables have bounds, a value for each connection at first, or a rate of their own. Programs write values that connections of a unit share, or do not.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from plasticdsl.model import Block, Flow, GivenSpikes, Handler, Trigger
from plasticdsl.model.schemes import (
    Euler,
    EulerMaruyama,
    Exact,
    ExponentialEuler,
    ExponentialRungeKutta,
    Milstein,
    RungeKutta4,
    Scheme,
    TwoStages,
)
from tests.reference.nets import Net, connection, definition, e, neuron, on, parameter, state
from tests.semantics.agreement import Case
from tests.semantics.random_models import BEATS, POST_TRACES, PRE_TRACES, STEPS, Sizes, changes, delays, jumps_of_traces, trains

SUMS = ("c", "h", "s")
#: What units of a side know, and what nobody shares.
KNOWN = {Trigger.PRE: ("a", "b", "r1", "0.3 * pre.u", "a * r2 ** 2"), Trigger.POST: ("a", "b", "o1", "0.3 * post.g", "a * tanh(o2)")}
UNKNOWN = ("k", "0.2 * w", "0.1 * c", "r1 * o1", "0.1 * s", "drawn(U, 5, 0, 1)")
OFFSETS = ("0", "0", "0", "5 * b", "7 * r1", "4 * post.g", "3 * r1 - 2 * o1", "a * cos(t / (7 * dt))")


@st.composite
def flows(draw: st.DrawFn) -> tuple[tuple[Scheme, ...], tuple[Flow, ...]]:
    """Of traces; of c and h, which may follow it; of s; and of w, which may be taken together with c."""
    tau = draw(st.sampled_from(["tau", "tau", "tau", "sigma", "sigma", "kappa"]))
    found: list[Scheme] = [Exact((name,), ((e("-1 / sigma"),),), (e(0),)) for name in (*PRE_TRACES, *POST_TRACES)]
    first, second, third = (draw(st.sampled_from(OFFSETS)) for _ in range(3))
    weight = draw(
        st.sampled_from(
            ["20 * (0.3 - w) * step(c - 0.2) + 5 * c ** 2", "30 * tanh(c) - 20 * w", "10 * c * post.g + 3 * s", "-8 * w + 6 * c"]
        )
    )
    feed = draw(st.sampled_from(["30 * h", "0"]))
    rates = (f"-c / {tau} + {feed} + {first}", f"-h / sigma + {second}")
    match draw(st.sampled_from(["exact", "exact", "chain", "rk4", "rk", "euler", "noise", "two", "exponential"])):
        case "exact":
            found += [Exact(("c",), ((e(f"-1 / {tau}"),),), (e(first),)), Exact(("h",), ((e("-1 / sigma"),),), (e(second),))]
            found += [ExponentialEuler("w", e(0), e(weight))]
        case "chain":
            found += [Exact(("c", "h"), ((e(f"-1 / {tau}"), e(30)), (e(0), e("-1 / sigma"))), (e(first), e(second)))]
            found += [Exact(("w",), ((e(-20),),), (e("6 * c"),))]
        case "rk4":
            found += [RungeKutta4(("c", "w", "h"), (e(rates[0]), e(weight), e(rates[1])))]
        case "rk":
            slopes, offsets = (f"-1 / {tau}", "-20", "-1 / sigma"), (f"{feed} + {first}", "6 * c ** 2", second)
            found += [ExponentialRungeKutta(("c", "w", "h"), tuple(map(e, slopes)), tuple(map(e, offsets)))]
        case "euler":
            found += [Euler(("c", "h", "w"), (e(rates[0]), e(rates[1]), e(weight)), draw(st.sampled_from([1, 2])))]
        case "noise":
            noise = draw(st.sampled_from([None, e("0.1")]))
            found += [EulerMaruyama(("c", "w"), (e(f"-c / {tau} + {first}"), e(weight)), (None, noise))]
        case "two":
            both, quiet = (e(rates[0]), e(weight), e(rates[1])), (None, None, None)
            found += [draw(st.sampled_from([TwoStages(("c", "w", "h"), both, quiet), Milstein(("c", "w", "h"), both, quiet, (e(0),) * 3)]))]
        case "exponential":
            found += [ExponentialEuler("c", e(f"-1 / {tau}"), e(first)), Exact(("w", "h"), ((e(-9), e(4)), (e(0), e(-50))), (e(0), e(0)))]
    if draw(st.booleans()):
        found.append(Exact(("s",), ((e(-60),),), (e(third),)))
    return tuple(found), (Flow("w", e(weight), is_rule=draw(st.booleans())),)


@st.composite
def added(draw: st.DrawFn, side: Trigger) -> str:
    """What a statement adds to such a variable."""
    often = draw(st.lists(st.sampled_from(KNOWN[side]), min_size=1, max_size=2))
    seldom = [draw(st.sampled_from(UNKNOWN))] if draw(st.integers(0, 11)) == 0 else []
    return " + ".join([*often, *seldom])


@st.composite
def handlers(draw: st.DrawFn, side: Trigger) -> list[Handler]:
    """What happens at events of a side: the sums change, and whatever reads them."""
    own = PRE_TRACES if side is Trigger.PRE else POST_TRACES
    names = (*SUMS, *SUMS, "w", "r1", "o1", "post.g", "pre.u", "d", "before(c)")
    lines = [f"{name} += {draw(added(side))}" for name in ["c", *draw(st.lists(st.sampled_from(SUMS), max_size=3))]]
    lines += draw(jumps_of_traces(own))
    lines += [f"{target} += {draw(changes(names))}" for target in draw(st.lists(st.sampled_from(["w", "post.g", "pre.u"]), max_size=3))]
    found = [on(side, *draw(st.permutations(lines)), rule=draw(st.booleans()))]
    if draw(st.integers(0, 3)) == 0:
        found.append(on(side, f"c += {draw(added(side))}", f"w += {draw(changes(names))}", rule=draw(st.booleans()), event="x"))
    return found


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    bounds = (-1, 1) if draw(st.integers(0, 6)) == 0 else (None, None)
    integrators, said = draw(flows())
    variables = (state("w", *draw(st.sampled_from([(None, None), (-2, 2)]))), state("c", *bounds), state("h"), state("s"))
    traces = tuple(state(n) for n in (*PRE_TRACES, *POST_TRACES))
    found = [h for side in (Trigger.PRE, Trigger.POST) for h in draw(handlers(side))]
    if draw(st.integers(0, 2)) == 0:
        found.append(on(Trigger.EVERY, draw(st.sampled_from(["w += 0.1 * c", "s = 0.5 * s", "post.g += 0.1 * s"])), period="3 * dt"))
    return connection(
        variables=(*variables, *traces, *map(parameter, ("a", "b", "k", "tau", "sigma", "kappa")), definition("d", "0.5 * c - 0.2 * h")),
        handlers=tuple(found), schemes=integrators, flows=said,
    )  # fmt: skip


@st.composite
def late(draw: st.DrawFn, count: int) -> int | list[int]:
    """A delay, mostly the same for all connections."""
    return draw(delays(count)) if draw(st.integers(0, 5)) == 0 else draw(st.sampled_from([0, 0, 1, 3]))


@st.composite
def superposed_cases(draw: st.DrawFn) -> Case:
    """All spikes are given."""
    sizes = Sizes(draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    net = Net()
    decay = (Exact(("g",), ((e(-200),),), (e(0),)),)
    net.population("a", sizes.pre, neuron(variables=(state("u"),), events=BEATS), GivenSpikes(()), draw(trains(sizes.pre)))
    net.population("b", sizes.post, neuron(variables=(state("g"),), schemes=decay, events=BEATS), GivenSpikes(()), draw(trains(sizes.post)))
    every = [(j, i) for j in range(sizes.pre) for i in range(sizes.post)]
    pairs = (
        None if draw(st.integers(0, 2)) else sorted(draw(st.lists(st.sampled_from(every), min_size=1, max_size=len(every), unique=True)))
    )
    count = len(every if pairs is None else pairs)
    numbers = {"a": 0.2, "b": -0.3, "k": [0.1 * n for n in range(count)], "tau": draw(st.sampled_from([2e-3, 20e-3])), "sigma": 7e-3}
    numbers["kappa"] = draw(st.sampled_from([5e-3, [4e-3 + 1e-3 * n for n in range(count)]]))
    states = {"w": [0.25 + 0.01 * n for n in range(count)]}
    if draw(st.integers(0, 4)) == 0:
        states["h"] = [0.1 * n for n in range(count)]
    net.projection("c", "a", "b", draw(blocks()), pairs, draw(late(count)), draw(late(count)), ("w",), numbers, states)
    switches = draw(st.sampled_from([{}, {10: {"c": False}}, {5: {"c": False}, 17: {"c": True}}]))
    each = np.linspace(-0.5, 0.7, count) ** 2
    writes = draw(st.sampled_from([{}, {}, {("c", "c"): 0.4}, {("c", "c"): each}, {("c", "c"): each, ("c", "h"): 0.3}]))
    return Case(net.network(), net.instance, net.per_unit(), STEPS, switches, writes=writes)
