"""Random networks of units: sums, definitions, integrators coupled through sums, discrete updates, random spikes, refractoriness, longer steps.

Two populations of two to three units drive each other through sums (some with delays) and spikes. Rates are contractive, so that values
stay of order one.
"""

from __future__ import annotations

from hypothesis import strategies as st

from plasticdsl.model import (
    AtRate,
    Block,
    Flow,
    Handler,
    NamedEvent,
    PoissonSource,
    Refractory,
    Role,
    SumInto,
    Threshold,
    Trigger,
    Variable,
)
from plasticdsl.model.expr import Ref
from plasticdsl.model.protocol import Asked
from plasticdsl.model.schemes import Euler, EulerMaruyama, Exact, ExponentialEuler, ExponentialRungeKutta, RungeKutta4, Scheme
from tests.reference.nets import Net, connection, definition, e, input_, neuron, on, parameter, state
from tests.semantics.agreement import Case

STEPS = 40
UNIT_PARAMETERS = {"tau": (3e-3, 20e-3), "k": (0.2, 0.8), "drive": (0.5, 1.5)}


@st.composite
def integrators(draw: st.DrawFn, with_input: bool) -> tuple[tuple[Scheme, ...], tuple[Flow, ...]]:
    """V and u flow by a scheme each or by one together."""
    pull = "drive + 0.3 * h + 0.2 * y" if with_input else "drive"
    rate_v, rate_u = f"({pull} - V - 0.3 * u) / tau", "(k * V - u) / 0.01"
    flows = (Flow("V", e(rate_v)), Flow("u", e(rate_u)))
    # y = tanh(V) written out, as symbolic schemes would
    written = rate_v.replace("0.2 * y", "0.2 * tanh(V)")
    kind = draw(st.sampled_from(["rk4", "exponential", "euler", "separate", "noise"]))
    match kind:
        case "rk4":
            return (RungeKutta4(("V", "u"), (e(written), e(rate_u))),), flows
        case "exponential":
            slopes = e("-(1 + 0.5 * u * u) / tau"), e(draw(st.sampled_from(["-100", "-100 * (1 + 0.5 * V * V)", "0"])))
            offset = e(f"{written} + (V - 0.1 * u * V) / tau")
            return (ExponentialRungeKutta(("V", "u"), slopes, (offset, e("k * V / 0.01"))),), flows
        case "euler":
            return (Euler(("V", "u"), (e(written), e(rate_u)), draw(st.integers(1, 3))),), flows
        case "noise":
            noisy = EulerMaruyama(("V",), (e(written),), (e("0.1 * k"),))
            return (noisy, Exact(("u",), ((e(-100),),), (e("k * V / 0.01"),))), flows
        case _:
            offset = e(f"({pull.replace('0.2 * y', '0.2 * tanh(V)')} - 0.3 * u) / tau")
            return (ExponentialEuler("V", e("-1 / tau"), offset), Exact(("u",), ((e(-100),),), (e("k * V / 0.01"),))), flows


@st.composite
def neurons(draw: st.DrawFn) -> Block:
    """A unit with V, u and g (which synapses add to), an input h and an output y."""
    with_input = draw(st.integers(0, 3)) > 0
    schemes, flows = draw(integrators(with_input))
    decay = Exact(("g",), ((e(-150),),), (e(0),))
    handlers: list[Handler] = []
    spike = draw(
        st.sampled_from([None, Threshold(e("V + g > 0.7"), False), Threshold(e("V + 0.5 * g > 0.6"), True), AtRate(e("200 * max(V, 0)"))])
    )
    if spike is not None:
        lines = draw(st.permutations(["V = 0.5 * u", "u += 0.2", "g = 0.5 * g + 0.1 * V"]))
        handlers.append(on(Trigger.SPIKE, *lines))
    beat = NamedEvent("x", "x", Threshold(e(draw(st.sampled_from(["V + 0.3 * u > 0.4", "y > 0.3 and g < 0.5"]))), draw(st.booleans())))
    handlers.append(on(Trigger.SPIKE, *draw(st.sampled_from([("m += 0.1",), ("g = 0.8 * g", "m = 0.5 * m + 0.1 * V")])), event="x"))
    if draw(st.integers(0, 3)) == 0:
        handlers.append(on(Trigger.STEP, "m = 0.5 * m + 0.3 * h", "u += 0.1 * m" if draw(st.booleans()) else "m += 0.1 * V"))
    if draw(st.integers(0, 3)) == 0:
        periodic = on(Trigger.EVERY, "u = 0.5 * u + 0.1 * y", period=draw(st.sampled_from(["3 * dt", "7 * dt"])))
        handlers.insert(draw(st.integers(0, len(handlers))), periodic)
    held = draw(st.sampled_from([("V",), (), ("V", "u"), ("g",)]))
    rest, shown, output = None, (), "tanh(V)"
    if spike is not None:
        rest = draw(
            st.sampled_from(
                [
                    None,
                    Refractory(e(0), held),
                    Refractory(None, held, condition=e("V + u > 0.1 and refractory + g < 1.9")),
                    Refractory(e("0.01 * u - 0.002"), held, at_spike=True),
                ]
            )
        )
    if rest is not None:
        shown, output = (Variable("refractory", "refractory", Role.REFRACTORY),), "tanh(V) * (1 - 0.5 * refractory)"
    return neuron(
        variables=(
            state("V", -2, 2), state("u"), state("g", *draw(st.sampled_from([(None, None), (0, 0.8)]))), state("m"), input_("h"),
            *shown, *map(parameter, UNIT_PARAMETERS), definition("y", output),
        ),
        flows=flows, schemes=(*schemes, decay), handlers=tuple(handlers), spike=spike, output="y", events=(beat,),
        refractory=rest,
    )  # fmt: skip


