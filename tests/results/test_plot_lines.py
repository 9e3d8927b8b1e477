"""Plot lines that a program asks for: `result.figures`, `result.plot`, `net.plot`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

import plasticdsl
from plasticdsl import PlasError

MODEL = """
neuron Clock:
    T = 10 ms
    dg/dt = 1
    spike when g ≥ T:
        g → 0 ms

synapse Given:
    on pre: post.g += 0 ms · w

function twice(a) = 2 a

network Net:
    r = 40 Hz
    cells = 4 Clock, T = i·10 ms
    noise = 5 Poisson(rate = r)
    J = noise → cells: Given, w ~ U(0, 1)

experiment Run on Net:
    dt = 1 ms
    plot rate(cells)
    phase first for 100 ms
    phase second for 100 ms:
        plot rate(noise)
    plot cells.g over last 50 ms
    record cells.g, spikes(cells)
    expect spike_count(cells) > 3

experiment Swept like Run:
    sweep r in [20 Hz, 40 Hz], 2 repeats
"""


@pytest.fixture(scope="module")
def model() -> plasticdsl.api.Model:
    return plasticdsl.parse(MODEL)


@pytest.fixture(scope="module")
def result(model):
    return model.run("Run", engine="python")


def test_figures_are_a_mapping_from_names_and_lines(result) -> None:
    figures = result.figures
    assert isinstance(figures, Mapping)
    assert list(figures) == ["01-rate-cells", "02-rate-noise", "03-cells.g-over-last-50-ms"]
    assert len(figures) == 3
    assert figures["03-cells.g-over-last-50-ms"] is figures["cells.g over last 50 ms"], "it is drawn once"
    assert "rate(cells[1])" not in figures
    with pytest.raises(KeyError, match="there is no figure rate; there is 01-rate-cells, 02-rate-noise, 03-"):
        figures["rate"]


def test_a_line_of_the_experiment_is_drawn_from_what_was_taken(result) -> None:
    assert result.plot("plot  cells.g over  last 50 ms") is result.figures["cells.g over last 50 ms"]


def test_any_other_line_shows_what_happened(result) -> None:
    (axes,) = result.plot("cells.g[2] over time").axes
    (line,) = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert line.get_ydata() == pytest.approx(1e3 * result["cells.g"].values[:, 1])
    (raster,) = result.plot("raster(cells) over last 100 ms").axes
    (bars,) = raster.collections
    times = [path.vertices[0, 0] for path in bars.get_paths()]
    spikes = 1e3 * result["spikes(cells)"].values
    assert sorted(times) == pytest.approx(sorted(spikes[spikes > 99.5]))


def test_functions_of_the_file_and_what_is_taken_at_spikes(result) -> None:
    (axes,) = result.plot("twice(mean(cells.g)) over time").axes
    (line,) = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert line.get_ydata() == pytest.approx(2e3 * result["cells.g"].values.mean(axis=1))
    (dots,) = result.plot("cells.g at spikes").axes[0].collections
    assert np.asarray(dots.get_offsets())[:, 1] == pytest.approx(np.asarray(dots.get_offsets())[:, 1].round(), abs=1e-9)
    assert len(dots.get_offsets()) == result.study.runs[0].counts["cells"]


def test_a_sweep_is_carried_out_again_as_a_whole(model) -> None:
    result = model.run("Swept", engine="python")
    (axes,) = result.plot("rate(noise) over r").axes
    line = axes.lines[0]
    rates = np.array([run.counts["noise"] / (5 * 0.2) for run in result.study.runs]).reshape(2, 2)
    assert line.get_xdata() == pytest.approx([20.0, 40.0])
    assert line.get_ydata() == pytest.approx(rates.mean(axis=1))


@pytest.mark.parametrize(
    ("line", "code", "place"),
    [
        ("rate(cels)", "undeclared-population", "cels"),
        ("plot cells.g over last 2 mV", "inconsistent-units", "2 mV"),
        ("rate(noise) over time in phase thrid", "unknown-phase", "thrid"),
        ("cells.g +", "", ""),
        ("", "", ""),
        ("rate(cells)\n    expect 1 > 2", "", ""),
    ],
)
def test_what_is_wrong_with_a_line_is_shown_in_it(result, line: str, code: str, place: str) -> None:
    with pytest.raises(PlasError) as error:
        result.plot(line)
    found = error.value.diagnostics[0]
    assert found.code == code or not code
    text = line.removeprefix("plot ")
    assert text[found.span.start : found.span.end] == place or not code
    assert "<plot line>" in str(error.value)


# --- a network as it stands ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def net(model):
    made = model.build("Net", engine="python", log=["cells"])
    made.run("150 ms")
    made.run("50 ms")
    return made


def test_spikes_so_far(net) -> None:
    (axes,) = net.plot("raster(cells) over last 100 ms").axes
    (bars,) = axes.collections
    spikes = net.spikes("cells")
    times = [path.vertices[0, 0] for path in bars.get_paths()]
    assert sorted(times) == pytest.approx(sorted(1e3 * spikes.times[spikes.times > 0.0995]))
    assert axes.get_xlim() == (100.0, 200.0)
    (rate,) = net.plot("rate(cells) over time").axes
    values = rate.patches[0].get_data().values
    assert values.sum() * 4 * 0.002 == pytest.approx(len(spikes))
    (cv,) = net.plot("histogram(rate(cells, each))").axes
    assert cv.patches[0].get_data().values.sum() == 4


def test_anything_else_as_it_is_now(net) -> None:
    (axes,) = net.plot("cells.g").axes
    assert np.asarray(axes.collections[0].get_offsets())[:, 1] == pytest.approx(1e3 * net["cells"].g)
    (axes,) = net.plot("histogram(J.w)").axes
    assert axes.patches[0].get_data().values.sum() == 20


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cells.g over time", "‘cells.g’ was not recorded: of what was before a network keeps its spikes alone"),
        ("rate(noise)", "The spikes of ‘noise’ are not kept; those that are: cells"),
        ("cells.g at spikes", "‘cells.g at spikes’ was not kept"),
        ("spectrum(cells.g[1], 50 ms)", "was not recorded"),
        ("rate(cels)", "There is no population ‘cels’"),
    ],
)
def test_what_a_network_cannot_show(net, line: str, words: str) -> None:
    with pytest.raises(PlasError, match=words) as error:
        net.plot(line)
    assert "<plot line>" in str(error.value)


def test_a_network_that_has_not_run_yet(model) -> None:
    (axes,) = model.build("Net", engine="python").plot("raster(cells)").axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["cells"]
