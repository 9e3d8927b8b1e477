"""`Result`: what an experiment recorded and found, for Python programs and for files.

xarray is imported when the first array is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.results.stack import Stacked, stacked
from plasticdsl.results.summary import expectations_of, summary_of
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.expectations import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xarray import DataArray, Dataset


class Unfinished(PlasError):
    """A run that could not go on; `result` is what was recorded until then."""

    def __init__(self, result: Result, text: str) -> None:
        super().__init__(result.failure, text)
        self.result = result


class Result:
    """`result["ex.w"]` is what `record ex.w` kept, an `xarray.DataArray` in SI units; `result.dataset` holds everything."""

    def __init__(self, study: Study, path: str, compile_s: float = 0.0, load_s: float = 0.0) -> None:
        self.study = study
        self._path, self._compile_s = path, compile_s
        self.load_s = load_s

    def __getitem__(self, name: str) -> DataArray:
        from plasticdsl.results.dataset import to_array

        found = self._stacked.get(name)
        if found is None:
            raise KeyError(f"nothing was recorded as {name}; there is {', '.join(self._stacked) or 'nothing'}")
        return to_array(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stacked)

    def __len__(self) -> int:
        return len(self._stacked)

    def __contains__(self, name: object) -> bool:
        return name in self._stacked

    def __repr__(self) -> str:
        marks = {True: "passed", False: "failed", None: "skipped"}
        lines = [f"<Result {self.study.experiment.name} on {self.study.network.name}: {', '.join(self._stacked) or 'nothing recorded'}"]
        lines += [f"  {marks[o.passed]}: {o.text}" for o in self.expectations]
        return "\n".join(lines) + ">"

    @cached_property
    def _stacked(self) -> dict[str, Stacked]:
        return {s.name: s for s in stacked(self.study)}

    @cached_property
    def dataset(self) -> Dataset:
        """All recordings; time dimensions that differ are numbered (`time`, `time_2`, …)."""
        from plasticdsl.results.dataset import to_dataset

        return to_dataset(self._stacked.values(), self.summary)

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

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """A name and a matplotlib figure for each `plot` line."""
        from plasticdsl.results.plots import figures

        return figures(self.study)

    def plotted(self) -> Iterator[tuple[str, Dataset]]:
        """The same names, and what each figure shows as an `xarray.Dataset` in SI units."""
        from plasticdsl.results.dataset import to_dataset
        from plasticdsl.results.plots import file_names
        from plasticdsl.results.plotted import plotted

        for number, name in enumerate(file_names(self.study)):
            yield name, to_dataset({s.name: s for s in plotted(self.study, number)}.values(), self.summary)

    def save(self, folder: str | Path, *, plots: bool = True) -> None:
        """Writes `summary.json`, `recordings.nc` and, for each plot line, a PNG and what it shows (`.nc`) into `folder`, all of it or nothing. What an
        earlier result left there goes."""
        from plasticdsl.results.files import write

        write(self, Path(folder), plots)
