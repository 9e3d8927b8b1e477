"""Random numbers for setting up a network and for the reference interpreter, vectorised over units or draws.

Comes in: seed, stream, units and draws (whole numbers or arrays that broadcast). Goes out: float64 arrays. `uniforms` and `normals` give
the same bits as `uniform` and `normal` of `support/philox.py`, `exponentials` the same values up to the mathematical library's last digit.

`bulk_uniforms` is a second, faster source for long rows of numbers that are only drawn once, before the first step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticdsl.support.arrays import Floats, Integers
from plasticdsl.support.counts import WORDS
from plasticdsl.support.hazards import GRAIN, GRAINS
from plasticdsl.support.vmath import cosine_of_turns, minus_log

Words = NDArray[np.uint64]
_OfBits = Callable[[list[Words]], Floats]
_OfFloats = Callable[[Floats], Floats]

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ELEMENTS = 1 << 14  # elements done at a time, so that the temporaries of ten rounds stay in the cache


def stream_of(*names: str) -> int:
    """A 63-bit number for these names (blake2b), the same on every machine and in every version.

    Streams are keyed by the names of populations and projections and a purpose, so that nothing else in a network moves them.
    """
    text = b"".join(len(encoded := name.encode()).to_bytes(4, "big") + encoded for name in names)
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def signed(seed: int) -> int:
    """The int64 with the bits of a seed of up to 64 bits, for compiled kernels; raises ValueError beyond, and for anything else."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise ValueError(f"seed is {seed!r}, but must be a whole number")
    if not -(1 << 63) <= seed < 1 << 64:
        raise ValueError(f"seed is {seed}, but must be a whole number of at most 64 bits (0 to {(1 << 64) - 1})")
    return int(seed) - (1 << 64) if seed >= 1 << 63 else int(seed)


def uniforms(seed: int, stream: int, unit: ArrayLike, draw: ArrayLike) -> Floats:
    """Numbers uniform in (0, 1); `unit` and `draw` broadcast, the result has their common shape."""
    return _per_block(seed, stream, unit, draw, lambda b: _unit_interval(b[0], b[1]))


def exponentials(seed: int, stream: int, unit: ArrayLike, draw: ArrayLike) -> Floats:
    """Exponentially distributed numbers of mean 1."""
    return -np.log(uniforms(seed, stream, unit, draw))


def hazards(seed: int, stream: int, unit: ArrayLike, draw: ArrayLike) -> Floats:
    """The same in whole grains (`support/hazards.py`)."""
    return np.rint(exponentials(seed, stream, unit, draw) * GRAINS) * GRAIN


def normals(seed: int, stream: int, unit: ArrayLike, draw: ArrayLike) -> Floats:
    """Normally distributed numbers of mean 0 and variance 1 (Box & Muller 1958)."""
    return _per_block(seed, stream, unit, draw, _normals_of)


def _normals_of(b: list[Words]) -> Floats:
    log, cosine = cast(_OfFloats, minus_log), cast(_OfFloats, cosine_of_turns)
    return np.asarray(np.sqrt(2.0 * log(_unit_interval(b[0], b[1]))) * cosine(_unit_interval(b[2], b[3])))


def box_muller(first: Floats, second: Floats) -> Floats:
    """One normal number from each two uniform ones."""
    return np.asarray(np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second))


