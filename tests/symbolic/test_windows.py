"""Learning windows: the traces found add up to F at random lags; what has none is a bounded history or an error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model import Block, Pairing, PairRule, Role, Variable
from plasticdsl.model.expr import Expr, Number, Ref, refs
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.windows import Side, Window
from plasticdsl.source import NOWHERE
from plasticdsl.support.propagators import propagator
from plasticdsl.symbolic.algebra import ZERO
from plasticdsl.symbolic.numeric import evaluate
from plasticdsl.symbolic.windows import separate, window_of
from tests.symbolic.symbolic_helpers import e, values_of

VALUES = {
    "A": 0.7,
    "B": 0.3,
    "tau": 0.02,
    "tau_1": 0.011,
    "tau_2": 0.03,
    "w": 0.4,
    "w_max": 1.1,
    "omega": 150.0,
    "phi": 0.4,
    "T": 0.02,
    "mu": 0.6,
}

SEPARABLE = {
    "pair rule": ("A*exp(-lag/tau_1) if lag > 0 else -B*exp(lag/tau_2)", 1, 1),
    "other sign convention": ("w_max*(A*exp(-lag/tau_1) if -lag < 0 else -(B*exp(-(-lag)/tau_2)))", 1, 1),
    "by absolute value": ("A*exp(-abs(lag)/tau)", 1, 1),
    "odd": ("A*sign(lag)*exp(-abs(lag)/tau)", 1, 1),
    "step": ("step(lag)*A*exp(-lag/tau) - step(-lag)*B*exp(lag/tau)", 1, 1),
    "soft bounds": ("A*(w_max - w)*exp(-lag/tau) if lag > 0 else -B*w*exp(lag/tau)", 1, 1),
    "power of the weight": ("A*(1 - w)**mu*exp(-lag/tau) if lag >= 0 else -B*w**mu*exp(lag/tau)", 1, 1),
    "alpha function": ("A*lag/tau*exp(-lag/tau) if lag > 0 else 0", 2, 0),
    "cubic": ("(A + B*lag/tau)*(lag/tau)**2*exp(-lag/tau) if lag > 0 else 0", 4, 0),
    "difference of exponentials": ("A*(exp(-lag/tau_1) - exp(-lag/tau_2)) if lag > 0 else 0", 2, 0),
    "mexican hat": ("A*exp(-abs(lag)/tau_1) - B*exp(-abs(lag)/tau_2)", 2, 2),
    "ringing": ("A*exp(-lag/tau)*cos(omega*lag) if lag > 0 else B*exp(lag/tau)*sin(omega*lag)", 2, 2),
    "phase": ("A*exp(-lag/tau)*cos(omega*lag + phi) if lag > 0 else 0", 2, 0),
    "squared sine": ("A*exp(-lag/tau)*sin(omega*lag)**2 if lag > 0 else 0", 3, 0),
    "linear times ringing": ("A*lag*exp(-lag/tau)*sin(omega*lag) if lag > 0 else 0", 4, 0),
    "product of exponentials": ("A*exp(-lag/tau_1)*exp(-lag/tau_2) if lag > 0 else 0", 1, 0),
    "quotient": ("A/exp(lag/tau) if lag > 0 else 0", 1, 0),
    "power of two": ("A*2**(-lag/tau) if lag > 0 else 0", 1, 0),
    "square of an exponential": ("A*exp(-lag/tau)**2 + sqrt(exp(-lag/tau)) if lag > 0 else 0", 2, 0),
    "shifted": ("A*exp(-(lag + T)/tau) if lag > 0 else 0", 1, 0),
    "hyperbolic": ("A*exp(-lag/tau_1)*sinh(lag/tau_2) if lag > 0 else 0", 2, 0),
    "constant": ("A if lag > 0 else -B", 1, 1),
    "offset": ("A*exp(-lag/tau) - B if lag > 0 else 0", 2, 0),
    "expm1": ("A*exp(-lag/tau_1)*expm1(-lag/tau_2) if lag > 0 else 0", 2, 0),
    "cases on parameters": ("(A*exp(-lag/tau_1) if w > T else B*exp(-lag/tau_2)) if lag > 0 else 0", 2, 0),
    "scaled condition": ("A*exp(-lag/tau) if 2*lag > 0 else -B*exp(lag/tau)", 1, 1),
    "conjunction": ("A*exp(-lag/tau) if 0 < lag and w < w_max else (-B*exp(lag/tau) if lag < 0 else 0)", 1, 1),
    "maximum": ("A*exp(-max(lag, 0)/tau) - B*exp(min(lag, 0)/tau)", 2, 2),
    "equal rates written differently": ("A*exp(-lag/tau) + B*exp(-2*lag/(tau + tau)) if lag > 0 else 0", 1, 0),
    "cancelling growth": ("A*exp(-lag/tau)*exp(lag/tau)*exp(-lag/tau) if lag > 0 else 0", 1, 0),
}


def value(side: Side, lag: float) -> float:
    """Σ c z after `lag` from one spike."""
    known = values_of(VALUES)
    total = 0.0
    assert side.traces is not None
    for trace, coefficients in zip(side.traces, side.coefficients, strict=True):
        matrix = np.array([[evaluate(m, known) for m in row] for row in trace.matrix])
        z = propagator(matrix, abs(lag))[0] @ np.array(trace.jump)
        total += float(np.dot([evaluate(c, known) for c in coefficients], z))
        assert len(trace.names) == len(trace.jump) == len(coefficients)
    return total


def size(side: Side) -> int:
    assert side.traces is not None
    return sum(len(t.jump) for t in side.traces)


@pytest.mark.parametrize("name", SEPARABLE)
def test_realisations_add_up_to_the_window(name: str) -> None:
    text, causal, acausal = SEPARABLE[name]
    increment = e(text)
    window = separate(increment)
    assert (size(window.causal), size(window.acausal)) == (causal, acausal)
    rng = np.random.default_rng(5)
    for lag in rng.exponential(0.03, 40) * rng.choice([-1, 1], 40):
        expected = evaluate(increment, values_of(VALUES | {"lag": lag}))
        side = window.causal if lag > 0 else window.acausal
        assert math.isclose(value(side, lag), expected, rel_tol=1e-11, abs_tol=1e-14)
        assert math.isclose(evaluate(side.formula, values_of(VALUES | {"lag": lag})), expected, rel_tol=1e-13, abs_tol=1e-300)
    assert math.isclose(evaluate(window.tie, values_of(VALUES)), evaluate(increment, values_of(VALUES | {"lag": 0.0})), rel_tol=1e-13)
    for side in (window.causal, window.acausal):
        assert all(Ref(Whose.OWN, "w") not in refs(m) for t in side.traces or () for row in t.matrix for m in row)


@pytest.mark.parametrize(
    ("text", "tie", "side"),
    [
        ("A*exp(-lag/tau) if lag > 0 else -B*exp(lag/tau)", "-B", "pre"),
        ("A*exp(-lag/tau) if lag >= 0 else -B*exp(lag/tau)", "A", "post"),
        ("A*exp(-lag/tau) if lag > 0 else (-B*exp(lag/tau) if lag < 0 else 0)", "0", None),
        ("A*exp(-abs(lag)/tau)", "A", "post"),
        ("A*exp(-lag/tau) if lag > 0 else 0", "0", "pre"),
        ("A*lag*exp(-lag/tau) if lag > 0 else -B*exp(lag/tau) if lag < 0 else 0", "0", "post"),
    ],
)
def test_the_tie_is_the_case_at_zero(text: str, tie: str, side: str | None) -> None:
    window = separate(e(text))
    known = values_of(VALUES)
    assert evaluate(window.tie, known) == evaluate(e(tie), known)
    assert window.tie_side == side


def test_the_additive_rule_reads_as_written() -> None:
    window = separate(e("A*exp(-lag/tau_1) if lag > 0 else -B*exp(lag/tau_2)"))
    assert window.causal.coefficients == ((Ref(Whose.OWN, "A"),),)
    assert window.causal.traces is not None and window.causal.traces[0].matrix == ((e("-1/tau_1"),),)
    assert window.causal.traces[0].names == ("r",) and window.causal.traces[0].jump == (1.0,)
    assert window.acausal.traces is not None and window.acausal.traces[0].names == ("o",)
    assert window.causal.formula == e("A*exp(-lag/tau_1)")


# --- no finite system ------------------------------------------------------------------------------------------------


COMPACT = {
    "box": ("A if abs(lag) < T else 0", 0.02, 0.02),
    "numbers": ("A if abs(lag) < 0.02 else 0", 0.02, 0.02),
    "triangle": ("max(0, A*(1 - abs(lag)/tau))", 0.02, 0.02),
    "one-sided": ("A if 0 < lag and lag < T else (-B if lag < 0 and lag > -2*T else 0)", 0.02, 0.04),
    "cut exponential": ("A*exp(-lag/tau)*step(T - lag) if lag > 0 else 0", 0.02, None),
    "several thresholds": ("A if abs(lag) < T/2 else (B if abs(lag) < 3*T else 0)", 0.06, 0.06),
    "parabola in a box": ("A*(1 - lag**2/T**2) if lag <= T and lag >= -T else 0", 0.02, 0.02),
}


@pytest.mark.parametrize("name", COMPACT)
def test_compact_windows_become_a_bounded_history(name: str) -> None:
    text, causal, acausal = COMPACT[name]
    window = separate(e(text), values=values_of(VALUES))
    for side, expected in ((window.causal, causal), (window.acausal, acausal)):
        if expected is None:
            assert side.traces == () and side.history is None and side.formula == ZERO
        else:
            assert side.traces is None and side.history is not None
            assert math.isclose(evaluate(side.history, values_of(VALUES)), expected)
    for lag in np.linspace(-0.1, 0.1, 41):
        side = window.causal if lag > 0 else window.acausal
        formula = window.tie if lag == 0 else side.formula
        assert evaluate(formula, values_of(VALUES | {"lag": lag})) == pytest.approx(evaluate(e(text), values_of(VALUES | {"lag": lag})))


def test_sides_are_treated_apart() -> None:
    window = separate(e("A*exp(-lag/tau) if lag > 0 else (-B if lag > -T else 0)"))
    assert window.causal.traces and window.acausal.traces is None and window.acausal.history == Ref(Whose.OWN, "T")


def test_truncated_windows_keep_a_history_whatever_their_shape() -> None:
    for text in ("A*exp(-abs(lag)/tau)", "A*exp(-(lag/tau)**2)", "A/(1 + abs(lag)/tau)"):
        window = separate(e(text), Number(0.2))
        assert window.causal.history == window.acausal.history == Number(0.2)
        assert window.causal.traces is None


NOT_SEPARABLE = {
    "gaussian": ("A*exp(-(lag/tau)**2)", "not linear"),
    "algebraic": ("A/(1 + abs(lag)/tau)", "denominator"),
    "tails beyond a threshold": ("A if abs(lag) < T else B", "condition"),
    "root": ("A*sqrt(abs(lag)/tau)*exp(-abs(lag)/tau)", "sqrt"),
    "tangent": ("A*tanh(lag/tau)", "tanh"),
    "threshold growing": ("A if abs(lag) > T else 0", "condition"),
}


@pytest.mark.parametrize("name", NOT_SEPARABLE)
def test_other_windows_cannot_count_all_pairs(name: str) -> None:
    text, says = NOT_SEPARABLE[name]
    with pytest.raises(PlasError) as error:
        separate(e(text), values=values_of(VALUES))
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "window-not-separable"
    assert says in diagnostic.message and "truncate" in diagnostic.hint and "nearest" in diagnostic.hint
    nearest = separate(e(text), pairing=Pairing.NEAREST, values=values_of(VALUES))
    assert nearest.causal.traces is None and nearest.causal.history is None


def test_a_decay_of_the_units_own_is_given_by_the_projection() -> None:
    with pytest.raises(PlasError, match=r"let the projection give it: ‘τ = post\.s’"):
        separate(e("A*exp(-abs(lag)/post.s)"), constant=lambda expr: "post." not in pretty(expr), values=values_of(VALUES))


@pytest.mark.parametrize(("pairing", "sign"), [(Pairing.CENTRED_PRE, ">"), (Pairing.CENTRED_POST, "<")])
def test_centred_pairs_sum_the_side_that_waits(pairing: Pairing, sign: str) -> None:
    text = "A/(1 + abs(lag)/tau)"
    with pytest.raises(PlasError, match=f"Δt {sign} 0 .* since the last spike of the other side"):
        separate(e(text), pairing=pairing, values=values_of(VALUES))
    cut = separate(e(text), e("5*tau"), pairing=pairing, values=values_of(VALUES))
    assert cut.causal.history == cut.acausal.history == e("5*tau")


# --- in a block ------------------------------------------------------------------------------------------------------


def rule(increment: str, **definitions: str) -> Window:
    variables = [Variable(n, n, Role.PARAMETER, value=Number(v)) for n, v in VALUES.items() if n != "w"]
    variables.append(Variable("w", "w", Role.STATE))
    variables += [Variable(n, n, Role.DEFINITION, value=e(v)) for n, v in definitions.items()]
    block = Block("connection", "Test", variables=tuple(variables))
    return window_of(PairRule(Pairing.ALL, Ref(Whose.OWN, "w"), e(increment), span=NOWHERE), block)


def test_definitions_are_written_out() -> None:
    window = rule("A_m*exp(-lag/tau) if lag > 0 else 0", A_m="A*(w_max - w)")
    assert window.causal.coefficients == ((e("A*(w_max - w)"),),)


def test_decay_that_depends_on_the_weight_is_no_trace() -> None:
    with pytest.raises(PlasError) as error:
        rule("A*exp(-lag/(tau*w)) if lag > 0 else 0")
    assert "parameter" in error.value.diagnostics[0].message


def test_default_values_tell_the_sign_of_a_slope() -> None:
    window = rule("max(0, 1 - abs(lag)/tau)")
    assert window.causal.history is not None


def test_an_exploding_product_is_refused_quickly() -> None:
    terms = " + ".join(f"exp(-lag/{n})" for n in range(1, 40))
    text: Expr = e(f"(({terms})**12) if lag > 0 else 0")
    with pytest.raises(PlasError):
        separate(text)


@pytest.mark.parametrize(
    ("text", "far"),
    [
        ("A*exp(-lag/tau) if lag > 0 else -B*exp(-lag/tau)", "−∞"),  # meant to decay for Δt < 0 too
        ("A*(1 + lag/tau) if lag > 0 else 0", "∞"),
        ("A*(lag/tau)**2 if lag > 0 else 0", "∞"),
        ("A*lag/tau*cos(lag/tau) if lag > 0 else 0", "∞"),
        ("A*(lag + w*lag*exp(-lag/tau)) if lag > 0 else 0", "∞"),
        ("A*abs(lag)/tau if lag > 0 else 0", "∞"),
    ],
)
def test_a_window_that_grows_with_the_distance_counts_no_pairs(text: str, far: str) -> None:
    """Where nearest pairs count, or it ends, it can be meant."""
    grows = e(text)
    for pairing in (Pairing.ALL, Pairing.CENTRED_PRE if far == "∞" else Pairing.CENTRED_POST):
        with pytest.raises(PlasError) as found:
            separate(grows, pairing=pairing, values=values_of(VALUES))
        assert f"grows without end as Δt goes to {far}" in found.value.diagnostics[0].message
    separate(grows, pairing=Pairing.NEAREST, values=values_of(VALUES))
    separate(grows, Number(0.2), values=values_of(VALUES))


@pytest.mark.parametrize(
    "text", ["A*(1 + lag/tau)*exp(-lag/tau)", "A*cos(lag/tau)", "A", "A*(1 + lag/tau) - A*lag/tau", "max(0, 1 - lag/tau)"]
)
def test_a_window_that_stays_bounded_counts_all_pairs(text: str) -> None:
    separate(e(f"{text} if lag > 0 else 0"), values=values_of(VALUES))
