"""Reactions in leaps against closed forms, a master equation, and the same reactions one by one, with many units."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl

TEXT = """
neuron BirthAndDeath:
    reactions stochastic, tolerance 0.03:
        ∅ → X : 1000 Hz
        X → ∅ : 0.5 Hz
    X(0) = 2000

neuron Schlögl:
    reactions stochastic, tolerance 0.03:
        2 X → 3 X : 0.015 Hz
        3 X → 2 X : 1e−4 Hz/6
        ∅ → X : 200 Hz
        X → ∅ : 3.5 Hz
    X(0) = 250

network Net:
    born = 4000 BirthAndDeath
    cells = 4000 Schlögl
"""

#: Reactions that come to rest: they are made and lost, hold each other back, pair up and part, and turn into each other.
RESTING = """
neuron Cell:
    reactions stochastic{how}:
        ∅ → X : 1000 Hz
        X → ∅ : 0.5 Hz
    reactions stochastic{how}:
        ∅ → P : 1000 Hz·500⁴/(500⁴ + P⁴)
        P → ∅ : 0.5 Hz
    reactions stochastic{how}:
        2 A ⇌ D : 0.001 Hz, 1 Hz
        ∅ ⇌ A : 400 Hz, 0.4 Hz
    reactions stochastic{how}:
        S ⇌ T : 1 Hz, 3 Hz
    X(0) = 2000
    P(0) = 600
    A(0) = 1000
    D(0) = 1000
    S(0) = 3000
    T(0) = 1000

network Net:
    cells = 2000 Cell
"""


@pytest.mark.slow
def test_leaps_keep_two_modes_and_the_variance_of_what_is_made_and_lost() -> None:
    net = plasticdsl.parse(TEXT).build("Net", dt="1 s", seed=3)
    net.run("4 s")
    cells = np.asarray(net["cells"].X)
    assert abs(cells.mean() - 309.8847) < 4 * 216.0086 / np.sqrt(4000)
    assert abs((cells < 256).mean() - 0.516106) < 4 * 0.5 / np.sqrt(4000)
    net.run("16 s")
    born = np.asarray(net["born"].X)
    assert abs(born.mean() - 2000) < 4 * np.sqrt(2000 / 4000)
    wide = 2000 / (1 - 0.03 / 2)  # an explicit leap's stationary variance (k/γ)/(1 − γ τ/2), with γ τ ≤ 0.03
    assert 2000 - 4 * 2000 * np.sqrt(2 / 4000) < born.var() < wide + 4 * wide * np.sqrt(2 / 4000)


@pytest.mark.slow
def test_at_rest_leaps_have_the_means_and_variances_of_reactions_one_by_one() -> None:
    """Within four standard errors of the difference, and of variances by what the tolerance leaves: 1/(1 − ε)."""
    found = {}
    for how in (", tolerance 0.03", ""):
        net = plasticdsl.parse(RESTING.format(how=how)).build("Net", dt="1 s", seed=3)
        net.run("8 s")
        found[how] = {v: np.asarray(getattr(net["cells"], v)) for v in "XPADST"}
    for name, exact in found[""].items():
        leaps = found[", tolerance 0.03"][name]
        assert abs(leaps.mean() - exact.mean()) < 4 * np.sqrt((leaps.var() + exact.var()) / 2000), name
        ratio = leaps.var() / exact.var()
        assert 1 - 4 * np.sqrt(4 / 2000) < ratio < (1 + 4 * np.sqrt(4 / 2000)) / (1 - 0.03), name
    assert found[""]["X"].var() == pytest.approx(2000, rel=4 * np.sqrt(2 / 2000))
    assert found[""]["S"].var() == pytest.approx(4000 * 0.75 * 0.25, rel=4 * np.sqrt(2 / 2000))
