"""The runner: phases, clamps, recordings and what an engine sees of it all."""

import os
import signal

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation
from tests.runtime.experiments import carry_out

CONDITIONING = """
neuron Salivation:
    θ = 0.5
    input a
    output y = Θ(a − θ)

synapse Connection:
    post.a = Σ w x

rule Hebb:
    η = 0.1
    Δw = η x y

network Pavlov:
    food = 1 Source
    bell = 1 Source
    dog  = 1 Salivation
    food → dog: Connection, w = 1
    hears = bell → dog: Connection with Hebb, w = 0

experiment Conditioning on Pavlov:
    phase before for 5 steps:
        bell = 1
    phase pairing for 10 steps:
        bell = 1
        food = 1
    phase test for 3 steps:
        rules off
        bell = 1
    record dog.y, hears.w, bell.x
    record hears.w every 5 steps
    record hears.w at end
"""

LEAK = """
neuron Leak:
    τ = 10 ms
    I = 2 mV
    τ dV/dt = I − V
    V(0) ~ U(0 mV, 1 mV)

network Single:
    cells = 3 Leak
    m = Σ_{i ∈ cells} V_i

experiment Charging on Single:
    dt = 0.1 ms
    phase rest for 20 ms
    phase pushed for 20 ms:
        cells.I = 5 mV
    phase again for 20 ms
    record cells.V, m every 5 ms
    record mean(cells.V) at 20 ms in phase pushed
    record cells.V[2] at end
"""

FIRING = """
neuron Clock:
    input h
    dV/dt = 1 mV/ms
    V(0) = 5 mV
    spike when V > 9.95 mV:
        V → 0 mV

network Ticks:
    a = 4 Clock
    b = 2 Regular(rate = 100 Hz, start = 5 ms)

experiment Count on Ticks:
    dt = 0.1 ms
    phase run for 100 ms
    record spikes(b)
    record rate(b) every 20 ms
    record spike_count(b)
"""


def series(study, name, run=0):
    return next(s for s in study.runs[run].recorder.series if s.name == name)


def test_clamps_rules_and_steps():
    study = carry_out(CONDITIONING)
    weights = series(study, "hears.w")
    assert list(weights.steps) == list(range(1, 19))
    assert weights.done[:, 0] == pytest.approx([0.0] * 5 + [0.1 * k for k in range(1, 11)] + [1.0] * 3)
    assert list(series(study, "dog.y").done[:, 0]) == [0.0] * 5 + [1.0] * 13
    assert list(series(study, "bell.x").done[:, 0]) == [1.0] * 18


def test_a_recording_of_the_same_text_gets_a_name_of_its_own():
    study = carry_out(CONDITIONING)
    assert [s.name for s in study.runs[0].recorder.series] == ["dog.y", "hears.w", "bell.x", "hears.w #2", "hears.w #3"]
    assert list(series(study, "hears.w #2").steps) == [5, 10, 15]
    assert series(study, "hears.w #3").single


def test_a_source_falls_silent_after_its_phase():
    study = carry_out(CONDITIONING.replace("phase test for 3 steps:\n        rules off\n        bell = 1", "phase test for 3 steps"))
    assert list(series(study, "bell.x").done[-4:, 0]) == [1.0, 0.0, 0.0, 0.0]


def test_a_held_parameter_changes_the_flow_for_its_phase_alone():
    study = carry_out(LEAK)
    run = study.runs[0]
    values = series(study, "cells.V").done
    start = values[0]
    decay = np.exp(-2.0)
    rest = 2e-3 + (start - 2e-3) * decay
    pushed = 5e-3 + (rest - 5e-3) * decay
    again = 2e-3 + (pushed - 2e-3) * decay
    assert np.all((start > 0.0) & (start < 1e-3))
    assert values[4] == pytest.approx(rest)
    assert values[8] == pytest.approx(pushed)
    assert values[12] == pytest.approx(again)
    assert series(study, "m").done == pytest.approx(values.sum(axis=1))
    assert series(study, "mean(cells.V)").done == pytest.approx([pushed.mean()])
    assert series(study, "cells.V[2]").done == pytest.approx([again[1]])
    assert run.facts.parameters[Ref(OfPopulation("cells"), "I")] == 2e-3


