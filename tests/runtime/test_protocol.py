"""What phases do: start, wait, show items, update one by one. What must come out is computed here, by other means."""

from __future__ import annotations

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.results.result import Result
from plasticdsl.results.stack import stacked
from plasticdsl.results.summary import summary_of
from tests.runtime.experiments import carry_out


def recorded(study):
    """Name → values of everything recorded."""
    return {s.name: np.asarray(s.values) for s in stacked(study)}


def verdicts(study):
    return [o.passed for o in Result(study, "").expectations]


# --- where a phase starts ----------------------------------------------------------------------------------------------

STILL = """
neuron Still:
    input h
    output x ∈ {−1, +1}
    x → +1 if h > 1
        −1 if h < −1

network Net:
    cells = 50 Still
    ξ = 3 random patterns of {−1, +1} over cells, p = 0.9

experiment Starts on Net:
    phase flip for 1 step:
        start cells.x from ξ_1 with 20 % flipped
        record cells.x as flipped
    phase redraw for 1 step:
        start cells.x from ξ_3 with 60 % redrawn
        record cells.x as redrawn
    phase whole for 1 step:
        start cells.x from ξ[2]
        record cells.x as whole
    phase keep for 2 steps:
        record cells.x as kept
    phase number for 1 step:
        start cells.x from −1
        record cells.x as number
"""


def test_starts():
    ξ = carry_out(STILL, seed=7)
    patterns = np.array([[1.0] * 50, [-1.0, 1.0] * 25, [1.0] * 50])
    given = recorded(carry_out(STILL, seed=7, ξ=patterns))
    assert (given["flipped"] != patterns[0]).sum() == 10
    changed = (given["redrawn"] != patterns[2]).sum()
    assert 0 < changed <= 10, "of 30 units drawn again, a tenth becomes −1"
    assert np.array_equal(given["whole"][0], patterns[1])
    assert np.array_equal(given["kept"], [patterns[1]] * 2), "a start sets once, and the next phase goes on from there"
    assert (given["number"] == -1.0).all()
    again = recorded(carry_out(STILL, seed=7))
    assert all(np.array_equal(again[name], values) for name, values in recorded(ξ).items())
    other = recorded(carry_out(STILL, seed=8, ξ=patterns))
    assert not np.array_equal(other["flipped"], given["flipped"])


# --- until -------------------------------------------------------------------------------------------------------------

FLOW = """
neuron Leak:
    input I
    output r
    10 ms dr/dt = I − r

synapse W:
    post.I = Σ w x

network Flow:
    cell = 1 Leak
    src = 1 Source
    src → cell: W, w = 1

experiment Wait on Flow:
    dt = 1 ms
    phase rise until stable within 1e-3, up to 500 steps:
        src = 2
    phase fall until cell.r < 1, up to 100 ms:
        src = 0
        record cell.r as falling
    phase never until cell.r > 5, up to 3 ms:
        expect cell.r < 1 at end
        expect cell.r never increases
    phase again for 2 ms:
        start cell.r from 3
        record cell.r as again
        record cell.r at 0 ms as begin
        record src
        src = 1
        expect cell.r never increases
    record cell.r
"""


def test_until_ends_where_it_should():
    study = carry_out(FLOW)
    run = study.runs[0]
    rise = 2.0 * (1.0 - np.exp(-0.1 * np.arange(200)))
    first = next(n for n in range(1, 200) if rise[n] - rise[n - 1] <= 1e-3 * rise[n])
    fall = rise[first] * np.exp(-0.1 * np.arange(100))
    second = next(n for n in range(1, 100) if fall[n] < 1.0)
    assert [(e.phase, e.reached, e.steps) for e in run.endings] == [("rise", True, first), ("fall", True, second), ("never", False, 3)]
    found = recorded(study)
    assert found["falling"].ravel() == pytest.approx(fall[: second + 1])
    whole = np.concatenate([rise[: first + 1], fall[1 : second + 4], 1.0 + 2.0 * np.exp(-0.1 * np.arange(1, 3))])
    assert found["cell.r"].ravel() == pytest.approx(whole)
    assert run.line.end == first + second + 5


