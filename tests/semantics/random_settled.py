"""Random connections that flow between events: what decays, what drifts by products of it and values of units, within bounds and without.

As `random_models`, with spikes of both sides and of an argument that keep meeting; values of units turn now and then, weights are written, also outside
of their bounds, and connections read and change at any event what flows.
"""

from __future__ import annotations

from hypothesis import strategies as st

from plasticdsl.model import Block, Flow, GivenSpikes, Handler, Trigger
from plasticdsl.model.schemes import Exact, ExponentialEuler, Scheme
from tests.reference.nets import Net, connection, e, neuron, on, parameter, state
from tests.semantics.agreement import Case
from tests.semantics.random_models import (
    BEATS,
    POST_TRACES,
    PRE_TRACES,
    STEPS,
    Sizes,
    changes,
    delays,
    jumps_of_traces,
    thirds_of,
    trains,
)

#: w and v drift, c and s decay.
NAMES = ("w", "v", "c", "s")
OF_UNITS = ("third.D", "post.g", "pre.u", "third.y", "o1", "(0.3 - third.D)", "a", "cos(t / (5 * dt))")
SETTLED_STEPS = 3 * STEPS


@st.composite
def rates(draw: st.DrawFn, terms: int) -> str:
    """Of what drifts."""
    found = []
    for _ in range(terms):
        decay = draw(st.sampled_from(["c", "c", "s", "1"]))
        units = [n for n in OF_UNITS if not (n == "pre.u" and decay == "1")]
        found.append(f"{draw(st.sampled_from(['40', '-25', '60 * a']))} * {decay} * {draw(st.sampled_from(units))}")
    return " + ".join(found)


@st.composite
def flows(draw: st.DrawFn, bounded: dict[str, bool]) -> tuple[tuple[Scheme, ...], tuple[Flow, ...]]:
    """Of connections and traces; of c and s one may grow, and one may stand."""
    found: list[Scheme] = []
    said: list[Flow] = []
    for name in (*PRE_TRACES, *POST_TRACES, "c", "s"):
        rate = draw(st.sampled_from(["-1 / tau", "-1 / sigma", "-1 / tau", "-1000", "20 * a"]))
        found.append(Exact((name,), ((e(rate),),), (e(0),)))
        said.append(Flow(name, e(f"{rate} * {name}"), is_rule=True))
    for name in ("w", "v"):
        rate = draw(rates(1 if bounded[name] else draw(st.integers(1, 3))))
        found.append(ExponentialEuler(name, e(0), e(rate)))
        said.append(Flow(name, e(rate), is_rule=draw(st.booleans())))
    return tuple(found), tuple(said)


@st.composite
def handlers(draw: st.DrawFn, side: Trigger) -> list[Handler]:
    """What happens at events of a side, or now and then."""
    own = {Trigger.PRE: PRE_TRACES, Trigger.POST: POST_TRACES}.get(side, ())
    names = (*NAMES, *NAMES, "r1", "o1", "post.g", "pre.u", "third.D")
    targets = draw(st.lists(st.sampled_from([*NAMES, "post.g", "third.D"]), max_size=3))
    lines = [f"{t} += {draw(changes(names))}" for t in targets] + (draw(jumps_of_traces(own)) if own else [])
    lines = draw(st.permutations(lines))
    period = "3 * dt" if side is Trigger.EVERY else None
    return [on(side, *lines, rule=draw(st.booleans()), period=period)] if lines else []


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    limits = {n: draw(st.sampled_from([(None, None), (0, 1), ("-a", "2 * a"), (0, None), (-0.2, 0.4)])) for n in ("w", "v")}
    integrators, said = draw(flows({n: limits[n] != (None, None) for n in limits}))
    variables = (
        *(state(n, *limits[n]) for n in ("w", "v")),
        state("c", *draw(st.sampled_from([(None, None), (-1, 1)]))),
        *(state(n) for n in ("s", *PRE_TRACES, *POST_TRACES)),
    )
    sides = (Trigger.PRE, Trigger.POST, Trigger.THIRD, Trigger.EVERY)
    found = [h for side in sides[: draw(st.integers(2, 4))] for h in draw(handlers(side))]
    return connection(
        variables=(*variables, *map(parameter, ("a", "b", "tau", "sigma"))), handlers=tuple(found), schemes=integrators, flows=said
    )


@st.composite
def settled_cases(draw: st.DrawFn) -> Case:
    """All spikes are given; the connections take a unit as an argument."""
    sizes = Sizes(draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    net = Net()
    decay = (Exact(("g",), ((e(-200),),), (e(0),)),)
    net.population("a", sizes.pre, neuron(variables=(state("u"),), events=BEATS), GivenSpikes(()), draw(trains(sizes.pre)))
    net.population("b", sizes.post, neuron(variables=(state("g"),), schemes=decay, events=BEATS), GivenSpikes(()), draw(trains(sizes.post)))
    thirds = [draw(thirds_of(net, sizes))]
    every = [(j, i) for j in range(sizes.pre) for i in range(sizes.post)]
    pairs = sorted(draw(st.lists(st.sampled_from(every), min_size=1, max_size=len(every), unique=True)))
    numbers = {
        "a": draw(st.sampled_from([0.2, 0.5])),
        "b": -0.3,
        "tau": draw(st.sampled_from([2e-3, 7e-3, 1.0])),
        "sigma": draw(st.sampled_from([4e-3, 30e-3])),
    }
    states = {"w": [0.25 + 0.01 * k for k in range(len(pairs))], "v": 0.2, "c": draw(st.sampled_from([0.0, 0.5])), "s": 0.3}
    net.projection(
        "c", "a", "b", draw(blocks()), pairs, draw(delays(len(pairs))), draw(delays(len(pairs))), ("w", "v"), numbers, states, thirds
    )
    switches = draw(st.sampled_from([{}, {}, {40: {"c": False}}, {13: {"c": False}, 41: {"c": True}}]))
    writes = draw(st.sampled_from([{}, {}, {("c", "w"): -0.5}, {("c", "w"): 1.5}]))
    return Case(net.network(), net.instance, net.per_unit(), SETTLED_STEPS, switches, writes=writes)
