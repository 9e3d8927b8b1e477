"""Time constants of what is not integrated exactly."""

from __future__ import annotations

import pytest

from plasticdsl.derive.schemes import choose_schemes
from plasticdsl.derive.stability import time_constants
from tests.symbolic.symbolic_helpers import block, values_of


def test_exact_variables_do_not_limit_dt() -> None:
    assert time_constants(choose_schemes(block({"V": "-V/tau"}, "tau")), values_of({"tau": 1e-6})) == []


def test_conductances_shorten_the_time_constant() -> None:
    model = choose_schemes(block({"V": "(E - V + g*(E_e - V))/tau", "g": "-g/tau_e"}, "E E_e tau tau_e"))
    known = values_of({"E": 0.0, "E_e": 1.0, "tau": 0.02, "tau_e": 0.005, "g": 3.0})
    assert time_constants(model, known) == [("V", pytest.approx(0.005))]


def test_nonlinear_rates_are_differentiated() -> None:
    model = choose_schemes(block({"v": "a*v - v**3"}, "a"))
    assert time_constants(model, values_of({"a": 1.0, "v": 2.0})) == [("v", pytest.approx(1 / 11))]
    assert time_constants(model, values_of({"a": 1.0})) == [("v", 1.0)]


def test_without_a_slope_there_is_no_limit() -> None:
    assert time_constants(choose_schemes(block({"w": "k*pre.x", "c": "step(c)"}, "k")), values_of({"k": 1.0})) == []


@pytest.mark.parametrize("method", ["euler", "rk4", "euler-maruyama", "exponential euler"])
def test_named_methods_limit_dt_too(method: str) -> None:
    model = choose_schemes(block({"V": "-V/tau"}, "tau", method=method))
    assert time_constants(model, values_of({"tau": 0.01})) == [("V", pytest.approx(0.01))]
