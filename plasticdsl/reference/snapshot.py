"""A run as arrays and back.

Names are paths: `values/<owner>/<name>`, `spikes/<population>/steps`, …. Histories of all spikes are part of it, so that windows over
explicit pairs continue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.reference.spikes import Spikes
from plasticdsl.reference.state import Run, first_state
from plasticdsl.reference.structure import Frame, Structure

Arrays = Mapping[str, NDArray[Any]]


def snapshot_of(run: Run) -> dict[str, NDArray[Any]]:
    """Copies of everything that changes."""
    found: dict[str, NDArray[Any]] = {"step": np.array(run.frame.step)}
    found.update((f"values/{path}", array) for path, array in _values(run.frame))
    for name, spikes in run.spikes.items():
        found[f"spikes/{name}/steps"], found[f"spikes/{name}/units"] = spikes.events()
        found[f"refractory/{name}"] = run.refractory_until[name].copy()
        found[f"condition/{name}"], found[f"undecided/{name}"] = run.condition[name].copy(), run.undecided[name].copy()
    for name in run.remaining:
        found[f"remaining/{name}"], found[f"draws/{name}"] = run.remaining[name].copy(), run.draws[name].copy()
    found.update((f"rules/{name}", np.array(on)) for name, on in run.rules_on.items())
    for kind, queue in (("waiting", run.waiting), ("inputs", run.inputs_waiting)):
        for step, amounts in queue.items():
            found.update((f"{kind}/{step}/{owner}/{name}", total.copy()) for (owner, name), total in amounts.items())
    for step, frame in run.earlier.items():
        found.update((f"earlier/{step}/{path}", array) for path, array in _values(frame))
    return found


def restored(structure: Structure, state: Arrays) -> Run:
    """A run that continues from a snapshot. Raises `ValueError` where the snapshot is of another network."""
    run = first_state(structure)
    expected = {f"values/{path}": array.shape for path, array in _values(run.frame)}
    if {name: array.shape for name, array in state.items() if name.startswith("values/")} != expected:
        raise ValueError("this snapshot is of another network")
    run.frame.step = int(state["step"])
    run.frame.time = run.frame.step * structure.instance.dt
    _fill(run.frame, "values", state)
    for name in structure.populations:
        run.spikes[name] = _spikes(structure.count(name), state[f"spikes/{name}/steps"], state[f"spikes/{name}/units"])
        run.refractory_until[name] = state[f"refractory/{name}"].copy()
        run.condition[name], run.undecided[name] = state[f"condition/{name}"].copy(), state[f"undecided/{name}"].copy()
    for name in run.remaining:
        run.remaining[name], run.draws[name] = state[f"remaining/{name}"].copy(), state[f"draws/{name}"].copy()
    run.rules_on = {name: bool(state[f"rules/{name}"]) for name in structure.projections}
    _queues(run, state)
    return run


def _values(frame: Frame) -> Iterator[tuple[str, NDArray[Any]]]:
    for owner, own in frame.values.items():
        yield from ((f"{owner}/{name}", array.copy()) for name, array in own.items())


def _fill(frame: Frame, prefix: str, state: Arrays) -> None:
    for owner, own in frame.values.items():
        for name in own:
            own[name] = np.array(state[f"{prefix}/{owner}/{name}"], dtype=np.float64)


def _spikes(size: int, steps: NDArray[np.int64], units: NDArray[np.int64]) -> Spikes:
    spikes = Spikes(size)
    for step in np.unique(steps):
        spikes.add(int(step), np.bincount(units[steps == step], minlength=size))
    return spikes


def _queues(run: Run, state: Arrays) -> None:
    earlier: set[int] = set()
    for path, array in state.items():
        kind, _, rest = path.partition("/")
        if kind in ("waiting", "inputs"):
            arrival, owner, name = rest.split("/")
            queue = run.waiting if kind == "waiting" else run.inputs_waiting
            queue.setdefault(int(arrival), {})[owner, name] = array.copy()
        elif kind == "earlier":
            earlier.add(int(rest.partition("/")[0]))
    for step in earlier:
        frame = run.frame.copy()
        frame.step, frame.time = step, step * run.structure.instance.dt
        _fill(frame, f"earlier/{step}", state)
        run.earlier[step] = frame
