"""e-prop, Bellec et al. (2020): its gradient against back-propagation through time, and its learning."""

import numpy as np
import pytest

import plasticdsl
from plasticdsl.net import Net
from plasticdsl.options import EngineName

STEPS = 60
ALPHA = KAPPA = np.exp(-1 / 30)
THRESHOLD = 0.6
GAMMA = 0.3


def matrix(net: Net, projection: str, name: str) -> np.ndarray:
    """Post × pre, 0 where there is no connection."""
    found = net[projection]
    whole = np.zeros((found.post.max() + 1, found.pre.max() + 1))
    whole[found.post, found.pre] = getattr(found, name)
    return whole


def through_time(net: Net, shown: np.ndarray) -> dict[str, np.ndarray]:
    """dE/dw of E = ½ Σ (y − goal)² by the adjoint equations, in which spikes reach v of other neurons and its reset without a derivative."""
    w_in, w_rec, w_out = (matrix(net, p, "w") for p in ("first", "recurrent", "readout"))
    phase = np.arange(STEPS)[:, None] / 500 * 2 * np.pi
    φ = net["out"].phi
    goal = np.sin(phase + φ) + 0.7 * np.sin(2 * phase + 2 * φ) + 0.5 * np.sin(3 * phase + 3 * φ) + 0.3 * np.sin(5 * phase + 4 * φ)
    v, z, y = np.zeros((STEPS + 1, len(w_rec))), np.zeros((STEPS + 1, len(w_rec))), np.zeros((STEPS + 1, len(w_out)))
    for n in range(STEPS):
        v[n + 1] = ALPHA * v[n] + w_in @ shown[n] + w_rec @ z[n] - THRESHOLD * z[n]
        z[n + 1] = v[n + 1] > THRESHOLD
        y[n + 1] = KAPPA * y[n] + w_out @ z[n]
    assert 5 < z.sum() < z.size / 2
    slope = GAMMA / THRESHOLD * np.maximum(0, 1 - np.abs(v - THRESHOLD) / THRESHOLD)
    gradient = {"first": np.zeros_like(w_in), "recurrent": np.zeros_like(w_rec), "readout": np.zeros_like(w_out)}
    of_y, of_v = np.zeros(len(w_out)), np.zeros(len(w_rec))  # dE/dy and dE/dv of step n + 1
    for n in reversed(range(STEPS)):
        gradient["readout"] += np.outer(of_y, z[n])
        gradient["first"] += np.outer(of_v, shown[n])
        gradient["recurrent"] += np.outer(of_v, z[n])
        of_v = slope[n] * (w_out.T @ of_y) + ALPHA * of_v
        of_y = y[n] - goal[n] + KAPPA * of_y
    np.fill_diagonal(gradient["recurrent"], 0)  # nobody is connected with itself
    return gradient


def test_eligibilities_give_the_gradient(kernels: EngineName) -> None:
    """The same sums in another order: 1e-10 of the largest entry."""
    net = plasticdsl.load("rules/eprop").build("Generator", seed=4, engine=kernels, inputs=5, N=6, out=2)
    shown = (np.random.default_rng(0).random((STEPS, 5)) < 0.3).astype(float)
    wanted = through_time(net, shown)
    for row in shown:
        net["inputs"].x = row
        net.run(steps=1)
    for projection, gradient in wanted.items():
        found = matrix(net, projection, "G")
        assert np.max(np.abs(gradient)) > 0.01
        assert found == pytest.approx(gradient, rel=0, abs=1e-10 * np.max(np.abs(gradient)))
