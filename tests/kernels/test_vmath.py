"""The exponential functions of generated code: accurate to a few units in the last place, the same in Python and compiled."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from plasticdsl.model.expr import Call
from plasticdsl.runtime.engine.load import load
from plasticdsl.support import vmath
from tests.kernels.programs import artifact_of, bound, calculator, name

RNG = np.random.default_rng(1)
SMALL = np.concatenate([np.geomspace(1e-300, 1.0, 300), -np.geomspace(1e-300, 1.0, 300)])
POINTS = np.concatenate([RNG.uniform(-40.0, 40.0, 1500), RNG.normal(0.0, 1.0, 1500), RNG.uniform(-700.0, 709.0, 500), SMALL])
ODD = np.array([709.0, 709.7, 709.79, 711.0, -708.5, -744.0, -745.2, np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-320])


def compiled(function: str, x: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))
    arrays = {"xs": x, "result": np.zeros(x.size)}
    load(artifact_of(calculator(Call(function, (name("x"),)), ("x",)))).bind(bound({"length": x.size}, {}, arrays)).advance(0, 1)
    return arrays["result"]


@pytest.mark.parametrize(("name", "limit"), [("exp", 1.0), ("expm1", 2.0), ("tanh", 3.0)])
def test_accuracy(name: str, limit: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    found = compiled(name, POINTS, monkeypatch, tmp_path)
    in_python = np.array([float(getattr(vmath, name)(float(v))) for v in POINTS])
    np.testing.assert_array_equal(found, in_python)
    exact: Callable[[Any], Any] = getattr(mpmath, name)
    with mpmath.workprec(160):
        for value, result in zip(POINTS, found, strict=True):
            true = exact(mpmath.mpf(float(value)))
            unit = mpmath.mpf(float(np.spacing(abs(float(true)))))
            assert abs(mpmath.mpf(float(result)) - true) <= limit * unit, value


@pytest.mark.parametrize("name", ["exp", "expm1", "tanh"])
def test_odd_arguments(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(ODD)
    np.testing.assert_allclose(compiled(name, ODD, monkeypatch, tmp_path), wanted, rtol=1e-15)


@pytest.mark.parametrize("name", ["expm1_over_x", "x_over_expm1"])
def test_quotients(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    found = compiled(name, POINTS, monkeypatch, tmp_path)
    ratio = np.expm1(POINTS) / POINTS
    np.testing.assert_allclose(found, ratio if name == "expm1_over_x" else 1.0 / ratio, rtol=2e-15)
    assert compiled(name, np.zeros(1), monkeypatch, tmp_path)[0] == 1.0


def test_loops_are_vectorised(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No call is left in the loop: that is what the functions are for."""
    from plasticdsl.kernels.compile import compile_entry

    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))
    entry, _ = compile_entry(artifact_of(calculator(Call("exp", (Call("tanh", (name("x"),)),)), ("x",))))
    assert " x double>" in entry.inspect_llvm()
