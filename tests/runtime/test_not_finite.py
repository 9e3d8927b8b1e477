"""What has no finite value is named with the step in which it first had none, and what was recorded until then is kept. In both engines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import xarray

import plasticdsl
from plasticdsl.cli.app import status
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.options import EngineName
from plasticdsl.results.result import Result, Unfinished
from tests.runtime.experiments import carry_out

Carry = Callable[[str], Result]


def interpreted(text: str) -> Result:
    return Result(carry_out(text, partial=True), "")


def compiled(text: str, engine: EngineName = "compiled") -> Result:
    try:
        return plasticdsl.parse(text).run(engine=engine)
    except Unfinished as problem:
        return problem.result


def uncompiled(text: str) -> Result:
    """The kernels as plain Python."""
    return compiled(text, "python")


both = pytest.mark.parametrize("carried", [interpreted, compiled])


def throughout(name: str, values: Sequence[str]) -> pytest.MarkDecorator:
    """Each value in the interpreter and in the kernels as plain Python; in machine code the last one, and all among the slow tests."""
    runs = [(v, carried) for v in values for carried in (interpreted, uncompiled, compiled)]
    rest = [pytest.mark.slow]
    return pytest.mark.parametrize(
        (name, "carried"), [pytest.param(*r, marks=rest if r[1] is compiled and r[0] != values[-1] else []) for r in runs]
    )


def messages(result: Result) -> list[str]:
    assert {d.code for d in result.failure} <= {"not-finite"}
    return [d.message for d in result.failure]


# --- rates, conditions and definitions ---------------------------------------------------------------------------------


@both
def test_a_rate_that_has_no_value_at_first(carried: Carry) -> None:
    text = """
network Net:
    src = 200 Poisson(rate = 100 Hz·√((t − 1 ms)/(1 s)))

experiment E on Net:
    dt = 0.1 ms
    phase p for 1 s
    expect rate(src) > 10 Hz
"""
    result = carried(text)
    assert messages(result) == ["The rate of src for unit 1 and 199 more has no value (NaN) at t = 0 s (step 0)."]
    assert [o.passed for o in result.expectations] == [None]


@both
def test_a_rate_that_has_no_value_later_on(carried: Carry) -> None:
    """1.05 ms − t is negative from the grid time 1.1 ms on."""
    text = """
neuron Noisy:
    spike at rate 10 Hz·√((T − t)/(1 s))
    T = 1.05 ms

network Net:
    a = 2 Noisy

experiment E on Net:
    dt = 0.1 ms
    phase p for 20 ms
"""
    assert messages(carried(text.replace("2 Noisy", "2 Noisy, T = 1 s"))) == []
    assert messages(carried(text)) == ["The rate of a for unit 1 and 1 more has no value (NaN) at t = 0.0011 s (step 11)."]


CONDITION = """
neuron Cell:
    V(0) = 0
    dV/dt = 1/(1 ms)
    r = √(1.05 − V)
    q = √(V − 1) if V > 1
        0 otherwise
    spike when CONDITION:
        V → 0

network Net:
    a = 3 Cell

experiment E on Net:
    dt = 0.1 ms
    phase p for 10 s
    record a.V
"""


@throughout("condition", ["√(1.05 − V) > 2", "r > 2", "V > 100 or r > 2", "not (r < 2)", "V > 1.15 and r < 0"])
def test_a_spike_condition_that_has_no_value(condition: str, carried: Carry) -> None:
    """V is 1.1 at step 11, and the root of −0.05 is no number. V stays finite, so nothing else tells."""
    step = 12 if "1.15" in condition else 11
    result = carried(CONDITION.replace("CONDITION", condition))
    assert messages(result) == [
        f"The spike condition of a for unit 1 and 2 more has no value (NaN) at t = {step / 10000:g} s (step {step})."
    ]
    assert result["a.V"].values[:, 0] == pytest.approx(0.1 * np.arange(step + 1))


@throughout("condition", ["V > 1.95 and √(V − 1) > 0", "V < 0 or V > 1.95", "q > √0.95"])
def test_what_is_not_asked_needs_no_value(condition: str, carried: Carry) -> None:
    """V is 2.0 at step 20: there is a spike, and V begins anew and reaches 2.0 at step 40 …."""
    text = CONDITION.replace("CONDITION", condition).replace("for 10 s", "for 10.05 ms") + "    expect spike_count(a) = 15"
    result = carried(text)
    assert messages(result) == []
    assert result.passed


@both
def test_a_definition_that_others_read(carried: Carry) -> None:
    """V is −0.05 at step 11. That the sum of logarithms is no number shows nowhere else."""
    text = """
