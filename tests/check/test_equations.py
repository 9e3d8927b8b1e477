"""Equations that a network expects: proved, refuted with an example, or not decided."""

from __future__ import annotations

import pytest

from plasticdsl.diagnostics.diagnostic import Severity
from tests.check.models import check_text, codes

LAYERS = """
    neuron Hidden:
        input a
        input φ
        output y = 1/(1 + exp(−a))
        δ = φ·{slope}

    neuron Readout:
        input a
        input target
        output y = a

    synapse Back(forward):
        post.φ = Σ forward.wᵀ (pre.target − pre.y)

    synapse Random:
        post.φ = Σ B (pre.target − pre.y)

    rule Delta:
        η = 0.1
        Δw = η x post.δ

    network Net:
        image = 4 Source
        hidden = 3 Hidden
        out = 2 Readout
        first = image → hidden: Linear with Delta, w ~ N(0, 1)
        second = hidden → out: Linear, w ~ N(0, 1)
        out → hidden: {back}
        L = {loss}
        expect {equation}
"""
BACK = "Back(forward = second)"
DESCENT = "first.Δw = −η ∂L/∂first.w"


SQUARED = "½ Σ_{k ∈ out} (target_k − y_k)²"


def layers(slope: str = "y (1 − y)", back: str = BACK, equation: str = DESCENT, loss: str = SQUARED) -> str:
    return LAYERS.format(slope=slope, back=back, equation=equation, loss=loss)


def outcomes(text: str) -> list[str]:
    found = check_text(text)
    assert found.module is not None, [(d.code, d.message) for d in found.diagnostics]
    return [proof.line for network in found.module.networks for proof in network.proofs]


@pytest.mark.parametrize(
    "slope",
    ["y (1 − y)", "1/(2 + exp(a) + exp(−a))", "¼ (1 − tanh(a/2)²)", "1/(4 cosh(a/2)²)", "exp(−a) y²"],
)
def test_proved_however_the_slope_is_written(slope: str) -> None:
    assert outcomes(layers(slope)) == [f"proved  {DESCENT}"]


def test_random_feedback_is_refuted_with_the_weights_that_differ() -> None:
    (found,) = check_text(layers(back="Random, B ~ U(−0.5, 0.5)")).diagnostics
    assert found.code == "proof-refuted"
    assert found.severity is Severity.ERROR
    assert all(name in found.message for name in ("image.x = ", "B = ", "second.w = ", "left ", "right "))


@pytest.mark.parametrize(
    ("slope", "equation"), [("y (1 − y)", "first.Δw = η ∂L/∂first.w"), ("y", DESCENT), ("y (1 − y)", "first.Δw = −η ∂L/∂first.w + 1e-6")]
)
def test_refuted_for_a_sign_a_slope_and_a_small_number(slope: str, equation: str) -> None:
    assert codes(layers(slope, equation=equation)) == ["proof-refuted"]


def test_not_decided_is_a_warning_and_the_model_is_there() -> None:
    text = layers("max(y (1 − y), 0)")
    assert outcomes(text) == [f"not decided  {DESCENT}"]
    (found,) = check_text(text).diagnostics
    assert (found.code, found.severity) == ("proof-not-decided", Severity.WARNING)
    assert "agree wherever they were compared" in found.message
    assert found.hint


def test_what_is_held_is_constant_in_a_loss_too() -> None:
    """∂/∂w of Σ hold(y − target) y is (y − target) ∂y/∂w, like that of ½ Σ (y − target)²."""
    assert outcomes(layers(loss="Σ_{k ∈ out} hold(y_k − target_k) y_k")) == [f"proved  {DESCENT}"]
    assert codes(layers(loss="½ Σ_{k ∈ out} (target_k − y_k) (target_k − hold(y_k))")) == ["proof-refuted"]


def test_what_is_held_in_a_neuron_passes_nothing_back() -> None:
    text = (
        layers().replace("output y = 1/(1 + exp(−a))", "output y = 1/(1 + exp(−a)) + hold(a)").replace("y (1 − y)", "(y − a) (1 − y + a)")
    )
    assert outcomes(text) == [f"proved  {DESCENT}"]
