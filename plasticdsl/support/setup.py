"""Setting up a network in a program that has nothing but NumPy: values, connections, delays and spikes of sources.

The text of these functions goes into generated modules that run by themselves. Random numbers come from a NumPy generator.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAIRS = tuple[NDArray[Any], NDArray[Any]]


def number(value: Any) -> Any:
    """A float64, or an array of them."""
    return np.asarray(value, dtype=np.float64)[()]


def given(parameters: Any, name: str, default: Any) -> Any:
    """What `parameters` has under that name, else the default: a float64, or an array of them."""
    return number(parameters.get(name, default))


def each(value: Any, shape: Any, dtype: str) -> NDArray[Any]:
    """A fresh array of this shape; `value` is one for all, or one for each element."""
    return np.array(np.broadcast_to(value, shape), dtype=dtype)


def at(values: Any, units: NDArray[Any]) -> Any:
    """The values of these units; one value for all stays as it is."""
    return values if np.ndim(values) == 0 else values[units]


def count(value: Any) -> int:
    """A whole number that may have been computed."""
    nearest = round(float(value))
    if nearest < 0 or abs(nearest - value) > 1e-9 * max(1.0, abs(nearest)):
        raise ValueError(f"{value} must be a whole number, not negative")
    return nearest


def whole_steps(duration: Any, dt: float) -> Any:
    """Durations in steps of `dt`: the nearest whole number, halves away from zero."""
    steps = np.asarray(duration, dtype=np.float64) / dt
    rounded = np.copysign(np.floor(np.abs(steps) + 0.5 + np.maximum(1e-9, 1.8e-15 * np.abs(steps))), steps)
    return rounded.astype(np.int64) if rounded.ndim else int(rounded)


def draw(rng: np.random.Generator, name: str, first: Any, second: Any, size: int) -> NDArray[Any]:
    """`size` values of a distribution; what the arguments mean depends on it."""
    match name:
        case "N":
            return rng.normal(first, second, size)
        case "U":
            return rng.uniform(first, second, size)
        case "Gamma":
            return rng.gamma(first, second, size)
        case "LogN":  # mean and standard deviation are those of the value, not of its logarithm
            variance = np.log1p(np.square(np.divide(second, first)))
            return np.asarray(first * np.exp(np.sqrt(variance) * rng.standard_normal(size) - 0.5 * variance))
        case "Exp":
            return np.asarray(first * rng.standard_exponential(size))
        case "Bernoulli":
            return np.where(rng.random(size) < first, 1.0, 0.0)
        case "Binomial":
            return rng.binomial(np.asarray(first, dtype=np.int64), second, size).astype(np.float64)
        case "Poisson":
            return rng.poisson(first, size).astype(np.float64)
        case _:
            raise ValueError(f"{name} is no distribution")


def error_function(x: Any) -> Any:
    """erf of each element."""
    return np.vectorize(math.erf, otypes=[np.float64])(x)[()]


# --- connections: pre and post unit of each --------------------------------------------------------------------------


def every_pair(n_pre: int, n_post: int) -> PAIRS:
    """All to all."""
    return np.repeat(np.arange(n_pre), n_post), np.tile(np.arange(n_post), n_pre)


def one_to_one(n_pre: int, n_post: int) -> PAIRS:
    """Unit i to unit i."""
    if n_pre != n_post:
        raise ValueError(f"one to one needs as many units on both sides, not {n_pre} and {n_post}")
    return np.arange(n_pre), np.arange(n_post)


def random_pairs(n_pre: int, n_post: int, probability: float, rng: np.random.Generator) -> PAIRS:
    """Each pair with the same probability, by the gaps between those that are taken."""
    if not 0.0 < probability < 1.0:
        return every_pair(n_pre, n_post) if probability == 1.0 else every_pair(0, 0)
    found, reached = [], -1
    while reached < n_pre * n_post:
        places = reached + np.cumsum(rng.geometric(probability, 1 << 20))
        found.append(places)
        reached = int(places[-1])
    places = np.concatenate(found)
    pre, post = np.divmod(places[places < n_pre * n_post], n_post)
    return pre, post


def both_ways(pre: NDArray[Any], post: NDArray[Any]) -> PAIRS:
    """Of these pairs the ones with post ≤ pre, and the same the other way round."""
    half, apart = post <= pre, post < pre
    return np.concatenate([pre[half], post[apart]]), np.concatenate([post[half], pre[apart]])


def mirrored(values: Any, pre: NDArray[Any], post: NDArray[Any], drawn: bool) -> Any:
    """The values of connections sorted by pre, then post unit, of which each has one in the other direction: that with post ≤ pre counts for both, and
    where nothing was drawn they must be the same."""
    if np.ndim(values) == 0 or not len(pre):
        return values
    size = max(pre.max(initial=0), post.max(initial=0)) + 1
    first, second = pre.astype(np.int64), post.astype(np.int64)
    keys, wanted = first * size + second, second * size + first
    opposite = np.searchsorted(keys, wanted)
    if not np.array_equal(keys[np.minimum(opposite, len(keys) - 1)], wanted):
        raise ValueError("each of these connections needs one in the other direction")
    if not drawn and not np.allclose(values, values[opposite], rtol=1e-9, atol=0.0, equal_nan=True):
        raise ValueError("these values must be the same in both directions")
    return np.where(post <= pre, values, values[opposite])


def partners(units: int, others: int, degree: int, repeats: bool, barred: bool, rng: np.random.Generator) -> PAIRS:
    """`degree` partners among `others` for each unit; `barred`: not the one of its own number. Returns units and partners."""
    available = others - 1 if barred else others
    drawn = np.array([rng.choice(available, degree, replace=repeats) for _ in range(units)], dtype=np.int64).reshape(units, degree)
    if barred:
        drawn = drawn + (drawn >= np.arange(units)[:, None])
    return np.repeat(np.arange(units), degree), drawn.reshape(-1)


def partners_among(allowed: NDArray[Any], degree: int, repeats: bool, barred: bool, rng: np.random.Generator) -> PAIRS:
    """`degree` partners for each row that allows any, among the columns that it allows; `barred`: not that of its own number. Returns rows and columns."""
    rows, columns = np.flatnonzero(allowed.any(axis=1)), np.arange(allowed.shape[1])
    drawn = [rng.choice(columns[allowed[row] & ~(barred & (columns == row))], degree, replace=repeats) for row in rows]
    return np.repeat(rows, degree), np.concatenate([np.zeros(0, dtype=np.int64), *drawn])


def by_rows(pre: NDArray[Any], post: NDArray[Any], n_pre: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Connections sorted by pre, then post unit: where each row begins, targets and sources."""
    order = np.lexsort((post, pre))
    return group_ends(pre, n_pre), np.asarray(post)[order].astype(np.int32), np.asarray(pre)[order].astype(np.int32)


