"""The whole of a network that several processes share, put together where somebody looks.

Comes in: what one process has, and a way to gather values of connections. Goes out: an `Instance` that looks like that of one process. Whoever reads it
does so on all processes: connections are gathered when they are first asked for, and most runs never ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.owners import OfProjection, Owner
from plasticdsl.runtime.instance.instance import Instance, ProjectionInstance, Values

#: From values of the connections of a projection that this process has to those of all, in their order.
Gather = Callable[[str, NDArray[Any]], NDArray[Any]]


@dataclass(slots=True)
class WholeInstance(Instance):
    """`here`: what this process has."""

    here: Instance | None = None
    gather: Gather | None = None

    @property
    def own(self) -> Instance:
        """What this process has of it."""
        assert self.here is not None
        return self.here

    def parameters_of(self, owner: Owner) -> dict[str, Values]:
        """Parameters of the network, a population or a projection, without its connections."""
        found = self.own.parameters_of(owner)
        if not isinstance(owner, OfProjection):
            return found
        assert self.gather is not None
        return {name: self.gather(owner.name, np.asarray(v)) if np.ndim(v) else v for name, v in found.items()}


def whole_of(own: Instance, gather: Gather) -> WholeInstance:
    """The network of which this process has a part."""
    same = {f.name: getattr(own, f.name) for f in fields(Instance) if f.name != "projections"}
    return WholeInstance(**same, projections=_Gathered(own.projections, gather), here=own, gather=gather)


class _Gathered(Mapping[str, ProjectionInstance]):
    """Projections with the connections of all processes."""

    def __init__(self, own: Mapping[str, ProjectionInstance], gather: Gather) -> None:
        self._own, self._gather = own, gather
        self._known: dict[str, ProjectionInstance] = {}

    def __getitem__(self, name: str) -> ProjectionInstance:
        if name not in self._known:
            self._known[name] = self._whole(self._own[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __contains__(self, name: object) -> bool:
        return name in self._own

    def __len__(self) -> int:
        return len(self._own)

    def _whole(self, own: ProjectionInstance) -> ProjectionInstance:
        def of_all(values: Any) -> Any:
            return self._gather(own.name, np.asarray(values)) if np.ndim(values) else values

        counts = np.bincount(of_all(own.sources()), minlength=len(own.rows) - 1)
        return replace(
            own,
            rows=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            targets=of_all(own.targets),
            parameters={name: of_all(v) for name, v in own.parameters.items()},
            states={name: of_all(v) for name, v in own.states.items()},
            axonal=of_all(own.axonal),
            dendritic=of_all(own.dendritic),
            places=None,
        )
