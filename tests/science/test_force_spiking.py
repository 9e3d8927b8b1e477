"""FORCE learning with spikes (Nicola & Clopath 2017): a small network does at every step what a program of its own does."""

import numpy as np
import pytest

import plasticdsl

N = 20
DT = 0.1
EVERY = 25


def matrix(net: plasticdsl.Net, name: str, variable: str) -> np.ndarray:
    full = np.zeros((N, N))
    full[net[name].post, net[name].pre] = getattr(net[name], variable)
    return full


def test_every_step(kernels: str) -> None:
    """In ms, mV, kHz. Membranes, currents and rates go on by RK4 with what is fed back; every 2.5 ms the readout learns by recursive least squares.

    The first spikes come before the weights have the mean 0.
    """
    net = plasticdsl.load("force_spiking").build("Reservoir", dt="0.1 ms", engine=kernels, N=N, p=0.5, P_0="1e-3 s²", G="0.08 mV·s")
    V = net["units"].V * 1e3
    J = matrix(net, "J", "w") * 1e6
    mean = J.sum(axis=1, keepdims=True) / np.maximum((J != 0).sum(axis=1, keepdims=True), 1)
    balanced = np.where(J != 0, J - mean, 0)
    back = net["back"].w * 1e3
    current, h, r, s, w, P = np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(N), np.eye(N) * 1e3
    free, spikes = np.zeros(N, dtype=int), 0

    def flow(state: np.ndarray) -> np.ndarray:
        V, current, h, r, s = state
        return np.array([(-40 - V + current + back * (w @ r)) / 10 * ready, (h - current) / 2, -h / 20, (s - r) / 2, -s / 20])

    for n in range(400):
        fires = (V >= -40) & (n >= free)
        spikes += fires.sum()
        V[fires], free[fires] = -65, n + 20
        s += fires / 20
        h += (balanced if n else J) @ fires / 20
        if n % EVERY == 0:
            q = P @ r
            error = w @ r - np.sin(2 * np.pi * 0.005 * n * DT)
            w -= error * q / (1 + r @ q)
            P -= np.outer(q, q) / (1 + r @ q)
        ready = n >= free
        state = np.array([V, current, h, r, s])
        k1 = flow(state)
        k2 = flow(state + DT / 2 * k1)
        k3 = flow(state + DT / 2 * k2)
        k4 = flow(state + DT * k3)
        V, current, h, r, s = state + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    net.run("40 ms")
    assert spikes == net.spike_count("units") > 25
    potential = net["units"].V * 1e3
    assert potential == pytest.approx(V, abs=1e-8)
    assert net["units"].r / 1e3 == pytest.approx(r, abs=1e-12)
    assert np.abs(w).max() > 0.1
    assert net["read"].w * 1e3 == pytest.approx(w, abs=1e-9)
    assert matrix(net, "inverse", "P") * 1e6 == pytest.approx(P, abs=1e-8)
