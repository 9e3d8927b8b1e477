"""Phases that are repeated, and items that are shown with pauses or again. What must come out is computed here, by other means."""

from __future__ import annotations

import math

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model.protocol import Repeat
from plasticdsl.results.result import Result
from plasticdsl.results.stack import stacked
from plasticdsl.runtime.play.schedule import Clock, timeline
from tests.counting import counted
from tests.runtime.experiments import carry_out

NET = """
neuron Leak:
    input I
    output r
    10 ms dr/dt = I − r

neuron Pulse:
    input h
    spike when h > 0.5

synapse W:
    post.I = Σ w x

synapse Drive:
    post.h = Σ w x

network Net:
    cell = 1 Leak
    out = 1 Pulse
    src = 1 Source
    src → cell: W, w = 1
    src → out: Drive, w = 1
"""
A = math.exp(-0.5)  # what 5 ms leave


def experiment(*lines: str) -> str:
    return NET + "\nexperiment Run on Net:\n    dt = 1 ms\n" + "\n".join(f"    {line}" for line in lines) + "\n"


def arrays(study):
    return {a.name: a for a in stacked(study)}


def courses(*ups: bool) -> list[float]:
    """r after each stretch of 5 ms with the source at 1 or at 0."""
    r, found = 0.0, []
    for up in ups:
        r = 1.0 - A * (1.0 - r) if up else A * r
        found.append(r)
    return found


def test_recordings_of_a_repeated_phase_have_a_coordinate_for_the_round():
    found = arrays(carry_out(experiment(
        "repeat 3 times:",
        "    phase up for 5 ms:",
        "        src = 1",
        "        record cell.r[1] as path",
        "        record spikes(out) as fired",
        "    phase down for 5 ms:",
        "        record cell.r[1] at end as low",
        "        record spike_count(out) as silent",
        "record cell.r[1] every 5 ms as all",
    )))  # fmt: skip
    expected = courses(True, False, True, False, True, False)
    np.testing.assert_allclose(found["all"], [0.0, *expected], rtol=1e-12)
    assert found["path"].dims == ("round", "time")
    assert found["path"].shape == (3, 6)
    assert found["path"]["time"].values.tolist() == pytest.approx([0.0, 0.001, 0.002, 0.003, 0.004, 0.005])
    assert found["path"]["round"].values.tolist() == [1, 2, 3]
    np.testing.assert_allclose(found["path"][:, -1], expected[::2], rtol=1e-12)
    np.testing.assert_allclose(found["path"][1:, 0], expected[1:-1:2], rtol=1e-12, err_msg="a round begins where the one before ended")
    assert found["low"].dims == ("round",)
    np.testing.assert_allclose(found["low"], expected[1::2], rtol=1e-12)
    assert found["silent"].values.tolist() == [1, 1, 1], "the pulse of the last input"
    steps = np.rint(found["fired"].values * 1000).astype(int)
    assert steps.tolist() == [k for begin in (0, 10, 20) for k in range(begin + 1, begin + 5)], "a pulse follows its input by a step"
    assert found["fired"]["round_of_spike_out"].values.tolist() == [1] * 4 + [2] * 4 + [3] * 4


def test_rounds_within_rounds():
    study = carry_out(experiment(
        "repeat 2 times:",
        "    phase up for 5 ms:",
        "        src = 1",
        "    repeat 3 times:",
        "        phase down for 5 ms:",
        "            record cell.r[1] at end as low",
        "phase rest for 5 ms",
        "record cell.r[1] at end as last",
    ))  # fmt: skip
    found = arrays(study)
    expected = courses(True, False, False, False, True, False, False, False, False)
    assert found["low"].dims == ("round", "round_2")
    np.testing.assert_allclose(found["low"], [expected[1:4], expected[5:8]], rtol=1e-12)
    np.testing.assert_allclose(found["last"], expected[-1], rtol=1e-12)
    assert study.runs[0].line.end == 45


UNTIL = experiment(
    "repeat until cell.r > 0.8, at most 100 times:",
    "    phase up for 5 ms:",
    "        src = 1",
    "        record cell.r[1] at end as top",
    "phase down for 5 ms:",
    "    record cell.r[1] at end as low",
    "record spike_count(out) as fired",
    "record cell.r[1] at end as last",
)


def test_repeat_until_something_has_happened():
    study = carry_out(UNTIL)
    found, expected = arrays(study), courses(True, True, True, True, False)
    np.testing.assert_allclose(found["top"], expected[:4], rtol=1e-12)
    np.testing.assert_allclose([found["low"], found["last"]], [expected[4]] * 2, rtol=1e-12)
    assert float(found["fired"]) == 20
    assert Result(study, "").summary["until"] == [
        {"phase": "repeat up", "runs": 1, "reached": 1, "steps": {"mean": 20, "max": 20}, "rounds": {"mean": 4, "max": 4}}
    ]


