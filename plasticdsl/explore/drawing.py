"""Windows, drifts, curves and planes as figures, and figures as text for a page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from plasticdsl.check.experiments.words import plain, symbol
from plasticdsl.explore.curves import Curve, Stream
from plasticdsl.explore.portraits import Plane
from plasticdsl.explore.windows import Drift, Window

_BLUE, _RED = "#0072b2", "#d55e00"
#: A lag (s) that is none: windows may jump there, and a pair at the same time may have a change of its own.
_TIE = 1e-9

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_window(window: Window) -> Figure:
    """The change by one pair over its lag."""
    figure, axes = _empty()
    window_on(axes, window)
    return figure


def window_on(axes: Axes, window: Window) -> None:
    """The same on axes that are there: a line, or, where it may jump at a lag of 0, one on each side of it, and a dot for that."""
    axes.axvline(0.0, color="0.8", linewidth=0.8)
    apart = (window.lag < -_TIE, window.lag > _TIE)
    for side in apart if window.jumps else (np.full(window.lag.shape, True),):
        axes.plot(window.lag[side] * 1e3, window.change[side], color=_BLUE)
    tie = (np.abs(window.lag) <= _TIE) & window.jumps
    axes.plot(window.lag[tie] * 1e3, window.change[tie], color=_BLUE, marker="o", markersize=3, linestyle="none")
    axes.set_xlabel(r"$t_{\mathrm{post}} - t_{\mathrm{pre}}$ (ms)")
    _changes_on(axes, window.rule, with_unit(f"$Δ{symbol(window.weight)}$ by one pair", window.unit))


def drift_on(axes: Axes, drift: Drift) -> None:
    """The drift over the rate of both sides, with standard errors."""
    axes.errorbar(drift.rate, drift.change, drift.error, color=_RED, marker="o", markersize=4)
    axes.set_xlabel("rate of both sides, by chance (Hz)")
    _changes_on(axes, drift.rule, with_unit(rf"$\langle Δ{symbol(drift.weight)} \rangle$ in a second", drift.unit))


def curve_on(axes: Axes, curve: Curve) -> None:
    """The change over what is read of the postsynaptic unit, a line for each weight."""
    weight, over = symbol(curve.weight), symbol(curve.over)
    for line, begin, colour in zip(curve.changes, curve.begins, (_BLUE, "#56b4e9", "#009e73"), strict=False):
        axes.plot(curve.points, line, color=colour, label=f"${weight}$ = {with_unit(f'{begin:g}', curve.unit)}")
    if len(curve.changes) > 1:
        axes.legend(frameon=False, fontsize="small")
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(with_unit(f"postsynaptic ${over}$", curve.over_unit))
    if curve.per == "s":
        _changes_on(axes, curve.rule, f"$d{weight}/dt$ ({curve.unit or '1'}/s)")
    else:
        _changes_on(axes, curve.rule, with_unit(f"$Δ{weight}$ by one {curve.per}", curve.unit))


def stream_on(axes: Axes, stream: Stream) -> None:
    """Where two weights of a neuron go: arrows of one length."""
    weight = symbol(stream.weight)
    axes.axhline(0.0, color="0.8", linewidth=0.8)
    axes.axvline(0.0, color="0.8", linewidth=0.8)
    length = np.hypot(stream.across, stream.up)
    length = np.where(length > 1e-9 * length.max(), length, np.nan)
    axes.quiver(
        stream.side, stream.side, stream.across / length, stream.up / length, color=_RED, pivot="mid", width=0.009, headwidth=4, scale=15
    )
    axes.set_aspect("equal")
    axes.set_xlabel(f"${weight}_1$")
    axes.set_ylabel(f"${weight}_2$")
    axes.set_title(plain(stream.rule), loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def _changes_on(axes: Axes, title: str, label: str) -> None:
    axes.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
    axes.set_title(plain(title), loc="left")
    axes.set_ylabel(label)
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
