"""Modules that run by themselves: the same as the network, without plasticdsl."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.kernels.numpy_printer import numpy_text
from plasticdsl.kernels.store import digest_of, import_text
from plasticdsl.model.expr import FUNCTIONS, Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.runtime.numbers.evaluate import evaluate
from plasticdsl.support import elementwise
from tests.runtime.experiments import carry_out

NETWORK = """
neuron LIF:
    τ_m = 20 ms
    τ_s = 5 ms
    E_L = −70 mV
    V_θ = −54 mV
    V_r = −60 mV
    τ_m dV/dt = E_L − V + g
    τ_s dg/dt = −g
    V(0) = V_r
    refractory 2 ms
    spike when V > V_θ:
        V → V_r

synapse Excites:
    on pre:
        post.g += w

rule STDP:
    τ₊ = 20 ms
    A₊ = 0.01 mV
    A₋ = 1.05 A₊
    w ∈ [0 mV, 2 mV]
    on all pairs:
        Δw = F(t_pre − t_post)
    F(Δt) =  A₊ exp(Δt/τ₊)    if Δt < 0
            −A₋ exp(−Δt/τ₊)   otherwise

network Small:
    rate = 40 Hz
    inputs = 60 Poisson(rate = rate)
    clock = 3 Regular(rate = 50 Hz, start = 3 ms)
    cells = 20 LIF
    ex = inputs → cells: Excites with STDP, all to all, w = 1.2 mV, axonal delay = 1.5 ms
    drive = clock → cells: Excites, all to all, w = 3 mV, delay = 0.3 ms
    back = cells → cells: Excites, where abs(i − j) = 1, w = 0.3 mV, delay = 1 ms
"""

DRAWN = """
neuron Cell:
    τ = 10 ms
    τ dV/dt = −V + I
    I = 1.2
    V(0) ~ U(0, 1)
    spike when V > 1:
        V → 0

synapse Kick:
    on pre:
        post.V += w

network Drawn:
    N_E = 40
    E = N_E Cell, τ ~ N(10 ms, 1 ms)
    few = E → E: Kick, p = 0.2, except self, w ~ LogN(0.01, 0.005), delay ~ U(1 ms, 3 ms)
    same = E → E: Kick, in-degree 5, w = 0.01
    most = E → E: Kick, out-degree 7, with repeats, with self, w = 0.01 i/j
"""

DELAYED = """
neuron Rate:
    τ = 10 ms
    input h
    u ∈ [0, 0.5]
    u(0) = 0.1
    τ dr/dt = −r + tanh(h + u)
    r(0) = 0.2
    spike at rate 400 Hz max(r, 0)

synapse Late:
    post.h = Σ w pre.r
    on pre:
        post.u += 0.1 w
    every 5 ms:
        post.u −= 0.03 pre.r

rule Ties:
    η = 0.01
    w ∈ [−1, 1]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) = η exp(−Δt/(20 ms))   if Δt > 0
            0.5 η                if Δt = 0
            −η exp(Δt/(20 ms))   otherwise

network Delayed:
    a = 4 Rate
    ab = a → a: Late with Ties, all to all, w = 0.8, axonal delay = 0.5 ms i, dendritic delay = 0.4 ms (j − 1)
"""

READERS = """
function σ(a) = 1/(1 + exp(−a))

neuron Unit:
    input a
    input φ
    output y = σ(a)
    δ = σ'(a) φ

neuron Readout:
    input a
    output y = σ(a)

synapse Forward:
    post.a = Σ w x

synapse Transposed(forward):
    post.φ = Σ forward.wᵀ pre.y

rule Hebb:
    Δw = 0.1 x post.δ

rule Descent:
    Δw = −0.5 ∂L/∂w

network Layers:
    seen = 4 Source
    hidden = 5 Unit
    out = 3 Readout
    first = seen → hidden: Forward with Descent, all to all, w = 0.3 (i − j)
    other = seen → hidden: Forward with Hebb, all to all, w = 0
    second = hidden → out: Forward with Descent, where mod(i + j, 3) > 0, w = 0.2 (i − 2 j)
    back = out → hidden: Transposed(forward = second), where mod(i + j, 3) > 0
    L = ½ Σ_{k ∈ out} (1 − y_k)²
    shown = patterns [(0.1, 0.4, 0.7, 1)] over seen

experiment Learn on Layers:
    phase run for 20 steps:
        seen = shown_1
    record first.w, other.w, second.w at end
