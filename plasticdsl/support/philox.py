"""Counter-based random numbers: a value is a function of (seed, stream, unit, draw) and of nothing else.

Comes in: four 64-bit integers. Goes out: one uniform, normal or exponential number. Nothing is remembered between calls, so results do not
depend on the order of calls, on the number of threads, or on what else a network holds.

Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", SC'11, table 2). The key is the seed; the
counter is (draw, unit, stream), 32 + 32 + 64 bits. The upper halves of draw and unit, which are zero in any but enormous runs, are spread
over the key. `uniform`, `normal` and `exponential` of the same four integers come from the same bits: numbers for
different purposes need different streams or draws.

The text of these functions goes into generated modules, which compile it. Only int64 arithmetic is used, in such a way that wrapping
at 64 bits (compiled) and not wrapping (Python) give the same bits: a product is used for its lower 64 bits alone.
"""

from __future__ import annotations

import math

from plasticdsl.support.vmath import cosine_of_turns, minus_log


def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Ten rounds over counter (c0, c1, c2, c3) with key (k0, k1), all 32-bit numbers; returns four 32-bit numbers."""
    for _ in range(10):
        p0 = 0xD2511F53 * c0
        p1 = 0xCD9E8D57 * c2
        c0 = ((p1 >> 32) & 0xFFFFFFFF) ^ c1 ^ k0
        c2 = ((p0 >> 32) & 0xFFFFFFFF) ^ c3 ^ k1
        c1 = p1 & 0xFFFFFFFF
        c3 = p0 & 0xFFFFFFFF
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def random_bits(seed: int, stream: int, unit: int, draw: int) -> tuple[int, int, int, int]:
    """Four 32-bit numbers for these 64-bit integers."""
    # The multipliers only keep a long run of one seed from meeting the beginning of the run of a neighbouring seed.
    k0 = (seed ^ ((draw >> 32) * 0x85EBCA6B)) & 0xFFFFFFFF
    k1 = ((seed >> 32) ^ ((unit >> 32) * 0xC2B2AE35)) & 0xFFFFFFFF
    return philox(draw & 0xFFFFFFFF, unit & 0xFFFFFFFF, stream & 0xFFFFFFFF, (stream >> 32) & 0xFFFFFFFF, k0, k1)


def to_unit_interval(high: int, low: int) -> float:
    """An odd multiple of 2⁻⁵³ from two 32-bit numbers: strictly between 0 and 1, exactly representable, symmetric about 1/2."""
    return (((high << 20) | (low >> 12)) + 0.5) * 2.220446049250313e-16


def uniform(seed: int, stream: int, unit: int, draw: int) -> float:
    """A number uniform in (0, 1), never 0 or 1."""
    b0, b1, _, _ = random_bits(seed, stream, unit, draw)
    return to_unit_interval(b0, b1)


def exponential(seed: int, stream: int, unit: int, draw: int) -> float:
    """An exponentially distributed number of mean 1."""
    return -math.log(uniform(seed, stream, unit, draw))


def normal(seed: int, stream: int, unit: int, draw: int) -> float:
    """A normally distributed number of mean 0 and variance 1 (Box & Muller 1958; the second value of the pair is not used)."""
    b0, b1, b2, b3 = random_bits(seed, stream, unit, draw)
    return math.sqrt(2.0 * minus_log(to_unit_interval(b0, b1))) * cosine_of_turns(to_unit_interval(b2, b3))