@st.composite
def synapses(draw: st.DrawFn, always_sums: bool = False, late: bool = False) -> Block:
    """Sums of states or definitions, spikes, and weights that flow or change at every step. `late`: a sum may read inputs."""
    bodies = ["w * pre.y", "w * pre.V", "w * (pre.V - post.V)", "w * pre.u", "0.3 * s * pre.y", "w * pre.m"]
    body = draw(st.sampled_from([*bodies, "w * pre.h * post.y", "0.2 * pre.h - w * post.h"] if late else bodies))
    handlers = [on(Trigger.PRE, draw(st.sampled_from(["post.g += 0.5 * w", "post.g += w * s", "post.u += 0.1 * pre.y"])), rule=False)]
    if draw(st.booleans()):
        lines = draw(st.sampled_from([["post.g += 0.2 * w", "w += 0.01 * post.y"], ["s = 0.5 * s + 0.1 * pre.y"]]))
        handlers.append(on(draw(st.sampled_from([Trigger.PRE, Trigger.POST])), *lines, rule=draw(st.booleans()), event="x"))
    if draw(st.booleans()):
        handlers.append(
            on(Trigger.STEP, draw(st.sampled_from(["w += 0.01 * pre.y * post.y", "w = 0.9 * w + 0.05 * pre.V", "w += 0.01 * post.h"])))
        )
    if draw(st.integers(0, 3)) == 0:
        lines = draw(
            st.sampled_from([["post.g += 0.1 * pre.y"], ["pre.g += 0.05 * post.V", "post.u += 0.02 * pre.g", "post.g += 0.1 * w"]])
        )
        handlers.append(on(Trigger.EVERY, *lines, period="5 * dt", rule=draw(st.booleans())))
    scheme, rate = draw(
        st.sampled_from(
            [
                (Exact(("s",), ((e(-100),),), (e("100 * pre.y"),)), "100 * (pre.y - s)"),
                (RungeKutta4(("s",), (e("(pre.V - s ** 3) / 0.01"),)), "(pre.V - s ** 3) / 0.01"),
                (ExponentialEuler("s", e("-100 - post.y"), e("100 * pre.V")), "100 * (pre.V - s) - post.y * s"),
                (EulerMaruyama(("s",), (e("(post.V - s) / 0.01"),), (e("0.2"),)), "(post.V - s) / 0.01"),
            ]
        )
    )
    return connection(
        variables=(state("w", -1, 1), state("s")), sums=(SumInto("h", e(body)),) if always_sums or draw(st.booleans()) else (),
        handlers=tuple(handlers), schemes=(scheme,), flows=(Flow("s", e(rate)),),
    )  # fmt: skip


@st.composite
def unit_parameters(draw: st.DrawFn, count: int) -> dict[str, float | list[float]]:
    found: dict[str, float | list[float]] = {}
    for name, (low, high) in UNIT_PARAMETERS.items():
        one = st.integers(0, 8).map(lambda k, low=low, high=high: low + (high - low) * k / 8)
        found[name] = draw(st.lists(one, min_size=count, max_size=count)) if draw(st.booleans()) else draw(one)
    return found


@st.composite
def delays(draw: st.DrawFn, count: int) -> int | list[int]:
    match draw(st.integers(0, 4)):
        case 0:
            return draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
        case 1:
            return draw(st.integers(1, 3))
        case _:
            return 0


PROJECTIONS = [("a", "b"), ("b", "a"), ("a", "a"), ("b", "b")]


@st.composite
def unit_cases(draw: st.DrawFn, delayed_sums: bool = False) -> Case:
    """Two populations, a Poisson source, and projections in all directions; sums over delayed ones only where asked for."""
    net = Net(seed=draw(st.integers(0, 5)))
    net.population("p", 2, source=PoissonSource(e(draw(st.sampled_from(["150", "300 * t / 0.04", "100 if t < 0.02 else 900"])))))
    for name, size in (("a", draw(st.integers(1, 3))), ("b", 2)):
        start = {"V": [0.1 * k for k in range(size)], "u": 0.05, "m": 0.2}
        stride = draw(st.sampled_from([None, None, None, 1, 2, 3, 4]))
        net.population(name, size, draw(neurons()), None, (), draw(st.integers(0, 4)), draw(unit_parameters(size)), start, stride)
    sizes = {"p": 2, "a": net.numbers["a"].size, "b": 2}
    for number, (pre, post) in enumerate(draw(st.lists(st.sampled_from(PROJECTIONS), min_size=1, max_size=3))):
        count = sizes[pre] * sizes[post]
        weights = [0.3 + 0.1 * k for k in range(count)]
        axonal, dendritic = draw(delays(count)), draw(delays(count))
        takes_time = axonal != 0 or dendritic != 0
        block = draw(synapses(delayed_sums, takes_time and delayed_sums))
        if block.sums and not delayed_sums:
            axonal = dendritic = 0
        net.projection(f"c{number}", pre, post, block, None, axonal, dendritic, states={"w": weights})
    excite = connection(variables=(state("w"),), handlers=(on(Trigger.PRE, "post.g += w", rule=False),))
    net.projection("drive", "p", "a", excite, states={"w": 0.4})
    network = net.network()
    kept = tuple(Ref(p.as_owner, v.name) for p in network.populations if p.spikes for v in p.block.variables) if draw(st.booleans()) else ()
    return Case(network, net.instance, net.per_unit(), STEPS, {}, 0, asked=Asked(at_spikes=kept))
