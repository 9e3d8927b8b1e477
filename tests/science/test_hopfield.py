"""Hopfield (1982): energy, fixed points and cycles, errors of one step, completion and capacity.

What an `expect` line of models/networks/hopfield.plas says is tested with the library; here stands what needs more than that.
"""

from __future__ import annotations

from math import erf, exp, pi, sqrt

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.model.expr import Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.options import CompileOptions
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.watch.observer import Observer
from tests.models.runs import ran
from tests.science.hopfield_alone import overlaps
from tests.values import set_value, value_of

TOGETHER = """
use Hopfield from "networks/hopfield"

experiment Together on Hopfield:
    N = 60
    P = 45
    sweep 40 repeats
    phase store for each pattern in ξ:
        units.x = pattern
    phase run for 200 steps:
        start units.x from ξ_1 with 40 % flipped
        rules off
        update synchronously
    record units.x every 1 steps
"""


def network_with_patterns(units: int, patterns: int) -> tuple[Engine, Observer, np.ndarray]:
    """A network in machine code that has stored its patterns, and N w_ij in whole numbers."""
    loaded = plasticdsl.load("hopfield").loaded
    network = next(n for n in loaded.module.networks if n.name == "Hopfield")
    workshop, _ = driver.workshop_of(loaded, network, CompileOptions())
    settings = {Ref(Whose.NETWORK, "N"): Number(float(units)), Ref(Whose.NETWORK, "P"): Number(float(patterns))}
    instance = workshop.instantiate(1.0, 1, settings)
    engine = workshop.engine(instance, settings)
    xi = instance.patterns["xi"]
    weights = np.rint(xi.T @ xi)
    np.fill_diagonal(weights, 0.0)
    j = instance.projections["J"]
    set_value(engine, "J", "w", weights[j.targets, j.sources()] / units)
    engine.switch_rules({"J": False})
    return engine, Observer(network, engine), weights


def test_every_single_update_lowers_the_energy_by_what_theory_says() -> None:
    """ΔE = −Δx_i h_i to 1e-10 and E never up, over 3200 updates of 400 units one by one; E itself agrees with −½ Σ w x x to 1e-10."""
    units = 400
    engine, observer, weights = network_with_patterns(units, 60)
    rng = np.random.default_rng(0)
    x = rng.choice(np.array([-1.0, 1.0]), units)
    set_value(engine, "units", "x", x)
    energy = next(v for v in observer.network.variables if v.name == "E").value
    worst, ups, changes = 0.0, 0, 0
    for _ in range(8):
        order = rng.permutation(units)
        engine.visit({"units": order})
        engine.advance(1)
        after = value_of(engine, "units", "x")
        before_sweep = -0.5 * x @ weights @ x / units
        for i in order:
            h = weights[i] @ x / units
            assert after[i] == (1.0 if h > 1e-12 else -1.0 if h < -1e-12 else after[i]), "each unit sees those updated before it"
            step = np.zeros(units)
            step[i] = after[i] - x[i]
            y = x + step
            change = (-0.5 * y @ weights @ y + 0.5 * x @ weights @ x) / units
            worst, ups = max(worst, abs(change + step[i] * h)), ups + (change > 1e-12)
            changes += bool(step[i])
            x = y
        assert float(observer.value(energy)) == pytest.approx(-0.5 * x @ weights @ x / units, abs=1e-10)  # type: ignore[arg-type]
        assert -0.5 * x @ weights @ x / units <= before_sweep + 1e-12
    assert worst < 1e-10
    assert ups == 0
    assert changes > units / 4


def test_together_the_period_is_one_or_two() -> None:
    """For symmetric weights x(t + 2) = x(t) in the end (Goles & Vichniac 1986), and both periods occur; [[0, −1], [−1, 0]] has period 2."""
    x = plasticdsl.parse(TOGETHER).run("Together")["units.x"].values
    assert np.array_equal(x[:, -1], x[:, -3])
    fixed = np.all(x[:, -1] == x[:, -2], axis=1)
    assert 0 < fixed.sum() < len(fixed)
    cycle = ran("networks/hopfield", "Cycle")["units.x"].values
    assert cycle[:4].tolist() == [[-1, -1], [1, 1], [-1, -1], [1, 1]]


def theory(load: float) -> float:
    """The overlap of Amit, Gutfreund & Sompolinsky (1987) at T = 0, the largest solution of erf(y) = y (√(2α) + (2/√π) exp(−y²))."""
    y = 5.0
    for _ in range(20_000):
        y = erf(y) / (sqrt(2 * load) + 2 / sqrt(pi) * exp(-y * y))
    return erf(y)


def test_capacity_below_and_above_the_transition() -> None:
    """The unit `Theory` solves the equations to 1e-6. At α = 0.10 the mean overlap of 20 networks of 500 units is the theory's within 0.004, three
    standard errors of an independent program (1600 runs: 0.9980, sd 0.006)."""
    assert theory(0.137906 - 5e-7) == pytest.approx(0.96742, abs=2e-3)
    assert theory(0.1381) == pytest.approx(0.0, abs=1e-3)
    result = ran("networks/hopfield", "CapacityShort")
    assert result.passed
    m, wanted = result["m_1"].values, result["theory.m"].values.reshape(2, 20)
    assert wanted[0] == pytest.approx(np.full(20, theory(0.10)), abs=1e-6)
    assert m[0].mean() == pytest.approx(theory(0.10), abs=0.004)
    assert wanted[1].max() < 0.5, "beyond the capacity only m = 0 is left"


@pytest.mark.slow
@pytest.mark.parametrize("patterns", [70, 90])
def test_capacity_is_that_of_an_independent_program(patterns: int) -> None:
    """Share of 200 runs with m > 0.9 after starting from the pattern, N = 500, against as many of tests/science/hopfield_alone.py: three
    standard errors of the difference."""
    runs = 200
    text = TOGETHER.replace("N = 60", "N = 500").replace("P = 45", f"P = {patterns}").replace("40 repeats", f"{runs} repeats")
    text = (
        text.replace("run for 200 steps", "run until stable").replace(" with 40 % flipped", "").replace("synchronously", "asynchronously")
    )
    text = text.replace("record units.x every 1 steps", "record m_1 at end")
    ours = np.mean(plasticdsl.parse(text).run("Together")["m_1"].values > 0.9)
    theirs = np.mean(overlaps(500, patterns, runs, seed=5) > 0.9)
    both = 0.5 * (ours + theirs)
    assert abs(ours - theirs) < 3 * np.sqrt(2 * both * (1 - both) / runs)
