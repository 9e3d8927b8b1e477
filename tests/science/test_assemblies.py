"""Cell assemblies, Zenke, Agnes & Gerstner (2015): a small network against a program of its own (assemblies_alone.py)."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl.options import EngineName
from tests.science.assemblies_alone import DELAY, Wires, alone, step, units, wires

STEPS, K = 1500, 256


def wired(net: plasticdsl.net.Net, name: str, n_pre: int, n_post: int) -> tuple[Wires, np.ndarray]:
    """The connections in order, and that order."""
    found = net[name]
    order = np.lexsort((found.post, found.pre))
    return wires(found.pre[order].astype(int), found.post[order].astype(int), n_pre, n_post, np.asarray(found.w)[order]), order


def test_small_network(kernels: EngineName) -> None:
    """0.15 s of 24 and 6 neurons: all weights, conductances and potentials are as in the other program, for the spikes that inputs had. Consolidation
    takes a second, so that it counts."""
    N, M = 24, 6
    net = plasticdsl.load("networks/assemblies").build(
        "Assemblies",
        dt="0.1 ms",
        engine=kernels,
        log=["stimulus", "E", "I"],
        parameters={
            "stimulus": K,
            "N": N,
            "p": 0.5,
            "ν": "40 Hz",
            "input.w": 3,
            "EE.w": 1.0,
            "EI.w": 6.0,
            "IE.w": 0.3,
            "τ_cons": "1 s",
            "Orchestrated.T": "50 ms",
        },
    )
    sizes = {"stimulus": K, "E": N, "I": M}
    made = {
        name: wired(net, name, sizes[pre], sizes[post])
        for name, pre, post in [("input", "stimulus", "E"), ("EE", "E", "E"), ("EI", "E", "I"), ("IE", "I", "E"), ("II", "I", "I")]
    }
    before = {name: w.w.copy() for name, (w, _) in made.items()}
    net.run(steps=STEPS)
    spikes = net.spikes("stimulus")
    at = np.rint(np.asarray(spikes.times) / 1e-4).astype(int)
    S, E, J = units(K), units(N), units(M)
    H, counts = 4.0, [0, 0]
    for n in range(STEPS):
        now = n % (DELAY + 1)
        S.fired[now] = np.bincount(np.asarray(spikes.units)[at == n], minlength=K)
        H = step(n, S, E, J, H, *(made[k][0] for k in ("input", "EE", "EI", "IE", "II")), 0.05, 500)
        counts[0] += int(E.fired[now].sum())
        counts[1] += int(J.fired[now].sum())
    assert counts == [net.spike_count("E"), net.spike_count("I")]
    assert min(counts) > 20
    np.testing.assert_allclose(net["Assemblies"].H, H, rtol=1e-9)
    for name, P in (("E", E), ("I", J)):
        np.testing.assert_allclose(net[name].V * 1e3, P.V, atol=1e-7)
        np.testing.assert_allclose(net[name].g_A, P.ampa, atol=1e-9)
        np.testing.assert_allclose(net[name].g_N, P.nmda, atol=1e-9)
        np.testing.assert_allclose(net[name].g_G, P.gaba, atol=1e-9)
    for name, (w, order) in made.items():
        assert np.asarray(net[name].w)[order] == pytest.approx(w.w, abs=1e-10), name
        if name in ("input", "EE"):
            assert np.asarray(net[name].w_tilde)[order] == pytest.approx(w.kept, abs=1e-10), name
            assert np.max(np.abs(w.w - before[name])) > 1e-3, name
    assert np.max(np.abs(made["IE"][0].w - before["IE"])) > 1e-6


@pytest.mark.slow
def test_two_seconds_of_a_thousand_neurons_alone() -> None:
    """What the library expects of the first two seconds is the mean of three draws of this program, with four of their standard deviations."""
    rates, weights = alone(1024, 0.4, 2, 5)
    assert rates.mean(0) == pytest.approx([7.27, 17.4], abs=0.9)
    assert rates[:, 0].mean() == pytest.approx(7.27, abs=0.3)
    assert weights[-1] == pytest.approx([0.4928, 0.0982, 0.15007], abs=1.6e-3)
    assert weights[-1, 1] == pytest.approx(0.0982, abs=3e-4)
    assert weights[-1, 2] == pytest.approx(0.15007, abs=5e-5)