def test_what_a_phase_sets_counts_from_its_beginning():
    found = recorded(carry_out(FLOW))
    assert found["begin"].item() == 3.0
    assert found["again"].ravel() == pytest.approx(1.0 + 2.0 * np.exp(-0.1 * np.arange(3)))
    assert (found["src"] == 1.0).all()
    assert verdicts(carry_out(FLOW)) == [True, True, True]


def test_not_reaching_it_is_said_everywhere():
    result = Result(carry_out(FLOW), "")
    assert [w.code for w in result.warnings] == ["not-stable"]
    assert "‘never’ waits for had not happened after 3 steps" in result.warnings[0].message
    reasons = [o.reason for o in result.expectations]
    assert ["‘never’" in reason for reason in reasons] == [True, True, False]
    summary = summary_of(carry_out(FLOW), "", 0.0, 0.0)
    assert [(e["phase"], e["runs"], e["reached"]) for e in summary["until"]] == [("rise", 1, 1), ("fall", 1, 1), ("never", 1, 0)]


# --- items -------------------------------------------------------------------------------------------------------------

DATA = """
neuron Out:
    input a
    input target
    output y = a

synapse W:
    post.a = Σ w x

rule Delta:
    η = 0.1
    Δw = η x (post.target − y)

network Net:
    image = 4 Source
    out = 3 Out
    w1 = image → out: W with Delta, all to all, w = 0

experiment Train on Net:
    data d{file}
    phase train for each (pixels, kind) in d{where}{shuffled}, 5 epochs:
        image = pixels
        out.target = one_hot(kind, 3)
        record kind as kinds
        record image as seen
    phase test for each (pixels, kind) in d:
        rules off for w1
        image = pixels
        record argmax(out.y) = kind as correct
    record w1.w at end
    expect mean(correct) ≥ 0
"""
IMAGES = np.array([[1.0, 0, 0, 0.5], [0, 1, 0, 0.5], [0, 0, 1, 0.5], [1, 0, 0, 0]])
KINDS = np.array([0, 1, 2, 0])
TEST = np.array([False, False, False, True])


def learnt(order):
    """The delta rule, by hand: w[post, pre]."""
    w = np.zeros((3, 4))
    for k in order:
        w += 0.1 * np.outer(np.eye(3)[KINDS[k]] - w @ IMAGES[k], IMAGES[k])
    return w


def weights(study):
    ends = study.runs[0].facts.ends["w1"]
    w = np.zeros((3, 4))
    w[ends[1], ends[0]] = recorded(study)["w1.w"]
    return w


def test_data_from_python():
    text = DATA.format(file="", where="", shuffled="")
    study = carry_out(text, d={"image": IMAGES, "kind": KINDS})
    assert weights(study) == pytest.approx(learnt([0, 1, 2, 3] * 5))
    assert np.array_equal(recorded(study)["kinds"], np.tile(KINDS, 5))
    assert np.array_equal(recorded(study)["seen"], np.tile(IMAGES, (5, 1)))
    w = weights(study)
    assert np.array_equal(recorded(study)["correct"].astype(bool), np.argmax(IMAGES @ w.T, axis=1) == KINDS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "‘d’ have no file and were not given"),
        ({"d": {"image": IMAGES}}, "nothing for ‘kind’: ‘d’ has only ‘image’"),
        ({"d": {"image": IMAGES, "kind": KINDS[:3]}}, "‘image’ has 4 items, but ‘kind’ has 3"),
        ({"d": {"image": IMAGES[:, :3], "kind": KINDS}}, "‘image’ has 4 units, but is set to 3 values per item"),
        ({"d": {"image": IMAGES * np.nan, "kind": KINDS}}, "no finite number"),
        ({"d": IMAGES}, "is given as a mapping"),
        ({"e": 1.0}, "no parameter ‘e’.*patterns and data: d"),
    ],
)
def test_data_that_do_not_fit(given, message):
    with pytest.raises((PlasError, ValueError, KeyError), match=message):
        carry_out(DATA.format(file="", where="", shuffled=""), **given)


