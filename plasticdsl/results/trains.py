"""The spikes that an experiment recorded, as arrays for programs.

Comes in: a `Study`. Goes out: `Spikes` of one run.
"""

from __future__ import annotations

import re

import numpy as np

from plasticdsl.names import canonical
from plasticdsl.runtime.play.experiment import Run
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.series import SpikeRecord
from plasticdsl.runtime.watch.spikes import Spikes


def spikes_of(study: Study, name: str, run: int | None) -> Spikes:
    """As `Result.spikes` says."""
    chosen = run_of(study, run)
    records = [record for record in chosen.recorder.spikes if record.taken is None and _is_called(record, name)]
    if not records:
        known = ", ".join(dict.fromkeys(r.called for r in chosen.recorder.spikes if r.taken is None and not r.part)) or "none"
        there = [p.symbol for p in study.network.populations]
        if canonical(re.split(r"[.\[]", name)[0]) not in map(canonical, there):
            raise KeyError(f"there is no population {name}; there is {', '.join(there)}")
        raise KeyError(f"the spikes of {name} were not recorded (write ‘record spikes({name})’); those that were: {known}")
    steps, units = chosen.spikes_of(records)
    return Spikes(steps.astype(np.float64) * chosen.line.dt, units.astype(np.int32))


def run_of(study: Study, number: int | None) -> Run:
    """The only run of a study, or the one of that number. Raises ValueError where it is not clear which, IndexError where there is no such run."""
    if not study.runs:
        raise ValueError("nothing was run")
    if number is None and len(study.runs) > 1:
        raise ValueError(f"there are {len(study.runs)} runs; say which one, from 0: run=0 is the one with {study.label(0)}")
    if number is not None and not -len(study.runs) <= number < len(study.runs):
        raise IndexError(f"there is no run {number}; there are {len(study.runs)}, from 0")
    return study.runs[number or 0]


def _is_called(record: SpikeRecord, name: str) -> bool:
    whole = not record.part and ".".join(filter(None, record.train)) == ".".join(map(canonical, name.split(".")))
    return whole or record.name in (name, f"spikes({name})")
