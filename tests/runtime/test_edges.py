"""At the edges of what numbers hold: right, or refused in a sentence before anything is allocated."""

from __future__ import annotations

import math
import resource
import time
from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.net import Net
from plasticdsl.options import EngineName

LATE = """
neuron Leak:
    10 ms dV/dt = 1.5 − V + I
    5 ms dI/dt = −I
    20 ms dx/dt = −x
    V(0) = 0
    spike when V > 1:
        V → 0
        x → x + 1
    refractory 2 ms
    every 7 ms:
        x → 0.9 x

neuron Exact:
    10 ms dV/dt = 1.5 − V
    V(0) = 0
    spike when V > 1, located:
        V → 0

synapse Fast:
    on pre:
        post.I += w

rule Pairs:
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) = 0.01 exp(−Δt/20 ms)  if Δt > 0
           −0.01 exp(Δt/20 ms)   otherwise
    w ∈ [0, 1]

rule Nearest:
    on nearest pairs:
        Δw = 0.01 exp(−|t_post − t_pre|/20 ms)
    w ∈ [0, 1]

network Net:
    source = 20 Poisson(60 Hz)
    cell = 3 Leak
    slow = 2 Leak, step 0.5 ms
    exact = 2 Exact
    ex = source → cell: Fast with Pairs, all to all, w = 0.5, axonal delay = 1 ms
    near = source → slow: Fast with Nearest, all to all, w = 0.05, dendritic delay = 2 ms
    drawn = cell → slow: Fast, all to all, w = 0.01, delay ~ U(1 ms, 5 ms)
"""
DT = 1e-4
#: Periods of 7 ms and steps of 0.5 ms begin anew with each.
TOGETHER = 350


@pytest.fixture(scope="module")
def model() -> plasticdsl.Model:
    return plasticdsl.parse(LATE)


def run_from(model: plasticdsl.Model, engine: EngineName, step: int, folder: Path) -> Net:
    """The network from this step on for 120 ms; all that is kept as a step is so much later."""
    net = model.build(seed=3, dt=DT, engine=engine, log=["source", "cell", "slow", "exact"])
    net.save(folder / "state.npz")
    with np.load(folder / "state.npz") as found:
        state = {name: array + step if name.endswith(("/clock", "/step", "/due")) else array for name, array in found.items()}
    np.savez(folder / "state.npz", **state)
    net.load(folder / "state.npz")
    assert net.step == step
    net.run("120 ms")
    return net


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_steps_beyond_what_32_bits_hold_are_as_the_first(engine: EngineName, model: plasticdsl.Model, tmp_path: Path) -> None:
    early = run_from(model, engine, 0, tmp_path)
    period = 10e-3 * math.log(3.0)  # from 0 to 1 on the way to 1.5
    assert early.spikes("exact").times[::2] == pytest.approx(period * np.arange(1, 11), rel=1e-9)
    for beyond in (2**31, 2**32, 2**45):
        first = (beyond - 600) // TOGETHER * TOGETHER
        late = run_from(model, engine, first, tmp_path)
        assert late.spikes("exact").times[::2] - first * DT == pytest.approx(period * np.arange(1, 11), abs=4 * math.ulp(first * DT))
        for name in ("source", "cell", "slow"):
            before, after = early.spikes(name), late.spikes(name)
            assert len(after.times) > 3
            assert np.array_equal(np.rint(after.times / DT) - first, np.rint(before.times / DT))
            assert np.array_equal(after.units, before.units)
        for projection in ("ex", "near"):
            assert np.array_equal(late[projection].w, early[projection].w)
        assert np.array_equal(late["slow"].x, early["slow"].x)


CELL = """
neuron Leak:
    τ = 10 ms
    input I
    τ dV/dt = I − V
    V(0) = 0
    spike when V > 1:
        V → 0
    refractory HELD

synapse Fast:
    on pre:
        post.V += w

network Net:
    k = 1
    cells = 2 Leak
    MORE

experiment Run on Net:
    dt = 0.1 ms
    phase p for LENGTH
"""


def text(more: str = "k2 = 1", length: str = "1 ms", held: str = "1 ms", lines: str = "") -> str:
    return CELL.replace("MORE", more).replace("LENGTH", length).replace("HELD", held) + "".join(
        f"    {line}\n" for line in lines.splitlines()
    )