def test_data_from_files(tmp_path):
    np.savez(tmp_path / "d.npz", image=IMAGES, kind=KINDS, test=TEST)
    some = carry_out(DATA.format(file=' from "d.npz"', where=" where not test", shuffled=""), folder=tmp_path)
    assert weights(some) == pytest.approx(learnt([0, 1, 2] * 5))
    mixed = carry_out(DATA.format(file=' from "d.npz"', where=" where not test and kind < 2", shuffled=", shuffled"), folder=tmp_path)
    kinds = recorded(mixed)["kinds"].reshape(5, 2)
    assert (np.sort(kinds, axis=1) == [0, 1]).all()
    assert len({tuple(row) for row in kinds}) == 2, "each epoch has an order of its own"
    assert weights(mixed) == pytest.approx(learnt(kinds.ravel().astype(int)))


CSV = """
neuron Leak:
    input I
    output r
    10 ms dr/dt = I − r

network Net:
    cell = 2 Leak
    src = 1 Source

experiment Show on Net:
    dt = 1 ms
    data table from "t.csv"
    phase show for each (a, b) in table where keep and a < 4, for 3 ms each, 2 epochs:
        src = a + b
        cell.I = 10 a
        record src
        record cell.r as r
        record mean(cell.r) every 3 ms as shown
"""


