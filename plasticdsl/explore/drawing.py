"""Windows and planes as figures, and figures as text for a page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from plasticdsl.check.experiments.words import plain, symbol
from plasticdsl.explore.portraits import Plane, Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_window(window: Window) -> Figure:
    """The change by one pair over its lag."""
    figure, axes = _empty()
    window_on(axes, window)
    return figure


def window_on(axes: Axes, window: Window) -> None:
    """The same on axes that are there."""
    axes.axhline(0.0, color="0.8", linewidth=0.8)
    axes.axvline(0.0, color="0.8", linewidth=0.8)
    axes.plot(window.lag * 1e3, window.change, color="#0072b2")
    axes.set_title(plain(window.rule), loc="left")
    axes.set_xlabel(r"$t_{\mathrm{post}} - t_{\mathrm{pre}}$ (ms)")
    axes.set_ylabel(with_unit("$Δw$ by one pair", window.unit))
    axes.ticklabel_format(axis="y", scilimits=(-3, 4), useMathText=True)
    axes.spines[["top", "right"]].set_visible(False)


def draw_plane(plane: Plane) -> Figure:
    """Nullclines and the path between them."""
    figure, axes = _empty()
    x, y = (symbol(axis.name) for axis in (plane.x, plane.y))
    for slopes, colour, name in ((plane.dx, "#d55e00", x), (plane.dy, "#009e73", y)):
        known = slopes[np.isfinite(slopes)]
        if known.size and known.min() < 0.0 < known.max():
            axes.contour(plane.x.points, plane.y.points, slopes, levels=[0.0], colors=[colour])
            axes.plot([], [], color=colour, label=f"$d{name}/dt = 0$")
    axes.plot(*plane.path, color="0.3", linewidth=0.8, label="path")
    axes.set_xlabel(with_unit(f"${x}$ of {plain(plane.population)}", plane.x.unit))
    axes.set_ylabel(with_unit(f"${y}$ of {plain(plane.population)}", plane.y.unit))
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3)  # a path can be anywhere
    return figure


def with_unit(text: str, unit: str) -> str:
    """What stands along an axis."""
    return f"{text} ({unit})" if unit else text


def _empty() -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def as_svg(figure: Figure) -> str:
    """The text of a picture that a page can hold."""
    text = io.StringIO()
    figure.savefig(text, format="svg")
    written = text.getvalue()
    return written[written.index("<svg") :]
