"""A network's state in a file: a `.npz` with everything that changes during a run, and what it belongs to.

The state continues to the same bits in a network of the same model, numbers and seed; another one is refused.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.model import Network
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.source import Span
from plasticdsl.whole import written

FORMAT = 1

State = Mapping[str, NDArray[Any]]

#: What says nothing about how a network behaves.
_SKIPPED = frozenset(("span", "doc", "symbol", "text", "reason", "unit", "scale"))


def save(path: Path, network: Network, instance: Instance, state: State) -> None:
    """Writes the state, whole or not at all."""
    content = {f"state/{name}": np.asarray(array) for name, array in state.items()}
    content["format"] = np.asarray(FORMAT)
    content["digest"] = np.asarray(digest(network, instance))
    content["seed"], content["dt"] = np.asarray(instance.seed), np.asarray(instance.dt)
    with written(path) as file:
        np.savez(file, **content)  # type: ignore[arg-type]


def load(path: Path, network: Network, instance: Instance) -> dict[str, NDArray[Any]]:
    """The state in the file. Raises ValueError where it is no saved state, or one of another network, seed or step."""
    try:
        with np.load(path, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, ValueError, EOFError):
        raise ValueError(f"{path} is no saved state of a network") from None
    if "format" not in content or int(content["format"]) != FORMAT:
        raise ValueError(f"{path} is no saved state of a network of this version")
    _require_same("seed", int(content["seed"]), instance.seed, path)
    _require_same("dt", float(content["dt"]), instance.dt, path)
    if str(content["digest"]) != digest(network, instance):
        raise ValueError(f"{path} was saved from another model, or one with other parameters, sizes, connections or given spikes")
    prefix = "state/"
    return {name.removeprefix(prefix): array for name, array in content.items() if name.startswith(prefix)}


def _require_same(what: str, saved: float, own: float, path: Path) -> None:
    if saved != own:
        raise ValueError(f"{path} was saved with {what} = {saved:g}, this network has {own:g}; build it with {what}={saved:g}")


def digest(network: Network, instance: Instance) -> str:
    """Of the equations and of all numbers that do not change during a run."""
    found = hashlib.blake2b(digest_size=16)
    for part in _parts(network):
        found.update(part.encode() + b"\0")
    for name, value in sorted(_constants(instance)):
        found.update(name.encode() + b"\0" + np.ascontiguousarray(value).tobytes())
    return found.hexdigest()


def _parts(value: object) -> Iterator[str]:
    """A text for every node of nested dataclasses and tuples, places and words for people left out."""
    if isinstance(value, Span):
        return
    if is_dataclass(value):
        yield type(value).__name__
        for field in fields(value):
            if field.name not in _SKIPPED:
                yield field.name
                yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        yield f"({len(value)}"
        for item in value:
            yield from _parts(item)
    else:
        yield repr(value)


def _constants(instance: Instance) -> Iterator[tuple[str, object]]:
    yield from ((f"network.{name}", value) for name, value in instance.parameters.items())
    for population in instance.populations.values():
        yield f"{population.name}", population.size
        yield f"{population.name}.refractory", population.refractory_steps
        yield from ((f"{population.name}.{name}", value) for name, value in population.parameters.items())
        if population.spikes_until is None and population.spike_steps is not None:  # the state says how many of them have been
            yield f"{population.name}.spike_steps", population.spike_steps
            yield f"{population.name}.spike_units", population.spike_units
    for projection in instance.projections.values():
        yield f"{projection.name}.rows", projection.rows
        yield f"{projection.name}.targets", projection.targets
        yield f"{projection.name}.axonal", projection.axonal
        yield f"{projection.name}.dendritic", projection.dendritic
        yield from ((f"{projection.name}.{name}", value) for name, value in projection.parameters.items())
