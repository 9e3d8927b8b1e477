"""plasticdsl: models of the library and of `models` beside this folder, as they are written.

`option` is the precision. Kernels lie in the cache that the order names, so that the first run is cold.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workloads
from measure import NOTHING, Order, Report, Spent, Stopwatch, ordered, peak_mb, say, spread
from workloads import Workload

if TYPE_CHECKING:
    from plasticdsl.results.result import Result

HERE = Path(__file__).parents[1]

#: Which rates and weights are reported, by workload: name in the report → population or projection.
RATES = {
    "currents": {"rate E": "E", "rate I": "I"},
    "brunel": {"rate E": "E", "rate I": "I"},
    "competition": {"rate": "cells"},
    "balance": {"rate E": "E", "rate I": "I"},
}
#: Projection, and what a weight is divided by, so that it is in mV, nS or a number.
WEIGHTS = {"brunel": ("EE", 1e-3), "competition": ("ex", 1.0), "balance": ("IE", 1e-9)}


def sized(order: Order) -> dict[str, float]:
    """The parameters of a network of another size."""
    if order.size == 1.0:
        return {}
    n = workloads.scaled(workloads.BRUNEL, order.size)
    w, inhibition = n.w_e * 1e-3, n.w_i * 1e-3
    return {
        "E": n.E,
        "I": n.I,
        "Poisson_to_E": n.E,
        "Poisson_to_I": n.I,
        "EE.w": w,
        "EI.w": w,
        "IE.w": inhibition,
        "II.w": inhibition,
        "EE.w_max": n.w_max * 1e-3,
    }


def spiking(order: Order, workload: Workload) -> Report:
    """Builds, settles, runs; compiling is not in any of the three."""
    import plasticdsl

    model = plasticdsl.load(found_file(workload, order.meaning))
    dt = workload.variants[order.meaning].dt if order.meaning in workload.variants else workloads.DT
    asked = {"dt": f"{dt} ms", "seed": order.seed, "threads": order.threads, "precision": order.option or "double", "log": []}
    model.build(workload.network, parameters=sized(order), **asked).run(steps=1)  # compiles
    watch = Stopwatch()
    net = model.build(workload.network, parameters=sized(order), **asked)
    build = watch.lap()
    if order.settling:
        net.run(order.settling)
    settle = watch.lap()
    before = {population: net.spike_count(population) for population in RATES[order.workload].values()}
    watch.lap()
    net.run(order.turns)
    run = watch.lap()
    found = {
        name: (net.spike_count(population) - before[population]) / len(net[population]) / order.turns
        for name, population in RATES[order.workload].items()
    }
    if order.workload in WEIGHTS:
        projection, unit = WEIGHTS[order.workload]
        found |= spread(net[projection].w / unit)
    return Report(version(), build, settle, run, peak_mb(), found)


def ran(order: Order, workload: Workload, experiment: str, values: Mapping[str, Any], duration: str | None = None) -> tuple[Result, Spent]:
    """An experiment, and what it takes beside its phases."""
    import plasticdsl

    watch = Stopwatch()
    options = {"seed": order.seed, "threads": order.threads, "precision": order.option or "double", "duration": duration}
    result = plasticdsl.load(found_file(workload)).run(experiment, parameters=values, **options)
    whole, run = watch.lap(), result.study.runs[0]
    return result, Spent(whole.processor - run.processor_s, whole.elapsed - run.run_s)


def learning(order: Order, workload: Workload) -> Report:
    """An experiment that learns in each of its steps; what is counted is its phase."""
    import dense_inputs

    if order.workload == "bcm":
        given = dense_inputs.bcm(order.seed, order.size)
        values = {"N": len(given.w), "P": len(given.patterns), "ξ": given.patterns, "syn.w": given.w.T.ravel()}  # by pre, then by post
        recorded = {"mean w": "mean(syn.w)", "sd w": "sd(syn.w)"}
    else:
        images, labels, w1, w2, back = dense_inputs.alignment(order.seed)
        weights = {"first.w": w1.T.ravel(), "second.w": w2.T.ravel(), "back.B": back.T.ravel()}
        values = {"digits": {"image": images, "label": labels.astype(float)}, **weights}
        recorded = {"mean w": "mean(first.w)", "sd w": "sd(first.w)", "sd w2": "sd(second.w)"}
    ran(order, workload, "Learn", values)  # compiles, or loads machine code
    result, build = ran(order, workload, "Learn", values)
    run, peak = result.study.runs[0], peak_mb()
    found = {name: float(result[called].values) for name, called in recorded.items()}
    return Report(version(), build, NOTHING, Spent(run.processor_s, run.run_s), peak, found, run.steps)


def remembering(order: Order, workload: Workload) -> Report:
    """What the memory does many times less what it does once, so that its first sums do not count."""
    import dense_inputs
    import numpy as np

    given = dense_inputs.memory(order.seed)
    values = {"ξ": given.patterns, "J.w": given.w[~np.eye(len(given.w), dtype=bool)]}
    many = 1 + int(order.turns)
    if order.workload == "recall":
        (once, _), (often, build) = (ran(order, workload, "Recall", {**values, "cues": count}) for count in (1, many))
    else:
        (once, _), (often, build) = (ran(order, workload, "Converged", values, duration=f"{count} steps") for count in (1, many))
    first, run, peak = once.study.runs[0], often.study.runs[0], peak_mb()
    spent = Spent(run.processor_s - first.processor_s, run.run_s - first.run_s)
    return Report(version(), build, Spent(first.processor_s, first.run_s), spent, peak, {"overlap": float(often["m_1"].values)}, many - 1)


def command(order: Order, workload: Workload) -> Report:
    """The command itself, which ends with 1 where an expectation is not met after so short a time."""
    from plasticdsl.__main__ import main

    sys.argv = ["plasticdsl", "run", workload.model, "--for", "1 ms", "--quiet"]
    try:
        main()
    except SystemExit as ended:
        if ended.code not in (0, 1, None):
            raise
    return Report(version(), NOTHING, NOTHING, NOTHING, peak_mb())


def found_file(workload: Workload, meaning: str = workloads.AS_WRITTEN) -> str:
    """A model of this folder, or the name of one of the library."""
    file = workload.variants[meaning].file if meaning in workload.variants else workload.model
    return str(HERE / "models" / file) if file.endswith(".plas") else file


def version() -> str:
    import plasticdsl

    return plasticdsl.__version__


KINDS = {"bcm": learning, "alignment": learning, "recall": remembering, "converged": remembering, "start": command}


def main() -> None:
    order = ordered()
    os.environ["PLASTICDSL_CACHE"] = order.cache
    workload = next(w for w in workloads.WORKLOADS if w.name == order.workload)
    say(KINDS.get(order.workload, spiking)(order, workload))


if __name__ == "__main__":
    main()
