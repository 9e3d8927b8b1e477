"""Draws a figure: a `Picture` and a `Look` come in, a matplotlib figure goes out. What stands in it is decided by `describe`; here is how it looks."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PathCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from plasticdsl.results.labels import plain
from plasticdsl.results.look import LOOKS, Look, style
from plasticdsl.results.picture import (
    OVER_TIME,
    Axis,
    Band,
    Bars,
    Dots,
    Field,
    Levels,
    Line,
    Mark,
    Panel,
    Picture,
    Scale,
    Steps,
    Stretch,
    Tile,
    Whiskers,
    sharing,
)
from plasticdsl.results.scene import GREY

_WIDTHS = {"faint": 0.9, "thin": 1.4, "plain": 2.4, "bold": 3.2}
_SHADES = {"sequential": "viridis", "diverging": "RdBu_r", "two": "Greys"}
#: Panels that are as high as they are wide.
_SQUARE = ("contours", "matrix", "image", "grid")


#: Longer names are broken, so that a legend beside a panel leaves it its room.
_LETTERS_A_LINE = 24
#: Of a figure that a notebook displays, so wide in pixels.
_DISPLAYED = 715


class Displayed(Figure):
    """A figure that notebooks display by themselves, also where nobody has asked for pyplot."""

    def _repr_png_(self) -> bytes:
        return png(self)


def png(made: Figure) -> bytes:
    """A PNG, small enough for a cell of a notebook."""
    file = io.BytesIO()
    made.savefig(file, format="png", dpi=_DISPLAYED / made.get_size_inches()[0])
    return file.getvalue()


def draw(picture: Picture, look: Look = LOOKS["slide"]) -> Figure:
    """The figure, in the project's style."""
    with style(look):
        return _drawn(picture, look)


def _drawn(picture: Picture, look: Look) -> Figure:
    made, panels = Displayed(), picture.panels
    made.set_size_inches(*_size(panels, look))
    every: list[Axes] = list(made.subplots(len(panels), 1, squeeze=False)[:, 0]) if panels else []
    timed = [axes for axes, panel in zip(every, panels, strict=True) if panel.kind in OVER_TIME]
    for axes, panel in zip(every, panels, strict=True):
        _panel(made, axes, panel, look, bool(picture.stretches) and axes in timed[:1])
    for number, axes in enumerate(timed):
        _phases(axes, picture.stretches, number == 0, look)
    for upper, lower, panel, below in zip(every, every[1:], panels, panels[1:], strict=False):
        if sharing(panel, below):
            if panel.kind not in OVER_TIME:
                upper.sharex(lower)
            upper.set_xlabel("")
            upper.tick_params(labelbottom=False)
    if every and (look.titled or picture.chosen_title):
        named = bool(picture.stretches) and every[0] in timed
        every[0].set_title(picture.title, pad=(36 if named else 14) * look.scale)  # above the names of phases
    if any(len(panel.names) in (1, 2) for panel in panels):
        _clear(made, [axes for axes, panel in zip(every, panels, strict=True) if len(panel.names) in (1, 2)])
    return made


def _size(panels: Sequence[Panel], look: Look) -> tuple[float, float]:
    if any(panel.kind in _SQUARE for panel in panels) and len(panels) == 1:
        return min(look.width, 9.4), min(look.width * 0.85, 8.0) if panels[0].kind != "image" else _size_of_images(panels[0], look)
    return look.width, look.height if len(panels) <= 1 else 0.36 * look.height + look.more * len(panels)


def _size_of_images(panel: Panel, look: Look) -> float:
    """As high as a row of images needs."""
    tiles = [mark for mark in panel.marks if isinstance(mark, Tile)]
    columns, rows = (max((tile.place[side] for tile in tiles), default=0) + 1 for side in (0, 1))
    shape = tiles[0].values.shape if tiles else (1, 1)
    wide = min(look.width, 9.4)
    return float(np.clip(0.82 * wide * rows * shape[0] / (columns * shape[1]) + 0.15 * look.height, 0.4 * look.height, 1.3 * look.height))


def _panel(made: Figure, axes: Axes, panel: Panel, look: Look, below_phases: bool) -> None:
    """`below_phases`: the names of phases stand above it."""
    for mark in panel.marks:
        _mark(axes, mark, panel, look)
    if panel.kind == "image":
        _image_frame(axes, panel)
    _axis(axes, "x", panel.horizontal)
    _axis(axes, "y", replace(panel.vertical, label=broken(panel.vertical.label, _along_side(made, look))))
    if panel.square and panel.kind != "image":
        axes.set_aspect("equal")
    if panel.scale is not None:
        _colour_bar(made, axes, panel.scale, look)
    if panel.note:
        above = (26 if below_phases else 4) * look.scale
        axes.annotate(panel.note, (1.0, 1.0), (0, above), xycoords="axes fraction", textcoords="offset points", ha="right", va="bottom",
                      fontsize=look.letters - 4 * look.scale, color=GREY)  # fmt: skip
    if panel.names:
        _legend(axes, beside=len(panel.names) > 2)


