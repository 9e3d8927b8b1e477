"""A module that runs by itself begins with the numbers of an instance: the same seed draws the same connections and values, to the bit."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.kernels.identifiers import RUN
from plasticdsl.kernels.spelling import spell
from plasticdsl.kernels.store import digest_of, import_text
from plasticdsl.model import GivenSpikes, RegularSource
from plasticdsl.model.expr import Ref
from plasticdsl.options import CompileOptions
from plasticdsl.runtime.engine.binding import bind
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.support.steps import to_steps
from tests.kernels.test_embed import READERS as LAYERS

_DURATION = 0.5

CELLS = """
neuron Cell:
    τ = 10 ms
    input I
    size = 2
    double = 2 size
    τ dV/dt = −V + I
    V(0) = 0.1 double
    spike when V > 1:
        V → 0

neuron Tired:
    τ = 10 ms
    t_r = 2 ms
    τ dV/dt = −V
    V(0) ~ U(0, 1)
    refractory t_r
    spike when V > 1:
        V → 0

synapse Kick:
    on pre:
        post.V += w
"""

CONNECTED = f"""
{CELLS}
network Connected:
    p = 0.3
    a = 30 Cell, size ~ N(3, 1)
    b = 20 Tired, τ ~ Gamma(4, 2 ms), t_r ~ U(1 ms, 3 ms)
    d = 3 Cell, τ = [10, 12.3, −1 + 15] ms, V(0) = 2·[0.1, p, 0.3]
    c = 30 Cell, size = i/7
    whole = a → b: Kick, all to all, w = 0.001 (i − j)/N_pre
    same = a → a: Kick, all to all, except self, w ~ N(0, 0.01)
    one = a → c: Kick, one to one, w = 0.01
    some = a → b: Kick, p = p/2, w ~ LogN(0.01, 0.005)
    most = a → b: Kick, p = 1 − p, except self, w ~ Exp(0.01)
    near = a → c: Kick, p = exp(−abs(i − j)/4), w = exp(−((i − j)/3)²)
    alike = a → c: Kick, p = 0.5, where pre.size > post.size, w = 0.01
    chosen = a → c: Kick, where mod(i + 2 j, 5) = 1 or i = j, w = (pre.size + post.double)^0.5
    cut = a → b: Kick, p = 0.2, w ~ LogN(0.01, 0.005) in [0.005, 0.01 p/0.2], delay ~ Gamma(2, 1 ms) in [0.5 ms, ∞]
    into = a → b: Kick, in-degree 5, w ~ U(0, 0.01)
    out = a → b: Kick, out-degree 15, with repeats, w ~ Bernoulli(0.3)
    own = a → a: Kick, in-degree 25, w ~ Poisson(3)
    inside = a → a: Kick, in-degree 3, where i > 10 and j < 20, w ~ Binomial(4, 0.3)
    outside = b → a: Kick, out-degree 4, where i ≤ 12, with repeats, w = 0.01
"""

PARTS = f"""
{CELLS}
network Parts:
    n = 10
    a = 30 Cell, size ~ N(3, 1)
    a[2 to n].size = 7
    a[1, −3 to −1].τ = i·1 ms
    a[5 to −5].V(0) ~ U(0, n)
    b = 20 Tired
    early = a[1 to n]
    whole = early → b[−5 to −1]: Kick, all to all, w = 0.001 (i − j)/N_pre
    own = early → early: Kick, p = 0.4, except self, w ~ N(0, 0.01)
    lap = a[1 to 12] → a[7 to 20, 3]: Kick, in-degree N_pre/4, w = 0.01
    near = a[20 to 30] → a[1 to n]: Kick, p = exp(−abs(i − j)/14), w = 0.01, delay = 0.1 ms N_post
    out = a[2 to 2 n] → b: Kick, out-degree 4, where pre.size > 3, with repeats, w ~ U(0, 0.01)
    alike = early → early: Kick, p = 0.5, except self, w ~ N(0, 1), w_ij = w_ji
"""

PLACED = f"""
{CELLS}
network Placed:
    L = 0.8 mm
    a = 23 Cell on a torus of 1 mm × L
    b = 12 Tired, (u, v) at random on a torus of 1 mm × L
    c = 7 Cell on a ring, size = 2 + sin(θ)
    near = a → b: Kick, p = exp(−distance/(0.2 mm)), w = 0.1, delay = distance/(0.3 m/s)
    far = b → b: Kick, in-degree 2, where distance > 0.2 mm and pre.u > 0.1 mm, w = distance/L
    circle = c → c: Kick, all to all, w = cos(distance)
