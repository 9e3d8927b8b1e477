"""What plot lines show, as data: panels, axes, marks and names, exactly."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl import PlasError
from plasticdsl.results.describe import picture
from plasticdsl.results.draw import broken
from plasticdsl.results.picture import Axis, Dots, Field, Line, Picture, Scale, Tile, Whiskers
from plasticdsl.results.result import Result
from plasticdsl.results.shades import scale_of

MODEL = """
neuron Leak:
    τ_m = 10 ms
    θ = 1000 mV
    dV/dt = −V/τ_m
    spike when V > θ:
        V → 0 mV

synapse Given:
    on pre: post.V += 0·w

network Net:
    ν = 20 Hz
    k = 2
    decay = exp(−k)
    a = 6 Leak, V(0) = i·1 mV
    b = 4 Leak, V(0) = i·1 mV
    p = 5 Poisson(rate = ν)
    ab = a → b: Given, all to all, w = (10 i + j)·1 mV
    pa = p → a: Given, p = 0.5, w = 1 mV

experiment Run on Net:
    dt = 1 ms
    phase one for 10 ms
    phase two for 10 ms
    {line}
"""


def result(line: str) -> Result:
    return plasticdsl.parse(MODEL.replace("{line}", line)).run("Run", engine="python")


def shown(line: str) -> Picture:
    return picture(result(line).study, 0)


def refused(line: str) -> str:
    with pytest.raises(PlasError) as error:
        plasticdsl.parse(MODEL.replace("{line}", line))
    return str(error.value)


# --- what things are called ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "axis", "names"),
    [
        ("a.V[1]", "$V$ of a, unit 1 (mV)", ()),
        ("mean(a.V)", "mean $V$ of a (mV)", ()),
        ("a.V[1], b.V[2]", "$V$ (mV)", ("a, unit 1", "b, unit 2")),
        ("mean(a.V), max(a.V)", "voltage of a (mV)", ("mean $V$", "largest $V$")),
        ("a.V[1], a.V[2]", "$V$ of a (mV)", ("unit 1", "unit 2")),
        ("a.V[2 to 4]", "$V$ of a (mV)", ("unit 2", "unit 3", "unit 4")),
        ("log(norm(a.V/1 mV))", r"$\mathrm{log}(\Vert V/1\,\mathrm{mV}\Vert)$ of a", ()),
        ("mean(a.V) / mean(b.V)", r"$\langle V_{\mathrm{a}}\rangle/\langle V_{\mathrm{b}}\rangle$", ()),
        ("a.V[1] / a.θ[1]", r"$V/θ$ of a, unit 1", ()),
        ('a.V[1] as "soma (V)"', "soma (V)", ()),
        ('a.V[1] as "soma", b.V[1] as "dendrite"', "voltage (mV)", ("soma", "dendrite")),
        ("norm(ab.w)", r"$\Vert w\Vert$ of ab (mV)", ()),
        ("ab.w[2, 5]", "$w$ of ab, 5 → 2 (mV)", ()),
        ("rate(p, 5 ms)", "rate in 5 ms of p (Hz)", ()),
        ("rate(p, 5 ms), rate(a, 5 ms)", "rate in 5 ms (Hz)", ("p", "a")),
        ("mean(a.V) − mean(b.V)", r"$\langle V_{\mathrm{a}}\rangle − \langle V_{\mathrm{b}}\rangle$ (mV)", ()),
        ("fraction(a.V > 1 mV)", r"fraction with $V > 1\,\mathrm{mV}$ of a", ()),
        ("decay", "decay", ()),
    ],
)
def test_quantities_are_called_what_papers_call_them(items: str, axis: str, names: tuple[str, ...]) -> None:
    (panel,) = shown(f"plot {items} over time").panels
    assert (panel.vertical.label, panel.names) == (axis, names)
    assert panel.horizontal == Axis("time (ms)", 0.0, 20.0)


def test_a_unit_in_brackets_is_the_one_it_is_shown_in() -> None:
    (panel,) = shown('plot a.V[2] over time as "potential (V)"').panels
    (line,) = panel.marks
    assert isinstance(line, Line) and line.y[0] == pytest.approx(0.002)
    assert "cannot be shown in ms" in refused('plot a.V[2] as "potential (ms)"')
    (panel,) = shown('plot fraction(a.V > 3.5 mV) as "share (%)" at 0 ms').panels
    assert panel.marks[0].y[0] == pytest.approx(50.0)


@pytest.mark.parametrize("unit", ["1/s", "spikes/s", "s⁻¹"])
def test_what_is_counted_has_a_unit_per_time(unit: str) -> None:
    (panel,) = shown(f'plot rate(p, 5 ms) over time as "rate ({unit})"').panels
    assert panel.vertical.label == f"rate ({unit})"


def test_units_stand_in_square_brackets_too() -> None:
    (panel,) = shown('plot a.V[2] over time as "V [µV]"').panels
    assert panel.vertical.label == "V (µV)" and panel.marks[0].y[0] == pytest.approx(2000.0)


def test_statistics_over_time_are_called_by_their_variable() -> None:
    (panel,) = shown("plot max(a.V over time)").panels
    assert panel.vertical.label == "largest $V$ over time of a (mV)"


def test_a_unit_in_the_name_of_an_axis_is_the_one_it_is_shown_in() -> None:
    """a.V[2] begins at 2 mV, and a step is 1 ms."""
    (panel,) = shown('plot a.V[2] over time with x as "time (s)", y as "potential (µV)", x from 5 ms to 15 ms').panels
    assert (panel.horizontal.label, panel.vertical.label) == ("time (s)", "potential (µV)")
    assert (panel.horizontal.low, panel.horizontal.high) == pytest.approx((0.005, 0.015))
    assert panel.marks[0].x[:2] == pytest.approx([0.0, 0.001]) and panel.marks[0].y[0] == pytest.approx(2000.0)
    voltage, rate = shown('plot a.V[1], rate(p) over time with y as "potential (V)"').panels
    assert (voltage.vertical.label, rate.vertical.label) == ("potential (V)", "rate of p (Hz)")
    (panel,) = shown('plot a.V over a.θ with x as "threshold (V)"').panels
    assert (panel.horizontal.label, panel.marks[0].x[0]) == ("threshold (V)", pytest.approx(1.0))
    (panel,) = shown('plot psth(p, 5 ms, one) with x as "after (s)", y as "rate (1/s)"').panels
    assert (panel.horizontal.label, panel.vertical.label) == ("after (s)", "rate (1/s)")
    assert panel.marks[0].edges == pytest.approx([0.0, 0.005, 0.01])
    (panel,) = shown('plot histogram(a.V) at 0 ms with x as "V (µV)"').panels
    assert panel.marks[0].edges[[0, -1]] == pytest.approx([1000.0, 6000.0])
    (panel,) = shown('ν = 500 Hz\n    plot isi_histogram(p) with x as "interval (s)", x from 0 ms to 20 ms').panels
    assert panel.horizontal.high == 0.02 and 0.001 < panel.marks[0].edges.max() < 0.02
    (panel,) = shown("ν = 500 Hz\n    plot isi_histogram(p) with x from 0 ms to 20 ms").panels
    assert panel.horizontal.high == 20.0
    assert "which cannot be shown in mV" in refused('plot a.V[2] over time with x as "time (mV)"')
    assert "which cannot be shown in s" in refused('plot a.V[2] over time with y as "potential (s)"')
    assert "which cannot be shown in mV" in refused('plot psth(p, 5 ms, one) with x as "after (mV)"')


def test_a_unit_in_the_name_of_what_is_swept_is_the_one_it_is_shown_in() -> None:
    def swept(line: str) -> tuple[str, list[float]]:
        (panel,) = shown(f"sweep ν in [20, 40] Hz\n    {line}").panels
        return panel.horizontal.label, panel.marks[0].x.tolist()

    assert swept('plot rate(p) over ν with x as "input (kHz)"') == ("input (kHz)", [0.02, 0.04])
    assert "which cannot be shown in nA" in refused('sweep ν in [20, 40] Hz\n    plot rate(p) over ν with x as "input (nA)"')


def test_titles_and_axes_are_what_the_line_says() -> None:
    found = shown('plot a.V[1], rate(p) over time titled "Two panels" with log y as "height", x as "when", y from 1 mV to 10 mV')
    assert found.title == "Two panels" and found.chosen_title
    assert [panel.horizontal.label for panel in found.panels] == ["when", "when"]
    found = shown("plot a.V[1], rate(p) over time with y from −1 mV to 10 mV, x from 2 ms to 5 ms")
    voltage, rate = found.panels
    assert (voltage.vertical.low, voltage.vertical.high) == (-1.0, 10.0)
    assert (rate.vertical.low, rate.vertical.high) == (0.0, None), "the ends are those of a voltage"
    assert [(panel.horizontal.low, panel.horizontal.high) for panel in found.panels] == [(2.0, 5.0)] * 2
    (logarithmic,) = shown("plot a.V[1] over time with log x, log y").panels
    assert (logarithmic.horizontal.logarithmic, logarithmic.vertical.logarithmic) == (True, True)
    assert logarithmic.horizontal.low is None, "a logarithmic axis has no 0"
    assert shown("plot a.V[1]").title == "Net · Run"


def test_what_the_line_says_must_fit() -> None:
    assert "The axis y of this plot has mV" in refused("plot a.V[1] over time with y from 0 ms to 1 ms")
    assert "‘z’ is no axis" in refused("plot a.V[1] with log z")
    assert "Nothing is said here of the axis y" in refused("plot a.V[1] over time with log x, y")
    assert "Here are several items" in refused('plot a.V[1], b.V[1] over time as "x"')


# --- stretches of time -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["plot a.V[3] from 5 ms to 15 ms", "plot a.V[3] over time from 5 ms to 15 ms"])
def test_a_stretch_of_time(line: str) -> None:
    (panel,) = shown(line).panels
    (trace,) = panel.marks
    assert panel.horizontal == Axis("time (ms)", 5.0, 15.0)
    assert trace.x == pytest.approx(np.arange(5.0, 15.5))
    assert trace.y == pytest.approx(3.0 * np.exp(-0.1 * np.arange(5.0, 15.5)), rel=1e-9)


def test_a_stretch_of_a_phase_and_for_records_and_expectations() -> None:
    found = result("record a.V[1] from 2 ms to 4 ms in phase two\n    expect mean(a.V) ≈ 3.5 mV ± 1 mV from 0 ms to 5 ms")
    assert found["a.V[1]"]["time"].values == pytest.approx([0.012, 0.013, 0.014])
    values = 3.5 * np.exp(-0.1 * np.arange(6))
    assert found.expectations[0].value == pytest.approx(1e-3 * values.mean(), rel=1e-9)
    assert "ends where it begins, or before" in refused("plot a.V from 5 ms to 2 ms")
    assert "says already when" in refused("plot a.V from 2 ms to 5 ms over last 1 ms")


def test_a_path_pairs_values_of_the_same_moments() -> None:
    for recorded in ("", "record a.V[1] every 4 ms\n    ", "record a.V[1] every 4 ms\n    record b.V[1] every 5 ms\n    "):
        (panel,) = shown(f"{recorded}plot a.V[1] over b.V[1]").panels
        path = panel.marks[0]
        assert isinstance(path, Line) and len(path.x) >= 5
        assert path.y == pytest.approx(path.y[0] / path.x[0] * path.x), "both decay alike"


REPEATED = """
neuron Still:
    V = 1
    output V