neuron Falling:
    V(0) = 1.05
    dV/dt = −1/(1 ms)
    output y = log(V)

neuron Reader:
    input h
    x(0) = 0
    goal = 1 if h > 5
           0 otherwise
    1 ms dx/dt = goal − x

synapse Link:
    post.h = Σ w x

network Net:
    a = 1 Falling
    b = 1 Reader
    a → b: Link, all to all, w = 1

experiment E on Net:
    dt = 0.1 ms
    phase p for 10 s
"""
    assert messages(carried(text)) == ["a.y of unit 1 has no value (NaN) at t = 0.0011 s (step 11)."]


# --- states ------------------------------------------------------------------------------------------------------------

GROWTH = """
neuron Growing:
    factor = 10
    V(0) = 1
    W(0) = 1
    U(0) = 1/100000
    I = 0
    r(0) = 0
    10 ms dr/dt = I − r
    every 1 ms:
        V → factor V
        W → factor W
        U → factor U

network Net:
    c = 3 Growing
    src = 2 Regular(rate = 100 Hz)

experiment E on Net:
    dt = 1 ms
    phase before for 100 ms
    phase during for 16 sHELD
    record c.V, spikes(src)
    record c.V at end as last
    expect c.V[1] > 1e40 at 50 ms
    expect c.V < 1e20
"""


@both
@pytest.mark.parametrize("held", ["", ":\n        c.r = 0.1 + t/(1 s)", ":\n        c.I = 0.1"])
def test_everything_that_went_wrong_first_is_named(held: str, carried: Carry) -> None:
    """V = 10ⁿ at step n, and 10³⁰⁸ is the last that a double holds. U follows five steps later and is not named."""
    result = carried(GROWTH.replace("HELD", held))
    assert messages(result) == [f"c.{v} of unit 1 and 2 more became infinite at t = 0.309 s (step 309)." for v in "VW"]
    assert result.study.runs[0].steps == 308
    assert result["c.V"].values[:, 2] == pytest.approx(10.0 ** np.arange(309))
    assert list(result["c.V"].time.values) == pytest.approx(0.001 * np.arange(309))
    assert sorted(result["spikes(src)"].values) == pytest.approx(np.repeat(0.01 * np.arange(31), 2))
    assert result.summary["spikes"]["src"] == 62
    assert [o.passed for o in result.expectations] == [True, None]
    assert np.isnan(result["last"].values).all()


@both
def test_parameters_that_a_phase_holds_are_held_again(carried: Carry) -> None:
    """V is 10¹⁰⁰ at step 100, and 10¹⁰⁰ · 100¹⁰⁴ at step 204."""
    result = carried(GROWTH.replace("HELD", ":\n        c.factor = 100"))
    assert messages(result) == [f"c.{v} of unit 1 and 2 more became infinite at t = 0.205 s (step 205)." for v in "VW"]
    assert result["c.V"].values[-1] == pytest.approx(1e308)


@both
def test_connections_are_looked_at(carried: Carry) -> None:
    """Nothing of the units tells: their inputs are not filled."""
    text = """
neuron Cell:
    V(0) = 0
    10 ms dV/dt = −V
    spike when V > 1

synapse Growing:
    w(0) = 1
    u(0) = 1
    on pre:
        post.V += 0 u
    every 1 ms:
        w → 10 w

network Net:
    a = 2 Cell
    ff = a → a: Growing, one to one

experiment E on Net:
    dt = 1 ms
    phase p for 1 s
    record ff.w