"""

DELAYED = f"""
{CELLS}
network Delayed:
    clock = 3 Regular(rate = 40 Hz i, start = 3 ms)
    few = 2 Regular(rate = 100 Hz, start = 1 ms, count = 4)
    times = 4 SpikeTimes([1 ms, 2.04 ms, 2.05 ms, 30 ms])
    noise = 5 Poisson(rate = 30 Hz)
    a = 12 Cell
    drive = clock → a: Kick, all to all, w = 0.1, delay ~ U(0.2 ms, 3 ms)
    early = few → a: Kick, all to all, w = 0.1, axonal delay = 0.5 ms i
    known = times → a: Kick, p = 0.5, w = 0.1, dendritic delay ~ N(2 ms, 0.2 ms)
    shower = noise → a: Kick, all to all, w ~ U(0, 0.1), axonal delay = 1 ms
"""

PLASTIC = """
neuron Rate:
    τ = 10 ms
    input h
    u ∈ [0, 0.3]
    k = 1
    u(0) = 0.1 k + 0.2 k
    τ dr/dt = −r + tanh(h + u)
    r(0) ~ U(0, 1)
    spike at rate 400 Hz max(r, 0)

synapse Late:
    post.h = Σ w pre.r
    on pre:
        post.u += 0.1 w

rule Ties:
    η = 0.01
    w ∈ [−1, 1]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) = η exp(−Δt/(20 ms))   if Δt > 0
            −η exp(Δt/(20 ms))   otherwise

network Plastic:
    a = 14 Rate, k ~ N(1, 0)
    ab = a → a: Late with Ties, p = 0.6, w ~ U(−1, 1), axonal delay = 0.5 ms i, dendritic delay ~ U(0 ms, 2 ms)
"""

READERS = LAYERS.replace("w = 0.3 (i − j)", "w ~ N(0, 0.3)")

WRITTEN = {"connected": CONNECTED, "parts": PARTS, "placed": PLACED, "delayed": DELAYED, "plastic": PLASTIC, "readers": READERS}


def _module(loaded: Any, name: str = "embedded") -> Any:
    text = driver.export(loaded, CompileOptions(level=1))
    return import_text(text, f"{name}_{digest_of(text)}")


def _compared(loaded: Any, seed: int, connections: Any = None, **settings: Any) -> tuple[Any, Any]:
    """The numbers of the module and those of the instance, after every field that kernels work on has been compared."""
    made = _module(loaded)
    network = driver._networks(loaded)[0]
    options = CompileOptions(level=1, without=frozenset({"layout", "lazy", "replay", "settle", "frames", "defer"}))
    program = driver.program_of(driver.plan_of(network, per_unit(network), options), options)
    sources = any(isinstance(p.source, RegularSource | GivenSpikes) for p in network.populations)
    a = made.allocate(seed=seed, connections=connections, **({"duration": _DURATION} if sources else {}), **settings)
    owners = {p.name: p.as_owner for p in (*network.populations, *network.projections)}
    there = {Ref(owners[owner], name): value for (owner, name), value in ((n.split("_", 1), v) for n, v in settings.items())}
    dt = float(a.run.dt)
    instance = instantiate(
        network, dt=dt, seed=seed, settings=there, connections=connections, horizon=to_steps(_DURATION, dt) if dt < 1.0 else None
    )
    bound, spelling = bind(program, instance), spell(program)
    compared = 0
    for field, value in (bound.sizes | bound.scalars | bound.arrays).items():
        if field.group != RUN and field.part.name != "RECORDING":
            found = getattr(getattr(a, spelling.groups[field.group]), spelling.fields[field])
            assert np.array_equal(found, value, equal_nan=True), f"{field}: {found} is not {value}"
            compared += 1
    assert compared
    for name, projection in instance.projections.items():
        of = getattr(a, name)
        for what, value in (("rows", projection.rows), ("targets", projection.targets), ("sources", projection.sources())):
            np.testing.assert_array_equal(getattr(of, what), value)
    return a, instance


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLASTICDSL_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("seed", [1, 2**63 + 5])
def test_same_numbers(name: str, seed: int) -> None:
    _compared(plasticdsl.parse(WRITTEN[name]).loaded, seed)


LIBRARY = (
    "correlated_inputs", "dentate_ca3", "digits", "feedback_alignment", "hopfield", "hopfield_graded", "linear_alignment", "pavlov",
    "song_abbott", "vogels_abbott", "xor", "xor_bursts",
)  # fmt: skip


@pytest.mark.parametrize("name", LIBRARY)
def test_same_numbers_in_the_library(name: str) -> None:
    _compared(plasticdsl.load(name).loaded, 3)


SYMMETRIC = """
neuron Unit:
    input h
    x → +1 if h > 0
        −1 otherwise
    output x ∈ {−1, +1}
    x(0) = −1