"""

OJA = """
rule Oja:
    η = 0.05
    Δw = η y (x − y w)
"""


def module(text: str, cache: Path) -> Any:
    return imported(driver.export(plasticdsl.parse(text).loaded, CompileOptions(level=1)))


def imported(text: str) -> Any:
    """The module of this text, one for machine code and one for plain Python: numba decides while it is imported."""
    return import_text(text, f"embedded_{digest_of(text)}{'_as_text' if numba.config.DISABLE_JIT else ''}")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLASTICDSL_CACHE", str(folder))
        yield folder


def test_same_spikes_as_the_network(cache: Path) -> None:
    net = plasticdsl.parse(NETWORK).build(seed=5, dt="0.1 ms", log=["inputs", "clock", "cells"], without=["frames"])
    net.run("0.5 s")
    made = module(NETWORK, cache)
    a = made.allocate(seed=5, duration=0.5)
    found = made.simulate(a, 0.2)
    more = made.simulate(a, 0.3)
    for population in ("inputs", "clock", "cells"):
        spikes = net.spikes(population)
        assert len(spikes.times) > 30
        times = np.concatenate([found[population][0], more[population][0]])
        np.testing.assert_allclose(times, spikes.times, atol=1e-12)
        np.testing.assert_array_equal(np.concatenate([found[population][1], more[population][1]]), spikes.units)
    np.testing.assert_array_equal(a.ex.w, net["ex"].w)
    np.testing.assert_array_equal(a.cells.V, net["cells"].V)


@pytest.fixture
def as_text(monkeypatch: pytest.MonkeyPatch, kernels: EngineName) -> Iterator[None]:
    """Modules that are imported here run as plain Python; in machine code they do in the tests around, in the documentation and among the slow tests.
    Random bits are products modulo 2⁶⁴ there, which NumPy's numbers tell of."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", kernels == "python")
    with np.errstate(over="ignore"):
        yield


def test_delays_of_sums_and_ties(cache: Path, as_text: None) -> None:
    net = plasticdsl.parse(DELAYED).build(seed=5, dt="0.1 ms", log=["a"], engine="python")
    net.run("0.3 s")
    made = module(DELAYED, cache)
    a = made.allocate(seed=5)
    found = [made.simulate(a, 0.1)["a"][0], made.simulate(a, 0.2)["a"][0]]
    assert min(map(len, found)) > 40
    for name in ("r", "u", "h"):
        np.testing.assert_allclose(getattr(a.a, name), getattr(net["a"], name), rtol=1e-12)
    assert np.ptp(a.ab.w) > 1e-3
    np.testing.assert_allclose(a.ab.w, net["ab"].w, rtol=1e-12)


def test_parameters(cache: Path) -> None:
    made = module(NETWORK, cache)
    assert made.PARAMETERS["cells_tau_m"] == 0.02
    assert made.PARAMETERS["network_rate"] == made.PARAMETERS["inputs_rate"] == 40.0
    assert made.PARAMETERS["ex_A_minus"] == pytest.approx(1.05e-5)
    assert made.allocate(ex_A_plus=2.0).ex.A_minus == pytest.approx(2.1)
    assert made.allocate(ex_A_plus=2.0, ex_A_minus=3.0).ex.A_minus == 3.0
    assert made.allocate(network_rate=7.0).inputs.rate == 7.0
    a = made.allocate(inputs_units=10, cells_units=4, cells_V=np.arange(4.0), ex_w=0.00025)
    assert a.ex.w.shape == (40,) and (a.ex.w == 0.00025).all() and (np.arange(4.0) == a.cells.V).all()
    with pytest.raises(KeyError, match="tau_q"):
        made.allocate(cells_tau_q=1.0)


def test_connections_may_be_given(cache: Path) -> None:
    made = module(NETWORK, cache)
    a = made.allocate(connections={"back": (np.array([3, 0, 0]), np.array([1, 2, 1]))})
    np.testing.assert_array_equal(a.back.rows[:5], [0, 2, 2, 2, 3])
    np.testing.assert_array_equal(a.back.targets, [1, 2, 1])
    made.simulate(a, 0.01)


