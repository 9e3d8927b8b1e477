"""Machine code knows nothing of the numbers in a model: models that differ in them share it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.cache import VARIABLE
from plasticdsl.kernels import compile as compiling
from plasticdsl.kernels.emit import emit
from plasticdsl.kernels.identifiers import Part
from plasticdsl.kernels.numbers import without_numbers
from plasticdsl.kernels.program import Artifact, Program
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Number
from plasticdsl.net import Net
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.runtime.engine.plain import Plain
from tests.kernels.programs import calculator, name

MODEL = """
# {comment}
neuron Cell:
    dV/dt = {slope} mV/ms
    V(0) = 0 mV
    spike when V > {threshold} mV:
        V → {reset} mV

synapse Push:
    on pre:
        post.V += w · {push} mV

rule Learning:
    w(0) = 0.7
    on post:
        w += {step} (1.5 − w)^{power}

network N:
    a = 1 Cell
    b = 1 Cell
    ab = a → b: Push with Learning, all to all, axonal delay = 1 ms
"""
ONE = {"comment": "one", "slope": 0.3, "threshold": 1.1, "reset": 0.05, "push": 0.2, "step": 0.01, "power": 3}
#: Another comment too, numbers that are whole in SI, and equal ones.
OTHER = {**ONE, "comment": "other", "slope": 3000, "threshold": 70000, "reset": -0.3, "push": 0.4, "step": 0.4}
STEPS = 60


def by_hand(slope: float, threshold: float, reset: float, push: float, step: float, power: int, **_: object) -> tuple[float, float, float]:
    """Both potentials in mV and the weight: at a step what spikes, what arrives, then the flow."""
    a = b = 0.0
    w, on_the_way = 0.7, False
    for _n in range(STEPS):
        spiked = a > threshold, b > threshold
        a, b = (reset if s else v for s, v in zip(spiked, (a, b), strict=True))
        arrives, on_the_way = on_the_way, spiked[0]
        if arrives:
            b += push * w
        if spiked[1]:
            w += step * (1.5 - w) ** power
        a, b = a + slope, b + slope
    return a, b, w


def found(net: Net) -> tuple[float, float, float]:
    net.run(steps=STEPS)
    return net["a"].V[0] * 1e3, net["b"].V[0] * 1e3, net["ab"].w[0]


def built(numbers: dict[str, object], engine: EngineName = "compiled") -> Net:
    return plasticdsl.parse(MODEL.format(**numbers)).build("N", dt="1 ms", engine=engine)


def artifact_of(numbers: dict[str, object]) -> Artifact:
    loaded = plasticdsl.parse(MODEL.format(**numbers)).loaded
    return driver.compile(loaded, loaded.module.networks[0], frozenset(), CompileOptions())


def test_texts_are_the_same_and_the_values_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_kernels", lambda artifact, _: Plain(artifact))
    one, other = artifact_of(ONE), artifact_of(OTHER)
    assert one.source == other.source and one.digest == other.digest
    assert "number_1" in one.source and "0.01" not in one.source
    assert artifact_of({**ONE, "power": 4}).digest != one.digest
    for numbers in (ONE, OTHER):
        np.testing.assert_allclose(found(built(numbers)), by_hand(**numbers), rtol=1e-9)


def test_the_text_for_people_keeps_them() -> None:
    text = driver.stage(plasticdsl.parse(MODEL.format(**ONE)).loaded, "kernels", CompileOptions())
    assert "0.0011" in text and "0.01 * " in text and "number_" not in text


@pytest.mark.slow
def test_the_second_model_compiles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    calls: list[str] = []
    compiled_now = compiling.object_code

    def counted(artifact: Artifact) -> object:
        calls.append(artifact.digest)
        return compiled_now(artifact)

    monkeypatch.setattr(compiling, "object_code", counted)
    for numbers, compiled in ((ONE, 1), (OTHER, 1), ({**ONE, "power": 4}, 2)):
        np.testing.assert_allclose(found(built(numbers)), by_hand(**numbers), rtol=1e-9)
        assert len(calls) == compiled


# --- which numbers ---------------------------------------------------------------------------------------------------


def numbers_of(expr: Expr) -> list[float]:
    """What is taken out of an expression in x and y."""
    program = without_numbers(calculator(expr, ("x", "y")))
    return [value for a in program.arrays if a.name.part is Part.NUMBERS and isinstance(a.fill, tuple) for value in a.fill]


X, Y = name("x"), name("y")


def times(number: float, other: Expr = X) -> Expr:
    return Binary("*", Number(number), other)


def plus(*parts: Expr) -> Expr:
    left, *rest = parts
    for right in rest:
        left = Binary("+", left, right)
    return left


@pytest.mark.parametrize(
    ("expr", "taken"),
    [
        (plus(*(times(n) for n in (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, float("inf")))), []),
        (plus(times(0.3), times(3.0), times(0.3, Y)), [0.3, 3.0, 0.3]),
        (plus(Binary("/", times(0.3), Y), times(0.3)), [0.3]),  # the same expression twice
        (Binary("^", times(0.3), Number(2.5)), [0.3]),
        (Binary("^", Number(10.0), X), []),
        (Call("min", (X, Number(7.0))), [7.0]),
        (Call("mod", (Number(7.0), Number(3.0))), []),
        (Call("normal", (Number(3.0), Number(4.0), Number(5.0), Number(6.0))), []),
        (Call("gamma", (Number(3.0), Number(4.0), Number(5.0), Number(6.0), Number(7.0))), [7.0]),
        (Choice(((Compare("<", X, Number(3.0)), Number(4.0)),), Number(5.0)), [3.0, 4.0, 5.0]),
    ],
)
def test_which_are_taken(expr: Expr, taken: list[float]) -> None:
    assert numbers_of(expr) == taken


def test_minus_zero_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def text(zero: float) -> str:
        program: Program = calculator(plus(times(0.3), Binary("*", X, Number(zero))), ("x",))
        return emit(without_numbers(program))

    assert "-0.0" in text(-0.0) and "-0.0" not in text(0.0)