synapse Coupling:
    post.h = Σ w x

rule Learning:
    Δw = 0.1 x y

network Memory:
    units = 30 Unit
    half = units → units: Coupling with Learning, p = 0.4, except self, w ~ N(0, 1), w_ij = w_ji
    near = units → units: Coupling with Learning, p = exp(−abs(i − j)/5), w = abs(i − j), w_ij = w_ji
    full = units → units: Coupling with Learning, all to all except self, w ~ U(0, 1), w_ij = w_ji
"""


@pytest.mark.parametrize("seed", [1, 7])
def test_symmetric_connections(seed: int) -> None:
    a, _ = _compared(plasticdsl.parse(SYMMETRIC).loaded, seed)
    for name in ("half", "near", "full"):
        of = getattr(a, name)
        both = {(j, i): w for j, i, w in zip(of.sources.tolist(), of.targets.tolist(), of.w.tolist(), strict=True)}
        assert all(both[i, j] == w for (j, i), w in both.items())
    made = _module(plasticdsl.parse(SYMMETRIC).loaded)
    with pytest.raises(ValueError, match="half_w must be the same in both directions"):
        made.allocate(seed=seed, half_w=np.arange(float(a.half.connections)))
    with pytest.raises(ValueError, match="unit 1 is connected to unit 2, but unit 2 not to unit 1"):
        made.allocate(seed=seed, connections={"half": (np.array([0]), np.array([1]))})


def test_given_connections_and_values() -> None:
    """Values are in the order in which connections were given, or a matrix."""
    rng = np.random.default_rng(1)
    pre, post = rng.permutation(np.argwhere(rng.random((12, 12)) < 0.3)).T
    loaded = plasticdsl.parse(
        DELAYED.replace("drive = clock → a", "own = a → a: Kick, all to all, w ~ U(0, 1), delay ~ U(0 ms, 1 ms)\n    drive = clock → a")
    ).loaded
    a, _ = _compared(loaded, 4, {"own": (pre, post)}, own_w=rng.random(len(pre)), a_V=rng.random(12))
    assert a.own.connections == len(pre)
    a, _ = _compared(loaded, 4, {"own": (pre, post)}, own_w=rng.random((12, 12)))
    made = _module(loaded)
    with pytest.raises(ValueError, match="there is one value per connection"):
        made.allocate(own_w=np.zeros(7))
    with pytest.raises(ValueError, match="there is one value per unit"):
        made.allocate(a_V=np.zeros(7))
    with pytest.raises(ValueError, match="post units go from"):
        made.allocate(connections={"own": (np.array([1]), np.array([12]))})


def test_values_keep_to_their_bounds() -> None:
    made = _module(plasticdsl.parse(PLASTIC).loaded)
    assert (made.allocate(seed=1).a.u == 0.3).all()  # 0.1 + 0.2, rounded onto its bound
    with pytest.raises(ValueError, match=r"a_u is 0\.4, which is not allowed"):
        made.allocate(a_u=0.4)


@pytest.mark.parametrize(
    ("name", "populations"), [("connected", "abc"), ("delayed", ("clock", "few", "times", "noise", "a")), ("plastic", "a")]
)
def test_same_run(name: str, populations: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same spikes and states after 300 steps, from the seed alone; without machine code."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    model = plasticdsl.parse(WRITTEN[name])
    net = model.build(seed=9, dt="0.1 ms", log=list(populations), engine="python")
    net.run("30 ms")
    made = _module(model.loaded, "plain")
    a = made.allocate(seed=9)
    with np.errstate(all="ignore"):
        spikes = made.simulate(a, 0.03)
    for population in populations:
        there = net.spikes(population)
        np.testing.assert_allclose(spikes[population][0], there.times, rtol=0.0, atol=1e-12)
        np.testing.assert_array_equal(spikes[population][1], there.units)
    for population in set(populations) & set("ab"):
        for variable in {"V", "r", "u"} & set(getattr(a, population)._fields):
            np.testing.assert_array_equal(getattr(getattr(a, population), variable), getattr(net[population], variable))
    if name == "plastic":
        np.testing.assert_array_equal(a.ab.w, net["ab"].w)
