"""The figure of a plot line: described as data, then drawn."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from plasticdsl.options import FigureSize
from plasticdsl.results import trials
from plasticdsl.results.describe import picture
from plasticdsl.results.draw import draw
from plasticdsl.results.look import LOOKS, style
from plasticdsl.runtime.play.sweep import Study


def figure(study: Study, number: int, size: FigureSize = "slide") -> Figure:
    """The figure of plot line `number`, in the project's style."""
    return draw(picture(study, number), LOOKS[size])


def figure_of_trials(study: Study, size: FigureSize = "slide") -> Figure:
    """What a fit has tried."""
    return draw(trials.picture(study), LOOKS[size])


def write(made: Figure, path: Path, size: FigureSize) -> None:
    """Into a file, whose ending says as what; the same figure gives the same bytes."""
    dates = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with style(LOOKS[size]):
        made.savefig(path, metadata=dates.get(path.suffix))
