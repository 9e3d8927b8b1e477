"""Steps taken in blocks: sums and weights are those of one step after the other, whatever the rule does and whoever looks when."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation, OfProjection
from plasticdsl.options import CompileOptions, Precision
from plasticdsl.results.result import Result
from plasticdsl.runtime.engine.engine import Feed
from plasticdsl.support.products import steps_at_once

MODEL = """
use Linear, Connection, Hebb, Covariance, Oja, BCM from "rules/rate_rules"

neuron Hidden:
    input a
    input φ
    output y = max(a, 0)
    δ = φ  if a > 0
        0  otherwise

neuron Readout:
    input a
    input target
    output y = a
    e = target − y

neuron Sign:
    input h
    output x ∈ {−1, +1}
    x → +1  if h > 0
        −1  otherwise

synapse Scaled:
    g = 2
    post.a = Σ g w x

synapse Feedback:
    post.φ = Σ B pre.e

synapse Again(other):
    post.φ = Σ other.w x

synapse Coupling:
    post.h = Σ w x

rule Bounded:
    η = 0.02
    w ∈ [0.01, 0.06]
    Δw = η x (y − 0.3)

rule Several:
    η = 0.01
    Δw = η (x y − 0.2 x² − 0.1 y − 0.05 y² w)

rule ByCases:
    η = 0.01
    Δw = η x       if y > 0.1
         −½ η x    otherwise

rule Power:
    Δw = 0.01 (w² − w) x

rule Mixed:
    Δw = 0.01 (x y + x post.a)/(1 + y²) − 0.01 y

rule Delta:
    η = 0.01
    Δw = η x post.e

rule Alignment:
    η = 0.01
    Δw = η x post.δ

rule Imprint:
    Δw = x y / N_pre

network Forms:
    image = 11 Source
    cell = 3 Linear
    hidden = 5 Hidden
    hebb = image → cell: Connection with Hebb, w = 0
    bcm = image → cell: Connection with BCM, w = 0
    oja = image → cell: Connection with Oja, w = 0
    covariance = image → cell: Connection with Covariance, w = 0
    several = image → cell: Scaled with Several, w = 0
    cases = image → cell: Connection with ByCases, w = 0
    bounded = image → hidden: Connection with Bounded, w = 0.02
    still = image → cell: Connection, w ~ U(0, 1)
    power = image → cell: Connection with Power, w = 1
    mixed = image → cell: Connection with Mixed, w = 0
    some = image → cell: Connection with Hebb, where i ≠ j, w = 0
    late = image → cell: Connection with Hebb, w = 0, axonal delay = 2 steps
    unknown = hidden → cell: Connection with Hebb, w = 0
    read = image → hidden: Connection with Alignment, w = 0
    reads = image → hidden: Again(other = read)

    ξ = 20 random patterns of U(−1, 1) over image

experiment Shown on Forms:
    phase shown for each pattern in ξ:
        image = pattern

network Rules:
    image = 40 Source
    oja = 33 Linear
    bounded = 33 Linear
    several = 33 Linear
    hidden = 35 Hidden
    digit = 3 Readout
    ξ = 24 random patterns of U(−1, 1) over image
    to_oja = image → oja: Connection with Oja, w ~ U(−0.1, 0.1), η = 0.02
    to_bounded = image → bounded: Connection with Bounded, w ~ U(0.02, 0.04)
    to_several = image → several: Scaled with Several, w ~ U(−0.1, 0.1)
    first = image → hidden: Connection with Alignment, w ~ U(−0.1, 0.1)
    second = hidden → digit: Connection with Delta, w ~ U(−0.1, 0.1)
    back = digit → hidden: Feedback, B ~ U(−0.5, 0.5)

experiment Learn on Rules:
    phase one for each pattern in ξ, shuffled, 2 epochs:
        image = pattern
        digit.target = 1
    phase off for each pattern in ξ:
        rules off
        image = pattern
    phase other for each pattern in ξ:
        to_several.η = 0.02
        image = pattern
        rules off for Oja
    phase held for 10 steps:
        image = 0.5
    record to_oja.w, to_bounded.w, to_several.w, first.w, second.w every 29 steps
    record oja.y, several.y, hidden.y, digit.y at end

network Memory:
    units = 33 Sign
    J = units → units: Coupling with Imprint, all to all except self, w = 0
    ξ = 30 random patterns of {−1, +1} over units

experiment Store on Memory:
    phase store for each pattern in ξ:
        units.x = pattern
    phase some for each pattern in ξ:
        units.x[1 to 4] = 1
    phase recall for 2 steps:
        start units.x from ξ_1
        update asynchronously in fixed order
    record J.w every 13 steps
    record units.x