def test_spike_statistics_and_counts():
    study = carry_out(FIRING)
    run = study.runs[0]
    assert run.counts == {"a": 4 * 10, "b": 2 * 10}
    steps, units = run.spikes["b", ""]
    assert list(steps) == sorted(2 * [50 + 100 * k for k in range(10)])
    assert sorted(set(units.tolist())) == [0, 1]
    assert series(study, "rate(b)").done == pytest.approx([100.0] * 5)
    assert list(series(study, "rate(b)").steps) == [200, 400, 600, 800, 1000]
    assert list(series(study, "spike_count(b)").done) == [20.0]


def test_what_depends_on_a_held_parameter_follows_it():
    text = LEAK.replace("I = 2 mV", "half = 1 mV\n    I = 2 half").replace("cells.I = 5 mV", "cells.half = 2.5 mV\n        cells.τ = 5 ms")
    values = series(carry_out(text), "cells.V").done
    assert values[8] == pytest.approx(5e-3 + (values[4] - 5e-3) * np.exp(-4.0))
    assert values[12] == pytest.approx(2e-3 + (values[8] - 2e-3) * np.exp(-2.0))


def test_a_held_state_stays_where_it_is():
    values = series(carry_out(LEAK.replace("cells.I = 5 mV", "cells.V = 3 mV")), "cells.V").done
    assert values[5:9] == pytest.approx(np.full((4, 3), 3e-3))
    assert values[12] == pytest.approx(np.full(3, 2e-3 + 1e-3 * np.exp(-2.0)))


def test_a_source_may_follow_time():
    text = CONDITIONING.replace("bell = 1\n        food = 1", "bell = t / (1 s)")
    assert list(series(carry_out(text), "bell.x").done[5:15, 0]) == [float(k) for k in range(5, 15)]


class Watched:
    """Passes everything on to an engine and notes what it is asked."""

    def __init__(self, engine, notes):
        self._engine, self._notes = engine, notes

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def advance(self, steps):
        self._notes.append(("advance", steps))
        self._engine.advance(steps)

    def log_spikes(self, emitted):
        wanted = sorted(emitted)
        self._notes.append(("log", wanted))
        self._engine.log_spikes(wanted)


def test_only_spikes_that_something_needs_are_logged():
    notes = []
    carry_out(FIRING, wrap=lambda engine: Watched(engine, notes))
    assert ("log", [("b", "")]) in notes
    assert not any(note == ("log", [("a", ""), ("b", "")]) for note in notes)


def test_control_comes_back_at_every_moment_and_no_step_is_lost():
    notes = []
    carry_out(LEAK, wrap=lambda engine: Watched(engine, notes))
    stops = np.cumsum([steps for what, steps in notes if what == "advance"])
    assert stops[-1] == 600
    assert {50, 100, 200, 400, 600} <= set(stops.tolist())


def test_a_state_that_is_no_number_any_more_is_named():
    text = """
neuron Blow:
    dV/dt = V² / (1 mV·ms)
    V(0) = 1 mV

network N:
    cells = 2 Blow

experiment Run on N:
    dt = 0.1 ms
    phase run for 100 ms
"""
    with pytest.raises(PlasError) as caught:
        carry_out(text)
    finding = caught.value.diagnostics[0]
    assert finding.code == "not-finite"
    assert "cells.V of unit 1" in finding.message
    assert "t = " in finding.message


def test_durations_are_rounded_with_a_warning():
    study = carry_out(LEAK.replace("phase again for 20 ms", "phase again for 20.03 ms"))
    (warning,) = study.runs[0].recorder.warnings
    assert warning.code == "duration-rounded"
    assert "again" in warning.message and "200 steps" in warning.message
    assert study.runs[0].line.end == 600


