"""Hopfield networks in NumPy, written without plasticdsl: what its numbers are compared with.

Weights are kept as whole numbers N w, so that h = 0 is found exactly. Updates are in random order; h = 0 gives −1.
"""

import numpy as np


def stored(patterns: np.ndarray) -> np.ndarray:
    """N w_ij = Σ_μ ξ_i^μ ξ_j^μ, w_ii = 0; patterns: [pattern, unit] of ±1."""
    weights = patterns.T @ patterns
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights)


def settled(weights: np.ndarray, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The fixed point that units reach one by one."""
    x = start.copy()
    h = weights @ x
    for _ in range(10_000):
        changed = False
        for i in rng.permutation(len(x)):
            new = 1.0 if h[i] > 0.0 else -1.0
            if new != x[i]:
                h += weights[:, i] * (new - x[i])
                x[i] = new
                changed = True
        if not changed:
            return x
    raise AssertionError("the energy falls, so there is an end")


def overlaps(units: int, patterns: int, runs: int, seed: int) -> np.ndarray:
    """Overlap with the first pattern after starting from it, in networks of their own."""
    found = []
    for run in range(runs):
        rng = np.random.default_rng((seed, run))
        xi = rng.choice(np.array([-1.0, 1.0]), size=(patterns, units))
        found.append(settled(stored(xi), xi[0], rng) @ xi[0] / units)
    return np.array(found)
