"""`Result`: what an experiment recorded and found, for Python programs and for files.

xarray is imported when the first array is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

from plasticdsl.diagnostics.diagnostic import NO_SOURCES, Diagnostic, PlasError
from plasticdsl.options import FigureFormat, FigureSize
from plasticdsl.results import trials
from plasticdsl.results.figures import Figures, file_names, one_line
from plasticdsl.results.summary import expectations_of, summary_of
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.expectations import Outcome
from plasticdsl.runtime.watch.spikes import Spikes
from plasticdsl.source import SourceFile

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from neo import Block
    from pandas import DataFrame
    from xarray import DataArray, Dataset


class Unfinished(PlasError):
    """A run that could not go on; `result` is what was recorded until then."""

    def __init__(self, result: Result, text: str, sources: Mapping[str, SourceFile] = NO_SOURCES) -> None:
        super().__init__(result.failure, text, sources)
        self.result = result

    def __reduce__(self) -> tuple[type[Unfinished], tuple[Any, ...]]:
        return Unfinished, (self.result, str(self), dict(self.sources))


class Result:
    """`result["ex.w"]` is what `record ex.w` kept, an `xarray.DataArray` in SI units; `result.dataset` holds everything. `again`: carries the experiment
    out once more for a plot line that it does not have; `kept`: deletes what was kept of its runs while they were carried out."""

    def __init__(
        self,
        study: Study,
        path: str,
        compile_s: float = 0.0,
        load_s: float = 0.0,
        again: Callable[[str], Study] | None = None,
        kept: Callable[[], None] | None = None,
    ) -> None:
        self.study = study
        self._path, self._compile_s, self._again, self._kept = path, compile_s, again, kept
        self.load_s = load_s
        self._plotted: dict[str, Figures] = {}
        self._stacked: dict[str, DataArray] = {}

    def __getitem__(self, name: str) -> DataArray:
        if name not in self._names:
            raise KeyError(f"nothing was recorded as {name}; there is {', '.join(self._names) or 'nothing'}")
        if name not in self._stacked:
            from plasticdsl.results.stack import recording

            self._stacked[name] = recording(self.study, self._names.index(name))
        return self._stacked[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __repr__(self) -> str:
        marks = {True: "passed", False: "failed", None: "skipped"}
        lines = [f"<Result {self.study.experiment.name} on {self.study.network.name}: {', '.join(self._names) or 'nothing recorded'}"]
        lines += [f"  {marks[o.passed]}: {o.text}" for o in self.expectations]
        return "\n".join(lines) + ">"

    def _repr_html_(self) -> str:
        """What a notebook displays."""
        from plasticdsl.results.display import html_of

        return html_of(self)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        found: list[str] = []
        for run in self.study.runs[:1]:
            found += [series.name for series in run.recorder.series] + [record.name for record in run.recorder.spikes]
        return tuple(found)

    @cached_property
    def dataset(self) -> Dataset:
        """All recordings; time dimensions that differ are numbered (`time`, `time_2`, …)."""
        from plasticdsl.results.stack import to_dataset

        return to_dataset(map(self.__getitem__, self), self.summary)

    @cached_property
    def expectations(self) -> tuple[Outcome, ...]:
        """What came of each `expect` line, over all runs."""
        return expectations_of(self.study)

    @property
    def passed(self) -> bool:
        """Whether no expectation failed (skipped ones did not)."""
        return all(o.passed is not False for o in self.expectations)

    @property
    def interrupted(self) -> bool:
        """Whether the run was stopped before its end."""
        return self.study.interrupted

    @property
    def failure(self) -> tuple[Diagnostic, ...]:
        """Why the last run could not go on; what there is was recorded until then."""
        return self.study.failure

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What was noticed during the runs, each once."""
        found = (w for run in self.study.runs for w in run.recorder.warnings)
        return tuple(dict.fromkeys(found))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What `summary.json` holds."""
        return summary_of(self.study, self._path, self._compile_s, self.load_s)

    @cached_property
    def trials(self) -> Dataset:
        """Of a fit: the values of each parameter, by its name as written, and of the `goal`, in each trial, in SI. Raises ValueError of anything else."""
        from plasticdsl.results.stack import to_dataset

        if self.study.fitted is None:
            raise ValueError(f"{self.study.experiment.name} has fitted nothing")
        return to_dataset(trials.arrays(self.study), self.summary)

    @property
    def best(self) -> dict[str, float]:
        """The parameters that a fit has found, by their names as written, in SI; nothing of anything else, or where no trial has a value."""
        fitted = self.study.fitted
        chosen = None if fitted is None else fitted.chosen
        return {} if fitted is None or chosen is None else {a.name: value for a, value in zip(fitted.searched, chosen, strict=True)}

    def spikes(self, name: str, run: int | None = None) -> Spikes:
        """The spikes of a population that were recorded, or of a part of one (`"assembly"`) or of an event (`"E.burst"`): `times` in s, float64[spikes],
        and `units` from 0, int32[spikes]. `run`: of a sweep the number of the run, from 0, in the order of its axes.

        Raises KeyError for what was not recorded, ValueError where there are several runs and none is named.
        """
        from plasticdsl.results.trains import spikes_of

        return spikes_of(self.study, name, run)

    @overload
    def to_pandas(self, name: str) -> DataFrame: ...
    @overload
    def to_pandas(self, name: None = None) -> dict[str, DataFrame]: ...
    def to_pandas(self, name: str | None = None) -> DataFrame | dict[str, DataFrame]:
        """What was recorded under a name as a table of pandas, or a table for each recording by its name. Values are in SI; `attrs` has their units.

        What is taken again and again has a row for each moment (`time` in s, or `step`), in a sweep for each combination and moment, and a column for
        each unit, counted from 0, or connection, by its `pre` and `post` unit. What is taken once has a row for each of them. Spikes have a row each.
        """
        from plasticdsl.results.frames import frame_of
        from plasticdsl.results.stack import axes_of

        swept = axes_of(self.study)[0]
        return {one: frame_of(self[one], swept) for one in self} if name is None else frame_of(self[name], swept)

    def to_neo(self) -> Block:
        """A `neo.Block` with a segment for each run: a spike train for each unit whose spikes were recorded, an analogue signal (SI) for each recording
        over time, whose `array_annotations` say whose its channels are. Takes the extra `neo`."""
        from plasticdsl.results.as_neo import block_of

        return cast("Block", block_of(self))

    def to_nwb(self, path: str | Path, run: int | None = None, **about: Any) -> None:
        """Writes a run into a file of NWB, whole or not at all: recorded spikes as units, recordings over time as time series (SI), what was taken once
        as tables (of a curve with what it is over), with `misc` saying whose the columns of a time series are. `run`: of a sweep the number of the run,
        from 0. `about` is handed on to `pynwb.NWBFile`: `session_start_time` (default: now), `experimenter`, `institution`, `subject`, … Takes the extra
        `nwb`. `nwbinspector` wants a `subject`, and asks of time series with fewer moments than columns whether they lie the right way round: they do.

        Raises ValueError where there are several runs and none is named.
        """
        from plasticdsl.results.as_nwb import write

        write(self, Path(path), run, about)

    @cached_property
    def figures(self) -> Figures:
        """A matplotlib figure for each `plot` line, by its name (`01-rate-cell-over-time`) or by the line itself, drawn when it is asked for."""
        return Figures(self.study)

    def plot(self, line: str, size: FigureSize = "slide") -> Figure:
        """The figure of any plot line, `result.plot("raster(E) over last 200 ms")`; its text is read and checked like those of the experiment.

        For a line that the experiment does not have it is carried out once more, to the same bits, since a run keeps nothing but what it records. Raises
        `PlasError` for what is wrong with the line.
        """
        text = one_line(line)
        if text in self.figures:
            return self.figures.sized(text, size)
        if text not in self._plotted:
            if self._again is None:
                raise ValueError(
                    "only the plot lines of the experiment can be drawn here: the result does not know the model that it is of"
                )
            self._plotted[text] = Figures(self._again(text))
        return self._plotted[text].sized(next(iter(self._plotted[text])), size)

    def plotted(self) -> Iterator[tuple[str, Dataset]]:
        """The same names, and what each figure shows as an `xarray.Dataset` in SI units."""
        from plasticdsl.results.stack import plotted, to_dataset

        for number, name in enumerate(file_names(self.study)):
            yield name, to_dataset({a.name: a for a in plotted(self.study, number)}.values(), self.summary)

    def save(
        self,
        folder: str | Path,
        *,
        plots: bool = True,
        format: FigureFormat = "png",  # noqa: A002
        size: FigureSize = "slide",
    ) -> None:
        """Writes `summary.json`, `recordings.nc` and, for each plot line, a figure and what it shows (`.nc`) into `folder`, all of it or nothing. What an
        earlier result left there goes. Figures are `"png"`, `"svg"` or `"pdf"`, for a `"slide"`, or a `"column"` or `"page"` of a journal."""
        from plasticdsl.results.files import write

        write(self, Path(folder), plots, format, size, lasting=self._kept is not None)

    def forget(self) -> None:
        """Deletes what `Model.run(…, keep=FOLDER)` has kept of its runs: finished ones, where they stood, and long recordings, which cannot be read
        afterwards."""
        if self._kept is not None:
            self._kept()
