"""A run as a file of Neurodata Without Borders (NWB 2): units with their spike times, and recordings over time.

PyNWB is imported here and nowhere else; it belongs to the extra `nwb`.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plasticdsl.results.signals import Firing, Signal, firing, signals
from plasticdsl.results.trains import run_of
from plasticdsl.runtime.play.experiment import Run
from plasticdsl.whole import said_of

if TYPE_CHECKING:
    from plasticdsl.results.result import Result

#: What units are called in NWB.
_NAMES = {
    "V": "volts",
    "A": "amperes",
    "S": "siemens",
    "s": "seconds",
    "1/s": "hertz",
    "Hz": "hertz",
    "F": "farads",
    "m": "meters",
    "1": "unitless",
}


def write(result: Result, path: Path, number: int | None, about: Mapping[str, Any]) -> None:
    """As `Result.to_nwb` says."""
    try:
        import pynwb
    except ModuleNotFoundError:
        raise ModuleNotFoundError("this takes PyNWB: ‘pip install plasticdsl[nwb]’") from None
    run = run_of(result.study, number)
    label = result.study.label((number or 0) % len(result.study.runs))
    file = pynwb.NWBFile(**{**_told(result, run, label), **about})
    _add_units(pynwb, file, list(firing(run)), run.line.dt)
    _add_signals(pynwb, file, list(signals(run)))
    with said_of(path), tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        made = Path(folder) / path.name
        with pynwb.NWBHDF5IO(str(made), "w") as out:
            out.write(file)
        made.replace(path)


def _told(result: Result, run: Run, label: str) -> dict[str, Any]:
    """What is known of a session: what was simulated, and with which numbers. `label`: what sets the run apart from the others."""
    study, summary = result.study, result.summary
    about = f"Simulation of {study.experiment.name} on {study.network.name} with plasticdsl {summary['version']}"
    notes = {name: summary[name] for name in ("model", "experiment", "version", "dt_s", "duration_s", "parameters")} | {
        "seed": run.seed,
        "run": label,
    }
    return {
        "session_description": f"{about}{f', {label}' if label else ''}.",
        "identifier": str(uuid.uuid4()),
        "session_start_time": datetime.now().astimezone(),
        "experiment_description": study.experiment.doc or study.network.doc or about,
        "keywords": ["simulation", "plasticdsl", study.network.name],
        "notes": json.dumps(notes, ensure_ascii=False),
        "source_script": f"plasticdsl {summary['version']}",
        "source_script_file_name": str(summary["model"]),
    }


def _add_units(pynwb: Any, file: Any, trains: list[Firing], dt: float) -> None:
    """A row for each unit that was recorded, silent ones too."""
    if not trains:
        return
    file.units = pynwb.misc.Units(name="units", description="spikes that were recorded", resolution=dt)
    file.add_unit_column("population", "the population that the unit belongs to, or the event that happens to it")
    file.add_unit_column("number", "the number of the unit in its population, from 0")
    silent = not any(len(times) for train in trains for times in train.times)
    for train in trains:
        for unit, times in zip(train.units, train.times, strict=True):
            spikes = {} if silent else {"spike_times": times}  # a column in which there is nothing at all cannot be read
            file.add_unit(**spikes, obs_intervals=[[train.begin, train.end]], population=train.name, number=int(unit))


def _add_signals(pynwb: Any, file: Any, found: Iterable[Signal]) -> None:
    """Each recording over time as a time series; what was taken once, and whose the columns of a time series are, as tables."""
    tables: list[Any] = []
    for signal in found:
        name = signal.name.replace("/", "\u2215").replace(":", "\ua789")  # both mean something in paths of NWB
        columns, whose = _columns(signal)
        if len(signal.times) == 1 and columns:
            value = ("value", f"in {_unit(signal)}, at {signal.times[0]:g} s", signal.values[0])
            tables.append(_table(pynwb, name, f"What ‘record {signal.name}’ kept, a row for each {whose}", [*columns, value]))
            continue
        when = (
            {"timestamps": signal.times} if signal.interval is None else {"rate": 1.0 / signal.interval, "starting_time": signal.times[0]}
        )
        described = f"What ‘record {signal.name}’ kept{f', a column for each {whose}' if columns else ''}."
        values = signal.values if signal.values.shape[1] > 1 else signal.values[:, 0]
        file.add_acquisition(pynwb.TimeSeries(name=name, data=values, unit=_unit(signal), description=described, **when))
        if columns:
            tables.append(_table(pynwb, name, f"Whose the columns of {name} are, a row for each {whose}", columns))
    if tables:
        module = file.create_processing_module("misc", "what was recorded once, and whose the columns of time series are")
        for table in tables:
            module.add(table)


def _unit(signal: Signal) -> str:
    return _NAMES.get(signal.unit, signal.unit)


#: Name, description and data of a column.
Column = tuple[str, str, np.ndarray[Any, Any]]


def _table(pynwb: Any, name: str, description: str, columns: list[Column]) -> Any:
    vectors = [pynwb.core.VectorData(name=key, description=text, data=data) for key, text, data in columns]
    return pynwb.core.DynamicTable(name=name, description=description, columns=vectors)


#: What the points of curves are counted by.
_POINTS = {
    "after": "time since the beginning",
    "lag": "lag of the second behind the first",
    "interval": "interval between two spikes",
    "frequency": "frequency",
}


def _columns(signal: Signal) -> tuple[list[Column], str]:
    """Whose its columns are, and what these are."""
    if signal.ends is not None:
        pre, post = signal.ends
        return [("pre", "presynaptic unit, from 0", pre), ("post", "postsynaptic unit, from 0", post)], f"connection of {signal.owner}"
    whose: list[Column] = []
    if signal.numbers is not None and signal.values.shape[1] > 1:
        whose = [("number", "number of the unit, from 0", signal.numbers)]
    if signal.along is not None:
        name, unit = signal.along.name, signal.along.unit
        return [*whose, (name, f"{_POINTS[name]}, in {_NAMES.get(unit, unit)}", signal.along.values)], "point of the curve"
    return whose, f"unit of {signal.owner}" if whose else ""
