"""Contour plots: what they show, and what is said where they cannot."""

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.options import EngineName
from plasticdsl.results.figures import Figures
from plasticdsl.results.result import Result
from plasticdsl.runtime.watch import series

MODEL = """
neuron Unit:
    input h
    τ = 10 ms
    τ du/dt = h − u
    output y = 2 u

network Pair:
    units = 2 Unit, u(0) = 0.2 i
    E = −Σ_i y_i² + units_sum
    units_sum = 3 Σ_i y_i

experiment Look on Pair:
    dt = 1 ms
    phase run for 10 ms
    {line}
    expect units.u[1] > 0
"""


@pytest.fixture(autouse=True)
def _few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "_POINTS", 21)


def run(line: str, engine: EngineName = "python") -> Result:
    return plasticdsl.parse(MODEL.replace("{line}", line)).run("Look", engine=engine)


def test_values_on_the_plane_follow_through_definitions(kernels: EngineName) -> None:
    """An axis may be a definition (y) or a state (u), from which the definition follows; units that are not on an axis keep their values."""
    for name, factor in (("y", 1.0), ("u", 2.0)):
        result = run(f"plot contours(E) over units.{name}[1] from −1 to 1, units.{name}[2] from 0 to 2 at [0.5, 1]", kernels)
        landscape = result.study.runs[0].recorder.plots[0].landscape
        assert landscape is not None
        x, y = factor * landscape.horizontal.points(), factor * landscape.vertical.points()
        wanted = -(x[None, :] ** 2) - y[:, None] ** 2 + 3.0 * (x[None, :] + y[:, None])
        assert landscape.values() == pytest.approx(wanted, abs=1e-12)
        assert landscape.levels == (0.5, 1.0)


def test_the_network_is_not_moved() -> None:
    result = run("plot contours(E) over units.y[1] from −1 to 1, units.y[2] from 0 to 2")
    recorder = result.study.runs[0].recorder
    landscape, path = recorder.plots[0].landscape, recorder.plots[0].against
    assert landscape is not None and path is not None
    before = landscape.reader.value(landscape.expr, 0, 0)
    landscape.values()
    assert landscape.reader.value(landscape.expr, 0, 0) == before
    assert path.done[-1] == pytest.approx(0.4 * np.exp(-1.0), rel=1e-9)


def test_the_figure() -> None:
    (figure,) = Figures(run("plot contours(E) over units.y[1] from −1 to 1, units.y[2] from 0 to 2 at [0.5, 1]").study).values()
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$y$ of units, unit 1", "$y$ of units, unit 2")
    assert axes.get_xlim() == (-1.0, 1.0)
    assert axes.get_ylim() == (0.0, 2.0)
    assert {text.get_text() for text in axes.texts} == {"0.5", "1", "lines: $E$"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("plot contours(E)", "over a plane"),
        ("plot E over units.y[1] from 0 to 1, units.y[2] from 0 to 1", "over a plane"),
        ("plot contours(E) over units.y[1] from 0 to 1, E from 0 to 1", "nothing to vary"),
        ("plot contours(E) over units.y[1] from 0 to 1 mV, units.y[2] from 0 to 1", "cannot be compared"),
        ("plot contours(E) over units.y[1] from 0 to 1, units.y[2] from 0 to 1 at end", "end of the run"),
        ("plot contours(units.y) over units.y[1] from 0 to 1, units.y[2] from 0 to 1", "several values"),
        ("plot contours(E) over units.y[1] from 0 to 1, units.y[3] from 0 to 1", "no number 3"),
        ("record contours(E)", "more than one number"),
    ],
)
def test_what_is_said(line: str, message: str) -> None:
    with pytest.raises(PlasError) as error:
        run(line)
    assert any(message in d.message for d in error.value.diagnostics), error.value.diagnostics
