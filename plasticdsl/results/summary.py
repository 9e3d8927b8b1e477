"""The summary of a study as plain data, for `summary.json`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from plasticdsl.runtime.expectations import Outcome
from plasticdsl.runtime.instance import Instance, Values
from plasticdsl.runtime.statistics import rate
from plasticdsl.runtime.sweep import Study


def summary_of(study: Study, path: str, compile_s: float, load_s: float) -> dict[str, Any]:
    """All numbers in SI. In a sweep `spikes` and `rates_hz` are of all runs together. `interrupted` is there only when it is true."""
    from plasticdsl import __version__

    runs = study.runs
    found: dict[str, Any] = {
        "model": path,
        "experiment": study.experiment.name,
        "version": __version__,
        "seed": study.order.seed,
        "dt_s": runs[0].line.dt if runs else None,
        "duration_s": max((r.duration for r in runs), default=0.0),
        "parameters": _parameters(study),
        "timing": {
            "load_s": round(load_s, 6),
            "compile_s": round(compile_s, 6),
            "build_s": round(max(0.0, sum(r.build_s for r in runs) - compile_s), 6),
            "run_s": round(sum(r.run_s for r in runs), 6),
        },
        "spikes": {name: sum(r.counts[name] for r in runs) for name in _populations(study)},
        "rates_hz": {name: _number(_mean_rate(study, name)) for name in _populations(study)},
        "expectations": [{"text": o.text, "value": _number(o.value), "passed": o.passed} for o in expectations_of(study)],
    }
    if study.interrupted:
        found["interrupted"] = True
    return found


def expectations_of(study: Study) -> tuple[Outcome, ...]:
    """Each expectation over all runs: passed where it passed in every run that it was looked at in. The value is that of the first run in which
    it failed, else of the last."""
    each = zip(*(run.outcomes for run in study.runs), strict=True)
    return tuple(_together(list(outcomes), len(study.runs)) for outcomes in each)


def _together(outcomes: list[Outcome], runs: int) -> Outcome:
    seen = [o for o in outcomes if not o.skipped]
    if not seen:
        return outcomes[0]
    failed = [o for o in seen if not o.passed]
    found = failed[0] if failed else seen[-1]
    if runs == 1 or not failed:
        return found
    return Outcome(found.text, found.value, False, found.unit, found.scale, f"failed in {len(failed)} of {len(seen)} runs")


def _populations(study: Study) -> list[str]:
    """Those that can spike."""
    network = study.network
    return [p.name for p in network.populations if p.block.spike is not None or (p.source is not None and p.block.output is None)]


def _mean_rate(study: Study, population: str) -> float:
    units = sum(r.instance.populations[population].size * r.duration for r in study.runs)
    return rate(sum(r.counts[population] for r in study.runs), 1, units)


def _parameters(study: Study) -> dict[str, Any]:
    """Under the names that `--set` takes; a swept one has the list of its values, one with a value per unit mean, least and largest."""
    if not study.runs:
        return {}
    found = _of_instance(study.runs[0].instance, study.network.name)
    for axis in study.axes:
        for owner, name in axis.places:
            key = ".".join(part for part in (study.network.name if owner == "network" else owner, name) if part)
            found[key] = [float(v) for v in axis.values]
    return found


def _of_instance(instance: Instance, network: str) -> dict[str, Any]:
    found: dict[str, Any] = {f"{network}.{name}": _plain(value) for name, value in instance.parameters.items()}
    for population in instance.populations.values():
        found[population.name] = population.size
        found |= {f"{population.name}.{name}": _plain(value) for name, value in population.parameters.items()}
    for projection in instance.projections.values():
        found |= {f"{projection.name}.{name}": _plain(value) for name, value in projection.parameters.items()}
    return found


def _plain(value: Values) -> Any:
    if isinstance(value, float):
        return _number(value)
    if not np.size(value):
        return None
    return {"mean": _number(float(np.mean(value))), "min": _number(float(np.min(value))), "max": _number(float(np.max(value)))}


def _number(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None
