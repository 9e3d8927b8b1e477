"""Random networks that count time in steps: rate units with sums, discrete units updated together or one by one, rules of rates, feeds.

A source that is held or fed drives two populations. A rate unit is a definition of its sums, a graded unit a state that jumps at each step, a binary one
has two values. Projections fill the same inputs, read definitions of either side, running means, and the weights of another projection
backwards; rules change weights at every step or every few. Sums over what follows at once from other sums run from the source to `a` to `b`, so
that there are no circles; sums over states, and late ones, run in all directions.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from plasticdsl.model import Block, ClampedSource, Flow, Handler, Role, SumInto, Trigger, Variable
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation
from plasticdsl.model.protocol import Asked
from plasticdsl.model.schemes import Exact
from plasticdsl.runtime.engine.engine import Feed
from tests.reference.nets import Net, connection, definition, e, input_, neuron, on, parameter, state
from tests.semantics.agreement import Case

STEPS = 16
SOURCE = Block("source", "Source", variables=(Variable("x", "x", Role.CLAMPED), definition("y", "x")), output="x")
RATE = "tanh(h + 0.3 * target + 0.2 * phi - theta)"
#: θ lies where no sum of these weights does, so that rounding decides nothing.
THETA = 0.103717

# --- units -----------------------------------------------------------------------------------------------------------


@st.composite
def units(draw: st.DrawFn, kind: str, mean: bool) -> Block:
    """`mean`: it also follows a running mean of its output."""
    inputs = (input_("h"), input_("phi"), input_("target"), parameter("theta"))
    match kind:
        case "rate":
            variables = (
                *inputs,
                definition("y", RATE.replace(" + 0.2 * phi", "")),
                definition("delta", "(target + phi - y) * (1 - y * y)"),
            )
            handlers: list[Handler] = []
            followed = RATE.replace(" + 0.2 * phi", "")
        case "graded":
            variables = (
                *inputs,
                state("x", *draw(st.sampled_from([(None, None), (-0.8, 0.8)]))),
                definition("y", "x"),
                definition("delta", "target - x"),
            )
            handlers = [on(Trigger.STEP, draw(st.sampled_from([f"x = 0.5 * x + 0.5 * {RATE}", f"x = {RATE}", "x += 0.3 * (tanh(h) - x)"])))]
            followed = "x"
        case _:
            variables = (*inputs, state("x"), definition("y", draw(st.sampled_from(["x", "0.5 * x"]))), definition("delta", "target - y"))
            update = draw(st.sampled_from(["1 if h + phi > theta else -1", "1 if h > theta else (-1 if h < -theta else x)"]))
            handlers = [on(Trigger.STEP, f"x = {update}")]
            followed = "x"
    if not mean:
        return neuron(variables=(*variables, definition("m", "0.5 * y")), handlers=tuple(handlers), output="y")
    if draw(st.booleans()):
        handlers.append(on(Trigger.EVERY, "m = 0.5 * m + 0.1 * y", period="3 * dt"))
    return neuron(
        variables=(*variables, state("m")), handlers=tuple(handlers), output="y",
        flows=(Flow("m", e(f"({followed} - m) / 5")),), schemes=(Exact(("m",), ((e(-0.2),),), (e(f"{followed} / 5"),)),),
    )  # fmt: skip


# --- connections -----------------------------------------------------------------------------------------------------

PLAIN = ["w * pre.y", "w * pre.m", "d + 0.1 * w", "0.5 * w * pre.y ** 2", "w * pre.y if w > 0 else 0.3 * w"]
OF_POST = ["w * pre.y * post.m", "0.3 * w * (pre.m - post.m)"]
RULES = [
    "w += 0.05 * pre.y * post.y",
    "w += 0.05 * post.y * (pre.y - post.y * w)",
    "w += 0.1 * (post.y - post.m) * (pre.y - pre.m)",
    "w += 0.1 * pre.y * post.delta",
    "w = 0.9 * w + 0.05 * pre.m",
    "w += 0.05 * post.h * pre.y",
]


@st.composite
def connections(draw: st.DrawFn, of_source: bool, other: str | None, of_post: bool, swept: bool) -> Block:
    """`other`: a projection between the same units, the other way round. `of_post`: sums may read the unit that they go to. `swept`: single units
    follow these sums."""
    bodies = [*PLAIN, *OF_POST] if of_post else PLAIN
    if of_source:
        bodies = [b for b in PLAIN if "pre.m" not in b]
    if other is not None:
        bodies = [f"{other}.w * pre.delta", f"({other}.w + 0.3 * w) * pre.delta", *([] if swept else [f"0.2 * w * pre.y * {other}.w"])]
    rules = [r for r in RULES if not of_source or "pre.m" not in r]
    handlers = [on(Trigger.STEP, draw(st.sampled_from(rules)))] if draw(st.booleans()) and other is None else []
    if draw(st.integers(0, 3)) == 0:
        handlers.append(
            on(
                Trigger.EVERY,
                draw(st.sampled_from(["w = 0.95 * w", "w += 0.02 * post.y"])),
                period=draw(st.sampled_from(["2 * dt", "3 * dt"])),
            )
        )
    if other is not None and draw(st.booleans()):
        handlers.append(on(Trigger.STEP, f"w += 0.1 * ({other}.w - w)"))
    target = "phi" if other is not None else draw(st.sampled_from(["h", "h", "h", "target"]))
    bounds = draw(st.sampled_from([(None, None), (-1, 1), (-0.4, 0.4)]))
    total = SumInto(target, e(draw(st.sampled_from(bodies))))
    return connection(variables=(state("w", *bounds), definition("d", "0.7 * w * pre.y")), handlers=tuple(handlers), sums=(total,))


# --- networks --------------------------------------------------------------------------------------------------------


@st.composite
def tables(draw: st.DrawFn, population: str, name: str, size: int, binary: bool, first: int) -> Feed:
    rows = draw(st.integers(1, 3))
    one = st.sampled_from([-1.0, 1.0]) if binary else st.integers(-4, 4).map(lambda k: 0.2501 * k)
    width = draw(st.sampled_from([1, size]))
    table = np.array(draw(st.lists(st.lists(one, min_size=width, max_size=width), min_size=rows, max_size=rows)))
    if width == size and draw(st.booleans()):
        table[:, sorted(draw(st.sets(st.integers(0, size - 1), min_size=1)))] = np.nan  # held are the others
    items = np.array(draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=6)))
    return Feed(Ref(OfPopulation(population), name), table, items, first, draw(st.integers(1, 3)))


@st.composite
def feeds(draw: st.DrawFn, fed: list[tuple[str, str]], sizes: dict[str, int], binary: set[str]) -> dict[int, list[Feed]]:
    """What phases show: now these variables, now others, now none."""
    found: dict[int, list[Feed]] = {}
    for first in sorted(draw(st.sets(st.integers(0, STEPS - 2), max_size=3))):
        shown = draw(st.lists(st.sampled_from(fed), unique=True, max_size=len(fed)))
        found[first] = [draw(tables(p, n, sizes[p], p in binary and n == "x", first)) for p, n in shown]
    return found


@st.composite
def orders(draw: st.DrawFn, swept: list[str], sizes: dict[str, int]) -> dict[int, dict[str, list[int]]]:
    """Orders that are given once, anew in every step, or taken back."""
    found: dict[int, dict[str, list[int]]] = {}
    steps = range(STEPS) if draw(st.booleans()) else sorted(draw(st.sets(st.integers(0, STEPS - 2), min_size=1, max_size=4)))
    for step in steps:
        named = draw(st.lists(st.sampled_from(swept), unique=True))
        found[step] = {name: draw(st.permutations(range(sizes[name]))) for name in named}
    return found


def may_run(pre: str, post: str, kinds: dict[str, str], late: bool) -> bool:
    """Whether a sum closes no circle within one moment."""
    return late or kinds[pre] != "rate" or (kinds[post] != "rate") or (pre, post) == ("a", "b")


@st.composite
def step_cases(draw: st.DrawFn) -> Case:
    """A network with numbers, and what is done with it."""
    swept = draw(st.integers(0, 2)) == 0
    kinds = {name: draw(st.sampled_from(["graded", "binary"] if swept else ["rate", "graded", "binary"])) for name in "ab"}
    mean = not swept and draw(st.booleans())
    net = Net(dt=1.0, seed=draw(st.integers(0, 3)))
    sizes = {"s": 3, "a": draw(st.integers(2, 4)), "b": draw(st.integers(1, 3))}
    net.population("s", 3, SOURCE, ClampedSource(), states={"x": [0.3, -0.7, 1.0]})
    for name in "ab":
        start = {"x": [1.0 if k % 2 else -1.0 for k in range(sizes[name])], "m": 0.1}
        net.population(name, sizes[name], draw(units(kinds[name], mean)), parameters={"theta": THETA}, states=start)
    wanted = [
        ("s", "a"),
        *draw(st.lists(st.sampled_from([("s", "b"), ("a", "b"), ("b", "a"), ("a", "a"), ("b", "b")]), min_size=1, max_size=4)),
    ]
    for number, (pre, post) in enumerate(wanted):
        late = 0 if swept else draw(st.sampled_from([0, 0, 1, 2]))
        if pre != "s" and not may_run(pre, post, kinds, late > 0):
            late = 1
        pairs = [(j, i) for j in range(sizes[pre]) for i in range(sizes[post]) if pre != post or i != j]
        if not pairs:
            continue
        block = draw(connections(pre == "s", None, not swept and (mean or kinds[post] != "rate"), swept))
        weights = [round(0.37 * ((7 * k + 3 * number) % 5 - 2) + 0.011 * k, 6) for k in range(len(pairs))]
        axonal, dendritic = (late, 0) if draw(st.booleans()) else (0, late)
        net.projection(f"c{number}", pre, post, block, pairs, axonal, dendritic, states={"w": weights})
    if not swept and draw(st.booleans()) and ("a", "b") in wanted:
        forward = f"c{wanted.index(('a', 'b'))}"
        back = draw(connections(False, forward, False, swept))
        net.projection("back", "b", "a", back, None, states={"w": 0.2})
    network = net.network()
    binary = {name for name, kind in kinds.items() if kind == "binary"}
    fed = [("s", "x"), *((name, "target") for name in "ab"), ("a", "h"), *((name, "x") for name in "ab" if kinds[name] != "rate")]
    switches = draw(st.sampled_from([{}, {}, {4: {"c0": False}}, {4: {"c0": False}, 9: {"c0": True}}]))
    return Case(
        network, net.instance, net.per_unit(), STEPS, switches,
        feeds=draw(feeds(fed, sizes, binary)), orders=draw(orders(list("ab"), sizes)) if swept else {},
        asked=Asked(tuple(Ref(OfPopulation(p), v) for p, v in fed), tuple("ab") if swept else ()),
    )  # fmt: skip
