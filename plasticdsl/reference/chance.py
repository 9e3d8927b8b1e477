"""What is drawn at events: one number for each unit or connection.

Comes in: the name of a distribution, its arguments, and by what the numbers are keyed. Goes out: an array. Nothing is remembered between calls.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from plasticdsl.reference.structure import Index
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.support import draws
from plasticdsl.support.random import exponentials, normals, uniforms

#: Seed, stream, units or connections, step.
Key = tuple[int, int, Index, int]


def numbers(distribution: str, arguments: Sequence[Floats], ends: Sequence[Floats], key: Key) -> Floats:
    """The numbers of a distribution; with `ends`, those that lie between them."""
    match distribution, arguments:
        case "U", (low, high):
            if ends:
                low, high = np.maximum(low, ends[0]), np.minimum(high, ends[1])
            return np.asarray(low + (high - low) * uniforms(*key))
        case "Bernoulli", (p,):
            return np.where(uniforms(*key) < p, 1.0, 0.0)
        case "N", (mean, sd):
            return np.asarray(mean + sd * _normals(key, [(e - mean) / sd for e in ends]))
        case "LogN", (mean, sd):
            variance = np.log1p((sd / mean) ** 2)
            spread = np.sqrt(variance)
            limits = [(np.log(np.maximum(e / mean, 0.0)) + 0.5 * variance) / spread for e in ends]
            return np.asarray(mean * np.exp(spread * _normals(key, limits) - 0.5 * variance))
        case "Exp", (mean,):
            limits = [e / mean for e in ends]
            return np.asarray(mean * (_one_by_one("exponential_within", key, limits) if ends else exponentials(*key)))
        case "Gamma", (shape, scale):
            return scale * _one_by_one("gamma_within" if ends else "gamma", key, [shape, *(e / scale for e in ends)])
        case "Poisson", (mean,):
            return _one_by_one("poisson_within" if ends else "poisson", key, [mean, *ends])
        case "Binomial", (n, p):
            return _one_by_one("binomial_within" if ends else "binomial", key, [n, p, *ends])
        case _:
            raise ValueError(f"{distribution} is no distribution")


def _normals(key: Key, limits: Sequence[Floats]) -> Floats:
    return _one_by_one("normal_within", key, limits) if limits else normals(*key)


def _one_by_one(function: str, key: Key, arguments: Sequence[Floats]) -> Floats:
    seed, stream, index, step = key
    each = np.broadcast_arrays(index, *arguments)
    drawn = [getattr(draws, function)(seed, stream, int(unit), step, *map(float, rest)) for unit, *rest in zip(*each, strict=True)]
    return np.array(drawn, dtype=np.float64)
