"""Statistics: what `record`, `plot` and `expect` can take of spikes and of values.

| function | takes | gives |
|---|---|---|
| `spikes(P)` | a population | its spikes (times and units), to record |
| `raster(P, …)` | populations | their spikes, to plot |
| `isi_histogram(P, …)` | populations | how the intervals of all their units are distributed, to plot |
| `rate(P)` | a population | spikes / (units × window) |
| `spike_count(P)` | a population | number of spikes of all units |
| `cv(P)`, `cv2(P)`, `lv(P)` | a population | how irregular the intervals of a unit are, mean over units with at least 3 spikes |
| `fano(P, T)` | a population, a time | variance/mean of the counts of a unit in windows T, mean over units that spike |
| `count_correlation(P, T)` | a population, a time | Pearson's coefficient of the counts of two units in windows T, mean over all pairs of units |
| `spike_time(P, k)` | a population, a whole number | time of the k-th spike, in order of time over all units; k < 0 counts from the last |
| `isi(P, k)` | a population, a whole number | time from the k-th to the next spike; k < 0 counts from the last interval |
| `mean(e)`, `sd(e)`, `min(e)`, `max(e)`, `median(e)`, `sum(e)` | a value per unit or connection | one value; `std` is `sd` |
| `norm(e)` | a value per unit or connection | square root of the sum of squares |
| `argmax(e)` | a value per unit | number (from 0, as classes in data sets are) of the first unit with the largest value |
| `fraction(c)`, `count(c)` | a condition per unit or connection | share, number of those that fulfil it |
| `correlation(a, b)` | two values per unit or connection | Pearson's coefficient |
| `histogram(e)` | a value per unit or connection | its distribution, to plot |
| `contours(e)` | one value | its contour lines over a plane, to plot |

Spike statistics are of a window (the whole run, or the phase they stand in, when none is written), the others of a moment (the end,
when none is written), or of all values in a window where one is written. In the model a statistic is a `Call` of its name; a population
among its arguments is `Ref(population, "")`; where there is one value for each unit (`rate(P, each)`), the last argument is `model.expr.EACH`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Argument = Literal["population", "populations", "value", "condition", "whole", "time"]
Result = Literal["time", "rate", "pure", "same"]


@dataclass(frozen=True, slots=True)
class Statistic:
    """`arguments` in order (`populations`: one or more). `result`: its dimension, `same` as the first argument. `only`: where it may stand
    (empty: everywhere). `of_spikes`: taken over a window. `each`: there is one for each unit as well.
    """

    arguments: tuple[Argument, ...]
    result: Result
    of_spikes: bool = False
    only: tuple[str, ...] = ()
    each: bool = False


STATISTICS: Mapping[str, Statistic] = {
    "spikes": Statistic(("population",), "time", of_spikes=True, only=("record", "plot")),
    "raster": Statistic(("populations",), "time", of_spikes=True, only=("plot",)),
    "isi_histogram": Statistic(("populations",), "time", of_spikes=True, only=("plot",)),
    "rate": Statistic(("population",), "rate", of_spikes=True, each=True),
    **dict.fromkeys(("spike_count", "cv", "cv2", "lv"), Statistic(("population",), "pure", of_spikes=True, each=True)),
    "fano": Statistic(("population", "time"), "pure", of_spikes=True, each=True),
    "count_correlation": Statistic(("population", "time"), "pure", of_spikes=True),
    "spike_time": Statistic(("population", "whole"), "time", of_spikes=True),
    "isi": Statistic(("population", "whole"), "time", of_spikes=True),
    **dict.fromkeys(("mean", "sd", "min", "max", "median", "sum", "norm"), Statistic(("value",), "same")),
    "argmax": Statistic(("value",), "pure"),
    **dict.fromkeys(("fraction", "count"), Statistic(("condition",), "pure")),
    "correlation": Statistic(("value", "value"), "pure"),
    "histogram": Statistic(("value",), "same", only=("record", "plot")),
    "contours": Statistic(("value",), "same", only=("plot",)),
}

ALIASES: Mapping[str, str] = {"std": "sd"}


def statistic(name: str, arguments: int) -> tuple[str, Statistic] | None:
    """The statistic that `name(…)` with so many arguments is, and its own name; `min(a, b)` is none."""
    name = ALIASES.get(name, name)
    found = STATISTICS.get(name)
    if found is None or (name in ("min", "max") and arguments != 1):
        return None
    return name, found
