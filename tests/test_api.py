"""What a Python program does with a model: build, run, look into, change, save."""

from pathlib import Path

import numpy as np
import pytest

import plasticdsl

TEXT = """
neuron Cell:
    τ = 20 ms
    V_θ = 10 mV
    input drive
    τ dV/dt = −V
    half = V / 2
    spike when V > V_θ:
        V → 0 mV

synapse Jump:
    on pre:
        post.V += w

rule Hebb:
    τ_p = 20 ms
    A = 0.1 mV
    w ∈ [0 mV, 4 mV]
    dr/dt = −r/τ_p + S_pre
    dw/dt = A S_post r

network Small:
    r_in = 40 Hz
    inputs = 20 Poisson(rate = r_in)
    cell = 2 Cell
    ex = inputs → cell: Jump with Hebb, all to all, w = 1 mV
    fixed = cell → cell: Jump, all to all except self, w = 0.1 mV, delay = 1 ms

experiment Short on Small:
    dt = 0.1 ms
    phase run for 200 ms
    record ex.w every 50 ms
    record spikes(cell)
    expect rate(inputs) ≈ 40 Hz ± 10 Hz
"""


@pytest.fixture(scope="module")
def model():
    return plasticdsl.parse(TEXT)


def test_names(model):
    assert model.networks == ("Small",)
    assert model.experiments == ("Short",)
    assert plasticdsl.__version__
    with pytest.raises(AttributeError, match="load"):
        _ = plasticdsl.simulate


def test_a_time_may_be_set_in_steps() -> None:
    text = "neuron Leak:\n    τ = 50 steps\n    E = 0 mV\n    dV/dt = (E − V)/τ\n    V(0) = 1 mV\nnetwork N:\n    c = 1 Leak\n"
    for dt in ("0.1 ms", "0.2 ms"):
        net = plasticdsl.parse(text).build("N", dt=dt, engine="python", parameters={"τ": "100 steps"})
        net.run(steps=200)
        assert net["c"].V[0] == pytest.approx(1e-3 * np.exp(-2.0), rel=1e-9)
    with pytest.raises(ValueError, match="E is a voltage, but ‘100 steps’ is a time; the units do not fit"):
        plasticdsl.parse(text).build("N", dt="0.1 ms", parameters={"E": "100 steps"})


def test_build_with_parameters(model):
    net = model.build("Small", seed=3, dt="0.2 ms", inputs=30, A="0.2 mV", parameters={"cell.τ": 0.01, "ex.w": "2 mV"})
    assert (net.dt, net.seed, net.time) == (2e-4, 3, 0.0)
    assert len(net["inputs"]) == 30
    assert net["ex"].A == 2e-4
    assert net["cell"].tau == net["cell"].τ == 0.01
    assert net["ex"].w == pytest.approx(np.full(60, 2e-3))
    with pytest.raises(KeyError, match="there is"):
        model.build("Big")
    with pytest.raises(KeyError, match="A_plus"):
        model.build(A_plus=1)
    with pytest.raises(ValueError, match="voltage"):
        model.build(A="0.2 ms")
    with pytest.raises(ValueError, match="no unit"):
        model.build(A="0.2")
    with pytest.raises(ValueError, match="whole number"):
        model.build(inputs=2.5)


def test_arrays_give_each_connection_its_own_value(model):
    weights = np.linspace(0.0, 1e-3, 40)
    net = model.build(parameters={"ex.w": weights})
    assert net["ex"].w == pytest.approx(weights)


def test_parts_by_name_and_by_ends(model):
    net = model.build()
    assert list(net) == ["inputs", "cell", "ex", "fixed"]
    assert net["inputs -> cell"].w is net["ex"].w
    assert list(net["ex"].pre[:4]) == [0, 0, 1, 1]
    assert list(net["ex"].post[:4]) == [0, 1, 0, 1]
    assert list(net["fixed"].pre) == [0, 1]
    assert list(net["fixed"].post) == [1, 0]
    with pytest.raises(KeyError, match="inputs, cell, ex, fixed"):
        net["cells"]
    with pytest.raises(AttributeError, match="it has tau"):
        _ = net["cell"].U


