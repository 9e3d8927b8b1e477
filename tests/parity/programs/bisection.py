"""The smallest V from which a Hodgkin–Huxley cell fires, by Runge–Kutta 4 with steps of 20 µs and bisection."""

from __future__ import annotations

import numpy as np


def gates(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """α and β of m, h, n, in 1/ms."""
    α = np.array([(2.5 - 0.1 * v) / np.expm1(2.5 - 0.1 * v), 0.07 * np.exp(-v / 20), (0.1 - 0.01 * v) / np.expm1(1 - 0.1 * v)])
    β = np.array([4 * np.exp(-v / 18), 1 / (np.exp(3 - 0.1 * v) + 1), 0.125 * np.exp(-v / 80)])
    return α, β


def rates(u: np.ndarray, g: np.ndarray) -> np.ndarray:
    v, m, h, n = u
    α, β = gates(v)
    dv = 0.3 * (10.613 - v) + g * m**3 * h * (115 - v) + 36 * n**4 * (-12 - v)
    return np.concatenate(([dv], α * (1 - u[1:]) - β * u[1:]))


def fires(start: np.ndarray, g: np.ndarray, h: float = 0.02) -> np.ndarray:
    α, β = gates(np.zeros(len(g)))
    u = np.concatenate(([start], α / (α + β)))
    top = start
    for _ in range(round(20 / h)):
        a = rates(u, g)
        b = rates(u + h / 2 * a, g)
        c = rates(u + h / 2 * b, g)
        u = u + h / 6 * (a + 2 * b + 2 * c + rates(u + h * c, g))
        top = np.maximum(top, u[0])
    return top > 50


def numbers() -> dict[str, float]:
    g = np.array([20.0, 60.0, 100.0])
    low, high = np.zeros(3), np.full(3, 50.0)
    for _ in range(11):
        middle = (low + high) / 2 + 1e-9
        fired = fires(middle, g)
        low, high = np.where(fired, low, middle), np.where(fired, middle, high)
    return {f"cells.V₀[{k + 1}]": float((low + high)[k] / 2) for k in range(3)}
