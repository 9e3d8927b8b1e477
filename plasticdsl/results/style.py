"""How figures look: sizes and colours that can be read from the last row of a lecture hall."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cycler import cycler
from matplotlib import rc_context

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
