"""A network's state in a file: a `.npz` with everything that changes during a run, and what it belongs to.

The state continues to the same bits in a network of the same model, numbers and seed; another one is refused.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.archives import require_honest
from plasticdsl.model import Network
from plasticdsl.runtime.engine.engine import State
from plasticdsl.runtime.instance.instance import Instance, Pace, PopulationInstance
from plasticdsl.source import Span
from plasticdsl.whole import written

FORMAT = 3

#: What says nothing about how a network behaves, and what the state itself says.
_SKIPPED = frozenset(("span", "doc", "symbol", "text", "reason", "unit", "scale", "warnings", "states"))


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
        with zipfile.ZipFile(path) as archive:
            require_honest(archive)
        with np.load(path, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError, KeyError):
        raise ValueError(f"{path} is no saved state of a network") from None
    if any(name not in content or content[name].shape for name in ("format", "seed", "dt", "digest")) or content["format"].item() != FORMAT:
        raise ValueError(f"{path} is no saved state of a network of this version")
    for what, own in (("seed", instance.seed), ("dt", instance.dt)):
        saved = content[what].item()
        if saved != own:
            raise ValueError(f"{path} was saved with {what} = {saved}, this network has {own}; build it with {what}={saved}")
    if str(content["digest"]) != digest(network, instance):
        raise ValueError(f"{path} was saved from another model, or one with other parameters, sizes, connections or given spikes")
    prefix = "state/"
    if any(content[name].shape for name in (f"{prefix}clock", f"{prefix}step") if name in content):
        raise ValueError("the saved state cannot be gone on from: its step is no single number")
    return {name.removeprefix(prefix): array for name, array in content.items() if name.startswith(prefix)}


def digest(network: Network, instance: Instance, *more: object) -> str:
    """Of the equations and of all numbers that do not change during a run."""
    found = hashlib.blake2b(digest_size=16)
    for part in chain(_parts(network), _parts(instance), *map(_parts, more)):
        found.update(part + b"\0")
    return found.hexdigest()


def _parts(value: object) -> Iterator[bytes]:
    """Something for every node of what is nested, places, words for people and what is part of the state left out."""
    match value:
        case Span():
            return
        case np.ndarray():
            yield np.ascontiguousarray(value).tobytes()
        case tuple() | dict():
            yield f"({len(value)}".encode()
            for item in sorted(value.items()) if isinstance(value, dict) else value:
                yield from _parts(item)
        case PopulationInstance(pace=Pace()):  # which is part of the state
            yield from _parts(replace(value, spike_steps=None, spike_units=None, spikes_until=None, pace=None))
        case _ if is_dataclass(value):
            yield type(value).__name__.encode()
            for field in fields(value):
                if field.name not in _SKIPPED:
                    yield field.name.encode()
                    yield from _parts(getattr(value, field.name))
        case _:
            yield repr(value).encode()
