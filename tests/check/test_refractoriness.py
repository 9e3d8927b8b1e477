"""What is said of refractoriness that cannot be meant as it is written."""

from __future__ import annotations

import pytest

import plasticdsl

MODEL = """
neuron N:
    10 ms dV/dt = 20 mV − V
    spike when V > 10 mV:
        V → 0 mV
    refractory 3 ms

synapse S:
    on pre:
        post.V += 1 mV if not post.refractory

network Net:
    n = 2 N
    n → n: S

experiment E on Net:
    dt = 1 ms
    phase go for 3 ms
    expect mean(n.refractory) ≥ 0 at end
"""


def findings(text: str) -> list[tuple[str, str]]:
    """Codes, and what would be right."""
    try:
        plasticdsl.parse(text)
    except plasticdsl.PlasError as rejected:
        return [(d.code, d.hint) for d in rejected.diagnostics]
    return []


def test_nothing_is_wrong_with_the_model() -> None:
    assert findings(MODEL) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "hint"),
    [
        ("refractory 3 ms", "refractory V > 8 mV", "unexpected", "‘refractory while V > −40 mV’"),
        ("refractory 3 ms", "refractory while 3 ms", "not-a-condition", "Compare it"),
        ("refractory 3 ms", "refractory 3 ms hold V", "unknown-name", "A comma stands before ‘hold’"),
        ("refractory 3 ms", "refractory 3 ms, hold nothin", "unknown-name", ""),
        ("refractory 3 ms", "refractory 3 ms, hold nothing, V", "unknown-name", ""),
        ("    refractory 3 ms\n", "", "unknown-name", "‘refractory 2 ms’ or ‘refractory while V > −40 mV’"),
        ("    refractory 3 ms", "    refractory = 3 ms", "inconsistent-units", ""),
        ("V → 0 mV\n    refractory 3 ms", "V → 0 mV if refractory", "unknown-name", "‘refractory 2 ms’"),
        ("n = 2 N", "n = 2 N(refractory = 2 ms)", "not-a-parameter", ""),
        ("post.V += 1 mV if not", "post.refractory += 1 if not", "not-a-state", ""),
        ("for 3 ms\n", "for 3 ms:\n        n.refractory = 1\n", "not-clamped", "Hold a state"),
        ("for 3 ms\n", "for 3 ms:\n        start n.refractory from 1\n", "not-a-state", ""),
    ],
)
def test_what_is_wrong(old: str, new: str, code: str, hint: str) -> None:
    assert old in MODEL
    assert any(found == code and hint in words for found, words in findings(MODEL.replace(old, new)))


def test_a_name_of_the_author_goes_before() -> None:
    """A number of units, which no condition can be, is told from whether a unit is refractory."""
    own = MODEL.replace("    refractory 3 ms", "    refractory ~ U(1, 2)\n    refractory 3 ms, hold V")
    assert findings(own) == []
    assert any(code == "not-a-condition" for code, _ in findings(own.replace("V → 0 mV", "V → 0 mV if refractory")))


def test_nothing_may_be_a_name() -> None:
    for line, held in (("", ()), ("\n    10 ms dnothing/dt = −nothing", ("nothing",))):
        text = MODEL.replace("refractory 3 ms", f"refractory 3 ms, hold nothing{line}")
        rest = plasticdsl.parse(text).loaded.module.networks[0].populations[0].block.refractory
        assert rest is not None and rest.held == held


def test_what_nothing_reads_is_not_there() -> None:
    read = plasticdsl.parse(MODEL).loaded.module.networks[0]
    unread = MODEL.replace(" if not post.refractory", "").replace("mean(n.refractory) ≥ 0", "spike_count(n) ≥ 0")
    idle = plasticdsl.parse(unread).loaded.module.networks[0]
    assert [v.name for v in read.populations[0].block.variables] == ["V", "refractory"]
    assert [v.name for v in idle.populations[0].block.variables] == ["V"]