"""
    result = carried(text)
    assert messages(result) == ["ff.w of connection 1 (from unit 1 to unit 1) and 1 more became infinite at t = 0.309 s (step 309)."]
    assert result["ff.w"].values[-1, 1] == pytest.approx(1e308)


def test_a_sweep_keeps_the_runs_before() -> None:
    text = GROWTH.replace("HELD", "").replace("16 s", "1 s").replace("dt = 1 ms", "dt = 1 ms\n    sweep Growing.factor in [1, 10, 1]")
    result = compiled(text)
    assert len(result.study.runs) == 2
    assert result["last"].values[0] == pytest.approx([1.0, 1.0, 1.0])
    assert np.isnan(result["last"].values[1:]).all()
    assert [o.passed for o in result.expectations] == [False, True]


def test_a_network_stands_where_all_was_well() -> None:
    net = plasticdsl.parse(GROWTH.replace("HELD", "")).build(log=["src"])
    net.run("100 ms")
    V = net["c"].V
    with pytest.raises(PlasError, match=r"error\[not-finite\]: c\.V of unit 1 and 2 more became infinite at t = 0\.309 s \(step 309\)"):
        net.run("16 s")
    assert net.step == 308
    assert pytest.approx(1e308) == V
    assert net.spikes("src").times[-1] == pytest.approx(0.3) and len(net.spikes("src")) == 62
    net["c"].V, net["c"].W = 1.0, 1.0
    net.run(steps=2)
    assert pytest.approx(100.0) == net["c"].V


# --- what is written ---------------------------------------------------------------------------------------------------


def test_what_was_recorded_is_written_and_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "growth.plas"
    file.write_text(GROWTH.replace("HELD", ""), encoding="utf-8")
    assert status(["run", str(file), "--out", str(tmp_path / "out"), "--quiet"]) == 1
    told = capsys.readouterr().err
    assert "error[not-finite]: c.V of unit 1 and 2 more became infinite at t = 0.309 s (step 309)." in told
    assert "What was recorded until then has been written, marked as partial." in told
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["partial"] == [f"c.{v} of unit 1 and 2 more became infinite at t = 0.309 s (step 309)." for v in "VW"]
    assert summary["duration_s"] == pytest.approx(0.308)
    with xarray.open_dataset(tmp_path / "out" / "recordings.nc") as found:
        assert found.attrs["partial"] == " ".join(summary["partial"])
        assert found["c.V"].shape == (309, 3)
    assert status(["test", str(file), "--quiet"]) == 1


@both
def test_a_rate_without_end(carried: Carry) -> None:
    """1/t is infinite at t = 0; what was recorded until then is kept all the same."""
    text = """
network Net:
    src = 2 Poisson(rate = 1/t)
    b = 2 Regular(rate = 100 Hz)

experiment E on Net:
    dt = 1 ms
    phase p for 1 s
    record spikes(b)
"""
    result = carried(text)
    assert [d.code for d in result.failure] == ["too-many-spikes"]
    assert "a rate is far too high for this dt" in result.failure[0].message


# --- cases -----------------------------------------------------------------------------------------------------------

CASES = """
neuron Cell:
    a = 1
    x(0) = 1.01
    n(0) = 0
    10 ms dx/dt = −a
    CHANGE

network Net:
    c = 2 Cell, a = i

experiment E on Net:
    dt = 0.1 ms
    phase p for 8 ms
    expect c.n ≤ 80
"""

FLOW = """u = 1  if √x < 2
        0  otherwise
    1 ms dn/dt = u"""
JUMP = """n → 1  if not √x > 2
        0  otherwise"""
NOW_AND_THEN = """every 0.1 ms:
        n += 1 if log(x) < 0 or x > 1"""


@throughout("change", [FLOW, JUMP, NOW_AND_THEN])
def test_a_case_whose_condition_has_no_answer(carried: Carry, change: str) -> None:
    """x of unit 2 is 1.01 − 2 t/(10 ms): positive at 5 ms (step 50), where it is looked at last with an answer, and negative at 5.1 ms."""
    assert messages(carried(CASES.replace("CHANGE", change))) == ["c.n of unit 2 has no value (NaN) at t = 0.0052 s (step 52)."]
    decided = (
        change.replace("√x <", "x > 0 and √x <").replace("not √x > 2", "x > 0 and √x < 2").replace("log(x) < 0", "x > 0 and log(x) < 0")
    )
    assert messages(carried(CASES.replace("CHANGE", decided))) == []


# --- what a phase waits for --------------------------------------------------------------------------------------------

WAITS = """
neuron Cel:
    10 ms dV/dt = 1.2 − V
    spike when V > 1:
        V → 0

