"""Random networks in which spikes of both sides keep meeting.

`imposed_cases()` draws two populations with given spikes on few grid times (so that ties, several spikes in one step and delays of the same
size are common), a connection block with traces of either side, shared variables and definitions, random statements with limits, pulses,
bounds and learning windows, and stretches of rules off. Coefficients are small, so that values stay of order one and a relative comparison means
something. `recurrent_cases()` adds neurons that spike by themselves; `imposed_cases(sums=True)` statements that read sums over the connections of
their unit, also through definitions and one within another; `imposed_cases(third=True)` a unit that connections take as an argument: one for all, or one
for each post unit, which they read, to which they add and for whose spikes they wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from plasticdsl.model import (
    AtMost,
    Block,
    Flow,
    GivenSpikes,
    Handler,
    NamedEvent,
    Pairing,
    PairRule,
    Presence,
    Refractory,
    Third,
    Threshold,
    Trigger,
    Variable,
)
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.owners import OfArgument, Whose
from plasticdsl.model.presence import NEWBORN, PRESENT, masked
from plasticdsl.model.schemes import Exact, ExponentialEuler, Scheme
from tests.reference.nets import Net, connection, definition, e, neuron, on, parameter, state, window
from tests.semantics.agreement import Case

STEPS = 30
PRE_TRACES, POST_TRACES, SHARED = ("r1", "r2"), ("o1", "o2"), ("w", "s")
PARAMETERS = {"a": (0.1, 0.9), "b": (-0.5, 0.5), "tau": (2e-3, 20e-3), "sigma": (2e-3, 20e-3)}


# --- expressions -----------------------------------------------------------------------------------------------------


def coefficients() -> st.SearchStrategy[str]:
    return st.sampled_from(["0.5", "-0.25", "a", "b", "0.3 * a", "-0.125", "1"])


@st.composite
def terms(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    """One summand."""
    name = draw(st.sampled_from(names))
    form = draw(
        st.sampled_from(["{c} * {n}", "{c} * {n}", "{c} * {n} * {m}", "{c} * tanh({n})", "{c} * max({n}, {m})", "{c} / (1 + {n} ** 2)"])
    )
    return form.format(c=draw(coefficients()), n=name, m=draw(st.sampled_from(names)))


@st.composite
def totals(draw: st.DrawFn, names: tuple[str, ...], deep: bool = True) -> str:
    """A sum over the connections of the unit."""
    inside = draw(terms(tuple(n for n in names if "(" not in n)))
    if deep and draw(st.integers(0, 3)) == 0:
        inside += f" + 0.1 * {draw(totals(names, deep=False))}"
    return f"0.3 * incoming({inside})"


@st.composite
def values(draw: st.DrawFn, names: tuple[str, ...], sums: bool = False) -> str:
    """A sum of one to three terms, sometimes by cases; with `sums` often one over the connections of the unit."""
    found = " + ".join(draw(st.lists(terms(names), min_size=1, max_size=3)))
    if sums and draw(st.booleans()):
        found += f" + {draw(totals(names))}"
    if draw(st.integers(0, 5)) == 0:
        found = f"({found}) if {draw(st.sampled_from(names))} > 0.3 else ({draw(terms(names))})"
    return f"tanh({found})" if draw(st.booleans()) else f"0.5 * ({found})"


@st.composite
def changes(draw: st.DrawFn, names: tuple[str, ...], sums: bool = False) -> str:
    """What a statement adds: sometimes with a number drawn at the event, or by chance."""
    found = draw(values(names, sums))
    number = draw(st.integers(1, 9))
    name = draw(st.sampled_from(names))
    form = draw(
        st.sampled_from(["{v}", "{v}", "{v}", "({v}) * drawn(N, {k}, 1, 0.3)", "({v}) if drawn(U, {k}, 0, 1) < 0.6 + 0.1 * {n} else 0.1"])
    )
    return form.format(v=found, k=number, n=name)


def own_names(side: Trigger, defined: tuple[str, ...]) -> tuple[str, ...]:
    """What statements of a side may read, limits included."""
    if side is Trigger.THIRD:
        return (*PRE_TRACES, *POST_TRACES, *SHARED, *defined, "before(w)", "after(r1)", "post.g", "pre.u")
    own, other = (PRE_TRACES, POST_TRACES) if side is Trigger.PRE else (POST_TRACES, PRE_TRACES)
    plain = (*own, *other, *SHARED, *defined)
    limited = (*(f"before({n})" for n in (*own, *other, "w")), *(f"after({n})" for n in other))
    return (*plain, *plain, *limited, "post.g", "pre.u")


# --- statements ------------------------------------------------------------------------------------------------------


@st.composite
def jumps_of_traces(draw: st.DrawFn, names: tuple[str, ...]) -> list[str]:
    """How traces jump at spikes of their own side: by constants and among themselves."""
    lines = []
    for name in draw(st.permutations(names)):
        forms = [
            "1",
            f"{name} + 1",
            f"{name} + a",
            f"0.5 * {name} + 1",
            f"{names[0]} + 0.5 * {names[1]}",
            f"0.5 * {name} + drawn(U, {len(lines)}, 0, a)",
        ]
        lines.append(f"{name} = {draw(st.sampled_from(forms))}")
    return lines


@st.composite
def handlers(draw: st.DrawFn, side: Trigger, defined: tuple[str, ...], sums: bool = False) -> list[Handler]:
    """The synapse's and the rule's statements of one side; `sums`: statements read sums over connections."""
    names = own_names(side, defined)
    own = PRE_TRACES if side is Trigger.PRE else POST_TRACES
    found = []
    if side is Trigger.PRE or draw(st.integers(0, 3)) == 0:
        target = "post.g" if draw(st.integers(0, 4)) else "pre.u"
        lines = [f"{target} += {draw(changes(names, sums))}"]
        if draw(st.booleans()):
            lines.append(f"s += {draw(changes(names, sums))}")
        found.append(on(side, *draw(st.permutations(lines)), rule=False))
    together = draw(st.booleans())
    lines = draw(jumps_of_traces(own))
    targets = draw(st.lists(st.sampled_from(SHARED), max_size=2, unique=together))
    lines += [f"{t} {draw(st.sampled_from(['+=', '=']))} {draw(changes(names, sums))}" for t in targets]
    lines = draw(st.permutations(lines))
    if together:
        # a value after a jump is asked for only of the other side, so that no circle of ⁺ arises
        lines = [line.replace("+=", "= " + line.split(" ")[0] + " +") if "+=" in line else line for line in lines]
    found.append(on(side, *lines, rule=True, together=together))
    if draw(st.booleans()):
        lines = [*draw(jumps_of_traces(own))[: draw(st.integers(0, 2))], f"{draw(st.sampled_from(SHARED))} += {draw(changes(names))}"]
        lines += [f"post.g += {draw(changes(names))}"] if draw(st.booleans()) else []
        found.append(on(side, *draw(st.permutations(lines)), rule=draw(st.booleans()), event="x"))
    return found


#: Something else that happens to units, also when they spike.
BEATS = (NamedEvent("x", "x", Threshold(e("cos(1.3 * t / dt + 2 * i) > 0.2"), False)),)


@st.composite
def windows(draw: st.DrawFn) -> PairRule:
    """A learning window that traces can carry, or one that only nearest pairs or a truncation allow."""
    pairing = draw(st.sampled_from(list(Pairing)))
    causal = draw(
        st.sampled_from(
            [
                "a * exp(-lag / tau)",
                "(1 - w) * exp(-lag / tau)",
                "a * (lag / tau) * exp(-lag / tau)",
                "0",
                "a * exp(-lag / tau) - b * exp(-lag / sigma)",
                "a * cos(lag / sigma) * exp(-lag / tau)",
            ]
        )
    )
    acausal = draw(st.sampled_from(["-a * exp(lag / sigma)", "-w * exp(lag / sigma)", "b * exp(lag / tau)", "0"]))
    form = draw(st.sampled_from(["{c} if lag > 0 else {d}", "{c} if lag >= 0 else {d}", "{c} if lag > 0 else (0.4 if lag == 0 else {d})"]))
    truncate = draw(st.sampled_from([None, None, None, "5 * dt", "7.6 * dt"]))
    target = draw(st.sampled_from(["w", "w", "s"]))
    if pairing is not Pairing.ALL and pairing is not Pairing.CENTRED_PRE and pairing is not Pairing.CENTRED_POST and draw(st.booleans()):
        causal = "a / (1 + (lag / tau) ** 2)"
    return window(pairing, f"0.3 * ({form.format(c=causal, d=acausal)})", truncate, target)


# --- blocks ----------------------------------------------------------------------------------------------------------


@st.composite
def schemes(draw: st.DrawFn) -> tuple[tuple[Scheme, ...], tuple[Flow, ...]]:
    """Decays of traces, and sometimes a flow of the weight."""
    found: list[Scheme] = []
    flows: list[Flow] = []
    for name in (*PRE_TRACES, *POST_TRACES):
        tau = draw(st.sampled_from(["tau", "sigma", None]))
        if tau is not None:
            found.append(Exact((name,), ((e(f"-1 / {tau}"),),), (e(0),)))
            flows.append(Flow(name, e(f"-{name} / {tau}"), is_rule=True))
    if draw(st.integers(0, 2)) == 0:
        found.append(ExponentialEuler("w", e("-1 / sigma"), e("(0.2 + 0.1 * r1 + 0.1 * post.g) / sigma")))
        flows.append(Flow("w", e("(0.2 + 0.1 * r1 + 0.1 * post.g - w) / sigma"), is_rule=True))
    return tuple(found), tuple(flows)


@st.composite
def of_thirds(draw: st.DrawFn, defined: tuple[str, ...]) -> list[Handler]:
    """What happens at the spikes of an argument: also additions to units, its own among them."""
    names = own_names(Trigger.THIRD, defined)
    targets = draw(st.lists(st.sampled_from([*SHARED, "r1", "o2", "post.g", "pre.u", "third.D"]), min_size=1, max_size=3))
    return [on(Trigger.THIRD, *(f"{t} += {draw(changes(names))}" for t in targets), rule=draw(st.booleans()))]


@st.composite
def blocks(draw: st.DrawFn, sums: bool = False, third: bool = False) -> Block:
    """A connection; `sums`: it reads sums over the connections of its post unit; `third`: it takes a unit as an argument."""
    bounded = draw(st.sampled_from([(None, None), (0, 1), ("-a", "2 * a"), (0, None)]))
    weight = state("w", *bounded)
    definitions: tuple[Variable, ...] = ()
    if draw(st.booleans()):
        definitions = (definition("d", draw(values((*PRE_TRACES, *POST_TRACES, "w", "post.g")))),)
    defined = (*(v.name for v in definitions), *(("third.D", "third.y") if third else ()))
    found = [*draw(handlers(Trigger.PRE, defined))]
    if sums:
        definitions = (*definitions, definition("q", draw(totals(("w", "s", *defined, "pre.u", "post.g")))))
        defined = (*defined, "q")
    found += draw(handlers(Trigger.POST, defined, sums))
    found += draw(of_thirds(defined)) if third else []
    if sums or draw(st.integers(0, 3)) == 0:
        names = ("w", "s", "r1", "o1", "post.g", "pre.u", *defined)
        lines = [f"w += {draw(changes(names, sums))}"]
        if sums:
            lines += [f"s = {draw(values((*names, 'before(w)'), sums))}", f"post.g += 0.1 * {draw(changes(names, sums))}"]
        trigger = draw(st.sampled_from([Trigger.STEP, Trigger.EVERY]))
        found.append(on(trigger, *lines, period="4 * dt" if trigger is Trigger.EVERY else None))
    integrators, flows = draw(schemes())
    others = [state(n) for n in (*PRE_TRACES, *POST_TRACES, "s")]
    pairs = tuple(draw(st.lists(windows(), max_size=2)))
    return connection(
        variables=(weight, *others, *map(parameter, PARAMETERS), *definitions),
        handlers=tuple(found), pairs=pairs, schemes=integrators, flows=flows,
    )  # fmt: skip


@st.composite
def rewired(draw: st.DrawFn, block: Block) -> Block:
    """The same with connections that vanish and arise, by chance, by what they read, and up to a degree."""
    names = ("w", "s", "r1", "o1", "post.g", "pre.u")
    prune = on(Trigger.EVERY, f"present = 0 if {draw(st.sampled_from(names))} < {draw(coefficients())} else present", period="2 * dt")
    may = draw(st.sampled_from(["", " and {n} > {c}"])).format(n=draw(st.sampled_from(names)), c=draw(coefficients()))
    candidate = f"newborn = drawn(U, 21, 0, 1) / 0.6 if present == 0 and drawn(U, 21, 0, 1) < 0.6{may} else 0"
    new = draw(st.sampled_from(["0.4", "drawn(U, 22, 0.1, 0.9)", "0.5 * w + 0.2"]))
    grow = on(Trigger.EVERY, candidate, f"w = {new} if newborn != 0 else w", "present = 1 if newborn != 0 else present", period="3 * dt")
    sides = draw(st.lists(st.sampled_from([Whose.PRE, Whose.POST]), max_size=2, unique=True))
    most = [e(draw(st.sampled_from(["1", "2", f"1 + 2 * {'post.g' if side is Whose.POST else 'pre.u'}"]))) for side in sides]
    limits = tuple(AtMost(Ref(Whose.OWN, NEWBORN), limit, side) for side, limit in zip(sides, most, strict=True))
    first, *others = grow.statements
    grow = replace(grow, statements=(first, *limits, *others))
    changed = replace(block, variables=(*block.variables, state(PRESENT), state(NEWBORN)), handlers=(*block.handlers, prune, grow))
    return replace(masked(changed, {"w", "s"}), presence=Presence.GROWN)


# --- networks --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sizes:
    pre: int
    post: int


@st.composite
def trains(draw: st.DrawFn, size: int) -> list[tuple[int, int]]:
    """(step, unit), on a coarse grid so that spikes coincide; sometimes twice in a step."""
    times = st.integers(0, (STEPS - 2) // 2).map(lambda k: 2 * k)
    spikes = draw(st.lists(st.tuples(times | st.integers(0, STEPS - 1), st.integers(0, size - 1)), max_size=8 * size))
    most = 1 if draw(st.integers(0, 3)) else 2
    return sorted(s for s in set(spikes) for _ in range(min(spikes.count(s), most)))


@st.composite
def delays(draw: st.DrawFn, count: int) -> int | list[int]:
    if draw(st.booleans()):
        return draw(st.sampled_from([0, 0, 1, 2, 4]))
    return draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))


@st.composite
def numbers(draw: st.DrawFn, count: int) -> dict[str, float | list[float]]:
    """Parameters, shared or one per connection."""
    found: dict[str, float | list[float]] = {}
    for name, (low, high) in PARAMETERS.items():
        one = st.integers(0, 8).map(lambda k, low=low, high=high: low + (high - low) * k / 8)
        found[name] = draw(one) if draw(st.integers(0, 3)) else draw(st.lists(one, min_size=count, max_size=count))
    return found


@st.composite
def projections(
    draw: st.DrawFn,
    net: Net,
    name: str,
    pre: str,
    post: str,
    sizes: Sizes,
    sums: bool = False,
    thirds: Sequence[Third] = (),
    changing: bool = False,
) -> None:
    every = [(j, i) for j in range(sizes.pre) for i in range(sizes.post)]
    pairs = sorted(draw(st.lists(st.sampled_from(every), min_size=1, max_size=len(every), unique=True)))
    block = draw(blocks(sums, bool(thirds)))
    block = draw(rewired(block)) if changing else block
    start = draw(st.sampled_from([0.0, 0.25, 0.5]))
    weights = start if draw(st.booleans()) else [start + 0.01 * k for k in range(len(pairs))]
    axonal, dendritic = draw(delays(len(pairs))), draw(delays(len(pairs)))
    states: dict[str, float | list[float]] = {"w": weights}
    if changing:
        states[PRESENT] = draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=len(pairs), max_size=len(pairs)))
    given = ("w", "s", PRESENT, NEWBORN)
    net.projection(name, pre, post, block, pairs, axonal, dendritic, given, draw(numbers(len(pairs))), states, thirds)


def case_of(net: Net, steps: int, switches: dict[int, dict[str, bool]], stop: int | None = None) -> Case:
    return Case(net.network(), net.instance, net.per_unit(), steps, switches, stop)


@st.composite
def thirds_of(draw: st.DrawFn, net: Net, sizes: Sizes) -> Third:
    """A population of its own: one unit of it for all connections, or one for each post unit."""
    each, first = draw(st.booleans()), draw(st.integers(0, 1))
    decay = (Exact(("D",), ((e(-50),),), (e(0),)),)
    variables = (state("D", *draw(st.sampled_from([(None, None), (-0.5, 0.5)]))), definition("y", "0.5 * D + k"), parameter("k"))
    size = first + (sizes.post if each else 1)
    parameters = {"k": draw(st.sampled_from([0.2, [0.1 * unit for unit in range(size)]]))}
    flows = (Flow("D", e("-50 * D")),)
    block = neuron(variables=variables, schemes=decay, flows=flows)
    net.population("v", size, block, GivenSpikes(()), draw(trains(size)), parameters=parameters, states={"D": 0.3})
    return Third(OfArgument("third"), "v", e(first), each)


@st.composite
def imposed_cases(draw: st.DrawFn, sums: bool = False, third: bool = False, changing: bool = False) -> Case:
    """All spikes are given; `sums`: the connections read sums over those of their post unit; `third`: they take units as arguments; `changing`: they
    vanish and arise."""
    sizes = Sizes(draw(st.integers(1, 3)), draw(st.integers(1, 2)))
    net = Net()
    decay = (Exact(("g",), ((e(-200),),), (e(0),)),)
    net.population("a", sizes.pre, neuron(variables=(state("u"),), events=BEATS), GivenSpikes(()), draw(trains(sizes.pre)))
    net.population("b", sizes.post, neuron(variables=(state("g"),), schemes=decay, events=BEATS), GivenSpikes(()), draw(trains(sizes.post)))
    thirds = [draw(thirds_of(net, sizes))] if third else []
    draw(projections(net, "c", "a", "b", sizes, sums, thirds, changing))
    switches = draw(st.sampled_from([{}, {}, {10: {"c": False}}, {5: {"c": False}, 17: {"c": True}}]))
    return case_of(net, STEPS, switches)


def integrate_and_fire(hold: bool) -> Block:
    """A neuron that its synapses make fire now and then."""
    return neuron(
        variables=(state("V"), state("g"), state("u"), parameter("drive")),
        schemes=(
            ExponentialEuler("V", e("-(1 + 0.1 * g) * 100"), e("(drive + g) * 100")),
            Exact(("g",), ((e(-200),),), (e(0),)),
        ),
        handlers=(on(Trigger.SPIKE, "V = 0", "u += 0.1"), on(Trigger.SPIKE, "u = 0.5 * u + 0.1 * g", event="x")),
        spike=Threshold(e("V > 1"), False),
        events=(NamedEvent("x", "x", Threshold(e("V + g > 0.6"), True)),),
        refractory=Refractory(e(0), ("V",) if hold else ()),
    )


@st.composite
def recurrent_cases(draw: st.DrawFn) -> Case:
    """A source drives neurons that drive each other."""
    size = draw(st.integers(2, 3))
    net = Net()
    net.population("a", 2, neuron(variables=(state("u"),), events=BEATS), GivenSpikes(()), draw(trains(2)))
    drive = [1.1 + 0.17 * k for k in range(size)]
    cell = integrate_and_fire(draw(st.booleans()))
    net.population("b", size, cell, refractory=draw(st.integers(0, 3)), parameters={"drive": drive})
    draw(projections(net, "c", "a", "b", Sizes(2, size)))
    draw(projections(net, "f", "b", "b", Sizes(size, size)))
    return case_of(net, 60, {}, 0)


def expression(text: str) -> Expr:
    """For tests that write their own."""
    return e(text)
