"""Arrays, files and figures made of runs."""

import json

import numpy as np
import pytest
import xarray

from plasticdsl.results.figures import Figures
from plasticdsl.results.result import Result
from plasticdsl.results.scene import time_unit
from plasticdsl.results.summary import beside
from plasticdsl.units.dimension import ONE, TIME, VOLTAGE
from plasticdsl.units.display import coherent
from plasticdsl.units.table import CONCENTRATION
from tests.runtime.experiments import carry_out

TEXT = """
neuron Cell:
    τ = 20 ms
    input drive
    τ dV/dt = 12 mV − V + drive
    V(0) ~ U(0 mV, 10 mV)
    spike when V > 10 mV:
        V → 0 mV

synapse Jump:
    on pre:
        post.V += w

network Small:
    r = 40 Hz
    interval = 1/r
    w_max = 1 mV
    inputs = 30 Poisson(rate = r)
    cells = 3 Cell
    ex = inputs → cells: Jump, p = 0.5, w ~ U(0 mV, 1 mV)

experiment Look on Small:
    dt = 0.5 ms
    phase first for 50 ms
    phase second for 50 ms
    record ex.w / w_max every 50 ms
    record histogram(ex.w) every 50 ms
    record cells.V every 10 ms
    record spikes(cells)
    record mean(cells.V) every 20 ms as average
    plot raster(inputs, cells) over last 50 ms
    plot cells.V, rate(cells) over time
    plot ex.w over time
    plot histogram(ex.w) at end
    plot histogram(cells.V) every 20 ms
    plot ex.w at end
    plot mean(cells.V) over max(cells.V)

experiment Swept like Look:
    sweep r in [20 Hz, 40 Hz], τ in [10 ms, 20 ms], 2 repeats
    plot rate(cells), mean(cells.V) over r
    plot rate(cells) over time
    plot histogram(cells.V) at end
    plot rate(cells) over interval
"""


@pytest.fixture(scope="module")
def result():
    return Result(carry_out(TEXT), "small.plas")


@pytest.fixture(scope="module")
def swept():
    return Result(carry_out(TEXT, "Swept"), "small.plas")


def test_si_units():
    dimensions = (ONE, TIME, VOLTAGE, CONCENTRATION, VOLTAGE / TIME, ONE / VOLTAGE)
    assert [coherent(d) for d in dimensions] == ["1", "s", "V", "mol/m³", "V/s", "1/V"]
    assert coherent(VOLTAGE * VOLTAGE) == "V²" and "kg" in coherent(VOLTAGE**4)
    assert [time_unit(span)[0] for span in (0.2, 10.0, 3600.0, 1e5)] == ["ms", "s", "min", "h"]


def test_arrays_say_what_they_are(result):
    voltage = result["cells.V"]
    assert voltage.dims == ("time", "unit_cells")
    assert voltage.attrs == {"units": "V", "long_name": "cells.V", "display_unit": "mV", "display_scale": 1e-3}
    assert voltage.time.attrs["units"] == "s"
    assert voltage.time.values == pytest.approx(np.arange(0.0, 0.105, 0.01))
    assert np.all((voltage.values >= 0.0) & (voltage.values < 0.02))


def test_connections_carry_their_ends(result):
    weights = result["ex.w / w_max"]
    assert set(weights.coords) == {"time", "pre_ex", "post_ex"}
    assert weights.attrs["units"] == "1"
    assert weights.post_ex.values.max() == 2


def test_spikes_are_flat_with_their_units(result):
    spikes = result["spikes(cells)"]
    assert spikes.dims == ("spike_cells",)
    assert np.all(np.diff(spikes.values) >= 0.0)
    assert set(spikes.coords["unit_of_spike_cells"].values) <= {0, 1, 2}
    assert len(spikes) == result.summary["spikes"]["cells"]


def test_histograms_share_their_bins(result):
    counts = result["histogram(ex.w)"]
    assert counts.dims == ("time", "bin")
    assert counts.sum("bin").values == pytest.approx(len(result["ex.w / w_max"].pre_ex))
    assert counts.bin.attrs["units"] == "V"


def test_an_alias_names_a_recording(result):
    assert "average" in result
    assert result["average"].shape == (6,)


def test_the_dataset_keeps_time_axes_apart(result):
    dataset = result.dataset
    assert dataset["ex.w / w_max"].dims[0] == "time"
    assert dataset["histogram(ex.w)"].dims[0] == "time"
    assert dataset["cells.V"].dims[0] == "time_2"
    assert dataset["average"].dims[0] == "time_3"
    assert json.loads(dataset.attrs["parameters"])["Small.r"] == 40.0


def test_the_file_holds_the_dataset(result, tmp_path):
    result.save(tmp_path / "r", plots=False)
    with xarray.open_dataset(tmp_path / "r" / "recordings.nc") as found:
        assert "ex.w ∕ w_max" in found, "HDF5 takes a slash for a folder"
        for name in ("cells.V", "average", "spikes(cells)"):
            assert found[name].values == pytest.approx(result[name].values)
            assert found[name].attrs == result[name].attrs


