"""How many spikes a unit of a Poisson source has in one step, where there are often some: counts by inversion from counter-based random words.

Comes in: seed, stream, unit and step, as in `philox`, and the mean. Goes out: a whole number, a function of these alone. Four units share the four
32-bit words of one call, so that a population's words are made several at a time; the few words near the upper end get 20 bits more, so that no count is
out of reach.

The text of these functions goes into generated modules, which compile it; `words_of_step` is written in the types that let LLVM work on several units
at once (Salmon et al. 2011, as in `philox`), and gives the same bits as `random_bits`.
"""

from __future__ import annotations

import math

import numpy as np

from plasticdsl.support.philox import random_bits, to_unit_interval

#: Between the stream of a source's words and that of the bits that are added to some of them, and that of its other draws.
WORDS = 0x3C6EF372FE94F82B
MORE_BITS = 0x510E527FADE682D1
#: From this mean on counts are drawn; below, a unit draws from one spike to the next.
OFTEN = 0.05
#: More than any buffer holds.
MOST_SPIKES = 10_000
#: From this mean on e^−mean has no double; a source that is so fast takes a smaller dt.
LARGEST_MEAN = 700.0
#: Words from here on get more bits.
NEAR_ONE = 0xFFFFF000
#: Outcomes less likely than this have no precise probability.
UNLIKELY = 1e-17


def words_of_step(seed: int, stream: int, step: int, begin: int, end: int, words: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> None:
    """uint32[units, up to three more]: a random word for each unit from `begin`, a multiple of 4, to `end`."""
    first, second = np.uint32(seed & 0xFFFFFFFF), np.uint32((seed >> 32) & 0xFFFFFFFF)
    own = stream + WORDS
    low, high, now = np.uint32(own & 0xFFFFFFFF), np.uint32((own >> 32) & 0xFFFFFFFF), np.uint32(step & 0xFFFFFFFF)
    first = first ^ np.uint32(((step >> 32) * 0x85EBCA6B) & 0xFFFFFFFF)
    before = np.uint32(begin // 4)
    for group in range((end - begin + 3) // 4):
        c0, c1, c2, c3, k0, k1 = now, np.uint32(before + np.uint32(group)), low, high, first, second
        for _ in range(10):
            p0, p1 = np.uint64(0xD2511F53) * np.uint64(c0), np.uint64(0xCD9E8D57) * np.uint64(c2)
            c0, c2 = np.uint32(p1 >> np.uint64(32)) ^ c1 ^ k0, np.uint32(p0 >> np.uint64(32)) ^ c3 ^ k1
            c1, c3 = np.uint32(p1 & np.uint64(0xFFFFFFFF)), np.uint32(p0 & np.uint64(0xFFFFFFFF))
            k0, k1 = np.uint32(k0 + np.uint32(0x9E3779B9)), np.uint32(k1 + np.uint32(0xBB67AE85))
        place = begin + 4 * group
        words[place], words[place + 1], words[place + 2], words[place + 3] = c0, c1, c2, c3


def length_of_words(units: int) -> int:
    """Of an array with a word for each unit: whole calls."""
    return -(-units // 4) * 4


def word_of(seed: int, stream: int, unit: int, step: int) -> int:
    """The word of one unit."""
    b0, b1, b2, b3 = random_bits(seed, stream + WORDS, unit // 4, step)
    place = unit % 4
    return b0 if place == 0 else b1 if place == 1 else b2 if place == 2 else b3


def count_of(word: int, seed: int, stream: int, unit: int, step: int, mean: float, none: float) -> int:
    """The count that a word stands for: the number of cumulated probabilities that are not above it. `none`: e^−mean. A mean of `LARGEST_MEAN` or
    more counts as more than any buffer holds."""
    if not mean < LARGEST_MEAN:
        return MOST_SPIKES
    high = int(word)
    u = (high + 0.5) * 2.3283064365386963e-10
    if high >= NEAR_ONE:
        more, _, _, _ = random_bits(seed, stream + MORE_BITS, unit, step)
        u = to_unit_interval(high, more)
    count, likely, below = 0, none, none
    while u >= below and (likely > UNLIKELY or count < mean):
        count += 1
        likely *= mean / count
        below += likely
    return count


def poisson_count(seed: int, stream: int, unit: int, step: int, mean: float) -> int:
    """The count of one unit whose mean is its own."""
    return count_of(word_of(seed, stream, unit, step), seed, stream, unit, step, mean, math.exp(-mean))
