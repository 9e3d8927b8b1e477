"""Changes that wait for the next sum: weights are those of single walks, to the bit, whatever the rule does and whoever looks when."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation, OfProjection
from plasticdsl.options import CompileOptions
from plasticdsl.runtime.engine.compiled import CompiledEngine

MODEL = """
use Linear, Connection, Oja, BCM from "rules/rate_rules"

neuron Noise:
    output x
    x → u
    u ~ U(−1, 1)

neuron Hidden:
    input a
    input φ
    output y = max(a, 0)
    δ = φ  if a > 0
        0  otherwise

neuron Readout:
    input a
    output y = a
    e = 1 − y

neuron Rate:
    input h
    output r
    r(0) ~ U(0, 1)
    r → tanh(h)

neuron Spin:
    input h
    output x ∈ {−1, +1}
    x → +1  if h > 0
        −1  otherwise

synapse Feedback:
    post.φ = Σ B pre.e

synapse Again(other):
    post.φ = Σ other.w x

synapse Coupling:
    post.h = Σ w x

rule Delta:
    η = 0.02
    Δw = η x post.e

rule Alignment:
    η = 0.02
    Δw = η x post.δ

rule Bounded:
    η = 0.1
    w ∈ [0, 0.05]
    Δw = η x y (1 − 3 w)

rule Power:
    η = 0.01
    Δw = η (w² − w) x y

rule ByCases:
    η = 0.01
    Δw = η x y     if y > x
         −η w      otherwise

rule Both:
    η = 0.01
    e(0) = 0
    Δe = x y − 0.1 e
    Δw = η e

rule Hebbian:
    η = 0.01
    Δw = η (pre.r post.r − 0.1 w)

rule Imprint:
    Δw = 0.01 x y

network Net:
    image = 12 Noise
    cell = 5 Linear
    bcm_cell = 5 Linear
    more = 3 Linear
    hidden = 7 Hidden
    digit = 3 Readout
    rates = 6 Rate
    to_cell = image → cell: Connection with Oja, w ~ U(−0.1, 0.1), η = 0.02
    bcm = image → bcm_cell: Connection with BCM, w ~ U(−0.1, 0.1), η = 0.02
    bounded = hidden → more: Connection with Bounded, w ~ U(0, 0.05)
    power = hidden → more: Connection with Power, w ~ U(0, 0.05)
    cases = hidden → more: Connection with ByCases, p = 0.5, w ~ U(0, 0.05)
    both = hidden → more: Connection with Both, w ~ U(0, 0.05)
    first = image → hidden: Connection with Alignment, w ~ U(−0.1, 0.1)
    second = hidden → digit: Connection with Delta, w ~ U(−0.1, 0.1)
    back = digit → hidden: Feedback, B ~ U(−0.5, 0.5)
    recurrent = rates → rates: Coupled with Hebbian, all to all except self, w ~ U(−0.5, 0.5)

synapse Coupled:
    post.h = Σ w pre.r

experiment Learn on Net:
    phase one for 20 steps
    phase off for 5 steps:
        rules off
    phase other for 20 steps:
        to_cell.η = 0.03
        rules off for Oja
    phase last for 20 steps
    record to_cell.w, bcm.w, bounded.w, power.w, cases.w, both.w, both.e, first.w, second.w, recurrent.w every 7 steps
    record cell.y, more.y, digit.y, rates.r

network Others:
    image = 4 Noise
    hidden = 3 Hidden
    units = 3 Spin
    read = image → hidden: Connection with Alignment, w = 0
    reads = image → hidden: Again(other = read)
    late = image → hidden: Connection with Alignment, w = 0, axonal delay = 2 steps
    swept = units → units: Coupling with Imprint, all to all except self, w = 0

experiment Sweep on Others:
    phase recall for 2 steps:
        update asynchronously in fixed order
    record units.x