def test_it_says_so_where_it_does_not_happen():
    study = carry_out(UNTIL.replace("at most 100 times", "at most 2 times") + "    expect cell.r > 0\n")
    (warning,) = study.runs[0].recorder.warnings
    assert warning.message == "What ‘repeat up’ waits for had not happened after 2 rounds."
    assert Result(study, "").expectations[-1].reason == "what ‘repeat up’ waits for had not happened after 2 rounds"


def test_what_a_round_is_waited_for_is_of_that_round():
    """Its spikes are counted from its own beginning: 4 in the first round and 5 in each later one, so that 6 never come."""
    lines = ("    phase up for 5 ms:", "        src = 1", "record cell.r[1] every 5 ms as all")
    reached = carry_out(experiment("repeat until spike_count(out) ≥ 5, at most 3 times:", *lines))
    never = carry_out(experiment("repeat until spike_count(out) ≥ 6, at most 3 times:", *lines))
    assert [e.reached for s in (reached, never) for e in s.runs[0].endings] == [True, False]
    assert [s.runs[0].steps for s in (reached, never)] == [10, 15]


def test_expectations_hold_in_each_round():
    outcomes = Result(carry_out(experiment(
        "repeat 3 times:",
        "    phase up for 5 ms:",
        "        src = 1",
        "        expect cell.r < 0.5 at end",
        "        expect cell.r never decreases",
        "        expect mean(cell.r) < 0.45 over last 3 ms",
        "        expect spike_count(out) = 4",
        "    phase down for 5 ms:",
        "        expect cell.r never increases",
        "expect spike_count(out) = 4 in phase up",
    )), "").expectations  # fmt: skip
    tops = courses(True, False, True, False, True, False)[::2]
    assert [round(t, 3) for t in tops] == [0.393, 0.538, 0.591]
    assert [o.passed for o in outcomes] == [False, True, False, True, True, True]
    assert outcomes[0].value == pytest.approx(tops[1])
    assert outcomes[0].reason == "in round 2", "the first in which it does not hold"


def test_phases_that_wait_inside_of_rounds():
    study = carry_out(experiment(
        "repeat 3 times:",
        "    phase up until cell.r > 0.5, up to 100 steps:",
        "        src = 1",
        "        record t at end as reached",
        "    phase down until cell.r < 0.2, up to 100 steps",
        "phase last for 5 ms",
        "record t at end as whole",
    ))  # fmt: skip
    r, step, when = 0.0, 0, []
    for _ in range(3):
        while r <= 0.5:
            r, step = 1.0 - (1.0 - r) * math.exp(-0.1), step + 1
        when.append(step / 1000)
        while r >= 0.2:
            r, step = r * math.exp(-0.1), step + 1
    found = arrays(study)
    assert found["reached"].values.tolist() == pytest.approx(when)
    assert float(found["whole"]) == pytest.approx(step / 1000 + 0.005)


def test_a_million_rounds_cost_nothing_to_plan():
    inner = Repeat(("a", "b"))
    outer = Repeat(("first", inner, "c"))
    names, durations = ("first", "a", "b", "c", "d"), (1.0, 2.0, 3.0, 4.0, 5.0)
    line, calls = counted(lambda: timeline(names, durations, 1.0, False, (outer, "d"), {inner: 10**6, outer: 10**6}))
    _, fewer = counted(lambda: timeline(names, durations, 1.0, False, (outer, "d"), {inner: 2, outer: 2}))
    assert calls == fewer
    once = 1 + 10**6 * 5 + 4
    assert line.end == 10**6 * once + 5
    assert [(p.name, p.first, p.last) for p in line.phases] == [
        ("first", 0, 1), ("a", 1, 3), ("b", 3, 6), ("c", once - 4, once), ("d", 10**6 * once, line.end),
    ]  # fmt: skip
    assert [p.rounds for p in line.phases] == [(10**6,), (10**6, 10**6), (10**6, 10**6), (10**6,), ()]
    study = carry_out(experiment("repeat until t ≥ 9 ms, at most 1000000000000 times:", "    phase up for 5 ms"))
    assert study.runs[0].steps == 10


def test_the_clock_with_parts_that_were_skipped():
    clock = Clock()
    clock.skip(5, 10)
    clock.skip(12, 12)
    clock.skip(20, 40)
    assert clock.skipped == 25
    assert [clock.real(p) for p in (0, 5, 7, 10, 12, 20, 30, 40, 41)] == [0, 5, 5, 5, 7, 15, 15, 15, 16]


def test_each_round_draws_anew():
    text = """
neuron Still:
    input h
    output x ∈ {−1, +1}
    x → +1 if h > 1
        −1 if h < −1

network Net:
    cells = 40 Still
    ξ = 8 random patterns of {−1, +1} over cells

experiment Run on Net:
    repeat 2 times:
        phase flip for 1 step:
            start cells.x from ξ_1 with 20 % flipped
            record cells.x as flipped
        phase show for each p in ξ, shuffled, 2 epochs:
            cells.x = p
            record cells.x as seen
"""
    found = arrays(carry_out(text))
    flipped, seen = found["flipped"].values, found["seen"].values
    assert [(row != flipped[0, 0]).sum() > 0 for row in flipped[:, 0]] == [False, True]
    assert seen.shape == (2, 16, 40)
    orders = {tuple(map(tuple, seen[r, 8 * e : 8 * e + 8])) for r in range(2) for e in range(2)}
    assert len(orders) == 4, "every epoch of every round has an order of its own"


