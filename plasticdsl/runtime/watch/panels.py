"""What a plot line is made of: panels, each of items that share two axes. Planned by `recorder`, filled during a run, drawn by `results`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plasticdsl.model.experiments import PlotSpec
from plasticdsl.model.expr import Expr
from plasticdsl.runtime.watch.landscape import Landscape
from plasticdsl.runtime.watch.series import Series, SpikeRecord

Kind = Literal["raster", "histogram", "time", "plane", "sweep", "units", "contours"]


@dataclass(frozen=True, slots=True)
class Panel:
    """Items of a plot line that share two axes: `series`, or the `spikes` of a raster."""

    kind: Kind
    series: tuple[Series, ...] = ()
    spikes: tuple[SpikeRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class PlotPlan:
    """One plot line: its `panels` from top to bottom, `against` the series on the horizontal axis of a plane, `axis` what a sweep is plotted over. Of
    contours, the only series and `against` are the path of the run on their plane."""

    spec: PlotSpec
    panels: tuple[Panel, ...]
    against: Series | None = None
    axis: Expr | None = None
    landscape: Landscape | None = None

    @property
    def series(self) -> tuple[Series, ...]:
        """Of all panels."""
        return tuple(s for panel in self.panels for s in panel.series)

    @property
    def spikes(self) -> tuple[SpikeRecord, ...]:
        """Of all panels."""
        return tuple(s for panel in self.panels for s in panel.spikes)
