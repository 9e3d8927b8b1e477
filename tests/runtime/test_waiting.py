"""`until` with statistics: of the spikes of the phase so far, and of values now. In both engines."""

from __future__ import annotations

import pytest

import plasticdsl
from plasticdsl.runtime.play.sweep import Study
from tests.runtime.experiments import carry_out

#: V = 1.2 (1 − exp(−n/100)) is above 1 for n > 100 log 6 = 179.2: all five spike at the steps 180, 360, 540, ….
MODEL = """
neuron Cel:
    10 ms dV/dt = 1.2 − V
    spike when V > 1:
        V → 0

network N:
    a = 5 Cel

experiment E on N:
    dt = 0.1 ms
    phase p until CONDITION
    phase q until CONDITION
"""


def carried(text: str, engine: str) -> Study:
    return carry_out(text) if engine == "interpreter" else plasticdsl.parse(text).run().study


@pytest.mark.parametrize("engine", ["interpreter", "compiled"])
@pytest.mark.parametrize(
    ("condition", "first", "second"),
    [
        ("spike_count(a) ≥ 20", 721, 720),
        ("spike_count(a) > 0 and rate(a) < 50 Hz", 201, 201),
        ("spike_time(a, 6) > 30 ms", 361, 360),
        ("isi(a, 5) > 17 ms", 361, 360),
        ("cv(a) < 0.1", 541, 540),
        ("mean(a.V) > 0.6", 70, 1),
        ("fraction(a.V > 0.9) > 0.5 or spike_count(a) = 5", 139, 1),
    ],
)
def test_ends_after_the_step_in_which_it_holds(condition: str, first: int, second: int, engine: str) -> None:
    study = carried(MODEL.replace("CONDITION", condition), engine)
    found = [(e.reached, e.steps) for e in study.runs[0].endings]
    assert found == [(True, first), (True, second)]


@pytest.mark.parametrize("engine", ["interpreter", "compiled"])
def test_the_twentieth_spike(engine: str) -> None:
    text = MODEL[: MODEL.index("    phase p")] + "    phase p until spike_count(a) ≥ 20\n    expect spike_count(a) = 20\n"
    (run,) = carried(text, engine).runs
    assert [(o.passed, o.found) for o in run.outcomes] == [(True, "20")]
    assert run.steps == 721


@pytest.mark.parametrize("engine", ["interpreter", "compiled"])
@pytest.mark.parametrize(("time", "steps"), [("9.85 ms", 100), ("14.85 ms", 151)])
def test_many_spikes_are_not_looked_at_one_by_one(time: str, steps: int, engine: str) -> None:
    """One spike at each step. The 100th comes at 9.9 ms, the 150th at 14.9 ms; but from the 100th on, every second one is looked at."""
    text = MODEL[: MODEL.index("    phase p")].replace("5 Cel", "1 Cel").replace("V > 1:", "V > −1:")
    study = carried(text + f"    phase p until spike_time(a, −1) > {time}\n", engine)
    assert [(e.reached, e.steps) for e in study.runs[0].endings] == [(True, steps)]
