"""Reactions in leaps against closed forms and a master equation, with many units."""

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


@pytest.mark.slow
def test_leaps_have_the_variance_of_their_length_and_keep_two_modes() -> None:
    net = plasticdsl.parse(TEXT).build("Net", dt="1 s", seed=3)
    net.run("4 s")
    cells = np.asarray(net["cells"].X)
    assert abs(cells.mean() - 309.8847) < 4 * 216.0086 / np.sqrt(4000)
    assert abs((cells < 256).mean() - 0.516106) < 4 * 0.5 / np.sqrt(4000)
    net.run("16 s")
    born = np.asarray(net["born"].X)
    variance = 2000 / (1 - 0.5 / 2)  # leaps of 1 s, the step: an explicit leap's stationary variance (k/γ)/(1 − γ τ/2)
    assert abs(born.mean() - 2000) < 4 * np.sqrt(variance / 4000)
    assert abs(born.var() - variance) < 4 * variance * np.sqrt(2 / 4000)