def test_one_phase_has_one_name_in_all_rounds():
    with pytest.raises(PlasError, match="two phases"):
        carry_out(experiment("repeat 2 times:", "    phase up for 5 ms", "phase up for 5 ms"))


# --- items with pauses, and again --------------------------------------------------------------------------------------

SHOWN = """
    data d
    phase show for each x in d for 5 ms each, pause 5 ms:
        src = x
        record cell.r[1] every 5 ms as path
        record x every 5 ms as item
    phase rest for 5 ms
    record spike_count(out) as fired
"""


def test_what_is_held_is_released_in_a_pause():
    study = carry_out(experiment() + SHOWN, d={"x": np.array([1.0, 2.0, 0.0])})
    found, r, expected = arrays(study), 0.0, []
    for value in (1.0, 2.0, 0.0):
        expected.append(r := value - A * (value - r))
        expected.append(r := A * r)
    np.testing.assert_allclose(found["path"], expected, rtol=1e-12)
    assert found["item"].values.tolist() == [1, 1, 2, 2, 0, 0], "in a pause the item is still the one before"
    assert float(found["fired"]) == 10
    assert study.runs[0].steps == 35


HELD = """
neuron Cell:
    τ = 10 ms
    input I
    output r
    τ dr/dt = I − r

synapse W:
    post.I = Σ w x

network Net:
    cell = 1 Cell
    src = 1 Source
    src → cell: W, w = 3

experiment Run on Net:
    dt = 1 ms
    data d
    phase show for each x in d for 5 ms each, pause 5 ms:
        src = 1
        cell.I = x
        cell.τ = 5 ms
        rules off
    record cell.r[1] every 5 ms as r
"""


def test_inputs_and_parameters_are_released_in_a_pause():
    found = arrays(carry_out(HELD, d={"x": np.array([1.0, 2.0])}))
    r, expected = 0.0, [0.0]
    for value in (1.0, 2.0):
        expected.append(r := value - math.exp(-1.0) * (value - r))
        expected.append(r := A * r)  # the source is silent too, and the time constant is 10 ms again
    np.testing.assert_allclose(found["r"], expected, rtol=1e-12)


AGAIN = """
    data d
    phase show for each x in d for 5 ms each, pause 1 ms, again until cell.r > 0.6 x, at most 4 times:
        src = x
        record cell.r[1] every 6 ms as path
    phase rest for 5 ms
    record t at end as whole
    record x in phase show at end as last
""".replace("    record x in phase show at end as last\n", "")


def test_items_are_shown_again_until_something_has_happened():
    """The first one needs two showings, the second is strong enough at once, the third four, which are not enough."""
    items = [1.0, 0.6, 5.0]
    study = carry_out(experiment() + AGAIN, d={"x": np.array(items)})
    r, step, path, showings, reached = 0.0, 0, [], [], []
    for x in items:
        for showing in range(1, 5):
            r = x - A * (x - r)
            over = r > 0.6 * x
            r, step = r * math.exp(-0.1), step + 6
            path.append(r)
            if over or showing == 4:
                showings.append(showing)
                reached.append(over)
                break
    assert showings == [2, 1, 2]
    found = arrays(study)
    assert [e.rounds for e in study.runs[0].endings] == showings
    assert [e.reached for e in study.runs[0].endings] == reached
    np.testing.assert_allclose(found["path"], path, rtol=1e-12)
    assert float(found["whole"]) == pytest.approx((step + 5) / 1000)


def test_items_that_are_never_enough():
    study = carry_out(experiment() + AGAIN.replace("0.6 x", "2 x").replace("at most 4", "at most 3"), d={"x": np.array([1.0, 2.0])})
    assert [(e.rounds, e.reached) for e in study.runs[0].endings] == [(3, False)] * 2
    assert study.runs[0].steps == 2 * 3 * 6 + 5
    (warning,) = study.runs[0].recorder.warnings
    assert warning.message == "What ‘again in show’ waits for had not happened after 3 rounds."


def test_each_round_counts_its_own_spikes() -> None:
    """Spikes at 1, 6, 7, 12, 13 and 14 ms: 1, 2 and 3 in rounds of 5 ms; of the last 2 ms, 0, 0 and 2."""
    text = """
network Net:
    a = 1 SpikeTimes([1 ms, 6 ms, 7 ms, 12 ms, 13 ms, 14 ms])

experiment E on Net:
    dt = 1 ms
    repeat 3 times:
        phase p for 5 ms:
            record spike_count(a) at end as all
            record spike_count(a) over last 2 ms as late
"""
    result = plasticdsl.parse(text).run(engine="python")
    assert np.ravel(result["all"].values).tolist() == [1, 2, 3]
    assert np.ravel(result["late"].values).tolist() == [0, 0, 2]
