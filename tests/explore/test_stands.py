"""What rules look like by themselves: windows and drifts of those that wait for spikes, curves of the others, against what can be worked out by hand."""

import numpy as np
import pytest

import plasticdsl
from plasticdsl.explore.curves import PATTERNS, curve, stream
from plasticdsl.explore.forced import forced_window
from plasticdsl.explore.stands import Kind, stand
from plasticdsl.explore.windows import drift, window

RULES = """
rule Noisy:
    \"\"\"Its weight is called ρ, diffuses, and is drawn back to one sum now and then.\"\"\"
    A = 0.1
    τ = 10 ms
    σ = 0.5 √(1 Hz)
    ρ ∈ [0, 2]
    τ dr/dt = −r + τ S_pre
    dρ/dt = S_post A r + σ ξ(t)
    every 300 ms:
        ρ → ρ/Σ ρ

rule Modulated(dopamine, H):
    k = 2 µM⁻¹·s⁻¹
    τ_c = 0.1 s
    dc/dt = −c/τ_c
    on nearest pairs:
        Δc = (H/(10 Hz)) exp(−abs(t_post − t_pre)/(20 ms))
    dw/dt = k c dopamine.D

rule Sampled:
    dθ/dt = 1 Hz (1 − θ)
    prune when θ ≤ 0

rule Followed:
    Δw = −0.1 ∂L/∂w

neuron Glia:
    τ_D = 1 s
    τ_D dD/dt = −D
    D(0) = 0 µM

neuron Cell:
    dv/dt = −v/(10 ms)
    spike when v > 1:
        v → 0

network Small:
    pre = 3 Poisson(rate = 5 Hz)
    post = 3 Cell
    glia = 1 Glia
    ex = pre → post: Modulated(dopamine = glia, H = 3 Hz), one to one, w = 0, dendritic delay = 5 ms
"""


def of_text(text):
    return plasticdsl.parse(text)


def test_a_window_is_of_what_a_rule_changes_without_its_noise_and_without_the_other_synapses():
    found = window(of_text(RULES), "Noisy", {})
    assert found is not None and found.weight == "ρ" and found.jumps
    expected = np.where(found.lag > 1e-9, 0.1 * np.exp(-found.lag / 0.01), 0.0)
    np.testing.assert_allclose(found.change[found.lag != 0.0], expected[found.lag != 0.0], atol=1e-9)


def test_what_a_rule_reads_of_a_third_unit_is_held_and_delays_are_those_of_the_model():
    """D is 0.1 µM, H is 10 Hz, so c jumps by F(Δt) and w ends at k D τ_c F(Δt), with the postsynaptic spike 5 ms later at the synapse."""
    model = of_text(RULES)
    known = stand(model.loaded.module, "Modulated")
    assert known is not None and known.kind is Kind.PAIRS and known.words == ("dopamine.D = 0.1 µM", "H = 10 Hz")
    found = window(model, "Modulated", {})
    assert found is not None and found.weight == "w"
    far = np.abs(found.lag + 0.005) > 1e-4
    np.testing.assert_allclose(found.change[far], 2.0 * 0.1 * 0.1 * np.exp(-np.abs(found.lag + 0.005) / 0.02)[far], rtol=0.02)


def test_what_a_rule_asks_for_says_what_is_shown_of_it():
    module = of_text(RULES).loaded.module
    kinds = {rule: found.kind for rule in ("Noisy", "Sampled", "Followed") if (found := stand(module, rule)) is not None}
    assert kinds == {"Noisy": Kind.PAIRS, "Sampled": Kind.NOTHING, "Followed": Kind.HANDED}
    calcium = stand(plasticdsl.load("calcium").loaded.module, "Calcium")
    assert calcium is not None and calcium.kind is Kind.PAIRS and calcium.weight == "rho" and not calcium.jumps
    of_cells = stand(plasticdsl.load("clopath").loaded.module, "Voltage")
    assert of_cells is not None and of_cells.kind is Kind.CELLS
    assert stand(plasticdsl.load("structural_rewiring").loaded.module, "SynapticElements") is None  # of connections, whether they are there
    assert stand(module, "Absent") is None