def _along_side(made: Figure, look: Look) -> int:
    """How many letters fit beside a panel, of the height that all have."""
    panels = sum(axes.get_label() != "<colorbar>" for axes in made.axes)
    return int(0.75 * made.get_size_inches()[1] / panels * 72 / (0.6 * look.letters))


def _axis(axes: Axes, name: str, axis: Axis) -> None:
    """Label, ends and marks."""
    side = axes.xaxis if name == "x" else axes.yaxis
    set_scale, set_ends = (axes.set_xscale, axes.set_xlim) if name == "x" else (axes.set_yscale, axes.set_ylim)
    least = axes.dataLim.minposx if name == "x" else axes.dataLim.minposy
    if axis.logarithmic and axes.has_data() and not np.isfinite(least):
        said = f"nothing above 0 along {name}, so the axis is not logarithmic"
        axes.annotate(said, (0.5, 1.0), xycoords="axes fraction", ha="center", va="bottom", fontsize="small", color=GREY)
    elif axis.logarithmic:
        set_scale("log", nonpositive="mask" if name == "x" and not axes.patches else "clip")  # a line does not come from 0, bars do
        _powers(side, axes.get_xlim() if name == "x" else axes.get_ylim())
    if axis.low is not None or axis.high is not None:
        set_ends(axis.low, axis.high)
    if axis.whole and not axis.logarithmic:
        side.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    if axis.places:
        side.set_ticks([at for at, _ in axis.places], [text for _, text in axis.places])
        axes.tick_params(axis=name, length=0)  # type: ignore[arg-type]
        axes.spines["left" if name == "y" else "bottom"].set_visible(False)
    side.set_label_text(axis.label)


def _powers(side: XAxis | YAxis, ends: tuple[float, float]) -> None:
    """Few powers of ten as numbers, with some between; many as powers."""
    decades = np.log10(max(ends) / min(ends)) if min(ends) > 0 else 10.0
    if decades <= 3:
        side.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        side.set_minor_formatter(NullFormatter())


def _phases(axes: Axes, seen: Sequence[Stretch], named: bool, look: Look) -> None:
    """A thin line between phases, and (`named`) their names above the panel where there is room."""
    if not seen:
        return
    width = seen[-1].end - seen[0].begin
    for number, stretch in enumerate(seen):
        if number:
            axes.axvline(stretch.begin, color="#999999", linewidth=1.2 * look.scale, linestyle=(0, (4, 3)), zorder=0)
        if named and (stretch.end - stretch.begin) / width >= 0.012 * len(stretch.name):
            axes.annotate(stretch.name, (0.5 * (stretch.begin + stretch.end), 1.0), (0, 4 * look.scale), xycoords=("data", "axes fraction"),
                          textcoords="offset points", ha="center", va="bottom", fontsize=look.letters - 4 * look.scale, color=GREY)  # fmt: skip


# --- legends ---------------------------------------------------------------------------------------------------------


def _legend(axes: Axes, beside: bool) -> None:
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if beside else {"loc": "best"}
    handles, names = axes.get_legend_handles_labels()
    axes.legend(handles, [broken(name) for name in names], handlelength=1.4, **place)


def broken(name: str, most: int = _LETTERS_A_LINE) -> str:
    """The name in lines, broken behind commas, or at blanks where that is not enough, but not in formulas."""
    parts = [part.strip() for part in re.findall(r"(?:\$[^$]*\$|[^$,]|,(?! ))+,?", name)]
    words = re.compile(r"(?:\$[^$]*\$|[^$ ])+")
    pieces = [piece for part in parts for piece in ([part] if len(plain(part)) <= most else words.findall(part))]
    lines, line = list[str](), ""
    for piece in pieces:
        longer = f"{line} {piece}" if line else piece
        if line and len(plain(longer)) > most:
            lines.append(line)
            line = piece
        else:
            line = longer
    return "\n".join([*lines, line])


def _clear(made: Figure, every: Sequence[Axes]) -> None:
    """A legend stands within its panel where that is empty, and beside it otherwise."""
    made.draw_without_rendering()
    for axes in every:
        legend = axes.get_legend()
        if legend is None:
            continue
        box = legend.get_window_extent()
        paths = [(line.get_path(), line.get_transform()) for line in axes.lines if line.get_linestyle() != "None"]
        paths += [(patch.get_path(), patch.get_transform()) for patch in axes.patches]
        dots = [np.asarray(line.get_xydata()) for line in axes.lines]
        for collection in axes.collections:
            if isinstance(collection, PathCollection):
                dots.append(np.asarray(collection.get_offsets()))
            else:
                paths += [(path, collection.get_transform()) for path in collection.get_paths()]
        crossed = any(transform.transform_path(path).intersects_bbox(box, filled=False) for path, transform in paths)
        if crossed or any(box.count_contains(axes.transData.transform(some)) for some in dots if some.size):
            legend.remove()
            _legend(axes, beside=True)


# --- marks -----------------------------------------------------------------------------------------------------------


