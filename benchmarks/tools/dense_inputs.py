"""Patterns and first weights of the dense workloads, the same for every tool: NumPy draws them from the seed.

Weights are w[post, pre].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import workloads
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Bcm(NamedTuple):
    """patterns[P, N], w[N, N]."""

    patterns: Floats
    w: Floats


class Alignment(NamedTuple):
    """images[n, pixels], labels[n], w1[hidden, pixels], w2[digits, hidden], back[hidden, digits]."""

    images: Floats
    labels: NDArray[np.int64]
    w1: Floats
    w2: Floats
    back: Floats


class Memory(NamedTuple):
    """patterns[P, N], w[N, N] that they leave."""

    patterns: Floats
    w: Floats


def bcm(seed: int, size: float) -> Bcm:
    random, n = np.random.default_rng(seed), workloads.BCM
    units = round(n.units * size)
    # the sum of a unit stays what it is in a network of another size
    return Bcm(random.random((n.patterns, units)), random.random((units, units)) * n.w_max / size)


def alignment(seed: int) -> Alignment:
    random, n = np.random.default_rng(seed), workloads.ALIGNMENT
    images, labels = random.random((n.images, n.pixels)), random.integers(0, n.digits, n.images)
    sizes = ((n.hidden, n.pixels), (n.digits, n.hidden), (n.hidden, n.digits))
    return Alignment(images, labels, *(random.normal(0.0, sd, size) for size, sd in zip(sizes, (n.sd_1, n.sd_2, n.sd_back), strict=True)))


def memory(seed: int) -> Memory:
    random, n = np.random.default_rng(seed), workloads.MEMORY
    patterns = random.choice([-1.0, 1.0], (n.patterns, n.units))
    w = patterns.T @ patterns / n.units
    np.fill_diagonal(w, 0.0)
    return Memory(patterns, w)
