"""Every item of a plot line is drawn, where and over the time that it says; what is shown is kept as data."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray

import plasticdsl
from plasticdsl.model.experiments import Words
from plasticdsl.results.labels import named
from plasticdsl.results.result import Result
from plasticdsl.runtime.watch.series import Label

IN_PHASE = """
neuron Leak:
    10 ms dV/dt = −V
    V(0) = 10 mV

network N:
    c = 1 Leak

experiment A on N:
    dt = 1 ms
    phase one for 10 ms
    phase two for 10 ms
    record c.V
    plot c.V over time in phase two
    plot c.V over time
    plot c.V over time in phase one
"""

MIXED = """
neuron Cell:
    10 ms dV/dt = 1.2 − V
    spike when V > 1:
        V → 0

neuron Slow:
    20 ms dV/dt = −V
    V(0) ~ U(0 mV, 5 mV)

synapse Exc:
    on pre: post.V += w

network N:
    r = 50 Hz
    a = 20 Poisson(rate = r)
    b = 10 Cell
    c = 10 Slow
    ab = a → b: Exc, w ~ U(0, 0.2)

experiment A on N:
    dt = 0.1 ms
    phase settle for 300 ms
    phase p for 200 ms
    {lines}
"""


def shown(lines: str) -> Result:
    return plasticdsl.parse(MIXED.replace("{lines}", lines)).run("A")


def panels(result: Result) -> list:
    return next(iter(result.figures.values())).axes


def test_a_plot_of_one_phase_shows_that_phase_also_where_the_same_is_recorded_throughout():
    result = plasticdsl.parse(IN_PHASE).run("A")
    found = [figure.axes[0] for figure in result.figures.values()]
    assert [axes.get_xlim() for axes in found] == [(10.0, 20.0), (0.0, 20.0), (0.0, 10.0)]
    voltage = found[0].lines[0]
    assert voltage.get_xdata() == pytest.approx(np.arange(10.0, 20.5))
    assert voltage.get_ydata() == pytest.approx(10.0 * np.exp(-np.arange(10.0, 20.5) / 10.0), rel=1e-6)
    assert len(result.study.runs[0].recorder.drawn) == 2, "what is recorded throughout serves the plot of everything"


def test_a_raster_stands_above_rates_on_one_axis_of_time():
    raster, rate = panels(shown("plot raster(a, b), rate(b) over last 200 ms"))
    assert raster.get_xlim() == rate.get_xlim() == (300.0, 500.0)
    assert [text.get_text() for text in raster.get_yticklabels()] == ["a", "b"]
    assert rate.get_ylabel() == "rate of b (Hz)"
    assert (raster.get_xlabel(), rate.get_xlabel()) == ("", "time (ms)")
    colours = [tuple(bars.get_colors()[0]) for bars in raster.collections]
    assert tuple(rate.patches[0].get_edgecolor()) == colours[1], "b has the same colour in both"


def test_a_raster_stands_above_voltages():
    raster, voltage = panels(shown("plot raster(b), b.V over time"))
    assert raster.collections
    assert voltage.get_ylabel() == "$V$ of b"
    assert raster.get_xlim() == voltage.get_xlim() == (0.0, 500.0)


def test_intervals_are_counted_within_each_unit_and_over_the_time_that_is_said():
    result = shown("record spikes(b) in phase p\n    plot isi_histogram(b, b[1 to 3]), rate(b) over last 200 ms")
    axes, rate = panels(result)
    times, units = result["spikes(b)"].values, result["spikes(b)"]["unit_of_spike_b"].values
    everyone = [np.diff(np.sort(times[units == unit])) for unit in range(10)]
    drawn = [patch.get_data() for patch in axes.patches]
    assert [data.values.sum() for data in drawn] == [sum(map(len, everyone)), sum(map(len, everyone[:3]))]
    together = 1e3 * np.concatenate(everyone)
    assert (drawn[0].edges[0], drawn[0].edges[-1]) == pytest.approx((together.min(), together.max()))
    assert (axes.get_xlabel(), rate.get_xlabel()) == ("interval (ms)", "time (ms)")


def test_curves_stand_over_what_they_are_counted_by():
    line = "plot intervals(b, 5 ms, 50 ms), correlogram(b, b, 5 ms, 20 ms), spectrum(b.V, 50 ms)"
    result = shown(f"record intervals(b, 5 ms, 50 ms)\n    {line}\n    plot histogram(b.V, 7)")
    counted, lags, power = panels(result)
    values = result["intervals(b, 5 ms, 50 ms)"].values
    np.testing.assert_array_equal(counted.patches[0].get_data().values, values)
    assert values.sum() > 0 and counted.patches[0].get_data().edges == pytest.approx(np.arange(0.0, 51.0, 5.0))
    assert lags.patches[0].get_data().edges == pytest.approx(np.arange(-22.5, 23.0, 5.0))
    assert [axes.get_xlabel() for axes in (counted, lags, power)] == ["interval (ms)", "lag (ms)", "frequency (Hz)"]
    (_, first), (_, second) = result.plotted()
    assert {"interval", "lag", "frequency"} <= set(first.dims)
    assert second["b.V"].size == 10 and len(list(result.figures.values())[1].axes[0].patches[0].get_data().values) == 7


def test_histograms_have_a_label_each():
    """Units and connections are counted apart; what has the same unit and is counted alike shares a panel."""
    units, connections = panels(shown("plot histogram(b.V), histogram(ab.w) at end"))
    assert (units.get_xlabel(), connections.get_xlabel()) == ("$V$ of b", "$w$ of ab")
    assert (units.get_ylabel(), connections.get_ylabel()) == ("number of units", "number of connections")
    (both,) = panels(shown("plot histogram(b.V), histogram(2 b.V) at end"))
    assert both.get_legend_handles_labels()[1] == ["$V$", "$2\\,V$"]
    assert both.get_xlabel() == "$V$, $2\\,V$ of b"


def test_items_of_different_kinds_and_units():
    found = panels(shown("plot histogram(b.V), rate(b), c.V, raster(a)"))
    assert [axes.get_ylabel() for axes in found] == ["number of units", "rate of b (Hz)", "$V$ of c (mV)", ""]
    assert [axes.get_xlabel() for axes in found] == ["$V$ of b", "", "", "time (ms)"]
    assert [bool(axes.has_data()) for axes in found] == [True] * 4
    found = panels(shown("plot b.V, c.V, ab.w at end"))
    labels = [(axes.get_xlabel(), axes.get_ylabel()) for axes in found]
    assert labels == [("unit of b", "$V$ of b"), ("unit of c", "$V$ of c (mV)"), ("connection of ab", "$w$ of ab")]
    found = panels(shown("plot b.V[1], c.V[1] over b.V[2]"))
    labels = [(axes.get_xlabel(), axes.get_ylabel()) for axes in found]
    assert labels == [("", "$V$ of b, unit 1"), ("$V$ of b, unit 2", "$V$ of c, unit 1 (mV)")]


def test_a_histogram_over_time_takes_few_moments():
    (axes,) = panels(shown("plot histogram(b.V) over time"))
    assert len(axes.patches) == 6


def test_in_a_sweep_the_raster_says_whose_it_is():
    raster, rate = panels(shown("plot raster(b), rate(b)\n    sweep r in [20 Hz, 50 Hz]"))
    assert "raster: $r$ = 20 Hz" in [text.get_text() for text in raster.texts]
    assert rate.get_legend_handles_labels()[1] == ["$r$ = 20 Hz", "$r$ = 50 Hz"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("plot raster(b) over c.V[1]", "A raster shows spikes over time"),
        ("plot raster(b), rate(b) over r", "A raster shows spikes over time"),
        ("plot raster(b), b.V at end", "A raster shows spikes over time"),
        ("plot histogram(b.V) over r", "A histogram shows moments"),
    ],
)
def test_what_cannot_be_drawn_as_it_says_is_an_error(line: str, words: str):
    with pytest.raises(plasticdsl.PlasError, match=words):
        plasticdsl.parse(MIXED.replace("{lines}", line))


# --- data ------------------------------------------------------------------------------------------------------------


def test_what_is_plotted_is_there_as_data():
    result = shown(
        "plot raster(b), rate(b), c.V over last 200 ms\n    plot histogram(ab.w)\n    plot c.V[1] over b.V[1]\n    record spikes(b)"
    )
    (_, first), (_, second), (_, third) = result.plotted()
    spikes = result["spikes(b)"].values
    assert first["b"].values == pytest.approx(spikes[spikes >= 0.2999])
    assert first["rate(b)"].sum() * 10 * 0.002 == pytest.approx(len(first["b"]))
    assert first["c.V"].attrs["units"] == "V"
    assert first["c.V"].values[-1] == pytest.approx(first["c.V"].values[0] * np.exp(-10.0), rel=1e-6)
    assert second["ab.w"].shape == (200,)
    assert third["c.V[1]"].dims == third["b.V[1]"].dims == ("time",)


def test_what_a_sweep_is_plotted_over_is_there_as_data():
    (_, found), *_ = shown("plot rate(b) over 1/r\n    sweep r in [20 Hz, 50 Hz], 2 repeats").plotted()
    assert found["over 1/r"].values.tolist() == [[0.05, 0.05], [0.02, 0.02]]
    assert found["rate(b)"].dims == ("r", "repeat")


def test_contours_are_there_as_data():
    line = "plot contours(E) over c.V[1] from −1 mV to 1 mV, c.V[2] from 0 mV to 2 mV"
    text = MIXED.replace("network N:", "network N:\n    E = Σ_i c.V_i²").replace("{lines}", line)
    ((_, found),) = plasticdsl.parse(text).run("A").plotted()
    energy = found["contours(E)"]
    assert float(energy.max()) - float(energy.min()) == pytest.approx(1e-6 + 4e-6)
    assert energy["plane c.V[2]"].values[-1] == 2e-3


def test_a_second_run_leaves_nothing_of_the_first(tmp_path: Path):
    folder = tmp_path / "r"
    shown("record b.V\n    plot raster(b), rate(b)\n    plot b.V").save(folder)
    first = {path.name for path in folder.iterdir()}
    assert {"01-raster-b-rate-b.png", "01-raster-b-rate-b.nc", "02-b.V.png", "02-b.V.nc", "recordings.nc", "summary.json"} == first
    (folder / "notes.txt").write_text("mine")
    shown("plot rate(b)").save(folder)
    assert {path.name for path in folder.iterdir()} == {"01-rate-b.png", "01-rate-b.nc", "summary.json", "notes.txt"}
    assert json.loads((folder / "summary.json").read_text())["files"] == ["01-rate-b.nc", "01-rate-b.png", "summary.json"]
    with xarray.open_dataset(folder / "01-rate-b.nc") as found:
        assert found["rate(b)"].attrs["units"] == "Hz"


@pytest.mark.parametrize("summary", ["", "[]", '{"files": ["../other", "notes.txt/x", 3, "sub"]}'])
def test_a_summary_from_elsewhere_takes_nothing_away(tmp_path: Path, summary: str):
    folder = tmp_path / "r"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "other").write_text("mine")
    (folder / "summary.json").write_text(summary)
    shown("plot rate(b)").save(folder, plots=False)
    assert {path.name for path in folder.iterdir()} == {"sub", "summary.json"}
    assert (tmp_path / "other").exists()


def test_many_items_without_a_unit_share_a_short_label():
    """What is too long to stand beside the panel stands in the legend alone."""

    def label(*words: tuple[str, str]) -> tuple[str, tuple[str, ...]]:
        found = named([Label("", words=Words(*one)) for one in words])
        return found.axis, found.items

    assert label(("$O$", "ampa"), ("$O$", "nmda")) == ("$O$", ("ampa", "nmda"))
    assert label(("$V$", "E"), ("$u$", "E")) == ("$V$, $u$ of E", ("$V$", "$u$"))
    long = tuple((f"weights that differ {k}", f"projection {k}") for k in range(3))
    assert label(*long)[0] == ""


#: Clocks that tick as often as they say; the first phase has other rates, since they begin late in a round.
CLOCKS = """
neuron Clock:
    f = 1 Hz
    dφ/dt = f
    φ(0) = 0.95
    spike when φ > 1:
        φ −= 1