def _mark(axes: Axes, mark: Mark, panel: Panel, look: Look) -> None:
    k = look.scale
    name = getattr(mark, "name", "") or "_"
    match mark:
        case Line():
            axes.plot(mark.x, mark.y, color=mark.colour, label=name, linewidth=_WIDTHS[mark.weight] * k, alpha=0.35 if mark.weight == "faint" else 1.0,
                      linestyle=(0, (5, 2)) if mark.dashed else "-" if mark.joined else "none", marker="o" if mark.dotted else None,
                      markersize=8 * k)  # fmt: skip
        case Steps():
            axes.stairs(
                mark.values,
                mark.edges,
                color=mark.colour,
                label=name,
                linewidth=2.4 * k,
                fill=mark.filled,
                baseline=0 if mark.filled else None,
            )
        case Band():
            low, high = (np.append(side, side[-1:]) for side in (mark.low, mark.high)) if mark.stepped else (mark.low, mark.high)
            axes.fill_between(mark.x, low, high, color=mark.colour, alpha=0.25, linewidth=0, step="post" if mark.stepped else None)
        case Dots():
            above = 3 if panel.kind in ("plane", "contours") else 2
            axes.scatter(mark.x, mark.y, s=mark.size * k * k, label=name, rasterized=len(mark.x) > 2000, zorder=above, **_filling(mark, k))
        case Bars():
            axes.vlines(mark.x, mark.bottom, mark.bottom + mark.height, color=mark.colour, linewidth=1.6 * k)
        case Whiskers():
            axes.vlines(mark.x, mark.low, mark.high, color=mark.colour, linewidth=1.8 * k)
        case Field():
            axes.pcolormesh(mark.x, mark.y, np.ma.masked_invalid(mark.values), shading="flat", rasterized=True, **_colours(panel.scale))
        case Tile():
            _tile(axes, mark, panel, look)
        case Levels():
            _levels(axes, mark, look)
        case _:
            assert_never(mark)


def _filling(mark: Dots, k: float) -> dict[str, Any]:
    if mark.hollow:
        return {"facecolors": "white", "edgecolors": mark.colour, "linewidths": 2 * k}
    return {"color": mark.colour, "linewidths": 0}


def _levels(axes: Axes, mark: Levels, look: Look) -> None:
    shades = colormaps["viridis"](np.linspace(0.15, 0.9, len(mark.levels)))
    lines = axes.contour(mark.x, mark.y, np.ma.masked_invalid(mark.z), levels=mark.levels, colors=[tuple(c) for c in shades],
                         linewidths=2.4 * look.scale, linestyles="solid")  # fmt: skip
    small = look.letters - 4 * look.scale
    for text in axes.clabel(lines, inline=False, fmt=_of_level, fontsize=small, zorder=4):
        text.set_bbox({"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5))


def _of_level(value: float) -> str:
    """Three digits; as a power of ten where it is very large or small."""
    text = np.format_float_positional(value, 3, fractional=False, trim="-") if 1e-4 < abs(value) < 1e5 or value == 0.0 else f"{value:.3g}"
    return text.replace("-", "−")


# --- colours ---------------------------------------------------------------------------------------------------------


def _colours(scale: Scale | None) -> dict[str, Any]:
    if scale is None:
        return {}
    return {"cmap": colormaps[_SHADES[scale.shades]].with_extremes(bad="#E8E8E8"), "vmin": scale.low, "vmax": scale.high}


def _colour_bar(made: Figure, axes: Axes, scale: Scale, look: Look) -> None:
    shown = ScalarMappable(Normalize(scale.low, scale.high), _SHADES[scale.shades])
    bar = made.colorbar(shown, ax=axes, label=scale.label, pad=0.02, shrink=0.9)
    bar.outline.set_linewidth(1.0 * look.scale)
    if scale.shades == "two":
        bar.set_ticks([scale.low, scale.high])


#: Between images, as a part of their size.
_GAP = 0.12


def _tile(axes: Axes, tile: Tile, panel: Panel, look: Look) -> None:
    rows, columns = tile.values.shape
    left, top = (1 + _GAP) * tile.place[0], -(1 + _GAP + 0.1 * bool(tile.name)) * tile.place[1]
    height = rows / columns
    top *= height if height < 1 else 1.0
    axes.imshow(
        np.ma.masked_invalid(tile.values), extent=(left, left + 1, top - height, top), interpolation="nearest", **_colours(panel.scale)
    )
    if tile.name:
        axes.text(
            left + 0.5, top + 0.02 * height, tile.name, ha="center", va="bottom", fontsize=(look.letters - 6 * look.scale), color=GREY
        )


def _image_frame(axes: Axes, panel: Panel) -> None:
    """Images have no axes; all of them are in sight."""
    tiles = [mark for mark in panel.marks if isinstance(mark, Tile)]
    if tiles:
        columns, rows = (max(tile.place[side] for tile in tiles) + 1 for side in (0, 1))
        height = tiles[0].values.shape[0] / tiles[0].values.shape[1]
        step = (1 + _GAP + 0.1 * bool(tiles[0].name)) * (height if height < 1 else 1.0)
        axes.set_xlim(-0.02, (1 + _GAP) * columns - _GAP + 0.02)
        axes.set_ylim(-step * (rows - 1) - height - 0.02, 0.12 if tiles[0].name else 0.02)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
