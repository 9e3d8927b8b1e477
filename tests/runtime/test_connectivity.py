"""Patterns of connections: sorted, complete, with the right counts, reproducible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from plasticdsl.support import arrays, connectivity
from plasticdsl.support.connections import Connections
from plasticdsl.support.connectivity import Pattern, connect
from plasticdsl.support.random import BulkUniforms


def pairs(found: Connections) -> list[tuple[int, int]]:
    pre = np.repeat(np.arange(len(found.rows) - 1), np.diff(found.rows))
    return list(zip(pre.tolist(), found.targets.tolist(), strict=True))


def matrix(found: Connections, n_post: int) -> NDArray[np.int64]:
    counts = np.zeros((len(found.rows) - 1, n_post), dtype=np.int64)
    np.add.at(counts, tuple(np.array(pairs(found), dtype=np.int64).reshape(-1, 2).T), 1)
    return counts


def test_all_and_one() -> None:
    assert pairs(connect(Pattern("all", 2, 3), False, 1, 2)) == [(j, i) for j in range(2) for i in range(3)]
    assert pairs(connect(Pattern("all", 3, 3, self_connections=False), True, 1, 2)) == [
        (j, i) for j in range(3) for i in range(3) if i != j
    ]
    assert len(pairs(connect(Pattern("all", 3, 3, self_connections=False), False, 1, 2))) == 9
    assert pairs(connect(Pattern("one", 3, 3), False, 1, 2)) == [(0, 0), (1, 1), (2, 2)]
    with pytest.raises(ValueError, match="not 3 and 4"):
        connect(Pattern("one", 3, 4), False, 1, 2)


def test_types_and_empty_populations() -> None:
    for kind, amount in (("all", 1.0), ("probability", 0.5), ("out-degree", 0.0), ("in-degree", 0.0)):
        for n_pre, n_post in ((0, 4), (4, 0), (0, 0)):
            found = connect(Pattern(kind, n_pre, n_post, amount), False, 1, 2)
            assert (found.rows.dtype, found.targets.dtype) == (np.int64, np.uint16)
            np.testing.assert_array_equal(found.rows, np.zeros(n_pre + 1))


@pytest.mark.parametrize(("n_post", "dtype"), [(1 << 16, np.uint16), ((1 << 16) + 1, np.int32)])
@pytest.mark.parametrize("kind", ["all", "probability", "out-degree"])
def test_numbers_of_units_have_16_bits_where_these_hold_all(kind: str, n_post: int, dtype: type) -> None:
    """The last unit keeps its number."""
    found = connect(Pattern(kind, 2, n_post, {"all": 1.0, "probability": 0.9, "out-degree": n_post}[kind]), False, 1, 2)
    assert found.targets.dtype == dtype
    assert n_post - 8 < found.targets[-1] < n_post
    assert (np.diff(found.targets[: found.rows[1]].astype(np.int64)) > 0).all()


def test_where() -> None:
    found = connect(Pattern("where", 4, 4, allowed=lambda pre, post: post < pre), True, 1, 2)
    assert pairs(found) == [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]


@pytest.mark.parametrize("p", [0.001, 0.1, 0.9, 0.9999])
def test_probability(p: float) -> None:
    found = connect(Pattern("probability", 400, 500, p), False, 3, 4)
    counts = matrix(found, 500)
    assert counts.max() == 1
    assert stats.binomtest(int(counts.sum()), 200_000, p).pvalue > 1e-3
    both = counts[:, :-1] * counts[:, 1:]
    assert both.mean() == pytest.approx(p * p, abs=5 * (p * p * (1 - p * p) / both.size) ** 0.5 + 1e-4)


def test_probability_does_not_depend_on_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed, own = Pattern("probability", 50, 60, 0.2), Pattern("probability", 50, 60, lambda pre, post: 0.2 + 0.0 * pre)
    whole = [pairs(connect(p, False, 3, 4)) for p in (fixed, own)]
    monkeypatch.setattr(arrays, "BLOCK", 7)
    monkeypatch.setattr(connectivity, "CACHED", 7)
    assert [pairs(connect(p, False, 3, 4)) for p in (fixed, own)] == whole


def test_probabilities_of_their_own() -> None:
    near = Pattern("probability", 300, 300, lambda pre, post: np.exp(-np.abs(post - pre) / 10.0))
    counts = matrix(connect(near, True, 1, 2), 300)
    assert np.diagonal(counts).all()
    expected = np.exp(-np.abs(np.subtract.outer(np.arange(300), np.arange(300))) / 10.0)
    assert counts.sum() == pytest.approx(expected.sum(), abs=5 * np.sqrt((expected * (1 - expected)).sum()))
    with pytest.raises(ValueError, match="between 0 and 1"):
        connect(Pattern("probability", 3, 3, lambda pre, post: pre / 1.0), False, 1, 2)


def test_extreme_probabilities() -> None:
    assert pairs(connect(Pattern("probability", 5, 6, 0.0), False, 1, 2)) == []
    assert len(pairs(connect(Pattern("probability", 5, 6, 1.0), False, 1, 2))) == 30
    assert len(pairs(connect(Pattern("probability", 100_000, 100_000, 1e-300), False, 1, 2))) == 0
    for p in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            connect(Pattern("probability", 5, 6, p), False, 1, 2)


@pytest.mark.parametrize("conditioned", [False, True])
@pytest.mark.parametrize("selves", [False, True])
@pytest.mark.parametrize("same", [False, True])
def test_degrees(same: bool, selves: bool, conditioned: bool) -> None:
    drawn = []

    @given(st.sampled_from(["in-degree", "out-degree"]), st.integers(1, 30), st.integers(0, 6) | st.integers(0, 30), st.integers(1, 30))
    @settings(max_examples=50, deadline=None)
    def has(kind: str, size: int, degree: int, other: int) -> None:
        drawn.append(has_degree(kind, size, degree, size if same else other, selves, conditioned))

    has()
    assert any(drawn), "some of them can be had"


def has_degree(kind: str, size: int, degree: int, n_pre: int, selves: bool, conditioned: bool) -> bool:
    """Whether there are such connections, which are then right; else they are refused."""
    same = n_pre == size
    allowed = (lambda pre, post: (pre + post) % 3 > 0) if conditioned else None
    pattern = Pattern(kind, n_pre, size, float(degree), allowed, selves, False)
    axis = 0 if kind == "in-degree" else 1
    possible = np.fromfunction(lambda j, i: (allowed is None) | ((j + i) % 3 > 0), (n_pre, size)) & np.ones((n_pre, size), dtype=bool)
    inside = possible.any(axis=axis)
    if same and not selves:
        np.fill_diagonal(possible, False)
    if possible.sum(axis=axis)[inside].min(initial=max(n_pre, size)) < degree:
        with pytest.raises(ValueError, match="partners"):
            connect(pattern, same, 1, 2)
        return False
    found = connect(pattern, same, 1, 2)
    assert pairs(found) == sorted(pairs(found))
    counts = matrix(found, size)
    assert counts.max(initial=0) <= 1 and not counts[~possible].any()
    np.testing.assert_array_equal(counts.sum(axis=axis), degree * inside)
    return degree > 0


@pytest.mark.parametrize("degree", [1, 3, 7, 9, 10])
def test_every_partner_is_equally_likely(degree: int) -> None:
    counts = matrix(connect(Pattern("out-degree", 20_000, 10, float(degree)), False, 1, 2), 10)
    expected = 20_000 * degree / 10
    assert np.abs(counts.sum(axis=0) - expected).max() <= 5 * np.sqrt(expected * (1 - degree / 10))
    pairwise = (counts.T @ counts)[np.triu_indices(10, 1)]
    together = degree * (degree - 1) / 90
    assert np.abs(pairwise - 20_000 * together).max() <= 5 * np.sqrt(20_000 * together * (1 - together)) + 1e-9


@pytest.mark.parametrize("kind", ["in-degree", "out-degree"])
@pytest.mark.parametrize("repeats", [False, True])
def test_a_degree_counts_where_the_condition_allows(kind: str, repeats: bool) -> None:
    def allowed(pre: np.ndarray, post: np.ndarray) -> np.ndarray:
        return (pre < 8) & (post >= 3)

    counts = matrix(connect(Pattern(kind, 10, 12, 5.0, allowed, repeats=repeats), False, 1, 2), 12)
    assert not counts[8:].any() and not counts[:, :3].any()
    expected = {"in-degree": [0] * 3 + [5] * 9, "out-degree": [5] * 8 + [0] * 2}[kind]
    np.testing.assert_array_equal(counts.sum(axis=0 if kind == "in-degree" else 1), expected)


def test_a_unit_that_the_condition_allows_only_itself_has_nobody_to_draw() -> None:
    pattern = Pattern("out-degree", 5, 5, 1.0, lambda pre, post: (pre == post) & (pre < 2), self_connections=False)
    with pytest.raises(ValueError, match="partners"):
        connect(pattern, True, 1, 2)
    assert pairs(connect(pattern, False, 1, 2)) == [(0, 0), (1, 1)]


def test_repeats() -> None:
    found = connect(Pattern("in-degree", 5, 2000, 8.0, repeats=True), False, 1, 2)
    counts = matrix(found, 2000)
    assert (counts.sum(axis=0) == 8).all() and counts.max() > 1
    assert stats.chisquare(counts.sum(axis=1)).pvalue > 1e-3
    conditioned = connect(Pattern("in-degree", 5, 2000, 8.0, lambda pre, post: pre > 1, repeats=True), False, 1, 2)
    counts = matrix(conditioned, 2000)
    assert (counts.sum(axis=0) == 8).all() and not counts[:2].any()
    assert stats.chisquare(counts[2:].sum(axis=1)).pvalue > 1e-3


def test_degree_must_be_whole_but_for_rounding() -> None:
    assert len(pairs(connect(Pattern("in-degree", 100, 3, 0.07 * 100), False, 1, 2))) == 21
    with pytest.raises(ValueError, match="whole number"):
        connect(Pattern("in-degree", 100, 3, 7.5), False, 1, 2)
    with pytest.raises(ValueError, match="only 99 are available"):
        connect(Pattern("in-degree", 100, 100, 100.0, self_connections=False), True, 1, 2)


def test_listed() -> None:
    found = connect(Pattern("listed", 3, 4, listed=(np.array([2, 0, 2, 0]), np.array([1, 3, 0, 3]))), False, 1, 2)
    assert pairs(found) == [(0, 3), (0, 3), (2, 0), (2, 1)]
    assert found.order is not None
    np.testing.assert_array_equal(found.order, [1, 3, 2, 0])
    assert pairs(connect(Pattern("listed", 3, 4, listed=(np.array([]), np.array([]))), False, 1, 2)) == []
    with pytest.raises(ValueError, match="post units go from 0 to 4, but must be from 0 to 3"):
        connect(Pattern("listed", 3, 4, listed=(np.array([0, 1]), np.array([0, 4]))), False, 1, 2)
    with pytest.raises(ValueError, match="whole numbers"):
        connect(Pattern("listed", 3, 4, listed=(np.array([0.5]), np.array([0]))), False, 1, 2)
    with pytest.raises(ValueError, match="2 pre and 1 post"):
        connect(Pattern("listed", 3, 4, listed=(np.array([0, 1]), np.array([0]))), False, 1, 2)
    with pytest.raises(ValueError, match="have to be given"):
        connect(Pattern("listed", 3, 4), False, 1, 2)


def test_seed_and_stream_decide() -> None:
    pattern = Pattern("in-degree", 50, 50, 5.0)
    assert pairs(connect(pattern, True, 1, 2)) == pairs(connect(pattern, True, 1, 2))
    assert pairs(connect(pattern, True, 1, 2)) != pairs(connect(pattern, True, 1, 3))
    assert pairs(connect(pattern, True, 1, 2)) != pairs(connect(pattern, True, 2, 2))


def test_ten_million_connections_take_a_number_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred million pairs, those that are not connected cost nothing."""
    drawn, uniforms = [], BulkUniforms.uniforms

    def counted(self: BulkUniforms, count: int) -> NDArray[np.float64]:
        drawn.append(count)
        return uniforms(self, count)

    monkeypatch.setattr(BulkUniforms, "uniforms", counted)
    found = connect(Pattern("probability", 10_000, 10_000, 0.1), True, 1, 2)
    assert len(found.targets) == pytest.approx(1e7, abs=2e4)
    assert len(found.targets) <= sum(drawn) < len(found.targets) + 2 * arrays.CACHED
