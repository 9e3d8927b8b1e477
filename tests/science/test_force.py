"""FORCE learning (Sussillo & Abbott 2009): recursive least squares is least squares, and the trained network goes on as a program of its own says."""

import numpy as np
import pytest

import plasticdsl

N, τ, DT = 20, 10.0, 1.0


def matrix(net: plasticdsl.Net, name: str, variable: str, shape: tuple[int, int]) -> np.ndarray:
    full = np.zeros(shape)
    full[net[name].post, net[name].pre] = getattr(net[name], variable)
    return full


def test_recursive_is_least_squares(kernels: str) -> None:
    """P⁻¹ = α I + Σ r rᵀ and w = P Σ r f over all moments of learning so far; then, with w held, the units follow their equation by RK4."""
    net = plasticdsl.load("force").build("Reservoir", dt="1 ms", engine=kernels, N=N, T="100 ms", p=0.5)
    moments = []
    for _ in range(60):
        moments.append(np.tanh(net["units"].x))
        net.run("2 ms")
    r, f = np.array(moments), np.sin(2 * np.pi * np.arange(60) * 2 / 100)
    correlations = 0.1 * np.eye(N) + r.T @ r
    w = np.linalg.solve(correlations, r.T @ f)
    assert matrix(net, "inverse", "P", (N, N)) == pytest.approx(np.linalg.inv(correlations), abs=1e-9)
    assert net["read"].w == pytest.approx(w, abs=1e-9)

    J, back = matrix(net, "J", "w", (N, N)), net["back"].w
    x = net["units"].x.copy()
    net.rules(False)
    net.run("50 ms")

    def flow(x: np.ndarray) -> np.ndarray:
        return np.asarray((-x + J @ np.tanh(x) + back * (w @ np.tanh(x))) / τ)

    for _ in range(50):
        k1 = flow(x)
        k2 = flow(x + DT / 2 * k1)
        k3 = flow(x + DT / 2 * k2)
        x = x + DT / 6 * (k1 + 2 * k2 + 2 * k3 + flow(x + DT * k3))
    assert net["units"].x == pytest.approx(x, abs=1e-8)
