"""What results and networks hand to other libraries: spikes, tables of pandas, Neo, NWB, sparse matrices."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl.results.result import Result

MODEL = """
neuron LIF:
    τ = 20 ms
    I = 20 mV
    τ dV/dt = I − V
    V(0) = 0 mV
    spike when V > 15 mV:
        V → 0 mV

synapse Fast:
    on pre: post.V += w

rule Up:
    c = 1
    on pre: Δw = 0.01 mV

network Net:
    clock = 2 SpikeTimes([5 ms, 12 ms])
    E = 4 LIF, I = [20, 10, 30, 40] mV
    part = E[3 to 4]
    ex = clock → E: Fast with Up, where i ≤ 2, w = 1 mV·(2·(j − 1) + i)

experiment Run on Net:
    dt = 0.1 ms
    phase go for 40 ms
    record spikes(E), spikes(part), spikes(clock)
    record E.V every 1 ms
    record E.V[2 to 3] every 10 ms as some
    record ex.w every 10 ms
    record mean(E.V) every 1 ms as m
    record E.V at end as last
    record ex.w at end as weights

experiment Swept like Run:
    sweep LIF.τ in [10 ms, 20 ms], 3 repeats
"""


@pytest.fixture(scope="module")
def model() -> plasticdsl.Model:
    return plasticdsl.parse(MODEL)


@pytest.fixture(scope="module")
def result(model: plasticdsl.Model) -> Result:
    return model.run("Run", engine="python")


@pytest.fixture(scope="module")
def swept(model: plasticdsl.Model) -> Result:
    return model.run("Swept", engine="python", duration="20 ms")


# --- spikes ----------------------------------------------------------------------------------------------------------


def test_spikes_of_a_result(result: Result) -> None:
    clock = result.spikes("clock")
    assert clock.times.tolist() == pytest.approx([0.005, 0.005, 0.012, 0.012])
    assert clock.units.tolist() == [0, 1, 0, 1]
    cells = result.spikes("E")
    assert set(cells.units.tolist()) == {0, 2, 3}
    alone = cells.times[cells.units == 3]  # ln(40 / 25) of its time constant from one spike to the next, up to the grid
    assert np.allclose(np.diff(alone), 0.02 * np.log(40 / 25), atol=1e-4)
    part = result.spikes("part")
    assert part.times.tolist() == cells.times[cells.units >= 2].tolist()
    assert result.spikes("spikes(part)").units.tolist() == part.units.tolist()
    with pytest.raises(KeyError, match="there is no population F; there is clock, E"):
        result.spikes("F")
    with pytest.raises(
        KeyError, match=r"the spikes of E\.burst were not recorded \(write ‘record spikes\(E\.burst\)’\); those that were: E, clock"
    ):
        result.spikes("E.burst")


def test_spikes_of_a_sweep_are_those_of_one_run(swept: Result) -> None:
    with pytest.raises(ValueError, match=r"there are 6 runs; say which one, from 0: run=0 is the one with LIF\.τ = 10 ms"):
        swept.spikes("E")
    assert len(swept.spikes("E", 0)) > len(swept.spikes("E", run=3)) > 0
    assert len(swept.spikes("E", -1)) == len(swept.spikes("E", 5))
    with pytest.raises(IndexError, match="there is no run 6; there are 6, from 0"):
        swept.spikes("E", 6)


# --- pandas ----------------------------------------------------------------------------------------------------------


def test_a_table_for_each_recording(result: Result) -> None:
    frames = result.to_pandas()
    assert list(frames) == list(result)
    assert {name: frame.shape for name, frame in frames.items() if not name.startswith("spikes")} == {
        "E.V": (41, 4), "some": (5, 2), "ex.w": (5, 4), "m": (41, 1), "last": (4, 1), "weights": (4, 3),
    }  # fmt: skip
    V = frames["E.V"]
    assert (V.index.name, V.columns.name, V.attrs["units"]) == ("time", "unit", "V")
    assert V.index.tolist() == pytest.approx([k * 1e-3 for k in range(41)])
    assert np.array_equal(V.to_numpy(), result["E.V"].to_numpy())
    assert frames["some"].columns.tolist() == [1, 2]
    assert np.array_equal(frames["some"][2], V[2].to_numpy()[::10])
    assert frames["ex.w"].columns.names == ["pre", "post"]
    assert frames["ex.w"][1, 0].tolist() == pytest.approx([3e-3, 3.01e-3, 3.02e-3, 3.02e-3, 3.02e-3])
    assert frames["weights"].columns.tolist() == ["pre", "post", "weights"]
    assert frames["weights"].set_index(["pre", "post"])["weights"][1, 1] == pytest.approx(4.02e-3)
    assert frames["last"]["last"].tolist() == V.iloc[-1].tolist()
    spikes = result.to_pandas("spikes(clock)")
    assert spikes.columns.tolist() == ["time", "unit"]
    assert spikes["unit"].tolist() == [0, 1, 0, 1]


def test_a_sweep_adds_levels_to_rows(swept: Result) -> None:
    V = swept.to_pandas("E.V")
    assert V.index.names == ["LIF.τ", "repeat", "time"]
    assert V.shape == (2 * 3 * 21, 4)
    assert np.array_equal(V.loc[0.02, 2].to_numpy(), swept["E.V"].sel({"LIF.τ": 0.02, "repeat": 2}).to_numpy())
    assert swept.to_pandas("last").shape == (6, 4)
    assert set(swept.to_pandas("spikes(E)").columns) == {"time", "unit", "LIF.τ", "repeat"}


def test_tables_are_as_large_as_what_was_recorded(result: Result, swept: Result) -> None:
    """Not the product of all dimensions, as the table of the whole data set would be."""
    for found in (result, swept):
        assert sum(frame.to_numpy().size for frame in found.to_pandas().values()) <= 4 * sum(found[name].size for name in found)


# --- Neo and NWB -----------------------------------------------------------------------------------------------------


def test_neo(result: Result, swept: Result) -> None:
    pytest.importorskip("neo")
    block = result.to_neo()
    (segment,) = block.segments
    trains = {train.name: train for train in segment.spiketrains}
    assert len(trains) == 2 + 4  # the part has units of E
    own = result.spikes("E")
    train = next(t for t in segment.spiketrains if t.name == "E[3]")
    assert train.rescale("s").magnitude.tolist() == own.times[own.units == 3].tolist()
    assert (float(train.t_start), float(train.t_stop)) == (0.0, pytest.approx(0.04))
    signals = {signal.name: signal for signal in segment.analogsignals}
    V = signals["E.V"]
    assert V.shape == (41, 4)
    assert float(V.sampling_period.rescale("ms")) == pytest.approx(1.0)
    assert np.allclose(V.rescale("V").magnitude, result["E.V"].to_numpy())
    assert signals["ex.w"].array_annotations["post"].tolist() == [0, 1, 0, 1]
    assert {signal.name for signal in segment.irregularlysampledsignals} == {"last", "weights"}
    assert block.annotations["seed"] == 1
    names = [segment.name for segment in swept.to_neo().segments]
    assert names == ["LIF.τ = 10 ms"] * 3 + ["LIF.τ = 20 ms"] * 3


def test_nwb(result: Result, swept: Result, tmp_path: Path) -> None:
    pynwb = pytest.importorskip("pynwb")
    path = tmp_path / "run.nwb"
    result.to_nwb(path, experimenter="Nobody")
    with pynwb.NWBHDF5IO(str(path), "r") as file:
        read = file.read()
        assert (read.experimenter, read.session_description.split(" with")[0]) == (("Nobody",), "Simulation of Run on Net")
        units = read.units.to_dataframe()
        own = result.spikes("E")
        row = units[(units["population"] == "E") & (units["number"] == 3)].iloc[0]
        assert row["spike_times"].tolist() == own.times[own.units == 3].tolist()
        V = read.acquisition["E.V"]
        assert (V.unit, V.rate) == ("volts", pytest.approx(1000.0))
        assert np.array_equal(V.data[:], result["E.V"].to_numpy())
        assert read.processing["misc"]["ex.w"]["post"][:].tolist() == [0, 1, 0, 1]
        assert read.processing["misc"]["last"]["value"][:].tolist() == result["last"].to_numpy().tolist()
    assert [p.name for p in tmp_path.iterdir()] == ["run.nwb"]
    with pytest.raises(FileNotFoundError, match=r"nowhere/run\.nwb'$"):
        result.to_nwb(tmp_path / "nowhere" / "run.nwb")
    with pytest.raises(ValueError, match="there are 6 runs"):
        swept.to_nwb(tmp_path / "swept.nwb")


@pytest.mark.slow  # the inspector takes long to be imported
def test_nwb_files_are_valid(result: Result, tmp_path: Path) -> None:
    pynwb, inspector = pytest.importorskip("pynwb"), pytest.importorskip("nwbinspector")
    mouse = pynwb.file.Subject(subject_id="none", species="Mus musculus", sex="U", age="P60D", description="in place of the simulated one")
    path = tmp_path / "run.nwb"
    result.to_nwb(path, session_start_time=datetime(2026, 1, 2, tzinfo=UTC), subject=mouse)
    found = inspector.inspect_nwbfile(nwbfile_path=str(path))
    assert not [m for m in found if m.importance.value >= inspector.Importance.BEST_PRACTICE_VIOLATION.value]


# --- connections -----------------------------------------------------------------------------------------------------


def test_connections_of_a_network(model: plasticdsl.Model) -> None:
    net = model.build(engine="python")
    net.run("6 ms")
    matrix = net.connections("ex")
    assert matrix.shape == (4, 2)
    assert np.allclose(matrix.toarray(), 1e-3 * np.array([[1.01, 3.01], [2.01, 4.01], [0, 0], [0, 0]]))
    frame = net.connections("clock -> E", form="pandas")
    assert frame.columns.tolist() == ["pre", "post", "w"]
    assert np.array_equal(frame["w"], net["ex"].w)
    again = model.build(engine="python", connections={"ex": matrix})
    assert np.array_equal(again["ex"].w, net["ex"].w)
    assert np.array_equal(net.connections("ex", "c").toarray(), [[1, 1], [1, 1], [0, 0], [0, 0]])
    with pytest.raises(AttributeError, match="ex has no d; it has"):
        net.connections("ex", "d")
    with pytest.raises(KeyError, match="E is a population, not a projection"):
        net.connections("E")
    with pytest.raises(ValueError, match="form is 'dense', but must be 'sparse' or 'pandas'"):
        net.connections("ex", form="dense")


def test_a_network_displays_its_sizes(model: plasticdsl.Model) -> None:
    from tests.markup import Page

    page = Page(model.build(engine="python")._repr_html_())
    assert {"clock", "SpikeTimes", "E", "LIF", "ex", "4", "2"} <= set(page.text)


# --- curves ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves() -> Result:
    text = (
        MODEL.split("experiment Run")[0]
        + """
