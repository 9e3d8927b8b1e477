"""Ctrl-C in every kind of phase: what was computed is kept, and written whole."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest
import xarray

from plasticdsl.results.result import Result
from tests.runtime.experiments import carry_out

TEXT = """
neuron Binary:
    input h
    output x ∈ {−1, +1}
    x → −1 if h > 0
        +1 otherwise

neuron Leak:
    input I
    output r
    10 ms dr/dt = I − r

synapse Coupling:
    post.h = Σ w x

synapse W:
    post.I = Σ w x

rule Imprint:
    Δw = x y / N_pre

network Net:
    P = 3
    units = 4 Binary
    J = units → units: Coupling with Imprint, all to all except self, w = 0
    ξ = P random patterns of {−1, +1} over units
    m_μ = ¼ Σ_i ξ_μi x_i

network Flow:
    cell = 2 Leak
    src = 2 Source
    src → cell: W, one to one, w = 1

experiment Each on Net:
    phase show for each p in ξ, 20000 epochs:
        units.x = p
    phase after for 3 steps
    record m every 10 steps
    record m_1 at end
    plot m over time
    expect m_1 > 2 at end

experiment Waits on Net:
    phase wait until m_1 > 2, up to 1000000 steps:
        start units.x from ξ_1
        update asynchronously
        record m_1 as during
    expect m_1 ≤ 1

experiment Stable on Flow:
    dt = 1 ms
    phase go until stable within 1e-9, up to 100000 s:
        src = 1 + sin(2 π·5 Hz·t)
    record cell.r every 100 ms
    plot cell.r[1] over time

experiment Held on Flow:
    dt = 1 ms
    phase go for 100000 s:
        cell.r = 0.5
    record cell.r every 100 ms

experiment Swept on Net:
    sweep P in [2, 3], 2 repeats
    phase show for each p in ξ, 20000 epochs:
        units.x = p
    record m_1 at end as last
    record m_1 every 10 steps
    plot m_1 over P
    expect m_1 ≤ 1 at end
"""


class Stopper:
    """Presses Ctrl-C when it is told for the second time how far a run is that runs."""

    def __init__(self) -> None:
        self.told = 0

    def show(self, done: float, what: str) -> None:
        self.told += not what.startswith(("building", "compiling"))
        if self.told == 2:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("name", ["Each", "Waits", "Stable", "Held", "Swept"])
def test_ctrl_c_keeps_what_was_computed(name, tmp_path):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background of a shell
    study = carry_out(TEXT, name, progress=Stopper())
    result = Result(study, "")
    run = study.runs[-1]
    assert result.interrupted and run.interrupted and 0 < run.steps < run.line.end
    assert all(o.passed is None and o.reason == "the run ended before" for o in result.expectations)
    result.save(tmp_path / "out")
    assert not [p for p in tmp_path.iterdir() if p.name != "out"], "nothing half written is left"
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["interrupted"] is True
    assert summary["duration_s"] == pytest.approx(run.duration)
    pictures = list((tmp_path / "out").glob("*.png"))
    assert len(pictures) == len(run.recorder.plots)
    with xarray.open_dataset(tmp_path / "out" / "recordings.nc") as found:
        assert found.attrs["interrupted"] == "true"
        over_time = [v for v in found.data_vars.values() if {"time", "step"} & set(v.dims)]
        assert over_time
        for values in over_time:
            first = values.values[0, 0] if name == "Swept" else values.values
            assert len(first) > 0 and np.isfinite(first).all()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_finished_runs_of_a_sweep_are_kept(tmp_path):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    text = TEXT.replace(
        "sweep P in [2, 3], 2 repeats\n    phase show for each p in ξ, 20000 epochs:",
        "sweep P in [2, 400000]\n    phase show for each p in ξ:",
    )
    result = Result(carry_out(text, "Swept", progress=Stopper()), "")
    assert len(result.study.runs) == 2 and not result.study.runs[0].interrupted and result.study.runs[1].interrupted
    assert [o.passed for o in result.expectations] == [True]
    last = result["last"].values
    assert np.isfinite(last[0]) and np.isnan(last[1])