def test_a_table_with_a_time_step(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,keep\n1,0.5,1\n2,0.25,1\n3,0.125,0\n4,1,1\n")
    found = recorded(carry_out(CSV, folder=tmp_path))
    assert np.array_equal(found["src"].ravel(), np.tile(np.repeat([1.5, 2.25], 3), 2))
    r, expected = 0.0, []
    for drive in np.tile(np.repeat([10.0, 20.0], 3), 2):
        r = drive + (r - drive) * np.exp(-0.1)
        expected.append(r)
    assert found["r"] == pytest.approx(np.transpose([expected, expected])), "values are taken after each step"
    assert found["shown"].ravel() == pytest.approx(expected[2::3])


# --- patterns ----------------------------------------------------------------------------------------------------------

PATTERNS = """
neuron Rate:
    input a
    output y = a

synapse W:
    post.a = Σ w x

rule Hebb:
    Δw = x y

network Net:
    s = 3 Source
    cell = 2 Rate
    c = s → cell: W with Hebb, all to all, w = 0
    ξ = patterns [(1, 0.3, 0), (0.2, 1, 0)] over s
    ζ = patterns from "z.npz" over s
    κ = patterns from "k.csv" over s
    m_μ = Σ_i ξ_μi s.x_i

experiment Show on Net:
    phase a for each p in ξ:
        s = p
        record m
        record m_2 as second
    phase b for each p in ζ:
        s = 2 p
        cell.a = 0.5
        record s as b
        record cell.y as y
    phase c for each p in κ, 2 epochs:
        s = p
        cell.a = 0.5
        rules off for Hebb
        record s as c
    record c.w at end
    plot m at end
"""


def test_patterns_written_and_from_files(tmp_path):
    np.savez(tmp_path / "z.npz", ζ=[[1.0, 0, 1], [0, 1, 1]], other=np.zeros(3))
    (tmp_path / "k.csv").write_text("u,v,w\n1,0,1\n0,0,1\n")
    study = carry_out(PATTERNS, folder=tmp_path)
    found, ξ = recorded(study), np.array([[1, 0.3, 0], [0.2, 1, 0]])
    assert found["m"] == pytest.approx(ξ @ ξ.T)
    assert found["second"] == pytest.approx((ξ @ ξ.T)[:, 1])
    assert np.array_equal(found["b"], [[2, 0, 2], [0, 2, 2]])
    assert (found["y"] == 0.5).all()
    assert np.array_equal(found["c"], [[1, 0, 1], [0, 0, 1]] * 2)
    ends = study.runs[0].facts.ends["c"]
    assert np.array_equal(found["c.w"], np.array([1.0, 1, 2])[ends[0]]), "0.5 x, summed over both patterns of ζ"
    (figure,) = Result(study, "").figures.values()
    assert figure.axes[0].get_xlabel() == "pattern of $ξ$"


# --- updating one by one -----------------------------------------------------------------------------------------------

HOPFIELD = """
neuron Binary:
    input h
    output x ∈ {−1, +1}
    x → +1 if h > 0
        −1 otherwise

synapse Coupling:
    post.h = Σ w x

network Net:
    N = 12
    units = N Binary
    J = units → units: Coupling, all to all except self, w ~ N(0, 1)
    E = −½ Σ_ij w_ij x_i x_j

experiment Sweep on Net:
    phase go for 4 steps:
        start units.x from −1
        ORDER
        expect E never increases
    record units.x, J.w
"""
SYMMETRIC = "cos(7 (i + j) + 3 i j)"


def by_hand(w, orders):
    """Unit by unit in the order given, from −1: the state after each sweep, and the energies after each unit."""
    x = -np.ones(len(w))
    states, energies = [], [-0.5 * x @ w @ x]
    for order in orders:
        for unit in order:
            x[unit] = 1.0 if w[unit] @ x > 0 else -1.0
            energies.append(-0.5 * x @ w @ x)
        states.append(x.copy())
    return np.array(states), np.array(energies)


def hopfield(order, weights="~ N(0, 1)"):
    text = HOPFIELD.replace("~ N(0, 1)", weights).replace("ORDER", order)
    study = carry_out(text, seed=3)
    ends = study.runs[0].facts.ends["J"]
    w = np.zeros((12, 12))
    w[ends[1], ends[0]] = recorded(study)["J.w"][0]
    return study, w


def test_updating_in_fixed_order_and_energy():
    study, w = hopfield("update asynchronously in fixed order", f"= {SYMMETRIC}")
    assert np.array_equal(w, w.T)
    states, energies = by_hand(w, [range(12)] * 4)
    assert np.array_equal(recorded(study)["units.x"], states)
    assert len({tuple(s) for s in states}) > 1
    assert (np.diff(energies) <= 1e-12).all()
    assert verdicts(study) == [True]


def test_energy_that_does_increase_is_found():
    study, w = hopfield("update asynchronously in fixed order")
    states, energies = by_hand(w, [range(12)] * 4)
    assert np.array_equal(recorded(study)["units.x"], states)
    assert verdicts(study) == [False]
    outcome = Result(study, "").expectations[0]
    assert outcome.value == pytest.approx(np.diff(energies).max()), "after each unit, not only after each sweep"


def test_random_order_is_new_in_each_step_and_all_at_once_is_none():
    fixed, w = hopfield("update asynchronously in fixed order")
    mixed, _ = hopfield("update asynchronously")
    named, _ = hopfield("update asynchronously in random order")
    together, _ = hopfield("update synchronously")
    assert np.array_equal(recorded(mixed)["units.x"], recorded(named)["units.x"])
    assert not np.array_equal(recorded(mixed)["units.x"], recorded(fixed)["units.x"])
    x, states = -np.ones(12), []
    for _ in range(4):
        x = np.where(w @ x > 0, 1.0, -1.0)
        states.append(x)
    assert np.array_equal(recorded(together)["units.x"], states)


def test_one_value_alone_is_no_verdict():
    text = HOPFIELD.replace("4 steps", "1 step").replace("ORDER", "")
    outcome = Result(carry_out(text), "").expectations[0]
    assert outcome.passed is None
    assert "one value" in outcome.reason
