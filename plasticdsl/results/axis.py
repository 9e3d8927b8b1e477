"""How figures look: sizes and colours that can be read from the last row of a lecture hall; labels with units, the time axis and its phases, and lines for
many units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from cycler import cycler
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from plasticdsl.runtime.play.schedule import Timeline
from plasticdsl.runtime.watch.series import Label
from plasticdsl.runtime.watch.statistics import mean_of_known
from plasticdsl.support.arrays import Floats

#: Colours that people with any colour vision can tell apart (Okabe & Ito 2008), the yellow left out: it is hard to see on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#555555"
SIZE = (11.0, 6.2)

_SETTINGS: dict[str, Any] = {
    "figure.figsize": SIZE,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "figure.constrained_layout.use": True,
    "font.size": 18,
    "axes.titlesize": 18,
    "axes.titlelocation": "left",
    "axes.titlepad": 14,
    "axes.labelsize": 19,
    "axes.labelpad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 1.4,
    "axes.grid": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.formatter.useoffset": False,
    "xtick.labelsize": 16,
    "ytick.labelsize": 16,
    "xtick.major.width": 1.4,
    "ytick.major.width": 1.4,
    "xtick.major.size": 6,
    "ytick.major.size": 6,
    "lines.linewidth": 2.4,
    "lines.markersize": 8,
    "legend.frameon": False,
    "legend.fontsize": 16,
    "svg.fonttype": "none",
}


@contextmanager
def style() -> Iterator[None]:
    """Figures made and saved inside look like this; nothing outside changes."""
    with rc_context(_SETTINGS):  # type: ignore[arg-type]
        yield


# --- axes ------------------------------------------------------------------------------------------------------------


#: Up to so many units get a line of their own with its colour; more are drawn thin, `_MOST_LINES` of them, with their mean.
_FEW_LINES, _MOST_LINES = 6, 60
#: Lines with more points are drawn thinner.
_DENSE = 1200
_LONGEST_LABEL = 40  # letters that fit beside a panel


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """A time axis from step `begin` to `end`: `scale` steps make one `unit`."""

    begin: int
    end: int
    unit: str
    scale: float

    def of(self, steps: NDArray[np.int64] | NDArray[np.float64]) -> Floats:
        """Steps in units of the axis."""
        return np.asarray(steps, dtype=np.float64) / self.scale


def time_axis(line: Timeline, begin: int, end: int) -> TimeAxis:
    """The axis for a part of a run."""
    if line.in_steps:
        return TimeAxis(begin, end, "steps", 1.0)
    unit, seconds = time_unit((end - begin) * line.dt)
    return TimeAxis(begin, end, unit, seconds / line.dt)


def time_unit(span: float) -> tuple[str, float]:
    """A unit in which `span` seconds is a handy number, and its length in seconds."""
    if span < 1.0:
        return "ms", 1e-3
    if span < 1200.0:
        return "s", 1.0
    return ("min", 60.0) if span < 4 * 3600.0 else ("h", 3600.0)


def label_of(label: Label) -> str:
    """`V (mV)`."""
    return f"{label.text} ({label.unit})" if label.unit else label.text


def finish_time(axes: Axes, axis: TimeAxis) -> None:
    """Limits and label."""
    margin = 0.0 if axis.unit != "steps" else 0.5
    begin, end = axis.of(np.array([axis.begin, axis.end]))
    if end > begin:
        axes.set_xlim(begin - margin, end + margin)
    axes.set_xlabel("step" if axis.unit == "steps" else f"time ({axis.unit})")
    if axis.unit == "steps":
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))


def mark_phases(axes: Axes, line: Timeline, axis: TimeAxis, named: bool) -> None:
    """A thin line between phases, where there are several in sight, and (`named`) their names above the panel."""
    seen = [p for p in line.phases if p.last > axis.begin and p.first < axis.end and p.last > p.first]
    if len(seen) < 2:
        return
    shift = 0.5 if axis.unit == "steps" else 0.0
    width = axis.end - axis.begin
    for number, phase in enumerate(seen):
        first, last = max(phase.first, axis.begin), min(phase.last, axis.end)
        if number:
            axes.axvline(axis.of(np.array([first]))[0] + shift, color="#999999", linewidth=1.2, linestyle=(0, (4, 3)), zorder=0)
        if named and (last - first) / width >= 0.012 * len(phase.name):
            middle = axis.of(np.array([0.5 * (first + last)]))[0] + shift
            axes.annotate(phase.name, (middle, 1.0), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points",
                          ha="center", va="bottom", fontsize=14, color=GREY)  # fmt: skip


def colours_of(y: Floats) -> int:
    """How many colours `draw_units_over` takes."""
    units = int(np.prod(y.shape[1:]))
    return units if 1 < units <= _FEW_LINES else 1


def draw_units_over(
    axes: Axes, x: Floats, y: Floats, names: tuple[str, str], first: int, marker: str | None, numbers: Sequence[object] | None = None
) -> bool:
    """y over x, one value or one per unit at each moment: y is float64[moments] or float64[moments, units]. True where it takes a legend.
    `names`: what all are called, and one of several, with # for its number (1, 2, … where `numbers` are not given); `first`: the first colour."""
    values, colour = y.reshape(len(y), -1), COLOURS[first % len(COLOURS)]
    count = values.shape[1]
    width = 2.4 if len(x) <= _DENSE else 1.3
    if count <= _FEW_LINES:
        for unit in range(count):
            number = unit + 1 if numbers is None else numbers[unit]
            own, name = COLOURS[(first + unit) % len(COLOURS)], names[0] if count == 1 else names[1].replace("#", str(number))
            axes.plot(x, values[:, unit], color=own, label=name, marker=marker, linewidth=width)
        return count > 1
    shown = evenly(count, _MOST_LINES)
    axes.plot(x, values[:, shown], color=colour, linewidth=0.9, alpha=0.35)
    text = f"{names[0]}: mean of {count}" if len(shown) == count else f"{names[0]}: mean of {count}; {len(shown)} shown"
    axes.plot(x, mean_of_known(values), color=_dark(colour), linewidth=3.2 if len(x) <= _DENSE else 1.8, label=text)
    return True


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """At most so many of the numbers 0 to count − 1, spread over all of them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _dark(colour: str) -> str:
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{int(0.45 * part):02x}" for part in parts)


def legend(axes: Axes, always: bool = False) -> None:
    """A legend where there is more than one thing to tell apart, or `always`; beside the panel where it is long."""
    handles = axes.get_legend_handles_labels()[0]
    if len(handles) > 2:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.4)
    elif len(handles) > 1 or (always and handles):
        axes.legend(loc="best", handlelength=1.4)


def shared_label(labels: Sequence[Label]) -> str:
    """Of a panel: of its only item, else the unit of all, else what they are called: where that is too long to stand beside a panel, the variable that
    all of them are, or nothing, since the legend tells them apart."""
    if len(labels) == 1:
        return label_of(labels[0])
    names = ", ".join(label.text for label in labels)
    if labels[0].unit or len(names) <= _LONGEST_LABEL:
        return labels[0].unit or names
    variables = {label.text.rpartition(".")[2] for label in labels}
    (variable, *others) = variables
    return variable if not others and variable.isidentifier() else ""


def note(axes: Axes, text: str) -> None:
    """A remark above the right end of a panel."""
    axes.text(1.0, 1.02, text, transform=axes.transAxes, ha="right", va="bottom", fontsize=14, color=GREY)
