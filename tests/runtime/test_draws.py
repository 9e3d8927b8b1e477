"""Numbers drawn one at a time: their distributions against SciPy's, the same bits compiled and in plain Python, and arguments that are not allowed."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from plasticdsl.support import draws, philox, vmath

SEED, STREAM, COUNT = 5, 2**62 - 12345, 40_000

#: Function, its arguments, and the distribution in scipy.stats with its own.
DISCRETE = [
    ("poisson", (0.3,), "poisson", (0.3,)),
    ("poisson", (7.0,), "poisson", (7.0,)),
    ("poisson", (2000.0,), "poisson", (2000.0,)),
    ("binomial", (6.0, 0.4), "binom", (6, 0.4)),
    ("binomial", (1.0, 0.999), "binom", (1, 0.999)),
    ("binomial", (5000.0, 0.97), "binom", (5000, 0.97)),
]
CONTINUOUS = [
    ("gamma", (0.2,), "gamma", (0.2,)),
    ("gamma", (1.0,), "gamma", (1.0,)),
    ("gamma", (30.0,), "gamma", (30.0,)),
    ("normal_within", (-1.0, 2.0), "truncnorm", (-1.0, 2.0)),
    ("exponential_within", (0.0, 1.5), "truncexpon", (1.5,)),
]


@pytest.fixture(scope="module")
def compiled() -> types.SimpleNamespace:
    """The functions compiled as they are in generated code, every one by itself, in one namespace."""
    import numba

    namespace: dict[str, object] = {name: value for module in (vmath, philox, draws) for name, value in vars(module).items()}
    functions = {name: value for name, value in namespace.items() if isinstance(value, types.FunctionType)}
    for name, function in functions.items():
        namespace[name] = numba.njit(types.FunctionType(function.__code__, namespace, name))
    namespace["math"] = math
    return types.SimpleNamespace(**namespace)


def many(function: Callable[..., float], arguments: Sequence[float], count: int = COUNT) -> np.ndarray:
    return np.array([function(SEED, STREAM, k % 200, k // 200, *arguments) for k in range(count)])


@pytest.mark.parametrize(("function", "arguments", "name", "theirs"), CONTINUOUS)
def test_the_distribution_of_what_is_continuous(
    function: str, arguments: tuple[float, ...], name: str, theirs: tuple[float, ...], compiled: types.SimpleNamespace
) -> None:
    """Kolmogorov's distance is below 1.95/√count in all but 0.1 % of samples."""
    from scipy import stats

    found = many(getattr(compiled, function), arguments)
    assert stats.kstest(found, getattr(stats, name)(*theirs).cdf).statistic < 1.95 / np.sqrt(COUNT)


@pytest.mark.parametrize(("function", "arguments", "name", "theirs"), DISCRETE)
def test_the_distribution_of_counts(
    function: str, arguments: tuple[float, ...], name: str, theirs: tuple[float, ...], compiled: types.SimpleNamespace
) -> None:
    """The share of values up to each quantile, within four standard errors."""
    from scipy import stats

    exact, found = getattr(stats, name)(*theirs), many(getattr(compiled, function), arguments)
    assert np.array_equal(found, np.rint(found)) and found.min() >= 0.0
    for quantile in (0.001, 0.1, 0.5, 0.9, 0.999):
        at = exact.ppf(quantile)
        share = exact.cdf(at)
        assert np.mean(found <= at) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / COUNT) + 1e-12)


@pytest.mark.parametrize(("function", "arguments"), [case[:2] for case in (*DISCRETE, *CONTINUOUS)])
def test_the_same_compiled_and_in_plain_python(function: str, arguments: tuple[float, ...], compiled: types.SimpleNamespace) -> None:
    """Streams beyond 64 bits are those of their lower 64."""
    one, other = many(getattr(draws, function), arguments, 300), many(getattr(compiled, function), arguments, 300)
    np.testing.assert_allclose(one, other, rtol=1e-14)
    if (function, arguments) in [case[:2] for case in DISCRETE]:
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("poisson", (-1.0,)), ("poisson", (np.nan,)), ("poisson", (np.inf,)), ("binomial", (2.5, 0.5)),
        ("binomial", (-1.0, 0.5)), ("binomial", (3.0, 1.1)), ("binomial", (3.0, np.nan)), ("gamma", (0.0,)),
        ("gamma", (np.nan,)), ("normal_within", (50.0, 60.0)), ("poisson_within", (2.0, 0.2, 0.8)),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_no_number(function: str, arguments: tuple[float, ...]) -> None:
    assert np.isnan(getattr(draws, function)(SEED, STREAM, 0, 0, *arguments))


@pytest.mark.parametrize(("n", "p"), [(0.0, 0.5), (4.0, 0.0), (4.0, 1.0)])
def test_a_binomial_number_that_is_certain(n: float, p: float) -> None:
    assert draws.binomial(SEED, STREAM, 0, 0, n, p) == n * p
