"""`expect` lines over a run: windows, moments, and what is skipped."""

import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
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


NO_CONNECTION = """
neuron Relay:
    input I
    output y = I
    spike when I > 1

synapse Weighted:
    w(0) = 1
    post.I = Σ w x

network N:
    a = 3 Relay
    b = 2 Relay
    ex = a → b: Weighted, where i > 100

experiment Run on N:
    dt = 1 ms
    phase p for 3 steps
    expect LINE
"""


@pytest.mark.parametrize(
    "line",
    [
        "ex.w ≥ 0",
        "ex.w ≥ 0 and ex.w < 2",
        "min(ex.w) ≥ 0",
        "mean(a.y) < mean(ex.w)",
        "fraction(ex.w > 0) < 1",
        "mean(ex.w) ≈ 1 ± 1 over last 2 steps",
        "mean(ex.w) ≈ 1 ± 1 every 1 ms",
        "mean(ex.w) ≈ 1 ± 1 over repeats",
    ],
)
def test_of_no_connections_there_is_nothing_to_expect(line):
    with pytest.raises(PlasError, match="has no value: ‘ex’ has no connections"):
        carry_out(NO_CONNECTION.replace("LINE", line))


@pytest.mark.parametrize(
    ("line", "passed"),
    [
        ("sum(ex.w) = 0 and norm(ex.w) = 0", True),
        ("count(ex.w > 0) = 0", True),
        ("sum(ex.w) = 1", False),
        ("mean(ex.w) > 2 when 1 > 2", None),
    ],
)
def test_what_is_added_up_of_no_connections_is_nothing(line, passed):
    assert carry_out(NO_CONNECTION.replace("LINE", line)).runs[0].outcomes[0].passed is passed


@pytest.mark.parametrize("line", ["cv(a) < 1", "min(a.I at spikes) > 1", "0/mean(a.y) ≈ 0 ± 1 over last 2 ms"])
def test_what_has_no_value_fails_and_says_so(line):
    (found,) = carry_out(NO_CONNECTION.replace("LINE", line)).runs[0].outcomes
    assert not found.passed
    assert found.reason == "no value: 0/0, or too few spikes or connections to take it of"


def test_nothing_waits_for_connections_of_which_there_are_none():
    text = NO_CONNECTION.replace("phase p for 3 steps", "phase p until ex.w > 2").replace("LINE", "t > 0 ms")
    with pytest.raises(PlasError, match="‘until …’ has no value: ‘ex’ has no connections"):
        carry_out(text)
