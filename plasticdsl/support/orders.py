"""Random orders: a permutation is a function of (seed, stream, step) and of nothing else.

Fisher & Yates' way, from the last place to the first (Durstenfeld 1964, "Algorithm 235: Random permutation", Commun. ACM 7:420): place k changes with
place ⌊u (k + 1)⌋, where u in (0, 1) has the 52 bits of two words of `counts.words_of_step`. The text goes into generated modules, which compile it;
`random.order_of` gives the same.
"""

from __future__ import annotations

import numpy as np

from plasticdsl.support.counts import words_of_step
from plasticdsl.support.philox import to_unit_interval


def shuffle(
    seed: int,
    stream: int,
    step: int,
    words: np.ndarray[tuple[int], np.dtype[np.uint32]],
    order: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> None:
    """The numbers from 0 in the order of this step. `words`: a place for two for each of them, up to two more."""
    words_of_step(seed, stream, step, 0, len(words), words)
    for place in range(len(order)):
        order[place] = place
    for place in range(len(order) - 1, 0, -1):
        u = to_unit_interval(int(words[2 * place]), int(words[2 * place + 1]))
        other = min(int(u * (place + 1)), place)
        one = order[place]
        order[place] = order[other]
        order[other] = one


def length_of_pairs(units: int) -> int:
    """Of an array with two words for each unit: whole calls."""
    return -(-2 * units // 4) * 4
