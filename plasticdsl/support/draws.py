"""Numbers of the distributions that are no simple transform of one uniform or normal number, drawn one at a time: counter-based, as in `philox`.

Comes in: seed, stream, unit and draw, as in `philox`, and the arguments of the distribution. Goes out: one number, a function of these alone; NaN where
the arguments are not allowed. Where one number takes several uniform ones, each comes from a stream of its own.

The text of these functions goes into generated modules, which compile it.
"""

from __future__ import annotations

import math

import numpy as np

from plasticdsl.support.philox import exponential, normal, uniform

#: Between the streams of one number.
NEXT = 0x1E3779B97F4A7C15
OTHER = 0x0B492B66FBE98F27
#: How often a number is drawn again that does not fit.
MOST = 500
#: Counts beyond have no precise neighbours.
LARGEST = 1e15


def gamma(seed: int, stream: int, unit: int, draw: int, shape: float) -> float:
    """Gamma distributed with scale 1 (Marsaglia & Tsang 2000, ACM Trans. Math. Softw. 26:363; shapes below 1: their section 6)."""
    if not 0.0 < shape < np.inf:
        return np.nan
    scale, d = 1.0, shape - 1.0 / 3.0
    if shape < 1.0:
        scale, d = uniform(seed, stream, unit, draw) ** (1.0 / shape), d + 1.0
    c = 1.0 / math.sqrt(9.0 * d)
    for _ in range(MOST):
        stream += NEXT
        x = normal(seed, stream, unit, draw)
        u = uniform(seed, stream + OTHER, unit, draw)
        v = (1.0 + c * x) ** 3
        if v > 0.0 and math.log(u) < 0.5 * x * x + d * (1.0 - v + math.log(v)):
            return scale * d * v
    return np.nan


def poisson(seed: int, stream: int, unit: int, draw: int, mean: float) -> float:
    """A count of this mean, by inversion: outcomes are gone through from the most likely one outwards (Kemp & Kemp 1991, Appl. Statist. 40:143)."""
    if not 0.0 <= mean < LARGEST:
        return np.nan
    if mean == 0.0:
        return 0.0
    mode = math.floor(mean)
    above, below = float(mode), float(mode)
    up = down = math.exp(mode * math.log(mean) - mean - math.lgamma(mode + 1.0))
    left = uniform(seed, stream, unit, draw) - up
    while left > 0.0 and up + down > 0.0:
        above += 1.0
        up *= mean / above
        left -= up
        if left <= 0.0:
            return above
        down *= below / mean
        below -= 1.0
        left -= down
        if left <= 0.0:
            return below
    return float(mode)


def binomial(seed: int, stream: int, unit: int, draw: int, n: float, p: float) -> float:
    """Successes in n trials of probability p, by inversion from the most likely number outwards (Kemp 1986, Commun. Statist. 15:805)."""
    if not (0.0 <= n < LARGEST and n == math.floor(n) and 0.0 <= p <= 1.0):
        return np.nan
    if n == 0.0 or p == 0.0 or p == 1.0:
        return n * p
    odds, mode = p / (1.0 - p), min(math.floor((n + 1.0) * p), n)
    above, below = float(mode), float(mode)
    ways = math.lgamma(n + 1.0) - math.lgamma(mode + 1.0) - math.lgamma(n - mode + 1.0)
    up = down = math.exp(ways + mode * math.log(p) + (n - mode) * math.log1p(-p))
    left = uniform(seed, stream, unit, draw) - up
    while left > 0.0 and up + down > 0.0:
        above += 1.0
        up *= odds * max(n - above + 1.0, 0.0) / above
        left -= up
        if left <= 0.0:
            return above
        down *= max(below, 0.0) / (odds * (n - below + 1.0))
        below -= 1.0
        left -= down
        if left <= 0.0:
            return below
    return float(mode)


def normal_within(seed: int, stream: int, unit: int, draw: int, low: float, high: float) -> float:
    """Of mean 0 and variance 1, drawn again until it lies between two ends."""
    for _ in range(MOST):
        x = normal(seed, stream, unit, draw)
        if low <= x <= high:
            return x
        stream += NEXT
    return np.nan


def exponential_within(seed: int, stream: int, unit: int, draw: int, low: float, high: float) -> float:
    """Of mean 1, between two ends."""
    for _ in range(MOST):
        x = exponential(seed, stream, unit, draw)
        if low <= x <= high:
            return x
        stream += NEXT
    return np.nan


def gamma_within(seed: int, stream: int, unit: int, draw: int, shape: float, low: float, high: float) -> float:
    """Of scale 1, between two ends."""
    for _ in range(MOST):
        x = gamma(seed, stream, unit, draw, shape)
        if low <= x <= high:
            return x
        stream += OTHER * 3
    return np.nan


def poisson_within(seed: int, stream: int, unit: int, draw: int, mean: float, low: float, high: float) -> float:
    """A count between two ends."""
    for _ in range(MOST):
        x = poisson(seed, stream, unit, draw, mean)
        if low <= x <= high:
            return x
        stream += NEXT
    return np.nan


def binomial_within(seed: int, stream: int, unit: int, draw: int, n: float, p: float, low: float, high: float) -> float:
    """A number of successes between two ends."""
    for _ in range(MOST):
        x = binomial(seed, stream, unit, draw, n, p)
        if low <= x <= high:
            return x
        stream += NEXT
    return np.nan
