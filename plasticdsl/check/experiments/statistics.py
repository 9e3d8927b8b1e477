"""Statistics: what `record`, `plot` and `expect` can take of spikes and of values.

| function | takes | gives |
|---|---|---|
| `spikes(P)` | a population | its spikes (times and units), to record |
| `raster(P, …)` | populations | their spikes, to plot |
| `isi_histogram(P, …)` | populations | how the intervals of all their units are distributed, to plot |
| `rate(P)`, `rate(P, T)` | a population, a time | spikes / (units × window); of the last T at any moment |
| `psth(P, b, p)`, `psth(P, b, T)` | a population, a time, a phase or a time | spikes / (units × rounds × b) in bins b after a phase, or each T, began |
| `correlogram(P, Q, b, T)` | two populations, two times | pairs of spikes of different units by their lag, in bins b up to T |
| `autocorrelogram(P, b, T)` | a population, two times | the same of each unit with itself |
| `intervals(P, b, T)` | a population, two times | number of intervals between spikes of one unit in bins b up to T |
| `spectrum(e, T)` | values, a time | power spectral density, of segments T |
| `synchrony(e)` | a value per unit | χ: how far units move together |
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
| `histogram(e)`, `histogram(e, k)` | a value per unit or connection, a whole number | its distribution (in k bins), to plot |
| `max(e over time)`, … | a value per unit or connection | that of each over all moments of a window; also `mean`, `sd`, `min`, `median`, `fraction` |
| `contours(e)` | one value | its contour lines over a plane, to plot |

Spike statistics are of a window (the whole run, or the phase they stand in, when none is written), the others of a moment (the end,
when none is written), or of all values in a window where one is written. In the model a statistic is a `Call` of its name; a population
among its arguments is `Ref(population, "")`; where there is one value for each unit (`rate(P, each)`), the last argument is `model.expr.EACH`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from plasticdsl.model.expr import AT_SPIKES, EACH, Call, Expr, is_over_time, is_sliding, over_time, walk

Argument = Literal["population", "populations", "value", "condition", "whole", "time", "count", "stretch"]
Result = Literal["time", "rate", "pure", "same", "density"]


@dataclass(frozen=True, slots=True)
class Statistic:
    """`arguments` in order (`populations`: one or more). `result`: its dimension, `same` as the first argument. `only`: where it may stand
    (empty: everywhere). `of_spikes`: taken over a window. `each`: there is one for each unit as well. `optional`: arguments that may follow.
    `traced`: of values sampled in a window.
    """

    arguments: tuple[Argument, ...]
    result: Result
    of_spikes: bool = False
    only: tuple[str, ...] = ()
    each: bool = False
    optional: tuple[Argument, ...] = ()
    traced: bool = False


_WATCHED = ("record", "plot", "expect")

STATISTICS: Mapping[str, Statistic] = {
    "spikes": Statistic(("population",), "time", of_spikes=True, only=("record", "plot")),
    "raster": Statistic(("populations",), "time", of_spikes=True, only=("plot",)),
    "isi_histogram": Statistic(("populations",), "time", of_spikes=True, only=("plot",)),
    "rate": Statistic(("population",), "rate", of_spikes=True, each=True, optional=("time",)),
    "psth": Statistic(("population", "time", "stretch"), "rate", of_spikes=True, only=_WATCHED, each=True),
    "correlogram": Statistic(("population", "population", "time", "time"), "pure", of_spikes=True, only=_WATCHED),
    **dict.fromkeys(
        ("autocorrelogram", "intervals"), Statistic(("population", "time", "time"), "pure", of_spikes=True, only=_WATCHED, each=True)
    ),
    "spectrum": Statistic(("value", "time"), "density", only=_WATCHED, traced=True),
    "synchrony": Statistic(("value",), "pure", only=_WATCHED, traced=True),
    **dict.fromkeys(("spike_count", "cv", "cv2", "lv"), Statistic(("population",), "pure", of_spikes=True, each=True)),
    "fano": Statistic(("population", "time"), "pure", of_spikes=True, each=True),
    "count_correlation": Statistic(("population", "time"), "pure", of_spikes=True),
    "spike_time": Statistic(("population", "whole"), "time", of_spikes=True),
    "isi": Statistic(("population", "whole"), "time", of_spikes=True),
    **dict.fromkeys(("mean", "sd", "min", "max", "median", "sum", "norm"), Statistic(("value",), "same")),
    "argmax": Statistic(("value",), "pure"),
    **dict.fromkeys(("fraction", "count"), Statistic(("condition",), "pure")),
    "correlation": Statistic(("value", "value"), "pure"),
    "histogram": Statistic(("value",), "same", only=("record", "plot"), optional=("count",)),
    "contours": Statistic(("value",), "same", only=("plot",)),
    **dict.fromkeys(map(over_time, ("mean", "sd", "min", "max", "median")), Statistic(("value",), "same", only=_WATCHED, traced=True)),
    over_time("fraction"): Statistic(("condition",), "pure", only=_WATCHED, traced=True),
}

_EXAMPLES: Mapping[Argument, tuple[str, ...]] = {
    "population": ("E", "I"),
    "value": ("E.V", "I.V"),
    "condition": ("E.V > 0 mV",),
    "whole": ("1",),
    "time": ("5 ms", "200 ms"),
    "stretch": ("500 ms",),
}


def example(arguments: Sequence[Argument]) -> tuple[str, ...]:
    """Arguments of these kinds, as they may be written."""
    if arguments.count("time") == 1 and "stretch" not in arguments:
        return tuple("100 ms" if kind == "time" else _EXAMPLES[kind][0] for kind in arguments)
    return tuple(_EXAMPLES[kind][arguments[:place].count(kind)] for place, kind in enumerate(arguments))


#: What is drawn or kept as it is: it has no value that something could be computed with.
SERIES = ("spikes", "raster", "isi_histogram", "histogram", "contours")

ALIASES: Mapping[str, str] = {"std": "sd"}


def taken_at_once(expr: Expr) -> bool:
    """Whether it has a value at any moment, and none of a window around it: it holds no statistic of spikes, but for sliding rates, nor of a trace,
    and nothing at spikes."""
    calls = [n for n in walk(expr) if isinstance(n, Call)]
    found = [(n, STATISTICS[n.function]) for n in calls if n.function in STATISTICS]
    return not any(s.traced or (s.of_spikes and not is_sliding(n)) for n, s in found) and all(n.function != AT_SPIKES for n in calls)


def taken_together(call: Call) -> bool:
    """Whether it is a statistic that takes values together, or something at all spikes: it has not one value for each unit."""
    if call.function == AT_SPIKES:
        return True
    found = None if is_over_time(call) else statistic(call.function, len(call.arguments))
    return found is not None and call.arguments[-1:] != (EACH,)


def statistic(name: str, arguments: int) -> tuple[str, Statistic] | None:
    """The statistic that `name(…)` with so many arguments is, and its own name; `min(a, b)` is none."""
    name = ALIASES.get(name, name)
    found = STATISTICS.get(name)
    if found is None or (name in ("min", "max") and arguments != 1):
        return None
    return name, found