network N:
    c = 70 Clock, f = i·2 Hz

experiment A on N:
    dt = 0.1 ms
    phase settle for 50 ms
    phase count for 500 ms
    phase after for 50 ms
    {lines}
"""


def dots(lines: str) -> list[np.ndarray]:
    """Where the dots of each item are; none where paths are drawn."""
    axes = panels(plasticdsl.parse(CLOCKS.replace("{lines}", lines)).run("A"))
    return [np.asarray(found.get_offsets()) for one in axes if not one.lines for found in one.collections]


@pytest.mark.parametrize("moment", ["in phase count", "over last 550 ms"])
def test_rates_of_units_over_their_parameter_are_a_dot_for_each(moment: str) -> None:
    [found] = dots(f"plot rate(c, each) over c.f {moment}")
    assert np.array_equal(found[:, 0], 2.0 * np.arange(1, 71))
    assert found[:, 1] == pytest.approx(found[:, 0], abs=2.01)  # a tick of 500 ms more or less


def test_means_over_time_of_units_over_their_parameter_are_a_dot_for_each() -> None:
    [mean, highest] = dots("plot mean(c.φ over time), max(c.f over time)/1 Hz over c.f in phase count")
    assert len(mean) == len(highest) == 70 and np.all((mean[:, 1] > 0.4) & (mean[:, 1] < 0.6) | (mean[:, 0] < 8))
    assert np.array_equal(highest[:, 1], highest[:, 0])


def test_what_is_over_what_moves_or_in_bins_is_a_path() -> None:
    for line in (
        "plot rate(c, each) over c.φ in phase count",
        "plot rate(c[1], each) over c.f[1] every 100 ms in phase count",
        "plot c.φ over c.f",
    ):
        assert dots(line) == []