def test_drawn_values_and_connections(cache: Path) -> None:
    made = module(DRAWN, cache)
    a, again, other = made.allocate(), made.allocate(), made.allocate(seed=2)
    np.testing.assert_array_equal(a.few.targets, again.few.targets)
    assert a.few.connections != other.few.connections or (a.few.targets != other.few.targets).any()
    assert 200 < a.few.connections < 430
    assert not (a.few.targets == a.few.sources).any()
    assert a.E.tau.shape == (40,) and a.E.tau.std() > 0.0 and (a.E.V >= 0.0).all() and (a.E.V <= 1.0).all()
    assert a.few.w.shape == (a.few.connections,) and (a.few.w > 0.0).all()
    assert a.few.axonal.min() >= 10 and a.few.axonal.max() <= 30 and a.few.axonal.std() > 0
    np.testing.assert_array_equal(np.bincount(a.same.targets, minlength=40), 5)
    pairs = set(zip(a.same.sources.tolist(), a.same.targets.tolist(), strict=True))
    assert len(pairs) == 200 and not [p for p in pairs if p[0] == p[1]]
    np.testing.assert_array_equal(np.diff(a.most.rows), 7)
    np.testing.assert_allclose(a.most.w, 0.01 * (a.most.targets + 1.0) / (a.most.sources + 1.0))
    times, units = made.simulate(a, 0.2)["E"]
    assert len(times) > 40 and units.max() < 40
    assert made.allocate(network_N_E=10).E.units == 10


def test_a_rule_in_a_loop(cache: Path) -> None:
    """Oja's rule on its own, with outputs set by the loop, against NumPy."""
    made = module(OJA, cache)
    assert made.PARAMETERS == {"Oja_eta": 0.05}
    rng = np.random.default_rng(4)
    w = rng.normal(size=(2, 3))  # [post, pre]
    a = made.allocate(pre_units=3, post_units=2, Oja_w=w.T.reshape(-1))
    for n in range(30):
        x = rng.normal(size=3)
        y = w @ x
        assert made.learn(a, x, y) == {}
        w = w + 0.05 * y[:, None] * (x[None, :] - y[:, None] * w)
        np.testing.assert_allclose(a.Oja.w.reshape(3, 2).T, w, rtol=1e-12, err_msg=str(n))


def test_spikes_by_hand(cache: Path, as_text: None) -> None:
    """The example of the docstring: spikes written into the ring, then the kernels one after the other."""
    rule = NETWORK[NETWORK.index("rule STDP") : NETWORK.index("network Small")]
    made = module(rule, cache)
    doc = made.__doc__
    assert "a.pre.spike_count[slot] = len(units)" in doc
    step = doc[doc.index("    for n in range(1000):") : doc.index("\n\nInstead of `spikes_post`")]
    lines = [line for line in step.split("\n") if line.strip()]
    head, calls = lines[0], "\n".join(lines[1:])
    names: dict[str, Any] = {**vars(made), "a": made.allocate(pre_units=1, post_units=1, STDP_w=1e-3), "given": {20: "pre", 70: "post"}}
    tree = ast.parse(f"{head.strip().replace('1000', '200')}\n{calls}")
    loop = tree.body[0]
    assert isinstance(loop, ast.For)
    spikes = [s for s in loop.body if isinstance(s, ast.Assign) and "spikes" in ast.unparse(s.value)]
    set_by_hand = ast.parse(
        "for side in ('pre', 'post'):\n"
        "    units = [0] if given.get(n) == side else []\n"
        "    group = getattr(a, side)\n"
        "    group.spikes[n % group.slots, : len(units)] = units\n"
        "    group.spike_count[n % group.slots] = len(units)\n"
    ).body
    assert len(spikes) == 2
    loop.body = [*set_by_hand, *(s for s in loop.body if s not in spikes)]
    exec(compile(ast.fix_missing_locations(tree), "loop", "exec"), names)
    np.testing.assert_allclose(names["a"].STDP.w, 1e-3 + 1e-5 * np.exp(-5.0 / 20.0), rtol=1e-12)


def test_projections_that_read_each_other(cache: Path, as_text: None) -> None:
    """Weights of another projection at connections listed one by one, and derived projections of gradients; without machine code."""
    made = module(READERS, cache)
    a = made.allocate(seen_x=np.array([0.1, 0.4, 0.7, 1.0]))
    before = {name: getattr(a, name).w.copy() for name in ("first", "other", "second")}
    made.simulate(a, 20.0 * a.run.dt)
    expected = {s.label.text: s.done[0] for s in carry_out(READERS).runs[0].recorder.series}
    for name, weights in before.items():
        assert not np.array_equal(getattr(a, name).w, weights)
        np.testing.assert_allclose(getattr(a, name).w, expected[f"{name}.w"], rtol=1e-12)


