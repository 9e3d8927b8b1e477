"""`expect` lines over a run: windows, moments, and what is skipped."""

import pytest

from tests.runtime.experiments import carry_out

MODEL = """
neuron Ramp:
    dV/dt = 1 mV/ms
    V(0) = 5 mV
    output y = V
    spike when V > 9.95 mV:
        V → 0 mV

neuron Decay:
    τ = 10 ms
    dg/dt = −g/τ
    g(0) = 1

network N:
    k = 2
    a = 3 Ramp
    d = 2 Decay
    E = Σ_{i ∈ d} g_i²

experiment Run on N:
    dt = 0.1 ms
    phase first for 50 ms:
        INSIDE
    phase second for 50 ms
    expect LINE
"""


def outcome(line, **wishes):
    return carry_out(text(line), **wishes).runs[0].outcomes[-1]


def text(line, inside="rules off"):
    return MODEL.replace("LINE", line).replace("INSIDE", inside)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("rate(a) ≈ 100 Hz ± 1 Hz", 100.0),
        ("rate(a) ≈ 100 Hz ± 1 Hz over last 20 ms", 100.0),
        ("rate(a) ≈ 100 Hz ± 1 % in phase first", 100.0),
        ("cv(a) ≈ 0 ± 0.001", 0.0),
        ("spike_count(a) = 30", 30.0),
        ("spike_time(a, 1) ≈ 5 ms ± 0.01 ms", 0.005),
        ("isi(a, −1) ≈ 0 ms ± 0.01 ms", 0.0),
        ("mean(a.V) ≈ 5.05 mV ± 0.05 mV over last 10 ms", 5.05e-3),
        ("max(a.V) < 10 mV over last 50 ms", None),
        ("fraction(a.V > 5 mV) ≈ 0.5 ± 0.02 over last 30 ms", None),
        ("E never increases", None),
        ("d.g ≈ 0.3679 ± 0.001 at 10 ms", 0.36788),
        ("d.g ≈ 0.0067 ± 1 % at end in phase first", 0.006738),
        ("d.g > 0.00001", None),
        ("d.g > 0.3 and d.g < 1 at 5 ms", 1.0),
        ("d.g[2] ≈ 0.3679 ± 0.001 at 10 ms", None),
    ],
)
def test_holds(line, value):
    found = outcome(line)
    assert found.passed is True, found
    if value is not None:
        assert found.value == pytest.approx(value, rel=2e-2, abs=1e-9)


@pytest.mark.parametrize(
    "line",
    [
        "rate(a) ≈ 90 Hz ± 1 Hz",
        "spike_count(a) = 31",
        "mean(a.V) ≈ 6 mV ± 0.1 mV over last 10 ms",
        "d.g > 0.1",
        "d.g < 0.1 over last 100 ms",
        "E never decreases",
        "mean(a.y) never increases",
        "spike_time(a, 31) ≈ 10 ms ± 1 s",
    ],
)
def test_fails(line):
    assert outcome(line).passed is False


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("rate(a) ≈ 100 Hz ± 1 Hz over last 90 ms", "does not fit"),
        ("d.g > 0.1 at 90 ms", "does not fit"),
        ("d.g > 0.1 at 40 ms in phase second", "does not fit"),
        ("d.g > 0.1 when k = 3", "‘when’"),
    ],
)
def test_skipped_is_neither_passed_nor_failed(line, reason):
    found = outcome(line, length="30 ms")
    assert found.passed is None
    assert found.value is None
    assert reason in found.reason


def test_when_holds():
    assert outcome("d.g > 0.1 at 1 ms when k = 2").passed is True
    assert outcome("d.g > 0.1 at 1 ms when k = 2", k=3).passed is None


def test_inside_a_phase_the_end_is_that_of_the_phase():
    found = carry_out(text("d.g < 1", "expect d.g ≈ 0.0067 ± 1 %")).runs[0].outcomes[0]
    assert found.passed is True


def test_a_phase_of_no_length_still_has_an_end():
    study = carry_out(text("d.g > 0"), length="0 ms")
    assert study.runs[0].outcomes[-1].passed is True