"""

WEIGHTS = ["to_cell", "bcm", "bounded", "power", "cases", "both", "first", "second", "recurrent"]
RECORDED = [*(f"{name}.w" for name in WEIGHTS), "both.e", "cell.y", "more.y", "digit.y", "rates.r"]


@pytest.fixture(autouse=True)
def _no_network_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FOR_LARGE", {})


@pytest.fixture(scope="module")
def model() -> plasticdsl.Model:
    return plasticdsl.parse(MODEL)


def engines(model: plasticdsl.Model, number: int) -> list[CompiledEngine]:
    network = model.loaded.module.networks[0]
    workshop, _ = driver.workshop_of(model.loaded, network, CompileOptions(engine="python"))
    found = [workshop.engine(workshop.instantiate(1.0, 1, {}), {}) for _ in range(number)]
    assert all(isinstance(e, CompiledEngine) for e in found)
    return [e for e in found if isinstance(e, CompiledEngine)]


def test_what_sums_alone_read_waits_for_them(model: plasticdsl.Model) -> None:
    """And nothing that another projection reads, that takes time, or that units read one after the other; nor rules that remember values."""
    plans = driver.plans(model.loaded, CompileOptions())
    found = {p.name for plan in plans for p in plan.projections if p.deferred is not None}
    assert found >= set(WEIGHTS) - {"both"}
    assert not found & {"both", "back", "read", "late", "swept"}


def test_waiting_gives_the_bits_of_single_walks(model: plasticdsl.Model) -> None:
    one, other = (model.run("Learn", engine="python", without=without) for without in ((), ("defer",)))
    definition = model.run("Learn", engine="reference")
    for name in RECORDED:
        assert np.array_equal(one[name].values, other[name].values), name
        np.testing.assert_allclose(one[name].values, definition[name].values, rtol=1e-9, atol=1e-13, err_msg=name)
    w = one["bounded.w"].values
    assert w.min() == 0.0 or w.max() == 0.05  # a bound was met


def test_weights_are_those_of_a_program_without_walks(model: plasticdsl.Model) -> None:
    """The recurrent network, by hand."""
    (engine,) = engines(model, 1)
    r, w = engine.read(Ref(OfPopulation("rates"), "r")).copy(), engine.read(Ref(OfProjection("recurrent"), "w")).copy()
    others = ~np.eye(6, dtype=bool)
    full = np.zeros((6, 6))
    full[others] = w
    for _ in range(9):
        h = r @ full
        full[others] += (0.01 * (np.outer(r, r) - 0.1 * full))[others]
        r = np.tanh(h)
    engine.advance(9)
    np.testing.assert_allclose(engine.read(Ref(OfProjection("recurrent"), "w")), full[others], rtol=1e-13, atol=1e-15)


def test_nothing_depends_on_who_looks(model: plasticdsl.Model) -> None:
    """Cut into pieces, looked at, saved and switched, a run is the same to the bit."""
    targets = [Ref(OfProjection(name), "w") for name in WEIGHTS]
    whole, cut, restored, switched = engines(model, 4)
    whole.advance(28)
    for steps in (3, 9, 1, 15):
        cut.advance(steps)
        cut.all_finite()
        for target in targets:
            cut.read(target)
        restored.restore(cut.snapshot())
        switched.advance(steps)
        switched.switch_rules({"bcm": False})
        switched.switch_rules({"bcm": True})
    for target in targets:
        assert all(np.array_equal(whole.read(target), other.read(target)) for other in (cut, restored, switched)), target


def test_what_is_written_replaces_what_waits(model: plasticdsl.Model) -> None:
    target = Ref(OfProjection("to_cell"), "w")
    one, other = engines(model, 2)
    one.advance(4)
    one.write(target, 0.25)
    assert (one.read(target) == 0.25).all()
    other.advance(4)
    other.read(target)
    other.write(target, 0.25)
    one.advance(3)
    other.advance(3)
    assert np.array_equal(one.read(target), other.read(target))


WIDE = """
use Linear, Connection, Oja from "rules/rate_rules"

neuron Noise:
    output x
    x → u
    u ~ U(−1, 1)

network Wide:
    image = 135 Noise
    cell = 3 Linear
    syn = image → cell: Connection with Oja, w ~ U(−0.1, 0.1), η = 1e-3

experiment Learn on Wide:
    phase learning for 12 steps
    record syn.w, cell.y at end
"""


def test_sums_of_few_rows_have_32_bits() -> None:
    """Where states have: 12 steps round weights of 0.1 and their changes by 2⁻²⁵ of them each, and sums of 64 terms below 0.1 by as much."""
    model = plasticdsl.parse(WIDE)
    double, single = (model.run("Learn", engine="python", precision=p) for p in ("double", "single"))
    np.testing.assert_allclose(single["syn.w"].values, double["syn.w"].values, rtol=0, atol=24 * 0.1 * 2.0**-24)
    np.testing.assert_allclose(single["cell.y"].values, double["cell.y"].values, rtol=0, atol=135 * 2 * 24 * 0.1 * 2.0**-24)


@pytest.mark.slow
def test_machine_code_waits_too(model: plasticdsl.Model) -> None:
    one, other = (model.run("Learn", without=without) for without in ((), ("defer",)))
    for name in RECORDED:
        assert np.array_equal(one[name].values, other[name].values), name