def test_runs_as_a_program(cache: Path, tmp_path: Path) -> None:
    text = driver.export(plasticdsl.parse(NETWORK).loaded, CompileOptions(level=1))
    assert text == driver.export(plasticdsl.parse(NETWORK).loaded, CompileOptions(level=1))
    (tmp_path / "small.py").write_text(text)
    code = (
        f"import runpy, sys; sys.argv[1:] = ['0.02']; runpy.run_path({str(tmp_path / 'small.py')!r}, run_name='__main__')\n"
        "assert not [m for m in sys.modules if m.startswith('plasticdsl')]"
    )
    as_text = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path, env=as_text).stdout
    assert "Small: 0.02 s in steps of 0.0001 s" in out
    assert any(line.startswith("cells: 20 units, ") and line.endswith(" Hz") for line in out.split("\n"))
    modules = {n.module for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)}
    modules |= {a.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import) for a in n.names}
    assert modules <= {"collections.abc", "dataclasses", "math", "sys", "types", "typing", "numpy", "numpy.typing", "numba"}


def test_single_precision(cache: Path, as_text: None) -> None:
    """To the bit what the engine does, whose machine code is made of the same text."""
    model = plasticdsl.parse(NETWORK)
    net = model.build(seed=4, dt="0.1 ms", precision="single")
    net.run("0.1 s")
    made = imported(driver.export(model.loaded, CompileOptions(level=1, precision="single")))
    a = made.allocate(seed=4)
    assert a.cells.V.dtype == np.float32
    spikes = made.simulate(a, 0.1)["cells"]
    assert len(spikes[0]) > 0
    np.testing.assert_array_equal(spikes[1], net.spikes("cells").units)
    np.testing.assert_array_equal(a.cells.V, net["cells"].V.astype(np.float32))


# --- values before the first step ------------------------------------------------------------------------------------

x, y = Ref(Whose.OWN, "x"), Ref(Whose.OWN, "y")


def test_values_as_numpy_text() -> None:
    at_x, at_y = np.array([-2.5, -1.0, 0.0, 0.5, 3.0]), np.array([2.0, -3.0, 0.5, 1.5, 0.0])
    less = Compare("<", x, y)
    cases: list[Expr] = [
        *(Call(f, (x,) if count == 1 else (x, y)) for f, count in FUNCTIONS.items()),
        Binary("-", x, Binary("-", y, Number(-2.0))),
        Binary("/", x, Binary("*", y, y)),
        Binary("^", Negate(x), Number(2.0)),
        Negate(Binary("^", x, Number(2.0))),
        Binary("^", Number(2.0), Negate(x)),
        Choice(((less, x), (Compare(">", x, Number(1.0)), Binary("*", x, y))), Number(7.0)),
        Choice(((Logic("and", (less, Logic("not", (Compare("==", x, Number(0.0)),)))), x),), y),
        Choice(((Logic("or", (less, Compare(">", x, Number(2.0)))), x),), y),
    ]
    names = {**vars(elementwise), "x": at_x, "y": at_y}
    for expr in cases:
        with np.errstate(all="ignore"):
            found = eval(numpy_text(expr, lambda node: node.name), names)
        np.testing.assert_array_equal(found, evaluate(expr, lambda n: {"x": at_x, "y": at_y}[n.name]), err_msg=repr(expr))  # type: ignore[union-attr]


def test_degrees_of_a_module_count_where_the_condition_allows(cache: Path) -> None:
    text = """
neuron A:
    10 ms dx/dt = −x
    spike when x > 1000000:
        x → 0

synapse S:
    on pre: post.x += w

network N:
    a = 12 A
    src = 11 Poisson(rate = 1 Hz)
    out = src → a: S, out-degree 10, where j ≤ 8, w = 1
    in_ = src → a: S, in-degree 5, where i > 3 and j < 10, w = 1
    own = a → a: S, out-degree 3, where i ≤ 4 and j ≤ 4, w = 1
"""
    a = module(text, cache).allocate(seed=3)
    np.testing.assert_array_equal(np.bincount(a.out.sources, minlength=11), [10] * 8 + [0] * 3)
    np.testing.assert_array_equal(np.bincount(a.in_.targets, minlength=12), [0] * 3 + [5] * 9)
    np.testing.assert_array_equal(np.bincount(a.own.sources, minlength=12), [3] * 4 + [0] * 8)
    assert (a.own.sources != a.own.targets).all()