def test_states_may_be_written_and_follow_the_run(model):
    net = model.build(inputs=1, r_in="0 Hz")
    voltage = net["cell"].V
    voltage[:] = [5e-3, 20e-3]
    net.run("0.1 ms")
    assert voltage[0] == pytest.approx(5e-3 * np.exp(-0.1 / 20))
    assert voltage[1] == pytest.approx(0.0, abs=1e-4), "above threshold at t = 0, so it fired and was reset"
    net["cell"].V = 1e-3
    assert voltage == pytest.approx([1e-3, 1e-3])
    assert net["cell"].half == pytest.approx([0.5e-3, 0.5e-3])
    net.run(steps=5)
    assert voltage == pytest.approx(1e-3 * np.exp(-0.5 / 20))
    assert net.step == 6
    with pytest.raises(ValueError, match="read-only"):
        net["cell"].half[0] = 1.0
    with pytest.raises(ValueError, match="computed from other values"):
        net["cell"].half = 1.0
    net["cell"].tau = "10 ms"
    net.run(steps=5)
    assert voltage[1] == pytest.approx(1e-3 * np.exp(-0.5 / 20 - 0.5 / 10)), "what the first step sent has come to the other unit"
    with pytest.raises(ValueError, match="2 values"):
        net["cell"].V = np.zeros(3)


def test_a_write_counts_though_nobody_keeps_the_array(model):
    net = model.build(inputs=1, r_in="0 Hz")
    net["cell"].V[:] = 5e-3
    net["cell"].V[1] += 1e-3
    assert list(net["cell"].V) == pytest.approx([5e-3, 6e-3])
    net.run("0.1 ms")
    assert list(net["cell"].V) == pytest.approx([5e-3 * np.exp(-0.1 / 20), 6e-3 * np.exp(-0.1 / 20)])


def test_run_takes_durations_only(model):
    net = model.build()
    for wrong in ({}, {"duration": "1 s", "steps": 2}):
        with pytest.raises(ValueError, match="either"):
            net.run(**wrong)
    with pytest.raises(ValueError, match="no duration"):
        net.run("3 mV")
    with pytest.raises(ValueError, match="backwards"):
        net.run(steps=-1)


def test_running_in_pieces_is_running_at_once(model):
    once, pieces = (model.build(seed=5, log=["inputs", "cell"]) for _ in range(2))
    once.run("300 ms")
    for _ in range(30):
        pieces.run("10 ms")
    assert np.array_equal(once["ex"].w, pieces["ex"].w)
    assert np.array_equal(once.spikes("cell").times, pieces.spikes("cell").times)
    assert once.spike_count("cell") == len(once.spikes("cell")) > 0
    assert np.array_equal(once.spikes("inputs").units, pieces.spikes("inputs").units)
    assert np.all(np.diff(once.spikes("inputs").times) >= 0.0)
    with pytest.raises(KeyError, match="log"):
        model.build().spikes("inputs")
    with pytest.raises(KeyError, match="those that do: inputs, cell"):
        model.build(log=["ex"])


def test_a_saved_state_continues_to_the_same_bits(model, tmp_path):
    first = model.build(seed=7)
    first.run("150 ms")
    first.save(tmp_path / "state.npz")
    first.run("150 ms")
    second = model.build(seed=7)
    second.load(tmp_path / "state.npz")
    assert second.time == pytest.approx(0.15)
    second.run("150 ms")
    assert np.array_equal(first["ex"].w, second["ex"].w)
    assert np.array_equal(first["cell"].V, second["cell"].V)
    late = first.spikes("cell").times >= 0.15 - 1e-9
    assert np.array_equal(first.spikes("cell").times[late], second.spikes("cell").times)


