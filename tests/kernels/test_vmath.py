"""The exponential functions of generated code: accurate to a few units in the last place, the same in Python and compiled."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from plasticdsl.kernels.machine.assemble import optimised
from plasticdsl.kernels.machine.translate import translated
from plasticdsl.kernels.program import ZERO
from plasticdsl.model.expr import Call
from plasticdsl.runtime.engine.load import load
from plasticdsl.support import functions, vmath, vmath_single
from tests.kernels.programs import artifact_of, bound, calculator, element, name

RNG = np.random.default_rng(1)
SMALL = np.concatenate([np.geomspace(1e-300, 1.0, 300), -np.geomspace(1e-300, 1.0, 300)])
#: Where the argument is taken apart otherwise: at ±½ and at odd multiples of ln 2/2.
SEAMS = np.concatenate(
    [RNG.normal(at, 0.01, 100) for at in (0.5, -0.5, 0.25, -0.25, 0.3465735902799726, -0.3465735902799726, 1.0397207708399179)]
)
#: From the smallest result that is not 0 to the largest that is finite.
FAR = RNG.uniform(-745.0, 753.0, 1000)
POINTS = np.concatenate([RNG.uniform(-40.0, 40.0, 1500), RNG.normal(0.0, 1.0, 1500), np.linspace(-1.5, 1.5, 1501), FAR, SEAMS, SMALL])
ODD = np.array([709.0, 709.7, 709.79, 711.0, -708.5, -744.0, -745.2, 1e300, -1e300, np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-320, -1e-320])


def compiled(function: str, x: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))
    arrays = {"xs": x, "result": np.zeros(x.size)}
    load(artifact_of(calculator(Call(function, (name("x"),)), ("x",)))).bind(bound({"length": x.size}, {}, arrays)).advance(0, 1)
    return arrays["result"]


EXACT: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "tanh": mpmath.tanh,
    "expm1_over_x": lambda x: mpmath.expm1(x) / x if x else mpmath.mpf(1),
    "x_over_expm1": lambda x: x / mpmath.expm1(x) if x else mpmath.mpf(1),
}


@pytest.mark.parametrize(("name", "limit"), [("exp", 1.0), ("expm1", 1.5), ("tanh", 2.0), ("expm1_over_x", 2.0), ("x_over_expm1", 2.0)])
def test_accuracy(name: str, limit: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    found = compiled(name, POINTS, monkeypatch, tmp_path)
    with np.errstate(all="ignore"):
        in_python = np.array([float(getattr(vmath, name)(float(v))) for v in POINTS])
    np.testing.assert_array_equal(found, in_python)
    exact = EXACT[name]
    with mpmath.workprec(160):
        for value, result in zip(POINTS, found, strict=True):
            true = exact(mpmath.mpf(float(value)))
            nearest = float(true)
            if np.isinf(nearest):
                assert result == nearest, value
            else:
                assert abs(mpmath.mpf(float(result)) - true) <= limit * mpmath.mpf(float(np.spacing(abs(nearest)))), value


SINGLE = np.concatenate(
    [RNG.uniform(-40.0, 40.0, 1500), RNG.normal(0.0, 1.0, 1500), np.linspace(-1.5, 1.5, 1501), RNG.uniform(-103.0, 93.5, 1000), SEAMS]
    + [sign * np.geomspace(1e-37, 1.0, 300) for sign in (1.0, -1.0)]
).astype(np.float32)


@pytest.mark.parametrize(("name", "limit"), [("exp", 1.0), ("expm1", 1.5), ("tanh", 1.5), ("expm1_over_x", 2.0), ("x_over_expm1", 2.0)])
def test_accuracy_in_32_bits(name: str, limit: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))
    program = calculator(Call(name, (element("xs", "i"),)), ("x",), "float32")
    arrays = {"xs": SINGLE, "result": np.zeros(SINGLE.size)}
    load(artifact_of(program)).bind(bound({"length": SINGLE.size}, {}, arrays)).advance(0, 1)
    with np.errstate(all="ignore"):
        in_python = [getattr(vmath_single, f"{name}_single")(v) for v in SINGLE]
    assert {type(v) for v in in_python} == {np.float32}
    np.testing.assert_array_equal(arrays["result"].astype(np.float32), in_python)
    with mpmath.workprec(100):
        for value, result in zip(SINGLE, in_python, strict=True):
            true = EXACT[name](mpmath.mpf(float(value)))
            with np.errstate(over="ignore"):
                nearest = np.float32(float(true))
            if np.isinf(nearest):
                assert result == nearest, value
            else:
                assert abs(mpmath.mpf(float(result)) - true) <= limit * mpmath.mpf(float(np.spacing(abs(nearest)))), value


def test_odd_arguments_in_32_bits() -> None:
    odd = np.array([88.7, 88.8, 100.0, -87.0, -103.0, -104.5, 1e30, -1e30, np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-44], np.float32)
    with np.errstate(all="ignore"):
        for name in ("exp", "expm1", "tanh"):
            found = np.array([getattr(vmath_single, f"{name}_single")(v) for v in odd])
            np.testing.assert_allclose(found, getattr(np, name)(odd), rtol=3e-7, atol=1.5e-45)
        odd = odd[6:]
        over, under = ([getattr(vmath_single, f"{name}_single")(v) for v in odd] for name in ("expm1_over_x", "x_over_expm1"))
    np.testing.assert_array_equal(over, np.array([np.inf, 1e-30, np.inf, 0.0, np.nan, 1.0, 1.0, 1.0], np.float32))
    np.testing.assert_array_equal(under, np.array([0.0, 1e30, 0.0, np.inf, np.nan, 1.0, 1.0, 1.0], np.float32))


def test_the_logistic_function_needs_no_form_of_its_own() -> None:
    """1/(1 + e⁻ˣ) as people write it is right to 2 units in the last place: what the exponential misses counts less the larger the sum is."""
    points = np.concatenate([RNG.normal(0.0, 3.0, 2000), RNG.normal(0.0, 0.1, 500), RNG.uniform(-700.0, 40.0, 300)])
    with np.errstate(all="ignore"), mpmath.workprec(160):
        for value in map(float, points):
            true = 1 / (1 + mpmath.exp(-mpmath.mpf(value)))
            assert abs(mpmath.mpf(float(1.0 / (1.0 + vmath.exp(-value)))) - true) <= 2 * mpmath.mpf(float(np.spacing(float(true)))), value


@pytest.mark.parametrize("name", ["exp", "expm1", "tanh"])
def test_odd_arguments(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(ODD)
    np.testing.assert_allclose(compiled(name, ODD, monkeypatch, tmp_path), wanted, rtol=1e-15)


def test_quotients_at_odd_arguments(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    x = np.array([0.0, -0.0, 5e-324, -1e-310, np.inf, -np.inf, np.nan, 1e300, -1e300])
    np.testing.assert_array_equal(compiled("expm1_over_x", x, monkeypatch, tmp_path), [1.0] * 4 + [np.inf, 0.0, np.nan, np.inf, 1e-300])
    np.testing.assert_array_equal(compiled("x_over_expm1", x, monkeypatch, tmp_path), [1.0] * 4 + [0.0, np.inf, np.nan, 0.0, 1e300])


def test_small_arguments_have_a_shorter_way_to_the_same_bits() -> None:
    small = np.concatenate([np.linspace(-0.5, 0.5, 2001), SMALL[np.abs(SMALL) <= 0.5]])
    np.testing.assert_array_equal([vmath.expm1_over_small_x(float(x)) for x in small], [vmath.expm1_over_x(float(x)) for x in small])


UNIFORM = (RNG.integers(0, 2**52, 3000) * 2 + 1) * 2.0**-53


@pytest.mark.parametrize(
    ("name", "points", "limit", "exact"),
    [
        ("minus_log", np.concatenate([UNIFORM, 1.0 - SMALL[SMALL > 1e-16], SMALL[SMALL > 0.0]]), 0.8, lambda u: -mpmath.log(u)),
        ("cosine_of_turns", np.concatenate([UNIFORM, SMALL[SMALL > 0.0]]), 3.5, lambda v: mpmath.cos(2 * mpmath.pi * v)),
    ],
)
def test_what_makes_normal_numbers(name: str, points: Any, limit: float, exact: Callable[[Any], Any]) -> None:
    """The same for numbers and arrays. Cosines are right to as many digits where they are next to 0: no digit beyond 2⁻⁵³ is used there."""
    function, points = getattr(vmath, name), points[(points > 0.0) & (points < 1.0)]
    found = function(points)
    np.testing.assert_array_equal(found, [function(float(x)) for x in points])
    with mpmath.workprec(160):
        for value, result in zip(points, found, strict=True):
            true = exact(mpmath.mpf(float(value)))
            assert abs(mpmath.mpf(float(result)) - true) <= limit * mpmath.mpf(float(np.spacing(abs(float(true))))), value


@pytest.mark.parametrize("expr", [Call("exp", (Call("tanh", (name("x"),)),)), Call("normal", (name("x"), ZERO, name("x"), ZERO))])
def test_loops_are_vectorised(expr: Call) -> None:
    """No call is left in the loop: that is what the functions are for."""
    artifact = artifact_of(calculator(expr, ("x",)))
    assert " x double>" in str(optimised(translated(artifact.program, artifact.source)))


def test_bounds_and_the_smaller_and_larger_of_two_hand_on_what_is_no_number() -> None:
    nan = math.nan
    assert all(math.isnan(f(*pair)) for f in (functions.minimum, functions.maximum) for pair in ((nan, 1.0), (1.0, nan)))
    assert math.isnan(functions.at_least(nan, 1.0)) and math.isnan(functions.at_most(nan, 1.0))
    assert [functions.at_least(x, 1.0) for x in (0.0, 1.0, 2.0)] == [1.0, 1.0, 2.0]
    assert [functions.at_most(x, 1.0) for x in (0.0, 1.0, 2.0)] == [0.0, 1.0, 1.0]


def test_numbers_next_to_nothing_are_nothing() -> None:
    assert [vmath.vanishing(x) for x in (1e-291, -1e-291, 5e-324, 0.0)] == [0.0] * 4
    assert [vmath.vanishing(x) for x in (1e-289, -1e-289)] == [1e-289, -1e-289]