CASES = Path(__file__).parents[1] / "cases"


def test_time_is_on_the_grid_in_a_module_too(cache: Path, as_text: None) -> None:
    """The numbers are those that the case expects."""
    there = module((CASES / "time_everywhere.plas").read_text(encoding="utf-8"), cache)
    a = there.allocate()
    there.simulate(a, 1e-3)
    found = {n: float(getattr(a.cells, n)[0]) for n in "abcdefghklmopqrs"}
    assert found == dict(zip("abcdefghklmopqrs", (6, 7, 1, 6, 45, 45, 22, 4, 3, -1, 3, 6, 3, 6, 4, 7), strict=True))
    assert (a.own.n == 6).all() and a.plastic.w == 1 and a.plastic.v == 1


def test_running_means_of_a_module_start_at_the_value(cache: Path) -> None:
    a = module((CASES / "mean_starts_at_the_value.plas").read_text(encoding="utf-8"), cache).allocate()
    np.testing.assert_array_equal(a.cells.mean_V_tau, a.cells.V)
    np.testing.assert_array_equal(a.read.mean_pre_tau, a.cells.V[a.read.sources])
    assert (a.cells.mean_x_tau == 2).all() and (a.read.mean_post_tau == 9).all()


def test_learn_takes_the_spikes_of_both_sides(cache: Path, as_text: None) -> None:
    """Two spikes 5 ms apart, by hand; without machine code. Rules that are switched off change nothing."""
    made = module(NETWORK[NETWORK.index("rule STDP") : NETWORK.index("network Small")], cache)
    a = made.allocate(pre_units=2, post_units=1, STDP_w=1e-3)
    for n in range(200):
        spiked = made.learn(a, [1] if n == 20 else [], [0] if n == 70 else [])
        assert {name: units.tolist() for name, units in spiked.items()} == {"pre": [1] if n == 20 else [], "post": [0] if n == 70 else []}
    expected = [1e-3, 1e-3 + 1e-5 * np.exp(-5.0 / 20.0)]
    np.testing.assert_allclose(a.STDP.w, expected, rtol=1e-12)
    a.STDP = a.STDP._replace(learning=0)
    made.learn(a, [0, 1], [0])
    np.testing.assert_allclose(a.STDP.w, expected, rtol=1e-12)


def test_one_step_at_a_time(cache: Path) -> None:
    made = module(NETWORK, cache)
    a, b = made.allocate(seed=3), made.allocate(seed=3)
    steps = [made.step(a) for _ in range(300)]
    whole = made.simulate(b, 0.03)
    for name, (_, units) in whole.items():
        np.testing.assert_array_equal(np.concatenate([found[name] for found in steps]), units)
    assert a.step == b.step == 300
    np.testing.assert_array_equal(a.cells.V, b.cells.V)


TWO_OUTPUTS = """
rule Both:
    Δw = 0.5 pre.r + pre.s − 2 post.y
"""


def test_learn_takes_outputs_by_name_where_there_are_several(cache: Path, as_text: None) -> None:
    made = module(TWO_OUTPUTS, cache)
    a = made.allocate(pre_units=2, post_units=1)
    made.learn(a, {"r": [2.0, 4.0], "s": [10.0, 20.0]}, [3.0])
    np.testing.assert_allclose(a.Both.w, [1.0 + 10.0 - 6.0, 2.0 + 20.0 - 6.0])


def test_sliding_rates(cache: Path, as_text: None) -> None:
    """In a module too; and the window of a rule is its projection's parameter there."""
    text = (Path(__file__).parents[1] / "cases" / "sliding_rates.plas").read_text(encoding="utf-8")
    net = plasticdsl.parse(text).build(dt="1 ms", engine="python")
    net.run("39 ms")
    made = module(text, cache)
    a = made.allocate()
    made.simulate(a, 0.039)
    for name in ("at_spikes", "always"):
        np.testing.assert_array_equal(getattr(a.ex, name), getattr(net["ex"], name))
        assert getattr(a.ex, name).any()
    np.testing.assert_array_equal(a.cells.seen, net["cells"].seen)
    assert made.allocate(ex_W=0.01).a_recent_spikes.dendritic == 10
