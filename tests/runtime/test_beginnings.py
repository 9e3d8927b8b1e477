"""`start from end of Training`: two experiments are one that does both, to the bit, and what comes first is done once."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.runtime.play import beginnings

TEXT = """
neuron Cell:
    V(0) ~ U(0, 0.5)
    10 ms dV/dt = −V
    spike when V > 1:
        V → 0

synapse Plastic:
    w(0) ~ U(0.2, 0.4)
    on pre: post.V += w

rule Hebb:
    on all pairs:
        Δw = F(t_post − t_pre)

    F(Δt) = 0.01 exp(−Δt/(20 ms))   if Δt > 0
            −0.01 exp(Δt/(20 ms))   otherwise

network Net:
    n = 5
    inputs = 20 Poisson(rate = 60 Hz)
    clock = 2 Regular(rate = 100 Hz)
    cells = n Cell
    ex = inputs → cells: Plastic with Hebb, in-degree 4, axonal delay = 1.5 ms
    by = clock → cells: Plastic, all to all

experiment Both on Net:
    dt = 0.5 ms
    phase first for 60 ms
    phase second for 40 ms:
        inputs.rate = 90 Hz
        record ex.w every 10 ms as w
        record cells.V every 5 ms as V
        record spikes(cells) as fired
        record spike_count(inputs) as came

experiment Training on Net:
    dt = 0.5 ms
    phase first for 60 ms

experiment Test on Net:
    dt = 0.5 ms
    start from end of Training
    phase second for 40 ms:
        inputs.rate = 90 Hz
        record ex.w every 10 ms as w
        record cells.V every 5 ms as V
        record spikes(cells) as fired
        record spike_count(inputs) as came

experiment Larger like Test:
    n = 6
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))


@pytest.mark.parametrize("engine", ["reference", "python"])
@pytest.mark.parametrize("seed", [1, 2])
def test_it_goes_on_to_the_bit(engine, seed):
    model = plasticdsl.parse(TEXT)
    whole, test = (model.run(name, engine=engine, seed=seed) for name in ("Both", "Test"))
    for name in ("w", "V", "fired", "came"):
        assert np.array_equal(whole[name].values, test[name].values), name
    assert np.array_equal(whole["w"]["time"].values, test["w"]["time"].values), "the time runs on"
    assert len(test["fired"]) > 3
    assert (whole.summary["duration_s"], test.summary["duration_s"]) == pytest.approx((0.1, 0.04))
    assert test.summary["spikes"]["inputs"] == int(test["came"])


def test_what_comes_first_is_done_once(monkeypatch):
    done = []
    monkeypatch.setattr(beginnings, "run_once", lambda *given, real=beginnings.run_once: done.append(given[0].name) or real(*given))
    first = plasticdsl.parse(TEXT).run("Test", engine="reference")
    changed = TEXT.replace("inputs.rate = 90 Hz", "inputs.rate = 30 Hz")
    other = plasticdsl.parse(f'"""Lines that move."""\n\n{changed}').run("Test", engine="reference")
    assert done == ["Training"], "another test of the same training"
    assert not np.array_equal(first["V"].values, other["V"].values)
    plasticdsl.parse(TEXT).run("Test", engine="reference", seed=3)
    plasticdsl.parse(TEXT).run("Test", engine="reference", parameters={"inputs.rate": "10 Hz"})
    plasticdsl.parse(TEXT.replace("for 60 ms", "for 61 ms")).run("Test", engine="reference")
    plasticdsl.parse(TEXT).run("Test", engine="python")
    assert done == ["Training"] * 5, "another seed, setting, length or engine"


def test_what_was_carried_out_for_itself_is_not_done_again(monkeypatch, tmp_path):
    done = []
    monkeypatch.setattr(beginnings, "run_once", lambda *given, real=beginnings.run_once: done.append(given[0].name) or real(*given))
    more = "experiment More on Net:\n    dt = 0.5 ms\n    start from end of Test\n    phase third for 20 ms\n    record ex.w at end as w\n"
    model = plasticdsl.parse(f"{TEXT}\n{more}")
    expected = model.run("More", engine="reference", seed=5)["w"].values
    assert done == ["Training", "Test"]
    done.clear()
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path / "other"))
    for name in ("Training", "Test", "More"):
        found = model.run(name, engine="reference", seed=5)
    assert not done and np.array_equal(found["w"].values, expected)
    model.run("Training", engine="reference", seed=6, duration="30 ms")
    model.run("Test", engine="reference", seed=6)
    assert done == ["Training"], "one that was shorter is another"


SHUFFLED = """
neuron Linear:
    input a
    output y = a

synapse Weighted:
    post.a = Σ w x

rule Hebb:
    Δw = 0.5 x − 0.2 w

network Net:
    image = 3 Source
    cell = 1 Linear
    w = image → cell: Weighted with Hebb, w = 0
    ξ = 6 random patterns of N(0, 1) over image

experiment A on Net:
    phase train for each x in ξ, shuffled:
        image = x
    record w.w at end as w

experiment B like A

experiment AfterA on Net:
    start from end of A
    phase wait for 1 step:
        rules off
    record w.w at end as w

experiment AfterB like AfterA:
    start from end of B
"""


def test_an_order_of_its_own_is_another_end():
    model = plasticdsl.parse(SHUFFLED)
    a, b, after_a, after_b = (model.run(name, engine="reference")["w"].values for name in ("A", "B", "AfterA", "AfterB"))
    assert not np.array_equal(a, b), "shuffled in an order of its own"
    assert np.array_equal(after_a, a)
    assert np.array_equal(after_b, b)


def test_a_network_of_another_size_cannot_go_on():
    with pytest.raises(PlasError, match="cannot go on from the end of ‘Training’"):
        plasticdsl.parse(TEXT).run("Larger", engine="reference")


def test_an_end_belongs_to_the_passes_that_were_on(monkeypatch):
    """Which passes for large projections are on follows from the sizes and a table of least ones; rounding depends on them, and what a state holds."""
    done = []
    monkeypatch.setattr(beginnings, "run_once", lambda *given, real=beginnings.run_once: done.append(given[0].name) or real(*given))
    model = plasticdsl.parse(TEXT)
    for least in (driver.FOR_LARGE, {}, driver.FOR_LARGE):
        monkeypatch.setattr(driver, "FOR_LARGE", least)
        model.run("Test", engine="python")
    model.run("Test", engine="python", level=0)
    assert done == ["Training"] * 3, "one for each set of passes, and the first of them is known"