def test_the_drift_of_triplets_is_that_of_settled_traces():
    """Both sides fire by chance at ρ, so ⟨r⟩ = ρ τ: a postsynaptic spike adds ρ τ₊ (A₂₊ + A₃₊ ρ τ_y), a presynaptic one takes away ρ τ₋ (A₂₋ + A₃₋ ρ τ_x).
    τ_x is 946 ms: with traces that had half a second to settle it is a quarter less."""
    found = drift(plasticdsl.load("triplet"), "TripletHippocampus", (50.0,))
    assert found is not None and found.settled == pytest.approx(6 * 0.946)
    expected = 50.0**2 * (16.8e-3 * (6.1e-3 + 6.7e-3 * 50.0 * 27e-3) - 33.7e-3 * (1.6e-3 + 1.4e-3 * 50.0 * 946e-3))
    assert expected == pytest.approx(-5.078, abs=1e-3)
    assert found.change[0] == pytest.approx(expected, abs=4 * found.error[0])
    assert found.error[0] < 0.05


def test_a_weight_that_comes_near_its_bound_is_watched_for_a_shorter_time():
    text = "rule Fast:\n    w ∈ [0, 1]\n    on post:\n        w += 0.02\n"
    found = drift(of_text(text), "Fast", (50.0,))
    assert found is not None and found.change[0] == pytest.approx(1.0, abs=4 * found.error[0])


def test_the_curve_of_a_sliding_threshold():
    """⟨y²⟩ = 1 after many presentations of y = 1, so Δw = η y (y − 1), whatever the weight."""
    found = curve(plasticdsl.load("rate_rules"), "BCM")
    assert found is not None and (found.over, found.per, found.held, found.begins) == ("y", "presentation", ("x = 1",), (0.0,))
    np.testing.assert_allclose(found.changes[0], 0.002 * found.points * (found.points - 1.0), atol=1e-6)


def test_a_curve_has_a_line_for_each_weight_that_matters_and_rates_in_hertz():
    """dw/dt = w (ν₀ − y)/(τ_w ν₀)."""
    found = curve(plasticdsl.load("scaling"), "Scaling")
    assert found is not None and (found.over_unit, found.per, found.begins) == ("Hz", "s", (0.0, 0.5, 1.0))
    for line, weight in zip(found.changes, found.begins, strict=True):
        np.testing.assert_allclose(line, weight * (10.0 - found.points) / (5.0 * 10.0), atol=2e-4)


def test_a_period_counts_once():
    """The change is in proportion to the learning signal: it is −η L Σ ē of one trial of 500 steps."""
    found = curve(plasticdsl.load("eprop"), "Eprop")
    assert found is not None and (found.over, found.per) == ("L", "period")
    trace, eligibility, gradient, decay = 0.0, 0.0, 0.0, np.exp(-1 / 30)
    for _ in range(500):
        gradient, eligibility, trace = gradient + eligibility, decay * eligibility + trace, decay * trace + 1.0
    np.testing.assert_allclose(found.changes[0], -1e-5 * gradient * found.points, rtol=0.01)


def test_where_two_weights_go():
    """Δw = η y (x − y w) for one pattern after the other."""
    found = stream(plasticdsl.load("rate_rules"), "Oja")
    assert found is not None
    begin = np.stack(np.meshgrid(found.side, found.side), axis=-1)
    weights = begin.copy()
    for pattern in PATTERNS:
        y = (weights @ pattern)[..., None]
        weights += 0.002 * y * (pattern - y * weights)
    np.testing.assert_allclose(np.stack([found.across, found.up], axis=-1), weights - begin, atol=1e-12)


def test_a_rule_that_compares_synapses_has_no_curve_of_one_alone():
    model = plasticdsl.load("normalisation")
    assert curve(model, "Subtractive") is None
    found = stream(model, "Subtractive")
    assert found is not None
    np.testing.assert_allclose(found.across, -found.up, atol=1e-12)  # the sum stays


@pytest.mark.slow
def test_a_cell_that_is_pushed_over_its_threshold_does_what_one_does_that_fires_by_a_kick():
    model = plasticdsl.load("clopath")
    found = forced_window(model, "Voltage")
    assert found is not None
    for lag in (-0.02, -0.01, 0.01):
        net = model.build("Pairs", parameters={"lag": lag, "ρ": 1.0})
        net.run(0.9)
        (change,) = found.change[np.abs(found.lag - lag) < 1e-9]
        assert change == pytest.approx(net["ex"].w[0] - 0.5, rel=1e-3, abs=1e-8)
