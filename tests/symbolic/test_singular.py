"""Quotients that are 0/0 at one point: equal elsewhere, the limit there."""

from __future__ import annotations

import math

import mpmath
import pytest

from plasticdsl.derive.schemes import choose_schemes
from plasticdsl.model import Network, Population
from plasticdsl.model.expr import Call, Number, walk
from plasticdsl.model.schemes import Staged, linear_parts
from plasticdsl.symbolic.numeric import evaluate
from plasticdsl.symbolic.singular import repair, repaired
from tests.symbolic.symbolic_helpers import block, e, values_of

VALUES = {"k": 0.009, "z": 2.0, "F": 96485.0, "R": 8.314, "T": 310.0, "Ca": 1e-4, "Ca_o": 2.0, "perm": -0.04, "E": -0.04, "g": 0.3}

CONSTANTS = ("k", "z", "F", "R", "T", "E", "g")
# expression, the variable and where it is 0/0, and the limit
SINGULAR = {
    "sodium activation": ("0.1*(V + 0.04)/(1 - exp(-(V + 0.04)/0.01))", "V", -0.04, "0.1*0.01"),
    "other sign": ("-0.1*(V + 0.04)/(exp(-(V + 0.04)/0.01) - 1)", "V", -0.04, "0.1*0.01"),
    "both reversed": ("0.1*(0.04 + V)/(1 - exp(-0.1*(V + 0.04)*1000))", "V", -0.04, "0.1*0.01"),
    "expanded": ("(0.1*V + 0.004)/(1 - exp(-100*V - 4))", "V", -0.04, "0.001"),
    "minus in front": ("(-0.1*V - 0.004)/(exp(-100*V - 4) - 1)", "V", -0.04, "0.001"),
    "symbolic": ("g*(V - E)/(1 - exp((E - V)/k))", "V", -0.04, "g*k"),
    "reciprocal": ("g*(V - E)*(1 - exp((E - V)/k))**(-1)", "V", -0.04, "g*k"),
    "exponential below": ("g*(V - E)/(1 - 1/exp((V - E)/k))", "V", -0.04, "g*k"),
    "common factor": ("g*(V - E)/(k - k*exp((E - V)/k))", "V", -0.04, "g"),
    "expm1": ("(V - E)/expm1((V - E)/k)", "V", -0.04, "k"),
    "ghk": ("perm*z*x*F*(Ca - Ca_o*exp(-x))/(1 - exp(-x))", "x", 0.0, "perm*z*F*(Ca - Ca_o)"),
    "ghk with voltage": (
        "perm*z**2*V*F**2/(R*T)*(Ca - Ca_o*exp(-z*V*F/(R*T)))/(1 - exp(-z*V*F/(R*T)))", "V", 0.0, "perm*z*F*(Ca - Ca_o)"),
    "square": ("x**2/(exp(x) - 1)", "x", 0.0, "0"),
    "relative change": ("(1 - exp(-x/k))/x", "x", 0.0, "1/k"),
    "relative change scaled": ("g*(exp(2*x) - 1)/(k*x)", "x", 0.0, "2*g/k"),
    "hyperbolic tangent": ("V/tanh(V/k)", "V", 0.0, "k"),
    "hyperbolic sine": ("V/sinh(V/k)", "V", 0.0, "k"),
    "tangent over": ("g*tanh(V/k)/V", "V", 0.0, "g/k"),
    "sine over": ("sinh(x)/(k*x)", "x", 0.0, "1/k"),
    "inside": ("1/(1 + x/(exp(x) - 1))", "x", 0.0, "1/2"),
    "in cases": ("x/(exp(x) - 1) if g > 0 else 0", "x", 0.0, "1"),
}  # fmt: skip


@pytest.mark.parametrize("name", SINGULAR)
def test_the_limit_is_taken_and_nothing_else_changes(name: str) -> None:
    text, variable, where, limit = SINGULAR[name]
    original, repaired = e(text), repair(e(text), lambda ref: ref.name in CONSTANTS)
    for offset in (-0.05, -0.002, 0.003, 0.04):
        known = values_of(VALUES | {variable: where + offset})
        assert math.isclose(evaluate(repaired, known), evaluate(original, known), rel_tol=1e-11)
    for offset in (0.0, 1e-17, 1e-12, -1e-10):
        known = values_of(VALUES | {variable: where + offset})
        expected = evaluate(e(limit), values_of(VALUES))
        assert math.isclose(evaluate(repaired, known), expected, rel_tol=1e-6, abs_tol=1e-9)
    assert any(isinstance(node, Call) and node.function in ("x_over_expm1", "expm1_over_x") for node in walk(repaired))


def test_it_reads_as_before() -> None:
    assert repair(e("perm*z*x*F*(Ca - Ca_o*exp(-x))/(1 - exp(-x))")) == e("perm*z*x_over_expm1(-x)*F*(Ca - Ca_o*exp(-x))")
    assert repair(e("x/(exp(x) - 1)")) == e("x_over_expm1(x)")
    assert repair(e("a + b*(x/(exp(x) - 1))")) == e("a + b*x_over_expm1(x)")


@pytest.mark.parametrize(
    "text",
    [
        "g/(1 - exp(-x))",
        "(V - E)/(1 - exp(-V/k))",
        "x/(2 - exp(x))",
        "x/(1 + exp(x))",
        "(a*b)/(c*d)",
        "-x/tau",
        "1*x/1",
        "(exp(x) - exp(-x))/x",
        "y*x/(1 - k)",
        "2*(3*x)/(4*y)",
    ],
)
def test_what_is_not_removable_stays_as_written(text: str) -> None:
    assert repair(e(text)) == e(text)


def test_rates_and_definitions_of_a_block_are_repaired() -> None:
    model = block(
        {"m": "alpha*(1 - m) - beta*m", "V": "g*m*(E - V)"},
        "g E",
        {"u": "(V + 0.04)/0.01", "alpha": "1000*u/(1 - exp(-u))", "beta": "4000*exp(-(V + 0.065)/0.018)"},
    )
    network = Network("N", "", (), (Population("p", "p", Number(1.0), model),), ())
    done = choose_schemes(repaired(network).populations[0].block)
    gate = next((slope, offset) for s in done.schemes if isinstance(s, Staged) for v, slope, offset in linear_parts(s) if v == "m")
    known = values_of({"V": -0.04, "m": 0.1})
    beta = 4000 * math.exp(-0.025 / 0.018)
    assert math.isclose(evaluate(gate[1], known), 1000.0)
    assert math.isclose(evaluate(gate[0], known), -1000.0 - beta)
    alpha = done.variable("alpha")
    assert alpha is not None and alpha.value == e("1000*x_over_expm1(-u)")


@pytest.mark.parametrize("x", [-30.0, -1e-8, 0.0, 1e-15, 0.5, 30.0])
def test_hyperbolic_forms_keep_their_precision(x: float) -> None:
    with mpmath.workdps(40):
        exact = {"tanh": float(x / mpmath.tanh(x)) if x else 1.0, "sinh": float(x / mpmath.sinh(x)) if x else 1.0}
    for name, expected in exact.items():
        assert math.isclose(evaluate(repair(e(f"x/{name}(x)")), values_of({"x": x})), expected, rel_tol=1e-14)
