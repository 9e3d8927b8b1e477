"""Derivatives against high-precision difference quotients."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from plasticdsl.model.expr import Binary, Call, Expr, Negate, Number, Ref, Special
from plasticdsl.model.owners import Whose
from plasticdsl.symbolic.derivative import NotDifferentiable, differentiate
from plasticdsl.symbolic.numeric import evaluate
from tests.symbolic.symbolic_helpers import e, values_of

X = Ref(Whose.OWN, "x")
FUNCTIONS = {
    "logistic": "1/(1 + exp(-x))",
    "scaled logistic": "A/(B + 2*exp(-(x - 1)/B))",
    "softplus": "log(1 + exp(x))",
    "power of a logistic": "(1 + exp(-x))**(-2)",
    "hill": "x**3/(A**3 + x**3)",
    "product": "x*exp(-x)*sin(A*x)",
    "quotient": "(x**2 + 1)/(x - 5)",
    "power of x": "x**x",
    "base": "A**x",
    "root": "sqrt(x + 1)*log(x)*log10(x)",
    "inverse functions": "arcsin(x/3) + arccos(x/4) + arctan(x)",
    "hyperbolic": "sinh(x) - cosh(x)*tanh(x)",
    "tangent": "tan(x) + cos(x)",
    "error function": "erf(x)",
    "small": "expm1(x) + log1p(x)",
    "absolute": "abs(x - 3)",
    "cases": "x**2 if x > 1 else x",
    "bounds": "max(x, 1)*min(x**2, 10)",
    "rate": "x_over_expm1(A*x)",
    "propagator": "expm1_over_x(-x/A)",
}


def difference_quotient(function: Expr, at: float) -> float:
    step = 1e-5
    points = [evaluate(function, values_of({"x": at + k * step, "A": 1.3, "B": 0.8})) for k in (-2, -1, 1, 2)]
    return (points[0] - 8 * points[1] + 8 * points[2] - points[3]) / (12 * step)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("at", [0.3, 0.9, 1.7])
def test_derivatives(name: str, at: float) -> None:
    function = e(FUNCTIONS[name])
    found = evaluate(differentiate(function, X), values_of({"x": at, "A": 1.3, "B": 0.8}))
    assert math.isclose(found, difference_quotient(function, at), rel_tol=1e-8, abs_tol=1e-9)


@pytest.mark.parametrize("name", ["x_over_expm1", "expm1_over_x"])
@pytest.mark.parametrize("at", [0.0, 1e-9, -1e-3, 0.05, 0.0999, 0.1001, -0.11, 1.0, -20.0, 40.0])
def test_removable_singularities_stay_removed(name: str, at: float) -> None:
    found = evaluate(differentiate(Call(name, (X,)), X), {X: at})
    with mpmath.workdps(50):
        x = mpmath.mpf(at) if at else mpmath.mpf("1e-20")
        body = {"x_over_expm1": lambda y: y / mpmath.expm1(y), "expm1_over_x": lambda y: mpmath.expm1(y) / y}[name]
        expected = float(mpmath.diff(body, x))
    assert math.isclose(found, expected, rel_tol=1e-13)


def with_infinities(expr: Expr, x: float) -> float:
    """The value in double precision as NumPy computes it, where exp overflows to infinity."""
    match expr:
        case Ref():
            return x
        case Number(value):
            return value
        case Negate(operand):
            return -with_infinities(operand, x)
        case Call("exp", (argument,)):
            return float(np.exp(np.float64(with_infinities(argument, x))))
        case Binary(operator, left, right):
            a, b = np.float64(with_infinities(left, x)), np.float64(with_infinities(right, x))
            return float({"+": a + b, "-": a - b, "*": a * b, "/": a / b}[operator])
        case _:
            raise AssertionError(expr)


@pytest.mark.parametrize("at", [-1000.0, -300.0, -1.0, 0.0, 300.0, 1000.0])
def test_saturating_functions_stay_finite(at: float) -> None:
    with np.errstate(all="ignore"):
        slope = with_infinities(differentiate(e("1/(1 + exp(-x))"), X), at)
    assert slope == pytest.approx(0.5 / (1 + math.cosh(min(abs(at), 700))), rel=1e-12, abs=1e-300)


def test_the_derivative_is_by_one_variable_only() -> None:
    assert differentiate(e("A*x + B"), X) == Ref(Whose.OWN, "A")
    assert differentiate(e("pre.x*2"), X) == e("0.0")
    assert differentiate(e("lag*A"), Special("lag")) == Ref(Whose.OWN, "A")


@pytest.mark.parametrize("text", ["step(x)", "floor(x)", "mod(x, 2)", "sign(x)*2", "round(x)"])
def test_jumps_have_no_derivative(text: str) -> None:
    with pytest.raises(NotDifferentiable) as error:
        differentiate(e(text), X)
    assert "jump" in str(error.value)


def test_jumps_in_other_variables_do_not_matter() -> None:
    assert differentiate(e("step(A)*x"), X) == e("step(A)")


def test_second_derivatives() -> None:
    second = differentiate(differentiate(e("1/(1 + exp(-x))"), X), X)
    s = 1 / (1 + math.exp(-0.7))
    assert math.isclose(evaluate(second, {X: 0.7}), s * (1 - s) * (1 - 2 * s), rel_tol=1e-12)