def order_of(seed: int, stream: int, draw: int, count: int) -> Integers:
    """The numbers 0 to `count` − 1 in a random order, as `orders.shuffle` puts them."""
    bits = _bits_of(signed(seed), stream + WORDS, np.arange(-(-count // 2)), np.array([draw]))
    words = np.stack(bits, axis=1).reshape(-1, 2)[:count]
    places = np.arange(count)
    others = np.minimum((_unit_interval(words[:, 0], words[:, 1]) * (places + 1)).astype(np.int64), places).tolist()
    order = places.tolist()
    for place in range(count - 1, 0, -1):
        other = others[place]
        order[place], order[other] = order[other], order[place]
    return np.array(order, dtype=np.int64)


def bulk_uniforms(seed: int, stream: int, count: int, start: int = 0) -> Floats:
    """Numbers `start` to `start + count − 1` of the sequence of (seed, stream), uniform in (0, 1): float64[count].

    NumPy's Philox4x64-10 counts through the sequence; its raw words, unlike what `numpy.random.Generator` makes of them, do not
    change between NumPy versions.
    """
    generator = np.random.Philox(key=_bulk_key(seed, stream))
    generator.advance(start // 4)  # one step of the counter gives four words
    return _inside_unit_interval(generator.random_raw(start % 4 + count)[start % 4 :])


class BulkUniforms:
    """The numbers of `bulk_uniforms` in order, each call going on where the last one ended."""

    def __init__(self, seed: int, stream: int) -> None:
        self._generator = np.random.Philox(key=_bulk_key(seed, stream))

    def uniforms(self, count: int) -> Floats:
        """The next ones: float64[count]."""
        return _inside_unit_interval(self._generator.random_raw(count))

    def whole_numbers(self, below: int, count: int) -> Integers:
        """The next ones as numbers from 0 to `below` − 1: int64[count]."""
        return (self.uniforms(count) * below).astype(np.int64)


def _inside_unit_interval(words: Words) -> Floats:
    """The odd multiple of 2⁻⁵³ that the 52 upper bits of each word give, in the memory of the words."""
    words >>= np.uint64(12)
    words |= np.uint64(0x3FF << 52)  # as digits of a float64 from 1 to 2, which is exact, as is what is left of it
    numbers = words.view(np.float64)
    numbers -= 1.0 - 2.0**-53
    return numbers


def generator_of(seed: int, stream: int) -> np.random.Generator:
    """A NumPy generator of its own for (seed, stream), for distributions that have no simple transform."""
    return np.random.Generator(np.random.Philox(key=_bulk_key(seed, stream)))


def _bulk_key(seed: int, stream: int) -> Words:
    return np.array([signed(seed) & ((1 << 64) - 1), stream], dtype=np.uint64)


# --- Philox4x32-10, as in support/philox.py ------------------------------------------------------------------


def _per_block(seed: int, stream: int, unit: ArrayLike, draw: ArrayLike, value: _OfBits) -> Floats:
    units, draws = np.broadcast_arrays(np.asarray(unit, dtype=np.int64), np.asarray(draw, dtype=np.int64))
    result = np.empty(units.shape)
    flat, flat_units, flat_draws = result.reshape(-1), units.reshape(-1), draws.reshape(-1)
    for begin in range(0, flat.size, _ELEMENTS):
        part = slice(begin, begin + _ELEMENTS)
        flat[part] = value(_bits_of(signed(seed), stream, flat_units[part], flat_draws[part]))
    return result


def _bits_of(seed: int, stream: int, unit: NDArray[np.int64], draw: NDArray[np.int64]) -> list[Words]:
    low, high = seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF
    units, draws = unit.astype(np.uint64), draw.astype(np.uint64)
    k0 = (np.uint64(low) ^ ((draws >> _HALF) * np.uint64(0x85EBCA6B))) & _LOW
    k1 = (np.uint64(high) ^ ((units >> _HALF) * np.uint64(0xC2B2AE35))) & _LOW
    c0, c1 = draws & _LOW, units & _LOW
    c2, c3 = np.full_like(c0, stream & 0xFFFFFFFF), np.full_like(c0, (stream >> 32) & 0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW
        c2, c3 = (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & _LOW, (k1 + np.uint64(0xBB67AE85)) & _LOW
    return [c0, c1, c2, c3]


def _unit_interval(high: Words, low: Words) -> Floats:
    return np.asarray((((high << np.uint64(20)) | (low >> np.uint64(12))).astype(np.float64) + 0.5) * 2.0**-52)