def test_nothing_is_left_of_a_result_that_could_not_be_written(result, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(xarray.Dataset, "to_netcdf", fail)
    with pytest.raises(OSError, match="disk full"):
        result.save(tmp_path / "r")
    assert list(tmp_path.iterdir()) == []


def test_summary_of_a_sweep(swept):
    summary = swept.summary
    assert summary["parameters"]["Small.r"] == [20.0, 40.0]
    assert summary["parameters"]["cells.tau"] == [0.01, 0.02]
    assert summary["parameters"]["ex.w"].keys() == {"mean", "min", "max"}
    units = 8 * 3 * 0.1
    assert summary["rates_hz"]["cells"] == pytest.approx(summary["spikes"]["cells"] / units)


def test_spikes_of_a_sweep_say_their_run(swept):
    spikes = swept["spikes(cells)"]
    assert {"r_of_spike_cells", "τ_of_spike_cells", "repeat_of_spike_cells"} <= set(spikes.coords)
    one = (spikes["r_of_spike_cells"] == 40.0) & (spikes["τ_of_spike_cells"] == 0.01) & (spikes["repeat_of_spike_cells"] == 2)
    assert int(one.sum()) == swept.study.runs[5].counts["cells"]


def test_every_plot_line_gives_a_figure_with_labels(result):
    found = dict(Figures(result.study))
    assert list(found) == [
        "01-raster-inputs-cells-over-last-50-ms", "02-cells.V-rate-cells-over-time", "03-ex.w-over-time", "04-histogram-ex.w-at-end",
        "05-histogram-cells.V-every-20-ms", "06-ex.w-at-end", "07-mean-cells.V-over-max-cells.V",
    ]  # fmt: skip
    for figure in found.values():
        assert figure.axes[0].get_title(loc="left") == "Small · Look"
        assert figure.axes[-1].get_xlabel()
    labels = [[axes.get_ylabel() for axes in figure.axes] for figure in found.values()]
    assert labels[1] == ["$V$ of cells (mV)", "rate of cells (Hz)"]
    assert labels[3] == ["number of connections"]
    assert found["04-histogram-ex.w-at-end"].axes[0].get_xlabel() == "$w$ of ex (mV)"
    assert found["02-cells.V-rate-cells-over-time"].axes[-1].get_xlabel() == "time (ms)"


def test_figures_of_a_sweep(swept):
    found = dict(Figures(swept.study))
    over = found["01-rate-cells-mean-cells.V-over-r"]
    assert over.axes[-1].get_xlabel() == "$r$ (Hz)"
    names = over.axes[0].get_legend_handles_labels()[1]
    assert names == ["$τ$ = 10 ms", "$τ$ = 20 ms"]
    assert len(found) == 4
    depending = found["04-rate-cells-over-interval"].axes[0].get_legend_handles_labels()[1]
    assert depending == names, "a parameter that depends on the swept one is the same axis"


def test_an_empty_experiment_has_results():
    study = carry_out(TEXT[: TEXT.index("    record")])
    result = Result(study, "small.plas")
    assert len(result) == 0
    assert result.passed
    assert result.dataset.sizes == {}


REPEATED = (
    TEXT[: TEXT.index("    record")]
    + """
    plot mean(cells.V) over time
    plot cells.V over time

experiment Again like Look:
    sweep 3 repeats

experiment Both like Look:
    sweep r in [20 Hz, 40 Hz]
"""
)


def traces(axes):
    """The lines that are not there to mark a phase."""
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


def test_repeats_are_shown_as_their_mean_and_spread():
    """Lines are means over the runs, with their standard deviation shaded; the units of several runs have colours of their own."""
    study = carry_out(REPEATED, "Again")
    alone, units = (figure.axes[0] for figure in Figures(study).values())
    (line,), (band,) = traces(alone), alone.collections
    values = 1e3 * np.array([run.recorder.drawn[0].done for run in study.runs])
    assert line.get_ydata() == pytest.approx(values.mean(axis=0))
    edges, corners = values.mean(axis=0) + values.std(axis=0, ddof=1), band.get_paths()[0].vertices
    assert corners[:, 1].max() == pytest.approx(edges.max())
    assert "mean ± s.d. of 3 runs" in [text.get_text() for text in alone.texts]
    assert alone.get_ylabel() == "mean $V$ of cells (mV)"
    assert len(traces(units)) == len(units.collections) == 3
    assert units.get_legend_handles_labels()[1] == ["unit 1", "unit 2", "unit 3"]
    _, both = (figure.axes[0] for figure in Figures(carry_out(REPEATED, "Both")).values())
    assert len({line.get_color() for line in traces(both)}) == 6
    assert both.get_legend_handles_labels()[1][3] == "unit 1, $r$ = 40 Hz"


SWEPT = """
neuron Cell:
    k = 1
    10 ms dV/dt = −V
    V(0) = k·1 mV

network One:
    cell = 1 Cell

experiment Fall on One:
    dt = {dt}
    phase go for 10 ms
    expect cell.V < 1.5 mV at {at}
    sweep cell.k in [1, 2, 3]
"""


def test_another_way_to_carry_out_runs_is_compared_run_by_run() -> None:
    """1, 2 and 3 mV fall to 0.37, 0.74 and 1.1 mV in 10 ms: at their beginning the second of them fails first, at their end none does."""
    fails, holds = (carry_out(SWEPT.format(dt="1 ms", at=at)) for at in ("0 ms", "end"))
    shown, others = Result(fails, "").expectations, (beside(fails, holds), beside(holds, fails))
    assert shown[0].value == 0.002 and shown[0].passed is False
    assert others[0][0].value == pytest.approx(0.002 * np.exp(-1.0), rel=1e-12) and others[0][0].passed is True
    assert others[1][0].value == 0.003 and others[1][0].passed is False