"""

BLOCKED = ["to_oja", "to_bounded", "to_several", "first"]


@pytest.fixture(autouse=True)
def _no_network_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FOR_LARGE", {})


@pytest.fixture(scope="module")
def model() -> plasticdsl.Model:
    return plasticdsl.parse(MODEL)


def assert_same(one: Result, other: Result, names: list[str], rtol: float = 1e-10) -> None:
    for name in names:
        np.testing.assert_allclose(one[name].values, other[name].values, rtol=rtol, atol=1e-13, err_msg=name)


def test_rules_that_are_products_are_taken_in_blocks(model: plasticdsl.Model) -> None:
    """And no sum whose weights anything else reads, no rule of another form, and nothing that is not known beforehand."""
    (plan, *_) = driver.plans(model.loaded, CompileOptions())
    found = {p.name: p.block for p in plan.projections if p.block is not None}
    terms = {name: None if block.change is None else len(block.change.terms) for name, block in found.items()}
    assert terms == {"hebb": 1, "bcm": 1, "oja": 1, "covariance": 1, "several": 3, "cases": 1, "bounded": 1, "still": None, "mixed": 2}


def test_blocks_give_what_single_steps_do(model: plasticdsl.Model) -> None:
    names = [*(f"{name}.w" for name in (*BLOCKED, "second")), "oja.y", "several.y", "hidden.y", "digit.y"]
    definition = model.run("Learn", engine="reference")
    assert_same(model.run("Learn", engine="python"), definition, names)
    w = definition["to_bounded.w"].values
    assert w.min() == 0.01 and w.max() == 0.06  # both bounds were met


def test_states_that_a_table_gives_are_known_beforehand(model: plasticdsl.Model) -> None:
    definition = model.run("Store", engine="reference")
    assert_same(model.run("Store", engine="python"), definition, ["J.w", "units.x"])
    patterns = model.build("Memory", engine="python").patterns("ξ")[:26]
    by_hand = patterns.T @ patterns / 33
    np.testing.assert_allclose(definition["J.w"].values[1], by_hand[~np.eye(33, dtype=bool)], atol=1e-14)


def test_nothing_depends_on_who_looks(model: plasticdsl.Model) -> None:
    """Cut into pieces, looked at and saved within a block, a run is the same to the bit; what is written there counts at once."""
    network = model.loaded.module.networks[2]
    workshop, _ = driver.workshop_of(model.loaded, network, CompileOptions(engine="python"))
    engines = [workshop.engine(workshop.instantiate(1.0, 1, {}), {}) for _ in range(4)]
    w, x = Ref(OfProjection("J"), "w"), Ref(OfPopulation("units"), "x")
    table = workshop.instantiate(1.0, 1, {}).patterns["xi"]
    whole, cut, restored, written = engines
    for engine in engines:
        engine.feed([Feed(x, table, np.arange(30), 0)])
    whole.advance(28)
    for steps in (3, 9, 1, 15):
        cut.advance(steps)
        cut.read(w)
        restored.restore(cut.snapshot())
    assert np.array_equal(whole.read(w), cut.read(w)) and np.array_equal(whole.read(w), restored.read(w))
    written.advance(11)
    written.write(w, 0.25)
    written.advance(17)
    later = table[11:28].T @ table[11:28] / 33 + 0.25
    np.testing.assert_allclose(written.read(w), later[~np.eye(33, dtype=bool)], atol=1e-14)


def test_few_columns_and_few_rows_take_single_steps() -> None:
    assert [steps_at_once(*size) for size in ((784, 31), (784, 32), (31, 784), (70, 784))] == [0, 64, 0, 16]


WIDE = """
use Linear, Connection, Oja from "rules/rate_rules"

network Wide:
    image = 270 Source
    cell = 300 Linear
    syn = image → cell: Connection with Oja, w ~ U(−0.1, 0.1), η = 1e-3
    ξ = 100 random patterns of U(−1, 1) over image

experiment Learn on Wide:
    phase learning for each pattern in ξ:
        image = pattern
    record syn.w, cell.y at end
"""


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "rtol"), [("double", 1e-11), ("single", 2e-5)])
def test_machine_code_works_on_tiles(precision: Precision, rtol: float) -> None:
    """With more columns than a tile has, more rows than are summed in single precision, and a last block that is shorter."""
    model = plasticdsl.parse(WIDE)
    one, other = (model.run(precision=precision, without=without) for without in ((), ("blocks",)))
    for name, size in (("syn.w", 0.1), ("cell.y", 1.0)):
        np.testing.assert_allclose(one[name].values, other[name].values, rtol=0, atol=rtol * size, err_msg=name)
    patterns, w = model.build().patterns("ξ"), model.build()["syn"].w.reshape(270, 300).T
    for x in patterns:
        y = w @ x
        w = w + 1e-3 * (np.outer(y, x) - (y**2)[:, None] * w)
    np.testing.assert_allclose(one["syn.w"].values.reshape(270, 300).T, w, rtol=0, atol=rtol)
