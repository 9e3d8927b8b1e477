"""Legenstein, Pecevski & Maass (2008): sums over pairs of spikes and alpha functions, for the spikes that there were, give the same weights."""

import numpy as np
import pytest

import plasticdsl


def alpha(t: np.ndarray, τ: float) -> np.ndarray:
    return np.where(t > 0, t / τ * np.exp(-np.maximum(t, 0) / τ), 0)


def test_weights_from_spikes(kernels: str) -> None:
    """Every 5 ms a weight changes by the reward and the eligibility of that moment; both are sums over all that came before."""
    n = 8
    net = plasticdsl.load("legenstein_reward").build("Biofeedback", dt="1 ms", engine=kernels, seed=2, n=n, log=["inputs", "cells"])
    net.run("2 s")
    trains = {
        name: [np.rint(net.spikes(name).times[net.spikes(name).units == k] * 1000) for k in range(size)]
        for name, size in (("inputs", 10 * n), ("cells", 10))
    }
    moments = np.arange(0, 2000, 5.0)
    since = moments[:, None] - (trains["cells"][0] + 200)
    d = 1.379 * (alpha(since, 200) - 0.2 * alpha(since, 1000)).sum(axis=1)
    wanted = []
    for pre, post in zip(net["ex"].pre, net["ex"].post, strict=True):
        lag = trains["cells"][post][:, None] - trains["inputs"][pre]
        completed = np.maximum(trains["cells"][post][:, None], trains["inputs"][pre]).ravel()
        window = np.where(lag > 0, 0.03, -1.05 * 0.03).ravel() * np.exp(-np.abs(lag).ravel() / 30)
        c = 0.8 * alpha(moments[:, None] - completed, 400) @ window
        w = 0.3
        for change in 0.005 * c * d:
            w = np.clip(w + change, 0, 0.8)
        wanted.append(w)
    assert np.ptp(wanted) > 0.01
    assert net["ex"].w == pytest.approx(wanted, abs=1e-12)
