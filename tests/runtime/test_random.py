"""Philox: known answers, the same bits in Python, compiled and vectorised, and the moments of what is drawn."""

from __future__ import annotations

import math
import types
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plasticdsl.support import orders, philox, random, vmath

#: Fixed, so that seeds keep their meaning from one version to the next.
STREAM_OF_POPULATION_E = 8431449948858189486

INT64 = st.integers(-(2**63), 2**63 - 1)
INDEX = st.one_of(st.integers(0, 2**20), st.integers(0, 2**62))


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers(counter: tuple[int, int, int, int], key: tuple[int, int], answer: tuple[int, int, int, int]) -> None:
    assert philox.philox(*counter, *key) == answer


@pytest.fixture(scope="module")
def compiled() -> dict[str, Callable[[int, int, int, int], float]]:
    """The module's functions, and those that it calls, compiled as they are in generated code: every function jitted, in one namespace."""
    import numba

    namespace: dict[str, object] = {**vars(vmath), "math": math}
    functions = {n: f for module in (vmath, philox) for n, f in vars(module).items() if isinstance(f, types.FunctionType)}
    for name, function in functions.items():
        namespace[name] = numba.njit(types.FunctionType(function.__code__, namespace, name))
    return namespace  # type: ignore[return-value]


@given(seed=INT64, stream=st.integers(0, 2**63 - 1), unit=INDEX, draw=INDEX)
@settings(max_examples=200, deadline=None)
def test_python_and_compiled_and_vectorised_agree(
    compiled: dict[str, Callable[[int, int, int, int], float]], seed: int, stream: int, unit: int, draw: int
) -> None:
    expected = philox.uniform(seed, stream, unit, draw)
    assert 0.0 < expected < 1.0
    assert compiled["uniform"](seed, stream, unit, draw) == expected
    assert random.uniforms(seed, stream, unit, draw) == expected
    drawn = philox.normal(seed, stream, unit, draw)
    assert compiled["normal"](seed, stream, unit, draw) == random.normals(seed, stream, unit, draw) == drawn
    value = philox.exponential(seed, stream, unit, draw)
    assert compiled["exponential"](seed, stream, unit, draw) == pytest.approx(value, rel=1e-14, abs=1e-14)
    assert float(random.exponentials(seed, stream, unit, draw)) == pytest.approx(value, rel=1e-14, abs=1e-14)


def test_unsigned_and_signed_seed_are_the_same() -> None:
    assert philox.uniform(2**64 - 5, 3, 1, 2) == philox.uniform(-5, 3, 1, 2) == random.uniforms(2**64 - 5, 3, 1, 2)
    assert random.signed(2**64 - 5) == -5
    assert [random.signed(np.uint64(2**64 - 5)), random.signed(np.int64(3))] == [-5, 3]
    assert random.bulk_uniforms(np.int64(3), 1, 4).tolist() == random.bulk_uniforms(3, 1, 4).tolist()
    with pytest.raises(ValueError, match="64 bits"):
        random.signed(2**64)


def test_every_argument_matters() -> None:
    base = [7, 11, 13, 17]
    values = {philox.uniform(*base)}
    for position in range(4):
        for change in (1, 2**31, 2**40):
            values.add(philox.uniform(*[b + change * (k == position) for k, b in enumerate(base)]))
    assert len(values) == 13


def test_broadcasting_and_blocks() -> None:
    table = random.uniforms(1, 2, np.arange(300)[:, None], np.arange(200)[None, :])
    assert table.shape == (300, 200)
    assert table[123, 45] == philox.uniform(1, 2, 123, 45)
    assert table[299, 199] == philox.uniform(1, 2, 299, 199)


def test_moments() -> None:
    from scipy import stats

    units = np.arange(200_000)
    assert stats.kstest(random.uniforms(1, 5, units, 3), "uniform").pvalue > 1e-3
    assert stats.kstest(random.normals(1, 6, 3, units), "norm").pvalue > 1e-3
    assert stats.kstest(random.exponentials(1, 7, units, 3), "expon").pvalue > 1e-3
    neighbours = np.corrcoef(random.normals(1, 5, units, 3), random.normals(1, 5, units, 4))[0, 1]
    assert abs(neighbours) < 0.01


def test_bulk_sequence_may_be_read_from_anywhere() -> None:
    from scipy import stats

    whole = random.bulk_uniforms(3, 9, 100_000)
    for start in (0, 1, 2, 3, 4, 7, 1001):
        np.testing.assert_array_equal(random.bulk_uniforms(3, 9, 50, start), whole[start : start + 50])
    assert whole.min() > 0.0 and whole.max() < 1.0
    assert stats.kstest(whole, "uniform").pvalue > 1e-3
    assert not np.array_equal(random.bulk_uniforms(3, 10, 10), whole[:10])


@pytest.mark.filterwarnings("ignore:overflow")
def test_orders_of_kernels_and_of_python_are_the_same_and_all_are_equally_likely() -> None:
    """χ² of where each of five numbers stands has 16 degrees of freedom, of which 0.1 % are beyond 39.3; all orders of four have 23, and 49.7."""
    for count, seed, stream, step in ((1, 1, 5, 0), (6, 3, 7, 2), (51, -3, 1 << 62, 12345678901)):
        order = np.zeros(count, dtype=np.int64)
        orders.shuffle(seed, stream, step, np.zeros(orders.length_of_pairs(count), dtype=np.uint32), order)
        assert np.array_equal(order, random.order_of(seed, stream, step, count)) and np.array_equal(np.sort(order), np.arange(count))
    draws, places, whole = 6000, np.zeros((5, 5)), dict[tuple[int, ...], int]()
    for draw in range(draws):
        places[np.arange(5), random.order_of(2, 3, draw, 5)] += 1
        four = tuple(random.order_of(2, 4, draw, 4).tolist())
        whole[four] = whole.get(four, 0) + 1
    assert ((places - draws / 5) ** 2 / (draws / 5)).sum() < 39.3
    assert len(whole) == 24 and sum((n - draws / 24) ** 2 / (draws / 24) for n in whole.values()) < 49.7


def test_streams_are_stable_and_distinct() -> None:
    assert random.stream_of("E", "states", "V") == random.stream_of("E", "states", "V")
    assert random.stream_of("ab", "c") != random.stream_of("a", "bc")
    assert 0 <= random.stream_of("τ") < 2**63
    assert random.stream_of("population", "E") == STREAM_OF_POPULATION_E
