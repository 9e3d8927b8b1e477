"""Counts of spikes of Poisson sources: their distribution, and that they depend on seed, stream, unit and step alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import plasticdsl
from plasticdsl.options import EngineName
from plasticdsl.support.counts import NEAR_ONE, OFTEN, count_of, length_of_words, poisson_count, word_of, words_of_step
from plasticdsl.support.philox import random_bits
from plasticdsl.support.random import stream_of

SEED, STREAM = -7, 0x1234567887654321
ENGINES: tuple[EngineName, ...] = ("reference", "python")


def words(step: int, units: int, seed: int = SEED) -> np.ndarray:
    made = np.zeros(length_of_words(units), dtype=np.uint32)
    with np.errstate(all="ignore"):
        words_of_step(seed, STREAM, step, 0, units, made)
    return made[:units]


@pytest.mark.parametrize("step", [0, 3, 2**32 + 5])
def test_words_of_a_step_are_those_of_its_units(step: int) -> None:
    assert words(step, 11).tolist() == [word_of(SEED, STREAM, unit, step) for unit in range(11)]


def test_a_word_stands_for_the_count_that_the_distribution_has_there() -> None:
    """The quantile function of scipy at the middle of each of many words, and beyond all words at 2⁻⁵² from 1."""
    for mean in (0.05, 0.2, 1.0, 3.7):
        some = [0, 1, 2**31, 2**32 - 2**13, *np.random.default_rng(1).integers(0, NEAR_ONE, 300).tolist()]
        found = [count_of(word, SEED, STREAM, 0, 0, mean, math.exp(-mean)) for word in some]
        assert found == stats.poisson(mean).ppf((np.array(some) + 0.5) / 2**32).astype(int).tolist()
        more, *_ = random_bits(SEED, STREAM + 0x510E527FADE682D1, 0, 0)
        upper = 2**-32 * (1 - (more + 0.5) / 2**32)  # what is left above the last word
        assert count_of(2**32 - 1, SEED, STREAM, 0, 0, mean, math.exp(-mean)) == int(stats.poisson(mean).isf(upper))


def test_large_means_have_their_counts() -> None:
    for mean in (50.0, 600.0):
        counts = np.array([poisson_count(SEED, STREAM, i, 0, mean) for i in range(2000)])
        assert abs(counts.mean() - mean) < 3.3 * math.sqrt(mean / 2000)
        assert abs(counts.var() / mean - 1) < 3.3 * math.sqrt(2 / 2000)
    assert poisson_count(SEED, STREAM, 0, 0, 800.0) == poisson_count(SEED, STREAM, 0, 0, math.inf) == 10_000


def test_counts_are_poisson_and_independent_across_units_and_steps() -> None:
    """Levels of 0.1 %, of numbers that are the same at each run."""
    mean, units, steps = 0.4, 1000, 60
    with np.errstate(all="ignore"):
        counts = np.array(
            [[count_of(int(w), SEED, STREAM, i, n, mean, math.exp(-mean)) for i, w in enumerate(words(n, units))] for n in range(steps)]
        )
    seen = np.bincount(np.minimum(counts.ravel(), 4), minlength=5)
    expected = counts.size * np.append(stats.poisson(mean).pmf(range(4)), stats.poisson(mean).sf(3))
    assert stats.chisquare(seen, expected).pvalue > 1e-3
    shifted = ((counts[:, 1:], counts[:, :-1]), (counts[1:], counts[:-1]), (counts[:, 4:], counts[:, :-4]))
    for one, other in shifted:
        correlation = np.corrcoef(one.ravel(), other.ravel())[0, 1]
        assert abs(correlation) * math.sqrt(one.size) < 3.3
    assert abs(counts.sum(axis=0).var() / (mean * steps) - 1) < 3.3 * math.sqrt(2 / units)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_source_has_these_counts(engine: EngineName) -> None:
    """At 2 kHz and 0.1 ms a count for each step, at 300 Hz from spike to spike; a rate of each unit's own counts where it is high."""
    text = """
network Net:
    often = 30 Poisson(rate = 2 kHz)
    own = 6 Poisson(rate = i · 100 Hz)
    seldom = 30 Poisson(rate = 300 Hz)
"""
    net = plasticdsl.parse(text).build(dt="0.1 ms", seed=5, engine=engine, log=["often", "own", "seldom"])
    net.run("50 ms")
    for name, means in (("often", [0.2] * 30), ("own", [0.01 * i for i in range(1, 7)])):
        spikes = net.spikes(name)
        steps = np.rint(spikes.times / 1e-4).astype(int)
        found = np.zeros((500, len(means)), dtype=int)
        np.add.at(found, (steps, spikes.units), 1)
        for unit, mean in enumerate(means):
            if mean >= OFTEN:
                right = [poisson_count(5, stream_of(name), unit, n, mean) for n in range(500)]
                assert found[:, unit].tolist() == right
    assert abs(net.spike_count("seldom") - 450) < 3.3 * math.sqrt(450)