REFUSED = {
    "a number of units": (text("many = 2147483648 Leak"), "not-whole"),
    "units": (text("many = 2147483647 Leak"), "too-large"),
    "pairs": (text("a = 3e6 Leak\n    b = 3e6 Leak\n    ex = a → b: Fast, w = 1"), "too-large"),
    "partners": (text("ex = cells → cells: Fast, w = 1, in-degree 1e19 with repeats"), "too-large"),
    "a delay": (text("ex = cells → cells: Fast, w = 1, delay = 3e5 s"), "out-of-range"),
    "delays that are drawn": (text("ex = cells → cells: Fast, w = 1, delay ~ U(2.9e5 s, 3e5 s)"), "out-of-range"),
    "a delay of no number of steps": (text("ex = cells → cells: Fast, w = 1, delay = 1e300 s"), "out-of-range"),
    "what is on its way": (text("b = 100000 Leak\n    ex = cells → b: Fast, w = 1, delay = 2e5 s"), "too-large"),
    "a refractory time": (text(held="1e6 s"), "out-of-range"),
    "a duration": (text(length="1e300 s"), "not-positive"),
    "steps that a double cannot count": (text(length="1e15 s"), "not-positive"),
    "a recording": (text(length="1e9 s", lines="record cells.V every 1 ms"), "recording-too-large"),
    "a recorded mean": (text(length="1e9 s", lines="record mean(cells.V) every 1 ms"), "recording-too-large"),
    "recorded rates": (text(length="1e9 s", lines="record rate(cells) every 1 ms"), "recording-too-large"),
    "regular spikes": (text("s = 10 Regular(rate = 1 kHz)", "1e9 s"), "too-large"),
    "many regular spikes": (text("s = 10 Regular(rate = 1 kHz, start = 0 s, count = 1e12)"), "too-large"),
    "spikes that never come": (text("s = 10 SpikeTimes([1 s, 2e300 s])"), "out-of-range"),
    "a late start": (text("s = 10 Regular(rate = 1 kHz, start = 1e300 s, count = 2)"), "out-of-range"),
    "values of a sweep": (text(lines="sweep k from 1 to 2 in 1e18 values"), "sweep-too-large"),
    "repeats": (text(lines="sweep 1e18 repeats"), "sweep-too-large"),
    "no values": (text(lines="sweep k in []"), "empty-sweep"),
    "a look at nothing": (text(lines="expect rate(cells) < 1 Hz over last 0 ms"), "never-looked-at"),
    "what cannot be counted any more": (text(lines="    cells.I = 1e308", length="10 ms:"), "not-finite"),
}


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize(("source", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused_before_anything_is_allocated(source: str, code: str, engine: EngineName) -> None:
    before, clock = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(PlasError) as caught:
        result = plasticdsl.parse(source).run(engine=engine)
        raise PlasError(result.failure) if result.failure else AssertionError("it ran")
    assert [d.code for d in caught.value.diagnostics] == [code]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
    assert time.process_time() - clock < 20.0


RIGHT = {
    "a step of days": ("dt = 1e6 s\nphase p for 1e9 s", "τ = 1e9 s, V(0) = 0.5", "expect mean(cells.V) ≈ 0.5/exp(1) ± 1e-9 at end"),
    "steps of hardly any time": (
        "dt = 1e-20 s\nphase p for 1e-18 s",
        "τ = 1e-18 s, V(0) = 0.5",
        "expect mean(cells.V) ≈ 0.5/exp(1) ± 1e-9 at end",
    ),
    "time constants that never end": ("dt = 1 ms\nphase p for 1 s", "τ = 1e308 s, V(0) = 0.5", "expect mean(cells.V) ≈ 0.5 ± 1e-12 at end"),
    "time constants of no time": ("dt = 1 ms\nphase p for 5 ms", "τ = 1e-300 s, V(0) = 0.5", "expect mean(cells.V) ≈ 0 ± 1e-12 at end"),
    "as long a refractory time as can be": (
        "dt = 0.1 ms\nphase p for 50 ms:\n    cells.I = 2",
        "τ = 10 ms",
        "expect rate(cells) ≈ 20 Hz ± 1e-9 Hz",
    ),
}


@pytest.mark.parametrize("engine", ["python", "reference"])
@pytest.mark.parametrize(("course", "values", "expected"), RIGHT.values(), ids=RIGHT.keys())
def test_sizes_of_all_kinds_are_right(course: str, values: str, expected: str, engine: EngineName) -> None:
    held = "214748 s" if "I = 2" in course else "0 s"
    blocks = CELL.partition("experiment")[0].replace("    MORE\n", "").replace("HELD", held).replace("2 Leak", f"2 Leak, {values}")
    lines = "".join(f"    {line}\n" for line in (*course.splitlines(), expected))
    (outcome,) = plasticdsl.parse(f"{blocks}experiment Run on Net:\n{lines}").run(engine=engine).expectations
    assert outcome.passed, outcome


@pytest.mark.parametrize("engine", ["python", "reference"])
def test_what_is_taken_of_nothing_is_no_number_and_no_success(engine: EngineName) -> None:
    nothing = "expect cv(cells) ≈ 1 ± 1\nexpect synchrony(cells.V) > −1\nexpect mean(cells.V at spikes) > −1 at end"
    for outcome in plasticdsl.parse(text(length="10 ms", lines=nothing)).run(engine=engine).expectations:
        assert outcome.passed is False
        assert math.isnan(outcome.value)
