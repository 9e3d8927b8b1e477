"""The figures of a study by their names, each drawn when it is first asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from plasticdsl.options import FigureSize
from plasticdsl.results import trials
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.series import PlotPlan

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: In place of the number of a plot line.
OF_TRIALS = -1


class Figures(Mapping[str, "Figure"]):
    """A matplotlib figure for each `plot` line, in the order of the lines; by the name of its file, or by the line itself
    (`figures["rate(cell) over time"]`); of a fit last that of its trials. A figure is drawn once."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._names = (*file_names(study), *((trials.NAME,) if study.fitted is not None and study.fitted.trials else ()))
        self._numbers = {name: number for named in (lines(study), self._names) for number, name in enumerate(named)}
        if trials.NAME in self._names:
            self._numbers[trials.NAME] = OF_TRIALS
        self._drawn: dict[tuple[int, FigureSize], Figure] = {}

    def __getitem__(self, name: str) -> Figure:
        """Raises KeyError with the names that there are."""
        return self.sized(name, "slide")

    def sized(self, name: str, size: FigureSize) -> Figure:
        """The same for a slide, or for a column or page of a journal."""
        number = self._numbers.get(name)
        if number is None:
            raise KeyError(f"there is no figure {name}; there is {', '.join(self._names) or 'none'}")
        if (number, size) not in self._drawn:
            from plasticdsl.results.plots import figure, figure_of_trials

            self._drawn[number, size] = figure_of_trials(self._study, size) if number == OF_TRIALS else figure(self._study, number, size)
        return self._drawn[number, size]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<Figures {', '.join(self._names) or 'none'}>"


def one_line(line: str) -> str:
    """A plot line as it is called: what stands behind the word `plot`, on one line."""
    return " ".join(line.split()).removeprefix("plot ")


def lines(study: Study) -> list[str]:
    """The plot lines as written, without the word itself."""
    return [plan.spec.text for plan in study.runs[0].recorder.plots] if study.runs else []


def file_names(study: Study) -> list[str]:
    """For each plot line, `01-rate-cell-over-time`: sorted like the lines, readable, and safe on every file system."""
    return [_file_name(number, plan) for number, plan in enumerate(study.runs[0].recorder.plots)] if study.runs else []


def _file_name(number: int, plan: PlotPlan) -> str:
    words = re.sub(r"[^\w.]+", "-", plan.spec.text).strip("-.")
    return f"{number + 1:02d}-{words[:60].rstrip('-.')}"
