"""Hebb (1949), Oja (1982), Bienenstock, Cooper & Munro (1982)."""

import numpy as np
import pytest

from tests.models.runs import ran


def test_hebb_grows_without_end() -> None:
    """w_n = w₀ (1 + η)ⁿ: 137.806 after 100 presentations with η = 0.1 and w₀ = 0.01, to 1e-12 (relative)."""
    w = ran("rules/rate_rules", "Unbounded")["syn.w"].values.ravel()
    assert w[-1] == pytest.approx(0.01 * 1.1**100, rel=1e-12)
    assert w[-1] == pytest.approx(137.806, abs=1e-3)
    assert np.all(np.diff(w) > 0)


def test_oja_finds_the_first_principal_component() -> None:
    """|w| = 1 to 0.01 and a cosine above 0.999 with the axis (0.8, 0.6) of largest variance."""
    result = ran("rules/rate_rules", "PrincipalComponent")
    w = np.array([result["oja_first.w"].values.ravel()[-1], result["oja_second.w"].values.ravel()[-1]])
    assert np.linalg.norm(w) == pytest.approx(1, abs=0.01)
    assert w @ (0.8, 0.6) / np.linalg.norm(w) > 0.999


def test_bcm_becomes_selective() -> None:
    """Two equally frequent patterns: the responses are 2 and 0, to 3 %; which is which depends on the beginning."""
    result = ran("rules/rate_rules", "Selectivity")
    for name in ("one", "other"):
        y = result[f"{name}.y"].values.ravel()[-2:]  # recorded every 11 presentations: the patterns in turn
        assert sorted(y) == pytest.approx([0, 2], abs=0.06)


#: The covariance of the Gaussian inputs, its largest eigenvalue and the eigenvector that belongs to it.
C = np.array([[3, 1, 0.5], [1, 2, 0.3], [0.5, 0.3, 1]])
LARGEST, DIRECTION = np.linalg.eigh(C)[0][-1], np.abs(np.linalg.eigh(C)[1][:, -1])


def test_hebb_and_oja_find_the_leading_eigenvector() -> None:
    """2·10⁵ Gaussian samples. Oja: |w| = 1 to 0.01, cosine above 0.999. Hebb: cosine above 0.999, |w| never smaller than before, and a slope of log |w|
    of η λ_max within 1 % (three times √(2/n), what η (v·x)² fluctuates by)."""
    result = ran("rules/gaussian_inputs", "FirstComponent")
    assert result.passed
    oja = result["oja.w"].values[-1]
    assert np.linalg.norm(oja) == pytest.approx(1, abs=0.01)
    assert abs(oja @ DIRECTION) / np.linalg.norm(oja) > 0.999
    size = result["log(norm(hebb.w))"].values
    assert np.all(np.diff(size) > 0)
    assert (size[-1] - size[20]) / (2e-4 * 1000 * (len(size) - 21)) == pytest.approx(LARGEST, rel=0.01)


def test_covariance_rule() -> None:
    """No change on average where the two sides have nothing to do with each other (200 pairs, 3 standard errors); growth along the leading eigenvector of
    the covariance, not of ⟨x xᵀ⟩, where they have (cosine above 0.999)."""
    assert ran("rules/gaussian_inputs", "Uncorrelated").passed
    correlated = ran("rules/gaussian_inputs", "Correlated")
    assert correlated.passed
    assert correlated["cos_v"].values[-1] > 0.999
    second_moment = np.abs(np.linalg.eigh(C + 4.0)[1][:, -1])
    assert second_moment @ DIRECTION < 0.99, "the mean would have shown"


def test_hebb_in_continuous_time() -> None:
    """w₀ exp(η t) = 220.2646 after 100 s with η = 0.1/s: the exponential step is exact, to 1e-9 (relative)."""
    w = ran("rules/rate_rules", "UnboundedInTime")["syn.w"].values.ravel()
    assert w[-1] == pytest.approx(0.01 * np.exp(10.0), rel=1e-9)
    assert w[-1] == pytest.approx(220.2646, abs=1e-4)


def test_bcm_on_average() -> None:
    """Intrator & Cooper (1992): twenty neurons end at y = (2, 0) or (0, 2) with θ = 2, to 1e-6; at twice the contrast y is the same and w one half."""
    result = ran("rules/bcm", "FixedPoints")
    assert len(result.expectations) == 5
    assert result.passed


def test_bcm_with_patterns_in_random_order() -> None:
    """y = (2, 0) or (0, 2) to 3 %, and half the weights at twice the contrast."""
    result = ran("rules/bcm", "Coin")
    assert result.passed
    first, second = (result[f"from_{name}.w"].values[:, -1] for name in ("first", "second"))
    assert first[1] == pytest.approx(0.5 * first[0], abs=0.05)
    assert second[1] == pytest.approx(0.5 * second[0], abs=0.05)


def test_the_bcm_curve() -> None:
    """Δw has the sign of y (y − θ): zero at 0 and at the threshold 1."""
    result = ran("rules/bcm", "Curve")
    y, w = result["syn.w"]["y"].values, result["syn.w"].values.ravel()
    assert np.array_equal(np.sign(np.where(np.abs(w) < 1e-9, 0, w)), np.sign(np.round(y * (y - 1), 9)))


def test_pavlov() -> None:
    """Hebb (1949): w = η n after n pairings, to 1e-12; the bell alone is answered once that exceeds the threshold. Without the bell exactly nothing is
    learned."""
    assert ran("networks/pavlov", "Trials").passed
    unpaired = ran("networks/pavlov", "Unpaired")
    assert unpaired.passed
    assert np.all(unpaired["hears.w"].values == 0.0)
    paired = ran("networks/pavlov", "Conditioning")
    assert paired["dog.y"].values.ravel().tolist() == [0] * 5 + [1] * 15
    assert paired["hears.w"].values.ravel()[4:15] == pytest.approx(0.1 * np.arange(11), abs=1e-12)
