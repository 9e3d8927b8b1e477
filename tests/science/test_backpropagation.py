"""Rumelhart, Hinton & Williams (1986): back-propagation by hand and from the loss, on the exclusive or."""

import numpy as np
import pytest

import plasticdsl
from plasticdsl.library import library_models
from plasticdsl.results.result import Result
from tests.models.runs import ran

LIBRARY = library_models()
SEEDS = 6


@pytest.fixture(scope="module")
def runs() -> dict[str, Result]:
    """One experiment with both rules, since an experiment's name is among what decides the order of its items."""
    text = LIBRARY["networks/xor"].read_text(encoding="utf-8")
    derived = plasticdsl.parse(text.replace("Forward with Delta", "Forward with Descent"))
    return {"Delta": ran("networks/xor", "WrittenOut"), "Descent": derived.run("WrittenOut")}


def test_the_derived_rule_is_the_one_written_by_hand(runs: dict[str, Result]) -> None:
    """After 12 000 presentations the weights are the same to 1e-9: they differ by rounding, which the 3000 epochs do not blow up."""
    by_hand, derived = runs["Delta"], runs["Descent"]
    for name in ("first.w", "second.w", "bias.w"):
        assert np.ptp(by_hand[name].values) > 1.0 or name == "bias.w"
        assert derived[name].values == pytest.approx(by_hand[name].values, abs=1e-9)


def test_every_seed_solves_it(runs: dict[str, Result]) -> None:
    """6 of 6, mean squared error about 0.001 (0.0005 to 0.0015), and each of the four answers within 0.2."""
    errors = runs["Descent"]["squared_error"].values.reshape(SEEDS, 4)
    assert np.all((errors.mean(axis=1) > 0.0005) & (errors.mean(axis=1) < 0.0015))
    assert np.max(errors) < 0.2**2