def test_another_networks_state_is_refused(model, tmp_path):
    path = tmp_path / "state.npz"
    model.build(seed=7).save(path)
    with pytest.raises(ValueError, match="seed=7"):
        model.build(seed=8).load(path)
    with pytest.raises(ValueError, match="other parameters"):
        model.build(seed=7, A="0.2 mV").load(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="no saved state"):
        model.build(seed=7).load(path)


DRIVEN = """
neuron Counter:
    n(0) = 0

synapse Count:
    on pre:
        post.n += 1

network Driven:
    regular = 3 Regular(rate = 31 Hz·i, start = 3 ms)
    given = 2 SpikeTimes(mine)
    a = 1 Counter
    b = 1 Counter
    slow = regular → a: Count, axonal delay = 1 ms, dendritic delay ~ U(1 ms, 2 ms)
    fast = given → b: Count
"""


@pytest.fixture(scope="module")
def driven():
    return plasticdsl.parse(DRIVEN)


MINE = {"mine": ([0.01, 0.02, 0.35], [0, 0, 1])}


def test_delays_of_connections(driven):
    slow = driven.build(dt="0.1 ms", spikes=MINE)["slow"]
    assert np.array_equal(slow.axonal_delay, np.full(3, 10 * 1e-4))
    steps = slow.dendritic_delay / 1e-4
    assert np.allclose(steps, np.rint(steps)) and np.all((steps > 9.5) & (steps < 20.5)) and len(set(slow.dendritic_delay)) > 1
    with pytest.raises(AttributeError, match="has no axonal_delay"):
        _ = driven.build(spikes=MINE)["a"].axonal_delay


def test_what_was_rounded_is_said(driven):
    assert driven.build(dt="0.1 ms", spikes=MINE).warnings == ()
    of_spikes, of_delay = driven.build(dt="0.3 ms", spikes=MINE).warnings
    assert (of_spikes.code, of_delay.code) == ("duration-rounded", "duration-rounded")
    assert "a spike of ‘given’" in of_spikes.message and "axonal delay of ‘slow’" in of_delay.message


def test_runs_are_rounded_all_together(driven):
    net = driven.build(dt="0.1 ms", spikes=MINE)
    for number in range(1, 101):
        net.run("0.25 ms")
        assert net.step == int(2.5 * number + 0.5 + 1e-9)
    (warning,) = net.warnings
    assert warning.code == "duration-rounded" and "A run of 0.00025 s" in warning.message
    net.run(steps=3)
    net.run("0.5 ms")
    assert net.step == 258
    with pytest.raises(ValueError, match="less than half a step"):
        net.run("0.04 ms")
    for negative in (-1.0, "-5 steps"):
        with pytest.raises(ValueError, match="cannot be negative"):
            net.run(negative)


def test_a_loaded_state_is_where_it_was_saved(driven, tmp_path):
    """What earlier runs were rounded by belongs to them."""
    net = driven.build(dt="0.1 ms", spikes=MINE)
    net.run("0.25 ms")
    net.save(tmp_path / "state.npz")
    net.load(tmp_path / "state.npz")
    net.run("0.25 ms")
    assert net.step == 6


def test_endless_sources_are_worked_out_as_far_as_needed(driven):
    """An hour of spikes, made before the first step, took longer than most runs."""
    short = driven.build(dt="0.1 ms", spikes=MINE, log=["regular"])
    steps = short._engine.instance.populations["regular"].spike_steps
    assert steps is not None and len(steps) < 500
    for _ in range(40):
        short.run("100 ms")
    whole = driven.build(dt="0.1 ms", spikes=MINE, log=["regular"])
    whole.run("4 s")
    assert len(whole.spikes("regular")) == 4 * 31 * (1 + 2 + 3)
    assert np.array_equal(short.spikes("regular").times, whole.spikes("regular").times)
    assert short["a"].n == whole["a"].n


