"""A run as arrays and back.

Names are paths: `values/<owner>/<name>`, `spikes/<population>/steps`, …. Histories of all spikes are part of it, so that windows over
explicit pairs continue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.parts import Emitted
from plasticdsl.reference.spikes import Spikes
from plasticdsl.reference.state import Run, Waiting, first_state
from plasticdsl.reference.structure import Structure

#: What a run keeps of each population, as it is.
_OF_POPULATIONS = ("refractory_until", "remaining", "draws", "free_before", "parting", "located_kept")
#: And of each kind of event.
_OF_EVENTS = ("condition", "undecided", "located_count", "located_at")
#: What is on its way, by the step of its arrival.
_WAITING = ("waiting", "inputs_waiting")


def snapshot_of(run: Run) -> dict[str, NDArray[Any]]:
    """Copies of everything that changes."""
    parts = {kind: getattr(run, kind) for kind in (*_OF_POPULATIONS, *_OF_EVENTS, *_WAITING, "rules_on", "lengths")}
    parts |= {"step": run.frame.step, "values": run.frame.values}
    parts["spikes"] = {one: _trains(spikes) for one, spikes in run.spikes.items()}
    parts["earlier"] = {step: frame.values for step, frame in run.earlier.items()}
    return dict(_paths(parts, ()))


def restored(structure: Structure, state: Mapping[str, NDArray[Any]]) -> Run:
    """A run that continues from a snapshot. Raises `ValueError` where the snapshot is of another network."""
    try:
        return _restored(structure, state)
    except (KeyError, IndexError, TypeError, AttributeError):
        raise ValueError("this snapshot is of another network") from None


def _restored(structure: Structure, state: Mapping[str, NDArray[Any]]) -> Run:
    run = first_state(structure)
    expected = {path: array.shape for path, array in _paths(run.frame.values, ("values",))}
    if {path: array.shape for path, array in state.items() if path.startswith("values/")} != expected:
        raise ValueError("this snapshot is of another network")
    parts = _parts(state)
    run.frame.step = int(state["step"])
    run.frame.time = run.frame.step * structure.instance.dt
    run.frame.values |= parts.get("values", {})
    run.spikes = {one: _spikes(structure.count(one.population), **parts["spikes"][one.population][one.event]) for one in run.spikes}
    for kind in _OF_POPULATIONS:
        getattr(run, kind).update(parts.get(kind, {}))
    for kind in _OF_EVENTS:
        getattr(run, kind).update(
            {Emitted(name, event): found for name, own in parts.get(kind, {}).items() for event, found in own.items()}
        )
    run.rules_on = {name: bool(on) for name, on in parts.get("rules_on", {}).items()}
    run.lengths = {(owner, name): lengths for owner, own in parts.get("lengths", {}).items() for name, lengths in own.items()}
    run.waiting, run.inputs_waiting = (_queue(parts.get(kind, {})) for kind in _WAITING)
    for step, values in parts.get("earlier", {}).items():
        frame = run.frame.copy()
        frame.step, frame.time = int(step), int(step) * structure.instance.dt
        frame.values |= values
        run.earlier[frame.step] = frame
    return run


def _paths(part: Any, above: tuple[object, ...]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Copies of all arrays in nested dictionaries, with the keys that lead to them."""
    if not isinstance(part, dict):
        yield "/".join(map(str, above)), np.array(part)
        return
    for key, inner in part.items():
        yield from _paths(inner, (*above, *(key if isinstance(key, tuple) else (key,))))


def _parts(state: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """The nested dictionaries again, with copies of the arrays."""
    found: dict[str, Any] = {}
    for path, array in state.items():
        *above, last = path.split("/")
        place = found
        for key in above:
            place = place.setdefault(key, {})
        place[last] = array.copy()
    return found


def _trains(spikes: Spikes) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = dict(zip(("steps", "units"), spikes.events(), strict=True))
    times = spikes.times()
    return found if times is None else found | {"times": times}


def _spikes(size: int, steps: NDArray[np.int64], units: NDArray[np.int64], times: NDArray[np.float64] | None = None) -> Spikes:
    spikes = Spikes(size)
    for step in np.unique(steps):
        here = steps == step
        spikes.add(int(step), np.bincount(units[here], minlength=size), None if times is None else times[here])
    return spikes


def _queue(by_step: Mapping[str, Mapping[str, Mapping[str, NDArray[Any]]]]) -> Waiting:
    return {int(step): {(o, n): total for o, own in by_owner.items() for n, total in own.items()} for step, by_owner in by_step.items()}