experiment Curves on Net:
    dt = 1 ms
    phase go for 40 ms
    record psth(clock, 5 ms, 20 ms) as once
    record psth(clock, 5 ms, 10 ms, each) every 20 ms as twice
    record correlogram(clock, E, 5 ms, 10 ms) as lags
    record spectrum(E.V, 20 ms) as powers
    sweep LIF.τ in [10 ms, 20 ms]
"""
    )
    return plasticdsl.parse(text).run(engine="python")


def test_curves_keep_what_they_are_over(curves: Result, tmp_path: Path) -> None:
    """Spikes of both clocks at 5 and at 12 ms: 2/(2 units × 2 stretches × 5 ms) in the second and the third bin of 20 ms."""
    pytest.importorskip("neo")
    segment = curves.to_neo().segments[1]
    signals = {signal.name: signal for signal in (*segment.analogsignals, *segment.irregularlysampledsignals)}
    once, twice, powers = signals["once"], signals["twice"], signals["powers"]
    assert once.array_annotations["after"].tolist() == pytest.approx([0.0025, 0.0075, 0.0125, 0.0175])
    assert once.magnitude.tolist() == pytest.approx(np.array([[0.0, 100.0, 100.0, 0.0]]))
    assert twice.shape == (2, 2 * 2)
    assert twice.array_annotations["unit"].tolist() == [0, 0, 1, 1]
    assert twice.array_annotations["after"].tolist() == pytest.approx([0.0025, 0.0075] * 2)
    assert twice.magnitude.tolist()[1] == [0.0] * 4
    assert signals["lags"].array_annotations["lag"].tolist() == pytest.approx([-0.01, -0.005, 0.0, 0.005, 0.01])
    assert powers.array_annotations["unit"].tolist() == np.repeat(range(4), 11).tolist()
    assert powers.array_annotations["frequency"].tolist()[:3] == pytest.approx([0.0, 50.0, 100.0])

    pynwb = pytest.importorskip("pynwb")
    path = tmp_path / "run.nwb"
    curves.to_nwb(path, run=1)
    with pynwb.NWBHDF5IO(str(path), "r") as file:
        read = file.read()
        assert read.session_description.endswith(", LIF.τ = 20 ms.")
        table = read.processing["misc"]["once"]
        assert table["after"][:].tolist() == pytest.approx([0.0025, 0.0075, 0.0125, 0.0175])
        assert table["value"][:].tolist() == pytest.approx([0.0, 100.0, 100.0, 0.0])
        assert "once" not in read.acquisition
        assert read.processing["misc"]["twice"]["number"][:].tolist() == [0, 0, 1, 1]