def group_ends(keys: NDArray[Any], groups: int) -> NDArray[Any]:
    """Where each group begins once the keys are sorted, and the end."""
    return np.concatenate([[0], np.cumsum(np.bincount(np.asarray(keys, dtype=np.int64), minlength=groups))]).astype(np.int64)


def counterparts(pre: NDArray[Any], post: NDArray[Any], other_pre: NDArray[Any], other_post: NDArray[Any]) -> NDArray[Any]:
    """For each connection from `pre` to `post` the number of the other one between the same units; the others are sorted by pre, then post."""
    wanted, known = (np.asarray(a, dtype=np.int64) << 32 | np.asarray(b, dtype=np.int64) for a, b in ((pre, post), (other_pre, other_post)))
    places = np.searchsorted(known, wanted)
    if not np.isin(wanted, known).all():
        raise ValueError("a projection reads another one at a connection that the other does not have")
    return places.astype(np.int32)


def sorting(keys: NDArray[Any]) -> NDArray[Any]:
    """The order that sorts the keys; equal ones stay in order."""
    return np.argsort(keys, kind="stable").astype(np.int32)


def largest(delay: Any) -> int:
    """The largest of some delays in steps; 0 where there are none."""
    return int(np.max(delay, initial=0))


# --- spikes of sources: steps and units, sorted ----------------------------------------------------------------------


def sorted_spikes(times: Any, units: Any, dt: float) -> PAIRS:
    """Times (s) and units as steps and units in order."""
    steps, units = whole_steps(np.asarray(times, dtype=np.float64).reshape(-1), dt), np.asarray(units, dtype=np.int64)
    order = np.lexsort((units, steps))
    return steps[order], units[order]


def regular_spikes(rate: Any, start: Any, spikes: Any, duration: float, units: int, dt: float) -> PAIRS:
    """Spikes of each unit at start + k / rate; `spikes` in all, or until `duration` where that is None."""
    rates, starts = np.broadcast_to(rate, (units,)), np.broadcast_to(start, (units,))
    until = np.ceil(np.maximum(0.0, duration - starts) * rates) if spikes is None else np.broadcast_to(spikes, (units,))
    counts = np.where(rates > 0.0, until, 0.0).astype(np.int64)
    who = np.repeat(np.arange(units), counts)
    number_of = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
    return sorted_spikes(starts[who] + number_of / rates[who], who, dt)


def most_at_once(steps: NDArray[Any], units: int) -> int:
    """How many spikes one step can hold."""
    return 4 * units + 64 if len(steps) == 0 else max(units, int(np.unique(steps, return_counts=True)[1].max()))


def square(rows: Any) -> NDArray[Any]:
    """A matrix, or one per unit where an entry has one value per unit."""
    entries = np.broadcast_arrays(*(entry for row in rows for entry in row))
    return np.stack(entries, axis=-1).reshape(*entries[0].shape, len(rows), len(rows))
