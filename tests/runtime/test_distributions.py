"""What is drawn has the distribution asked for, and depends on seed, stream and number alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from plasticdsl.support import arrays
from plasticdsl.support.distributions import KINDS, draw

COUNT = 100_000

CONTINUOUS = [
    ("N", (3.0, 2.0), stats.norm(3.0, 2.0)),
    ("U", (-1.0, 4.0), stats.uniform(-1.0, 5.0)),
    ("Gamma", (2.5, 0.3), stats.gamma(2.5, scale=0.3)),
    ("LogN", (0.5, 0.3), stats.lognorm(np.sqrt(np.log(1.36)), scale=0.5 / np.sqrt(1.36))),
    ("Exp", (0.02,), stats.expon(scale=0.02)),
]
DISCRETE = [
    ("Bernoulli", (0.3,), stats.bernoulli(0.3)),
    ("Binomial", (12.0, 0.2), stats.binom(12, 0.2)),
    ("Poisson", (4.5,), stats.poisson(4.5)),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), CONTINUOUS, ids=lambda v: v if isinstance(v, str) else "")
def test_continuous(name: str, arguments: tuple[float, ...], expected: stats.rv_continuous) -> None:
    values = draw(name, arguments, COUNT, 1, 2)
    assert stats.kstest(values, expected.cdf).pvalue > 1e-3
    assert values.mean() == pytest.approx(expected.mean(), abs=5 * expected.std() / COUNT**0.5)


@pytest.mark.parametrize(("name", "arguments", "expected"), DISCRETE, ids=lambda v: v if isinstance(v, str) else "")
def test_discrete(name: str, arguments: tuple[float, ...], expected: stats.rv_discrete) -> None:
    values = draw(name, arguments, COUNT, 1, 2)
    assert set(values) == set(np.rint(values))
    observed = np.bincount(values.astype(int))
    wanted = COUNT * expected.pmf(np.arange(len(observed)))
    enough = wanted > 10
    assert stats.chisquare(observed[enough], wanted[enough] * observed[enough].sum() / wanted[enough].sum()).pvalue > 1e-3


@pytest.mark.parametrize(("name", "arguments"), [(n, a) for n, a, _ in (*CONTINUOUS, *DISCRETE)])
def test_the_first_values_do_not_depend_on_how_many_follow(name: str, arguments: tuple[float, ...]) -> None:
    many, few = draw(name, arguments, 1000, 5, 6), draw(name, arguments, 10, 5, 6)
    np.testing.assert_array_equal(many[:10], few)
    assert not np.array_equal(draw(name, arguments, 1000, 6, 6), many)
    assert not np.array_equal(draw(name, arguments, 1000, 5, 7), many)


@pytest.mark.parametrize(("name", "arguments"), [(n, a) for n, a, _ in (*CONTINUOUS, *DISCRETE)])
def test_arguments_may_differ_from_value_to_value(name: str, arguments: tuple[float, ...]) -> None:
    arrays = [np.full(100, a) for a in arguments]
    np.testing.assert_array_equal(draw(name, arrays, 100, 1, 2), draw(name, arguments, 100, 1, 2))


def test_log_normal_has_the_mean_and_spread_asked_for() -> None:
    values = draw("LogN", (2e-4, 1e-4), 400_000, 1, 2)
    assert values.mean() == pytest.approx(2e-4, rel=5e-3)
    assert values.std() == pytest.approx(1e-4, rel=2e-2)


@pytest.mark.parametrize("name", ["N", "U", "Exp"])
def test_drawing_in_blocks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [np.linspace(1.0, 2.0, 50), np.linspace(2.0, 3.0, 50)][: len(KINDS[name].arguments)]
    whole = draw(name, arguments, 50, 1, 2)
    monkeypatch.setattr(arrays, "BLOCK", 7)
    np.testing.assert_array_equal(draw(name, arguments, 50, 1, 2), whole)


def test_zero_spread_and_no_values() -> None:
    np.testing.assert_array_equal(draw("N", (3.0, 0.0), 4, 1, 2), np.full(4, 3.0))
    assert all(draw(n, [1.0] * len(k.arguments), 0, 1, 2).shape == (0,) for n, k in KINDS.items())


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("N", (0.0, -1.0), r"N\(mean, sd\) needs a standard deviation that is not negative, and has \(0, -1\)"),
        ("U", (2.0, 1.0), "low ≤ high"),
        ("Bernoulli", (np.array([0.5, 1.5]),), r"has \(1.5\)"),
        ("Binomial", (2.5, 0.5), "whole number"),
        ("Poisson", (-1.0,), "a mean that is not negative"),
        ("LogN", (0.0, 1.0), "a positive mean"),
        ("Exp", (np.inf,), "finite"),
        ("N", (1.0,), "takes 2 arguments, not 1"),
        ("Cauchy", (1.0,), "there are N, U"),
    ],
)
def test_what_is_not_allowed_is_said(name: str, arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw(name, arguments, 3, 1, 2)