def test_the_length_of_the_last_phase_can_be_replaced():
    assert carry_out(LEAK, length="5 ms").runs[0].line.end == 450
    assert carry_out(LEAK, length="7 steps").runs[0].line.end == 407
    for wrong in ("5 Hz", "7", "1e30 s", "soon"):
        with pytest.raises(ValueError, match=r"no (duration|finite)"):
            carry_out(LEAK, length=wrong)


def test_a_recording_that_does_not_fit_takes_what_there_is():
    study = carry_out(FIRING.replace("record spikes(b)", "record spikes(b) over last 1 s\n    record mean(a.V) at 3 s"))
    assert [w.code for w in study.runs[0].recorder.warnings] == ["window-does-not-fit"] * 2
    assert len(study.runs[0].spikes["b", ""][0]) == 20
    assert series(study, "mean(a.V)").taken == 0


def test_too_large_a_recording_is_refused_before_it_runs():
    with pytest.raises(PlasError) as caught:
        carry_out(LEAK.replace("record cells.V, m every 5 ms", "record cells.V"), length="1e9 steps")
    assert caught.value.diagnostics[0].code == "recording-too-large"


def test_ctrl_c_keeps_what_was_computed():
    class Stopper:
        def show(self, done, what):
            if done > 0.0:  # not while it is still built and compiled
                os.kill(os.getpid(), signal.SIGINT)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background of a shell
    study = carry_out(LEAK.replace("phase again for 20 ms", "phase again for 100 s"), progress=Stopper())
    run = study.runs[0]
    assert study.interrupted and run.interrupted
    assert 0 < run.steps < run.line.end
    taken = series(study, "cells.V")
    assert taken.taken == run.steps // 50 + 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


COUPLED = """
neuron Unit:
    τ = 10 ms
    input h
    dv/dt = (−v + h)/τ
    v(0) = 1
    output y = 2 v

synapse Coupling:
    post.h = Σ w x

network Chain:
    a = 2 Unit
    b = 1 Unit
    near = a → b: Coupling, all to all, w = 0.5
    far = a → b: Coupling, all to all, w = 0.25{delay}

experiment Look on Chain:
    dt = 0.1 ms
    phase run for 1 ms
    record a.v, b.h
"""


def test_an_undelayed_sum_is_recorded_as_it_is_at_that_moment():
    study = carry_out(COUPLED.format(delay=""))
    outputs = 2.0 * series(study, "a.v").done.sum(axis=1)
    assert series(study, "b.h").done[:, 0] == pytest.approx(0.75 * outputs)


def test_a_delayed_sum_is_recorded_as_it_was_last():
    study = carry_out(COUPLED.format(delay=", delay = 0.2 ms"))
    assert series(study, "b.h").done[0, 0] == 0.0


def test_the_rate_of_a_regular_source_can_be_held_and_its_beginning_cannot():
    held = FIRING.replace("phase run for 100 ms", "phase run for 100 ms:\n        b.{} = {}")
    assert carry_out(held.format("rate", "50 Hz")).runs[0].counts["b"] == 2 * 5, "at 5, 25, 45, 65 and 85 ms"
    with pytest.raises(PlasError) as caught:
        carry_out(held.format("start", "1 ms"))
    assert caught.value.diagnostics[0].code == "not-clamped"


def test_rules_of_one_projection_are_off_together():
    text = CONDITIONING.replace("with Hebb,", "with Hebb and Decay,") + "\nrule Decay:\n    Δw = −0.01 w\n"
    assert len(series(carry_out(text), "hears.w").done) == 18
    assert len(series(carry_out(text.replace("rules off", "rules off for hears")), "hears.w").done) == 18
    with pytest.raises(PlasError) as caught:
        carry_out(text.replace("rules off", "rules off for Hebb"))
    assert [d.code for d in caught.value.diagnostics] == ["unsupported"]