def test_a_state_goes_with_its_given_spikes(driven, tmp_path):
    """It says how many of them have been, which means nothing for others."""
    net = driven.build(dt="0.1 ms", spikes=MINE)
    net.run("300 ms")
    net.save(tmp_path / "state.npz")
    with pytest.raises(ValueError, match="given spikes"):
        driven.build(dt="0.1 ms", spikes={"mine": ([0.36], [0])}).load(tmp_path / "state.npz")
    again = driven.build(dt="0.1 ms", spikes=MINE)
    again.load(tmp_path / "state.npz")
    again.run("100 ms")
    assert again["b"].n == 3


def test_run_an_experiment(model):
    result = model.run("Short", seed=2, inputs=50)
    weights = result["ex.w"]
    assert weights.dims == ("time", "connection_ex")
    assert weights.attrs["units"] == "V"
    assert weights.attrs["display_unit"] == "mV"
    assert weights.shape == (5, 100)
    assert list(weights.pre_ex.values[:3]) == [0, 0, 1]
    assert result.expectations[0].passed
    assert result.passed
    times = result["spikes(cell)"]
    assert times.attrs["units"] == "s"
    assert len(times) == result.summary["spikes"]["cell"]
    assert set(result.dataset.data_vars) == {"ex.w", "spikes(cell)"}
    with pytest.raises(KeyError, match=r"ex\.w"):
        result["w"]
    with pytest.raises(KeyError, match="Short"):
        model.run("Long")


def test_results_do_not_depend_on_what_is_recorded(model):
    wordy = plasticdsl.parse(TEXT.replace("record spikes(cell)", "record spikes(cell), mean(cell.V)\n    plot rate(cell) over time"))
    assert np.array_equal(model.run(seed=4)["ex.w"].values, wordy.run(seed=4)["ex.w"].values)


def test_errors_show_the_text():
    with pytest.raises(plasticdsl.PlasError) as caught:
        plasticdsl.parse("neuron A:\n    dV/dt = −U\n")
    assert caught.value.diagnostics[0].code == "unknown-name"
    assert "<text>:2:" in str(caught.value)
    with pytest.raises(FileNotFoundError, match="song_abbott"):
        plasticdsl.load("song_abot")


def test_a_period_that_is_rounded_is_said() -> None:
    text = "neuron C:\n    n(0) = 0\n    every 0.25 ms:\n        n += 1\n\nnetwork N:\n    a = 1 C\n"
    net = plasticdsl.parse(text).build("N", dt="0.1 ms")
    (warning,) = net.warnings
    assert warning.code == "duration-rounded" and "period of ‘a’" in warning.message
    assert not plasticdsl.parse(text).build("N", dt="0.05 ms").warnings


@pytest.mark.parametrize(
    ("period", "code"),
    [("0.04 ms", "out-of-range"), ("0 ms", "out-of-range"), ([1e-3, 2e-3], "unsupported")],
)
@pytest.mark.parametrize("where", ["a.T", "c.T"])
def test_periods_are_at_least_one_step_and_the_same_everywhere(where: str, period: object, code: str) -> None:
    every = "    n(0) = 0\n    T = 1 ms\n    every T:\n        n += 1\n\n"
    text = f"neuron C:\n{every}synapse S:\n{every}network N:\n    a = 2 C\n    c = a → a: S, one to one\n"
    with pytest.raises(plasticdsl.PlasError) as caught:
        plasticdsl.parse(text).build("N", dt="0.1 ms", parameters={where: period})
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_what_no_kernel_touches_is_saved_too(tmp_path: Path) -> None:
    """Nothing reads this source; it can still be written, shown and recorded."""
    model = plasticdsl.parse("network Alone:\n    source = 3 Source\n")
    first, second = model.build(), model.build()
    first["source"].x = [1.0, 2.0, 3.0]
    first.save(tmp_path / "state.npz")
    second.load(tmp_path / "state.npz")
    assert second["source"].x.tolist() == [1.0, 2.0, 3.0]


