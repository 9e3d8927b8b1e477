"""The summary of a study as plain data, for `summary.json`."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import Whose
from plasticdsl.results import trials
from plasticdsl.runtime.play.experiment import Spread
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.play.until import Ending
from plasticdsl.runtime.watch.expectations import Outcome, together
from plasticdsl.runtime.watch.statistics import rate


def summary_of(study: Study, path: str, compile_s: float, load_s: float) -> dict[str, Any]:
    """All numbers in SI, but for the text `found`. In a sweep `spikes` and `rates_hz` are of all runs together. `fit` is there only where parameters
    were fitted, `interrupted` only when it is true, `partial` (why the last run could not go on) only where it could not, `until` only with phases that
    wait for something."""
    from plasticdsl.version import __version__

    runs, spiking = study.runs, [p.name for p in study.network.populations if p.spikes]
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
        "spikes": {name: sum(r.counts[name] for r in runs) for name in spiking},
        "rates_hz": {name: _number(_mean_rate(study, name)) for name in spiking},
        "expectations": [
            {"text": o.text, "value": _number(o.value), "found": o.found or None, "passed": o.passed} for o in expectations_of(study)
        ],
    }
    fitted = trials.found(study)
    if fitted is not None:
        found["fit"] = fitted
    endings = _endings(study)
    if endings:
        found["until"] = endings
    if study.interrupted:
        found["interrupted"] = True
    if study.failure:
        found["partial"] = [d.message for d in study.failure]
    return found


def expectations_of(study: Study) -> tuple[Outcome, ...]:
    """Each expectation over all runs: passed where it passed in every run that it was looked at in, or over repeats in every combination. The value is
    that of the first in which it failed, else of the last."""
    expected = len(study.experiment.all_expectations) - (study.experiment.fit is not None)  # the goal of a fit comes last
    each = zip(*(run.outcomes[:expected] for run in study.runs), strict=True)
    return tuple(_one(study, number, list(outcomes)) for number, outcomes in enumerate(each))


def beside(study: Study, other: Study) -> tuple[Outcome, ...]:
    """The same of another way to carry out the same runs, with the values of those runs whose values `expectations_of(study)` has."""
    found = []
    for number, whole in enumerate(expectations_of(other)):
        outcomes = [run.outcomes[number] for run in study.runs]
        same = None if any(run.shares[number] for run in study.runs) else _shown(outcomes)
        found.append(whole if same is None or whole.skipped else replace(other.runs[same].outcomes[number], passed=whole.passed))
    return tuple(found)


def _one(study: Study, number: int, outcomes: list[Outcome]) -> Outcome:
    shares = [run.shares[number] for run in study.runs]
    if not any(shares):
        return _together(outcomes, "runs")
    blocks = [shares[k : k + study.repeats] for k in range(0, len(shares), study.repeats)]
    whole = [[s for s in block if s is not None] for block in blocks if len(block) == study.repeats and all(block)]
    if not whole:
        return replace(outcomes[0], reason="the repeats were not all run")
    verdicts = [together(block) for block in whole]
    judged = [replace(outcomes[0], value=v.value, limit=v.limit, passed=v.passed, reason=v.reason) for v in verdicts]
    return _together(judged, "combinations")


def _endings(study: Study) -> list[dict[str, Any]]:
    """For each phase with `until`: in how many runs it reached what it waits for, and after how many steps it ended."""
    found: dict[str, list[Ending]] = {}
    for run in study.runs:
        for ending in run.endings:
            found.setdefault(ending.phase, []).append(ending)
    return [
        {
            "phase": phase,
            "runs": len(every),
            "reached": sum(e.reached for e in every),
            "steps": _spent([e.steps for e in every]),
        }
        | ({"rounds": _spent(rounds)} if (rounds := [e.rounds for e in every if e.rounds is not None]) else {})
        for phase, every in found.items()
    ]


def _spent(numbers: list[int]) -> dict[str, float]:
    return {"mean": sum(numbers) / len(numbers), "max": max(numbers)}


def _shown(outcomes: list[Outcome]) -> int:
    """Which of them is shown for all: the first that failed, else the last that was not skipped."""
    failed = (n for n, o in enumerate(outcomes) if o.passed is False)
    seen = (n for n in reversed(range(len(outcomes))) if not outcomes[n].skipped)
    return next(failed, next(seen, 0))


def _together(outcomes: list[Outcome], what: str) -> Outcome:
    seen = [o for o in outcomes if not o.skipped]
    failed = [o for o in seen if not o.passed]
    found = outcomes[_shown(outcomes)]
    if len(outcomes) == 1 or not seen:
        return found
    noted = [o for o in seen if o.reason]
    reasons = [f"failed in {len(failed)} of {len(seen)} {what}"] if failed else []
    reasons += [f"{noted[0].reason} (in {len(noted)} of {len(seen)} {what})"] if noted else []
    return replace(found, reason="; ".join(reasons))


def _mean_rate(study: Study, population: str) -> float:
    units = sum(r.facts.units[population] * r.duration for r in study.runs)
    return rate(sum(r.counts[population] for r in study.runs), 1, units)


def _parameters(study: Study) -> dict[str, Any]:
    """Under the names that `--set` takes; a swept one has the list of its values, one with a value per unit mean, least and largest."""
    if not study.runs:
        return {}
    facts, network = study.runs[0].facts, study.network.name
    hidden = {p.name for p in study.network.populations if p.hidden}
    found: dict[str, Any] = {name: size for name, size in facts.units.items() if name not in hidden}
    for parameter, value in facts.parameters.items():
        found[_full(parameter, network)] = _number(value) if isinstance(value, float) else _spread(value)
    for axis in (one for leading in study.axes for one in leading.all):
        found |= {_full(place, network): [float(v) for v in axis.values] for place in axis.places}
    return found


def _full(parameter: Ref, network: str) -> str:
    return f"{network}.{parameter.name}" if parameter.owner is Whose.NETWORK else parameter.path


def _spread(value: Spread) -> dict[str, float | None]:
    return {"mean": _number(value.mean), "min": _number(value.least), "max": _number(value.largest)}


def _number(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None
