"""One mistake gives one finding: whatever is spoilt in a model that is right, nothing is reported that goes away with it.

A model is spoilt in many ways, one at a time. A name that is spoilt may be missed at several places, and a unit may fit at none of several; that is
one finding, said at each.
"""

from __future__ import annotations

import re

import pytest

from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.driver import read
from plasticdsl.source import SourceFile

MODEL = """\
function f(a) = 1/(1 + exp(−a))

neuron LIF:
    τ = 20 ms
    V_θ = −50 mV
    V_r = −60 mV
    τ dV/dt = V_r − V + I
    5 ms dI/dt = −I
    V(0) = V_r
    spike when V > V_θ:
        V → V_r
    refractory 2 ms

synapse Exc:
    on pre:
        post.I += w

rule STDP:
    τ₊ = 20 ms
    w_max = 1 mV
    w ∈ [0 mV, w_max]
    10 ms dr/dt = −r
    on pre:
        r += f(0.1)
    on post:
        w += 0.01 w_max r
    on all pairs:
        Δw = 0.01 w_max exp(−|t_post − t_pre|/τ₊)

network Net:
    ν = 10 Hz
    half = 0.5·10
    inputs = 2·half Poisson(rate = ν)
    first = inputs[1 to half]
    cell = 2 LIF(τ = 10 ms), V(0) = −60 mV
    ex = inputs → cell: Exc with STDP(w_max = 2 mV), p = 0.5, w = 0.1 mV
    L = Σ_{k ∈ cell} cell.V_k

experiment E on Net:
    dt = 0.1 ms
    phase run for 1 s:
        inputs.rate = 20 Hz
    phase test for 1 s:
        rules off for STDP
    record cell.V every 1 ms
    record ex.w at end
    record spikes(cell)
    plot mean(ex.w) over time
    expect rate(cell) < 100 Hz over last 500 ms
    sweep STDP.τ₊ in [10 ms, 20 ms]
"""


def spoilt() -> list[str]:
    """Lines of the model, each with one mistake: a sign left out or doubled, a bracket, a colon or a name lost, a unit exchanged."""
    found: dict[str, None] = {}
    signs = ((r" = ", " == "), (r" → ", " = "), (r" \+= ", " = "), (r":$", ""), (r"\(", ""), (r"\)", ""), (r" − ", " "), (r", ", " "))
    words = (
        (r"\bmV\b", "pA"),
        (r"\bms\b", "mV"),
        (r"\bHz\b", "mV"),
        (r"post\.I", "post.J"),
        (r"\brules\b", "ruls"),
        (r"\bspike\b", "spke"),
        (r"·10\b", " N"),
    )
    names = tuple(
        (rf"(?<![\w.]){n}(?![\w₊])", f"{n}x")
        for n in ("V_θ", "V_r", "w_max", "STDP", "Exc", "LIF", "inputs", "cell", "ex", "ν", "half", "f")
    )
    for pattern, instead in (*signs, *words, *names):
        for match in re.finditer(pattern, MODEL, re.M):
            found[MODEL[: match.start()] + instead + MODEL[match.end() :]] = None
    return list(found)


def line_of(text: str) -> str:
    """The line that is not the model's."""
    return next((new for new, old in zip(text.split("\n"), MODEL.split("\n"), strict=False) if new != old), "")


def cause(found: Diagnostic) -> str:
    """What is missed (the first name that is quoted), or that units do not fit together, which is seen wherever they meet; else the message."""
    quoted = re.search("‘([^’]*)’", found.message)
    if found.code in ("unknown-name", "unknown-function", "undeclared-population", "undeclared-block") and quoted is not None:
        return quoted[1]
    return found.code if found.code == "inconsistent-units" else found.message


def test_the_model_is_right() -> None:
    assert read(SourceFile("model.plas", MODEL)).diagnostics == ()


@pytest.mark.parametrize("text", spoilt(), ids=line_of)
def test_one_mistake_is_one_finding(text: str) -> None:
    found = read(SourceFile("model.plas", text)).diagnostics
    assert len({cause(d) for d in found}) <= 1, "\n".join(f"{d.code}: {d.message}" for d in found)