network N:
    a = 5 Cel

experiment E on N:
    dt = 0.1 ms
    phase p until CONDITION
"""

NO_ROOT = ["What the phase waits for compares with something that has no value (NaN) at t = 0.0054 s (step 54)."]


@both
@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("√(0.5 − a.V) < 0.01", NO_ROOT),
        ("mean(log(0.5 − a.V)) < −1000", NO_ROOT),
        ("cv(a) > 2 and √(0.5 − a.V) < 0.01, up to 60 steps", []),
        ("correlation(a.V, a.V) > 2, up to 60 steps", []),
    ],
)
def test_a_condition_without_an_answer(condition: str, told: list[str], carried: Carry) -> None:
    """V = 1.2 (1 − exp(−t/10 ms)) is beyond 0.5 from t = 10 ms ln(1.2/0.7) = 5.39 ms on, so at 5.4 ms there is no root. Statistics that
    have no value yet are waited for, and what a first part of the condition has decided is not asked."""
    assert messages(carried(WAITS.replace("CONDITION", condition))) == told


# --- weights that stand still ------------------------------------------------------------------------------------------

STANDING = """
neuron Growing:
    10 ms dx/dt = x² + 1
    output x

synapse Plain:
    on pre:
        post.x += w

rule Forgetting:
    100 ms dw/dt = −w

network Net:
    A = 2 SpikeTimes([1 ms])
    B = 2 Growing
    ex = A → B: Plain with Forgetting, one to one, w = 1

experiment Both on Net:
    dt = 0.1 ms
    phase learning for 5 ms
    phase probe for 30 ms:
        rules off
    record ex.w every 1 ms
"""


@both
def test_the_first_step_is_found_where_rules_are_off(carried: Carry) -> None:
    """x = tan(t/τ + φ) leaves all bounds; what was recorded of the weights until then is exp(−t/τ) of the time in which the rules were on."""
    result = carried(STANDING)
    (message,) = messages(result)
    assert "B.x of unit 1" in message
    recorded = result["ex.w"].values.reshape(-1, 2)
    assert np.allclose(recorded[:6, 0], np.exp(-np.arange(6) / 100.0), rtol=1e-12)
    assert np.all(recorded[5:] == recorded[5])


SECOND = """
neuron Cell:
    factor = 1
    V(0) = FIRST
    every 1 ms: V → factor V

network Net:
    a = 2 Cell, factor = [1, 10]

experiment E on Net:
    dt = 1 ms
    phase p for 1 s
    record a.V at end
"""


@pytest.mark.parametrize("carried", [interpreted, uncompiled])
@pytest.mark.parametrize(("first", "step"), [("1", 309), ("10", 308), ("100", 307)])
def test_a_unit_that_is_not_the_first_at_any_step(first: str, step: int, carried: Carry) -> None:
    """V = 10ⁿ of unit 2 at step n, from 10⁰, 10¹ or 10² on; unit 1 stays as it is."""
    result = carried(SECOND.replace("FIRST", first))
    assert messages(result) == [f"a.V of unit 2 became infinite at t = 0.{step} s (step {step})."]


def test_what_is_set_while_rules_are_off_is_looked_at() -> None:
    net = plasticdsl.parse(STANDING).build(dt="0.1 ms", engine="python")
    net.rules(False)
    net.run("3 ms")
    net["ex"].w = np.nan
    with pytest.raises(PlasError, match=r"ex\.w of connection 1 .* has no value"):
        net.run("3 ms")
