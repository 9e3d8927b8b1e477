"""How large figures are, and what they look like: for slides, that can be read from the last row of a lecture hall, or for a column or the whole width of
a journal's page. Letters are embedded in PDF and drawn as outlines in SVG, so that figures look alike everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cycler import cycler
from matplotlib import rc_context

from plasticdsl.options import FigureSize
from plasticdsl.results.scene import COLOURS


@dataclass(frozen=True, slots=True)
class Look:
    """`width` and `height` (of a figure with one panel), and `more` for each further one, in inches; `letters` in points; everything else in proportion to
    these. `titled`: figures have a title where the line gives none."""

    width: float
    height: float
    more: float
    letters: float
    titled: bool
    dots_per_inch: int

    @property
    def scale(self) -> float:
        """Widths of lines and sizes of dots, beside those of a slide."""
        return self.letters / 18.0


#: A slide of 16 : 9, and columns and pages of 86 and 178 mm, as most journals have them.
LOOKS: Mapping[FigureSize, Look] = {
    "slide": Look(11.0, 6.2, 3.3, 18.0, True, 160),
    "column": Look(3.39, 2.4, 1.3, 8.0, False, 300),
    "page": Look(7.0, 3.4, 1.8, 9.0, False, 300),
}


def _settings(look: Look) -> dict[str, Any]:
    letters, k = look.letters, look.scale
    return {
        "figure.dpi": 100,
        "savefig.dpi": look.dots_per_inch,
        "figure.constrained_layout.use": True,
        "figure.constrained_layout.w_pad": 0.1 * k,
        "figure.constrained_layout.h_pad": 0.1 * k,
        "font.family": "DejaVu Sans",
        "mathtext.fontset": "dejavusans",
        "font.size": letters,
        "axes.titlesize": letters,
        "axes.titlelocation": "left",
        "axes.titlepad": 14 * k,
        "axes.labelsize": letters + 1.0 * k,
        "axes.labelpad": 8 * k,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 1.4 * k,
        "axes.grid": False,
        "axes.prop_cycle": cycler(color=COLOURS),
        "axes.formatter.useoffset": False,
        "xtick.labelsize": letters - 2.0 * k,
        "ytick.labelsize": letters - 2.0 * k,
        **{f"{axis}tick.major.width": 1.4 * k for axis in "xy"},
        **{f"{axis}tick.major.size": 6 * k for axis in "xy"},
        **{f"{axis}tick.minor.width": 1.0 * k for axis in "xy"},
        **{f"{axis}tick.minor.size": 3 * k for axis in "xy"},
        "legend.frameon": False,
        "legend.fontsize": letters - 2.0 * k,
        "svg.fonttype": "path",
        "svg.hashsalt": "plasticdsl",
        "pdf.fonttype": 42,
    }


@contextmanager
def style(look: Look = LOOKS["slide"]) -> Iterator[None]:
    """Figures made and saved inside look like this; nothing outside changes."""
    with rc_context(_settings(look)):  # type: ignore[arg-type]
        yield