network One:
    cell = 1 Still

experiment Run on One:
    phase before for 2 steps
    repeat {times} times:
        phase on for 1 step
        phase off for 2 steps
    phase after for 3 steps
    plot cell.V over time
"""


def test_every_round_is_marked_and_many_are_one_stretch() -> None:
    def marked(times: int) -> list[tuple[str, float, float]]:
        found = picture(plasticdsl.parse(REPEATED.replace("{times}", str(times))).run("Run", engine="python").study, 0)
        return [(stretch.name, stretch.begin, stretch.end) for stretch in found.stretches]

    assert marked(2) == [
        ("before", 0.5, 2.5), ("on", 2.5, 3.5), ("off", 3.5, 5.5), ("on", 5.5, 6.5), ("off", 6.5, 8.5), ("after", 8.5, 11.5),
    ]  # fmt: skip
    assert marked(20) == [("before", 0.5, 2.5), ("20 × on, off", 2.5, 62.5), ("after", 62.5, 65.5)]


# --- matrices, images, maps ------------------------------------------------------------------------------------------


def test_a_matrix_has_a_row_for_each_post_and_a_column_for_each_pre_unit() -> None:
    (panel,) = shown("plot ab.w as matrix").panels
    (field,) = panel.marks
    assert isinstance(field, Field) and field.values.shape == (4, 6)
    post, pre = np.indices((4, 6))
    assert field.values == pytest.approx(10.0 * (post + 1) + (pre + 1))
    assert (panel.horizontal.label, panel.vertical.label) == ("from unit of a", "to unit of b")
    assert (panel.vertical.low, panel.vertical.high) == (4.5, 0.5), "the first unit is on top"
    assert panel.scale.label == "$w$ of ab (mV)"
    (panel,) = shown("plot pa.w as matrix at end").panels
    assert np.isnan(panel.marks[0].values).any() and set(panel.marks[0].values[~np.isnan(panel.marks[0].values)]) == {1.0}
    assert "A matrix has a value for each connection" in refused("plot a.V as matrix")


def test_weights_onto_each_unit_are_an_image() -> None:
    (panel,) = shown("plot ab.w as image 2 × 3").panels
    assert [tile.name for tile in panel.marks] == ["1", "2", "3", "4"]
    assert all(isinstance(tile, Tile) for tile in panel.marks)
    assert panel.marks[1].values == pytest.approx(np.array([[21.0, 22.0, 23.0], [24.0, 25.0, 26.0]]))


def test_values_of_units_are_an_image_and_several_over_time() -> None:
    (panel,) = shown("plot a.V as image 3 × 2 at 0 ms").panels
    (tile,) = panel.marks
    assert tile.values == pytest.approx(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    (panel,) = shown("plot a.V as image every 10 ms").panels
    assert [tile.name for tile in panel.marks] == ["$t$ = 0 ms", "$t$ = 10 ms", "$t$ = 20 ms"]
    assert panel.marks[1].values == pytest.approx(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) * np.exp(-1.0))
    assert "numbers of rows and columns" in refused("plot a.V as image 5")


def test_an_image_has_a_place_for_each_unit() -> None:
    for line, units in (
        ("plot a.V as image 2 × 2 at end", 6),
        ("plot ab.w as image 1 × 3 at end", 6),
        ("plot a.V[1 to 3] as image 1 × 2 at end", 3),
    ):
        with pytest.raises(PlasError, match=f"and here are {units} units"):
            result(line)
    (panel,) = shown("plot a.V[1 to 4] as image 2 × 2 at 0 ms").panels
    assert panel.marks[0].values == pytest.approx(np.array([[1.0, 2.0], [3.0, 4.0]]))


def test_what_is_nowhere_above_0_has_no_logarithmic_axis() -> None:
    """matplotlib would warn, and show nothing."""
    (negative,) = result("plot −a.V over time with log y").figures.values()
    (axes,) = negative.axes
    assert axes.get_yscale() == "linear"
    assert "nothing above 0" in "".join(text.get_text() for text in axes.texts)
    (positive,) = result("plot a.V over time with log y").figures.values()
    (axes,) = positive.axes
    assert axes.get_yscale() == "log"


def test_values_over_time_are_a_map() -> None:
    (panel,) = shown("plot a.V over time as map").panels
    (field,) = panel.marks
    assert field.values.shape == (6, 21)
    assert field.values[:, 10] == pytest.approx(np.arange(1, 7) * np.exp(-1.0))
    assert panel.vertical == Axis("unit of a", 0.5, 6.5, whole=True)
    assert panel.scale.label == "$V$ of a (mV)"
    assert "A map shows a value for each" in refused("plot a.V as map at end")


def test_a_map_shows_every_step_also_where_a_phase_may_be_long() -> None:
    """Two units that are updated together swap their signs at each step; the last phase lasts until it is stable, at most a thousand steps."""
    (panel,) = picture(plasticdsl.load("hopfield").run("Cycle", engine="python").study, 0).panels
    (field,) = panel.marks
    assert isinstance(field, Field) and panel.scale is not None and panel.scale.shades == "two"
    assert field.values[:, :7].tolist() == [[-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0]] * 2
    assert field.x[:3].tolist() == [0.5, 1.5, 2.5]


def test_colours_have_a_middle_where_there_is_much_on_either_side_of_it() -> None:
    (panel,) = shown("plot ab.w as matrix").panels
    assert panel.scale is not None and panel.scale.shades == "sequential"
    around = np.linspace(-1.0, 2.0, 31)
    assert scale_of("w", around) == Scale("w", -2.0, 2.0, "diverging")
    assert scale_of("V", np.append(around, np.full(200, -0.5))).shades == "sequential", "that is so rare that 0 is no middle"


# --- sweeps ----------------------------------------------------------------------------------------------------------

SWEEP = "sweep k in [1, 2, 4], ν in [10 Hz, 20 Hz], 3 repeats\n    plot "


def test_two_swept_parameters_make_a_map() -> None:
    (panel,) = shown(f"{SWEEP}1/k + b.V[1]/b.V[1] over k, ν").panels
    (field,) = panel.marks
    assert field.values == pytest.approx(np.array([[2.0, 1.5, 1.25]] * 2))
    assert (panel.horizontal.label, panel.vertical.label) == ("$k$", "$ν$ (Hz)")
    assert panel.horizontal.logarithmic, "1, 2, 4 are evenly spaced on a logarithmic scale"
    assert [text for _, text in panel.vertical.places] == ["10", "20"]
    assert panel.note == "mean of 3 runs"


def test_theory_is_dashed_beside_dots() -> None:
    (panel,) = shown(f"{SWEEP}rate(p)·1 s, decay over k").panels
    *data, theory = [mark for mark in panel.marks if isinstance(mark, Line)]
    assert [line.joined for line in data] == [False, False] and all(line.dotted for line in data)
    assert theory.dashed and not theory.dotted and theory.name == "decay"
    assert theory.y == pytest.approx(np.exp([-1.0, -2.0, -4.0]))
    assert len([mark for mark in panel.marks if isinstance(mark, Whiskers)]) == 2
    assert panel.note == "mean ± s.e. of 3 runs"


def test_a_sweep_over_an_axis_with_ends() -> None:
    (panel,) = shown(f"{SWEEP}rate(p) over k from 0.5 to 10 with log x").panels
    assert panel.horizontal == Axis("$k$", 0.5, 10.0, logarithmic=True)


def test_long_names_are_broken_behind_commas() -> None:
    assert broken("hardly adapting, lag = −10 ms") == "hardly adapting,\nlag = −10 ms"
    assert broken("$w_{a, b}$ of a projection with a long name") == "$w_{a, b}$ of a projection\nwith a long name"
    assert broken("short, too") == "short, too"
    assert broken("voltage of cells, unit 1 (mV)", 20) == "voltage of cells,\nunit 1 (mV)"


# --- colours ---------------------------------------------------------------------------------------------------------


def test_a_population_has_one_colour_in_all_panels() -> None:
    found = shown("plot raster(b, a), a.V[1], b.V[1], mean(ab.w)")
    raster, voltages, *_ = found.panels
    of_b, of_a = (mark.colour for mark in raster.marks)
    assert [line.colour for line in voltages.marks][:2] == [of_a, of_b]
    assert isinstance(shown("plot a.V at end").panels[0].marks[0], Dots)
