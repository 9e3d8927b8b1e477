"""Values drawn once, per unit or connection, before the first step.

Comes in: the name of a distribution, its arguments (numbers, or one per value), seed and stream. Goes out: float64[count].

The k-th value depends on seed, stream, k and its own arguments only, except for Gamma, Binomial and Poisson, where it also depends on the arguments of
the values before it. What the arguments mean:

===============  =========================================================================================
N(mean, sd)      normal
U(low, high)     uniform between these two
Gamma(shape, θ)  mean shape · θ, variance shape · θ²
LogN(mean, sd)   log-normal; mean and standard deviation of the value itself, not of its logarithm
Exp(mean)        exponential; a negative mean gives negative values
Bernoulli(p)     1 with probability p, else 0
Binomial(n, p)   successes in n trials of probability p
Poisson(mean)    counts
===============  =========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import CACHED, Floats, Values
from plasticdsl.support.random import BulkUniforms, box_muller, generator_of

_MOST_TIMES = 500  # that a value is drawn again
_NEXT_STREAM = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class _Kind:
    """`value` makes values of `uniforms` independent uniform numbers each and the arguments or, where that is 0, so many of a generator of their own, in
    order. `problem`: where the arguments are not allowed."""

    arguments: tuple[str, ...]
    uniforms: int
    value: Callable[..., Any]
    problem: Callable[..., NDArray[np.bool_]]
    allowed: str


def _normal(u: Floats, v: Floats, mean: Values, sd: Values) -> Floats:
    return np.asarray(mean + sd * box_muller(u, v))


def _log_normal(u: Floats, v: Floats, mean: Values, sd: Values) -> Floats:
    """exp of N(μ, σ) with σ² = ln(1 + sd²/mean²) and μ = ln mean − σ²/2 (Johnson, Kotz & Balakrishnan 1994, ch. 14)."""
    variance = np.log1p(np.square(np.divide(sd, mean)))
    return np.asarray(mean * np.exp(np.sqrt(variance) * box_muller(u, v) - 0.5 * variance))


def _no_count(n: Values) -> NDArray[np.bool_]:
    return np.asarray((n < 0.0) | (n != np.rint(n)))


def _no_probability(p: Values) -> NDArray[np.bool_]:
    return np.asarray(np.less(p, 0.0) | np.greater(p, 1.0))


KINDS: Mapping[str, _Kind] = {
    "N": _Kind(("mean", "sd"), 2, _normal, lambda mean, sd: np.less(sd, 0.0), "a standard deviation that is not negative"),
    "U": _Kind(("low", "high"), 1, lambda u, low, high: low + (high - low) * u, lambda low, high: np.greater(low, high), "low ≤ high"),
    "Gamma": _Kind(
        ("shape", "scale"),
        0,
        lambda generator, count, shape, scale: generator.standard_gamma(shape, count) * scale,
        lambda shape, scale: np.less_equal(shape, 0.0),
        "a positive shape",
    ),
    "LogN": _Kind(
        ("mean", "sd"),
        2,
        _log_normal,
        lambda mean, sd: np.less_equal(mean, 0.0) | np.less(sd, 0.0),
        "a positive mean and a standard deviation that is not negative",
    ),
    "Exp": _Kind(("mean",), 1, lambda u, mean: -mean * np.log(u), lambda mean: np.isnan(mean), "a number"),
    "Bernoulli": _Kind(("p",), 1, lambda u, p: np.where(u < p, 1.0, 0.0), _no_probability, "a probability from 0 to 1"),
    "Binomial": _Kind(
        ("n", "p"),
        0,
        lambda generator, count, n, p: generator.binomial(np.asarray(n).astype(np.int64), p, count),
        lambda n, p: _no_count(n) | _no_probability(p),
        "a whole number n and a probability p from 0 to 1",
    ),
    "Poisson": _Kind(
        ("mean",),
        0,
        lambda generator, count, mean: generator.poisson(mean, count),
        lambda mean: np.less(mean, 0.0),
        "a mean that is not negative",
    ),
}


def draw(name: str, arguments: Sequence[Values], count: int, seed: int, stream: int) -> Floats:
    """`count` values of distribution `name`; each argument is a number or float64[count]. Two more are the ends at which it is cut off: what lies
    outside is drawn again, each time from a stream of its own, so that all other values stay what they are.

    Raises ValueError for an unknown distribution, for arguments it does not allow, and where hardly any value lies between the ends.
    """
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"{name} is no distribution; there are {', '.join(KINDS)}")
    own, ends = arguments[: len(kind.arguments)], arguments[len(kind.arguments) :]
    require_allowed(name, own)
    found = _drawn(kind, own, count, seed, stream)
    if len(ends) != 2:
        return found
    for again in range(1, _MOST_TIMES):
        outside = (found < ends[0]) | (found > ends[1])
        if not outside.any():
            return found
        found[outside] = _drawn(kind, own, count, seed, (stream + again * _NEXT_STREAM) % (1 << 64))[outside]
    written = f"{name}({', '.join(f'{np.ravel(a)[0]:g}' for a in own)})"
    raise ValueError(f"hardly any value of {written} lies between {np.ravel(ends[0])[0]:g} and {np.ravel(ends[1])[0]:g}")


def _drawn(kind: _Kind, arguments: Sequence[Values], count: int, seed: int, stream: int) -> Floats:
    if not kind.uniforms:
        return np.asarray(kind.value(generator_of(seed, stream), count, *arguments), dtype=np.float64)
    result = np.empty(count)
    sequence = BulkUniforms(seed, stream)
    for begin in range(0, count, CACHED):
        part = slice(begin, min(begin + CACHED, count))
        uniforms = sequence.uniforms(kind.uniforms * (part.stop - begin))
        result[part] = kind.value(
            *uniforms.reshape(-1, kind.uniforms).T, *(a[part] if isinstance(a, np.ndarray) and a.ndim else a for a in arguments)
        )
    return result


def require_allowed(name: str, arguments: Sequence[Values]) -> None:
    """Raises ValueError for arguments that distribution `name` does not allow."""
    kind = KINDS[name]
    written = f"{name}({', '.join(kind.arguments)})"
    if len(arguments) != len(kind.arguments):
        raise ValueError(f"{written} takes {len(kind.arguments)} arguments, not {len(arguments)}")
    if not all(np.isfinite(a).all() for a in arguments):
        raise ValueError(f"{written} has an argument that is no finite number")
    wrong = np.broadcast_to(kind.problem(*arguments), np.broadcast_shapes(*(np.shape(a) for a in arguments)))
    if wrong.any():
        place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        values = ", ".join(f"{np.broadcast_to(a, wrong.shape)[place]:g}" for a in arguments)
        raise ValueError(f"{written} needs {kind.allowed}, and has ({values})")
