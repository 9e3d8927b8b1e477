"""Hebb (1949), Oja (1982), Bienenstock, Cooper & Munro (1982)."""

import numpy as np
import pytest

import plasticdsl


def test_hebb_grows_without_end() -> None:
    """w_n = w₀ (1 + η)ⁿ: 137.806 after 100 presentations with η = 0.1 and w₀ = 0.01, to 1e-12 (relative)."""
    w = plasticdsl.load("rate_rules").run("Unbounded")["syn.w"].values.ravel()
    assert w[-1] == pytest.approx(0.01 * 1.1**100, rel=1e-12)
    assert w[-1] == pytest.approx(137.806, abs=1e-3)
    assert np.all(np.diff(w) > 0)


def test_oja_finds_the_first_principal_component() -> None:
    """|w| = 1 to 0.01 and a cosine above 0.999 with the axis (0.8, 0.6) of largest variance."""
    result = plasticdsl.load("rate_rules").run("PrincipalComponent")
    w = np.array([result["oja_first.w"].values.ravel()[-1], result["oja_second.w"].values.ravel()[-1]])
    assert np.linalg.norm(w) == pytest.approx(1, abs=0.01)
    assert w @ (0.8, 0.6) / np.linalg.norm(w) > 0.999


def test_bcm_becomes_selective() -> None:
    """Two equally frequent patterns: the responses are 2 and 0, to 3 %; which is which depends on the beginning."""
    result = plasticdsl.load("rate_rules").run("Selectivity")
    for name in ("one", "other"):
        y = result[f"{name}.y"].values.ravel()[-2:]  # recorded every 11 presentations: the patterns in turn
        assert sorted(y) == pytest.approx([0, 2], abs=0.06)