STEPS = """
neuron Linear:
    input a
    input target
    output y = a

synapse Weighted:
    post.a = Σ w x

rule Delta:
    η = 0.1
    Δw = η x (post.target − y)

network Net:
    image = 2 Source
    out = 2 Linear
    ff = image → out: Weighted with Delta, w = 1
    L_i = ½ (out.target_i − out.y_i)²

experiment Learn on Net:
    data d
    phase p for each (q, r) in d:
        image = q
        out.target = r
    record L_9
"""


def test_sources_and_open_inputs_are_written_and_observables_read() -> None:
    net = plasticdsl.parse(STEPS).build("Net")
    net["out"].target = 3.0
    net["image"].x[:] = [1.0, 2.0]
    net.run("1 step")
    assert net["out"].target.tolist() == [3.0, 3.0] and net["out"].y.tolist() == [3.0, 3.0]
    net["out"].target = [3.0, 4.0]
    assert net["L"].tolist() == [0.0, 0.5]  # the target as it has just been written, the output of the last step
    net.run("1 step")
    assert net["ff"].w.tolist() == [1.0, 1.1, 1.0, 1.2]
    with pytest.raises(ValueError, match="read-only"):
        net["L"][0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        net["out"].a[0] = 1.0
    with pytest.raises(KeyError, match="image, out, ff, L"):
        _ = net["M"]
    with pytest.raises(ValueError, match="counted in steps"):
        net.run("10 ms")
    assert repr(net).startswith("<Net Net after 2 steps; ")


def test_wrong_data_are_named() -> None:
    model = plasticdsl.parse(STEPS)
    good = {"q": np.ones((3, 2)), "r": np.ones((3, 2))}
    with pytest.raises(ValueError, match="‘q’ is no array: its items have different lengths"):
        model.run("Learn", d=good | {"q": [[1, 2], [1]]})
    with pytest.raises(KeyError, match=r"ff\.eta; patterns and data: d|Delta\.eta; patterns and data: d"):
        model.run("Learn", d=good, digits=good)
    with pytest.raises(ValueError, match="no ‘L_9’: ‘L’ has only 2 values"):
        model.run("Learn", d=good)


# --- loops of programs ----------------------------------------------------------------------------------------------

CLOCKED = """
neuron Cell:
    τ = 10 ms
    dV/dt = −V/τ
    V(0) = 0
    n(0) = 0

synapse Jump:
    on pre:
        post.V += w
        post.n += 1

rule Count:
    η = 0.1
    on pre: w += η

network Clocked:
    ν = 100 Hz
    T = 0 ms
    clock = 2 Regular(rate = ν)
    noisy = 3 Poisson(rate = 10 ν)
    cell = 1 Cell
    ex = clock → cell: Jump with Count, w = 0
    noise = noisy → cell: Jump, w = 0.5, axonal delay = T
"""


@pytest.mark.parametrize("engine", ["reference", "python", "compiled"])
def test_parameters_change_while_a_network_runs(engine, tmp_path):
    """A clock at 100 Hz fires at 0, 10 and 20 ms; at 25 ms half an interval of 20 ms is left, so at 35 and 55 ms, and 20 ms after that one."""

    def changed():
        net = plasticdsl.parse(CLOCKED).build(dt="1 ms", engine=engine, log=["clock", "noisy"])
        net.run("25 ms")
        net["ν"] = "50 Hz"
        net["ex"].eta = 0.5
        net["noisy"].rate = np.array([0.0, 0.0, 1000.0])
        net["noise"].w = 0.0
        return net

    net = changed()
    assert net["nu"] == net["clock"].rate == 50.0 and net["ex"].eta == 0.5
    net.run("35 ms")
    assert net.spikes("clock").times == pytest.approx(np.repeat([0.0, 0.01, 0.02, 0.035, 0.055], 2))
    assert net["ex"].w == pytest.approx([0.3 + 2 * 0.5] * 2)
    late = net.spikes("noisy").units[net.spikes("noisy").times >= 0.025]
    assert len(late) > 10 and set(late) == {2}
    net.rules(False)
    net.save(tmp_path / "state.npz")
    net.run("30 ms")
    assert net["ex"].w == pytest.approx([1.3] * 2), "at 75 ms nothing is learned"
    other = changed()
    other.load(tmp_path / "state.npz")
    other.run("30 ms")
    assert other["cell"].V.tobytes() == net["cell"].V.tobytes() and list(other["ex"].w) == list(net["ex"].w)
    assert list(other.spikes("clock").times) == pytest.approx([0.075] * 2)
    with pytest.raises(ValueError, match="delays of ‘noise’, which cannot change"):
        net["T"] = 0.002


@pytest.mark.parametrize("engine", ["reference", "python", "compiled"])
def test_back_to_the_beginning(engine):
    net = plasticdsl.parse(CLOCKED).build(dt="1 ms", engine=engine, log=["noisy"])
    net.run("50 ms")
    first, voltage = net.spikes("noisy").times, net["cell"].V.copy()
    held = net["cell"].V
    net.rules(False, "Count")
    net.reset()
    assert net.step == 0 and held[0] == 0.0 and len(net.spikes("noisy")) == 0 and net["ex"].w == pytest.approx([0.0] * 2)
    net.run("50 ms")
    assert np.array_equal(net.spikes("noisy").times, first) and net["cell"].V.tobytes() == voltage.tobytes()
    net.reset(seed=2)
    net.run("50 ms")
    assert not np.array_equal(net.spikes("noisy").times, first)
    with pytest.raises(KeyError, match="neither a rule nor a projection"):
        net.rules(True, "STDP")


@pytest.mark.parametrize("engine", ["reference", "python", "compiled"])
def test_one_step_at_a_time_is_a_run_of_many(engine):
    one, many = (plasticdsl.parse(CLOCKED).build(dt="1 ms", engine=engine, log=["noisy"]) for _ in range(2))
    held = one["cell"].V
    for _ in range(40):
        one.run(steps=1)
    many.run(steps=40)
    assert held.tobytes() == many["cell"].V.tobytes()
    assert np.array_equal(one.spikes("noisy").times, many.spikes("noisy").times)
    one["cell"].V = np.array([np.inf])
    with pytest.raises(plasticdsl.PlasError, match="infinite"):
        one.run(steps=1)
    one["cell"].V = np.array([1.0])
    one["cell"].V = np.array([2.0])
    assert list(one["cell"].V) == list(held) == [2.0]


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_arrays_that_are_kept_stand_for_the_states_whatever_becomes_of_the_network(engine, tmp_path):
    """What is written counts, and what is read is now: after another parameter, a reset and a state that is loaded too. V decays by exp(−dt/τ)."""
    net = plasticdsl.parse(CLOCKED).build(dt="1 ms", engine=engine, ν="0 Hz")
    voltage, part, weights = net["cell"].V, net["cell"].V[:1], net["ex"].w
    voltage[:] = 3.0
    net.run(steps=1)
    assert voltage == pytest.approx(3.0 * np.exp(-0.1)) and part[0] == voltage[0]
    net["cell"].tau = "5 ms"
    part[0] = 2.0
    net.run(steps=2)
    assert list(net["cell"].V) == list(voltage) == list(part) == pytest.approx([2.0 * np.exp(-0.4)])
    weights[0] = 7.0
    net.save(tmp_path / "state.npz")
    net.reset()
    assert list(voltage) == [0.0] and list(weights) == [0.0, 0.0]
    voltage[0] = 1.0
    net.run(steps=1)
    assert voltage == pytest.approx(np.exp(-0.2))
    net.load(tmp_path / "state.npz")
    assert list(part) == pytest.approx([2.0 * np.exp(-0.4)]) and list(weights) == [7.0, 0.0]
    voltage[0] = np.nan
    with pytest.raises(plasticdsl.PlasError, match="NaN"):
        net.run(steps=1)
