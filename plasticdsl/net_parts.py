"""What a `Net` hands out by name: a population or projection, and some units of a population, with their variables as attributes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticdsl.loans import WRITABLE
from plasticdsl.model import Block, Network, Population, Projection, Role, Variable
from plasticdsl.model.expr import Ref
from plasticdsl.model.lookup import canonical_path
from plasticdsl.model.right_sides import PARAMETERS
from plasticdsl.model.weights import weight
from plasticdsl.names import canonical
from plasticdsl.runtime.instance.instance import ProjectionInstance
from plasticdsl.source import NOWHERE
from plasticdsl.support.arrays import Floats, Integers, Values

if TYPE_CHECKING:
    from plasticdsl.net import Net

_FIXED = {
    Role.INPUT: "an input, the sum of what synapses send,",
    Role.DEFINITION: "computed from other values",
    Role.REFRACTORY: "said by ‘refractory …’",
}
_DELAYS = ("axonal_delay", "dendritic_delay")  # of a projection, where its connections have no variable of that name


class Part:
    """A population or projection of a `Net`; its variables are attributes.

    States and weights are arrays in SI, float64[units] or float64[connections], that may be written to; parameters are one number, or such an array, and
    are set as a whole (`net["ex"].eta = 0.1`, or a text, `"10 ms"`); definitions are read-only. A projection also has `pre` and `post`, and its delays as
    `axonal_delay` and `dendritic_delay`: float64[connections] in s, read-only.
    """

    __slots__ = ("_net", "_part")

    _net: Net
    _part: Population | Projection

    def __init__(self, net: Net, part: Population | Projection) -> None:
        object.__setattr__(self, "_net", net)
        object.__setattr__(self, "_part", part)

    def __getattr__(self, name: str) -> Any:
        shared = self._net._loans.shared.get(Ref(self._part.as_owner, name))
        if shared is not None:
            return shared
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _DELAYS and isinstance(self._part, Projection) and _block(self._part).variable(name) is None:
            return self._delay(name)
        variable = variable_of(self._part, name)
        target = Ref(self._part.as_owner, variable.name)
        if self._is_lent(variable):
            shared = self._net._loans.share(target)
            return self._net._loans.lend(target) if shared is None else shared
        return self._net._value(target)

    def __setattr__(self, name: str, value: ArrayLike | str) -> None:
        net = self._net
        array = net._loans.shared.get(Ref(self._part.as_owner, name))
        if array is not None and type(value) is np.ndarray and value.shape == array.shape and value.dtype.kind == "f":
            array[...] = value
            net._observer.engine.written()
            return
        variable = variable_of(self._part, name)
        if variable.role in _FIXED:
            raise ValueError(f"{self._part.name}.{name} is {_FIXED[variable.role]} and cannot be changed")
        net._set(Ref(self._part.as_owner, variable.name), value)

    def _is_lent(self, variable: Variable) -> bool:
        return variable.role in WRITABLE or (isinstance(self._part, Projection) and variable.name == weight(self._part))

    def __dir__(self) -> list[str]:
        ends = ["pre", "post", *_DELAYS] if isinstance(self._part, Projection) else []
        return [*ends, *(v.name for v in _block(self._part).variables)]

    def __len__(self) -> int:
        return self._net._observer.owner_size(self._part.as_owner)

    def __getitem__(self, units: int | slice | ArrayLike) -> SomeUnits:
        """Some units of a population, counted from 0: `net["E"][0:240]`."""
        if not isinstance(self._part, Population):
            raise TypeError(f"{self._part.name} is a projection; only units of populations can be chosen")
        return SomeUnits(self, units)

    def __repr__(self) -> str:
        what = "units" if isinstance(self._part, Population) else "connections"
        return f"<{self._part.name}: {len(self)} {what} with {', '.join(v.name for v in _block(self._part).variables)}>"

    @property
    def pre(self) -> NDArray[np.int32]:
        """The presynaptic unit of each connection, from 0."""
        return self._connections("pre").sources().astype(np.int32)

    @property
    def post(self) -> NDArray[np.int32]:
        """The postsynaptic unit of each connection, from 0."""
        return self._connections("post").targets.astype(np.int32)

    def _delay(self, name: str) -> Floats:
        """The delay of each connection."""
        found = self._connections(name)
        steps = np.broadcast_to(found.axonal if name == "axonal_delay" else found.dendritic, len(self))
        return read_only(steps * self._net.dt)

    def _connections(self, what: str) -> ProjectionInstance:
        found = self._net._engine.instance.projections.get(self._part.name)
        if found is None:
            raise AttributeError(f"{self._part.name} is a population and has no {what}")
        return found


class SomeUnits:
    """Some units of a population of a `Net`: their variables are attributes, as of a `Part`, with one value for each of them. States of a slice are the
    states themselves; those of units chosen one by one are copies, and set as a whole."""

    __slots__ = ("_chosen", "_whole")

    _whole: Part
    _chosen: Any

    def __init__(self, whole: Part, chosen: Any) -> None:
        object.__setattr__(self, "_whole", whole)
        object.__setattr__(self, "_chosen", chosen)

    @property
    def units(self) -> Integers:
        """Their numbers in the population, from 0."""
        return np.atleast_1d(np.arange(len(self._whole))[self._chosen])

    def __getattr__(self, name: str) -> Any:
        values = getattr(self._whole, name)
        return values[self._chosen] if np.ndim(values) else values

    def __setattr__(self, name: str, value: ArrayLike) -> None:
        values = getattr(self._whole, name)
        if np.ndim(values) and values.flags.writeable:
            values[self._chosen] = value
        else:  # a parameter; or it says why it cannot be changed
            every = np.array(np.broadcast_to(values, (len(self._whole),)))
            every[self._chosen] = value
            setattr(self._whole, name, every)

    def __len__(self) -> int:
        return len(self.units)

    def __dir__(self) -> list[str]:
        return ["units", *dir(self._whole)]

    def __repr__(self) -> str:
        return f"<{len(self)} units of {self._whole!r}>"


def read_only(array: Floats) -> Floats:
    """The array, which cannot be written to any more."""
    array.flags.writeable = False
    return array


def _block(part: Population | Projection) -> Block:
    return part.block if isinstance(part, Population) else part.connection


def written_projections(network: Network) -> tuple[str, ...]:
    """The names of the projections that are written."""
    return tuple(p.name for p in network.projections if p.span != NOWHERE)


def part_named(network: Network, name: str) -> Population | Projection:
    """A population or projection by its name, or a projection by its two ends. Raises KeyError."""
    wanted = canonical_path(name)
    parts: list[Population | Projection] = [*network.populations, *network.projections]
    for part in parts:
        if wanted in (part.name, canonical_path(part.symbol)):
            return part
    ends = [p for p in network.projections if wanted == f"{p.pre} -> {p.post}" and p.span != NOWHERE]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise KeyError(f"several projections are {name}: {', '.join(p.name for p in ends)}")
    others = (*(s.symbol for s in network.patterns), *(v.symbol for v in network.variables))
    there = (*(p.name for p in network.populations), *written_projections(network), *others)
    raise KeyError(f"there is no population, projection or observable {name}; there is {', '.join(there)}")


def variable_of(part: Population | Projection, name: str) -> Variable:
    """The variable of that name. Raises AttributeError."""
    found = _block(part).variable(canonical(name))
    if found is None:
        names = ", ".join(v.name for v in _block(part).variables)
        raise AttributeError(f"{part.name} has no {name}; it has {names or 'no variables'}")
    return found


def parameter_of(network: Network, name: str) -> Variable:
    """A parameter of the network itself. Raises KeyError with what there is."""
    there = {v.name: v for v in network.variables if v.role in PARAMETERS}
    if canonical(name) not in there:
        also = f"; it has {', '.join(v.symbol for v in there.values())}" if there else ""
        raise KeyError(f"the network has no parameter {name}{also}")
    return there[canonical(name)]


def like(before: Values, value: float | Floats) -> Values:
    """The value of a parameter, one for each unit or connection where there was one for each."""
    if np.ndim(before) == 0 and np.ndim(value) == 0:
        return float(value)
    return np.array(np.broadcast_to(value, np.shape(before) or np.shape(value)))


def plastic(network: Network, names: Iterable[str]) -> list[str]:
    """The projections whose rules are meant: all of them, or those named, by a rule or by the projection. Raises as `Net.rules`."""
    rules = {p.name: frozenset(p.rules) for p in network.projections if p.rules}
    wanted = frozenset(canonical(name) for name in names)
    for name in sorted(wanted - rules.keys() - frozenset().union(*rules.values())):
        raise KeyError(f"{name} is neither a rule nor a projection with one; there is {', '.join(rules) or 'none'}")
    for name, own in rules.items():
        if own & wanted and not own <= wanted and name not in wanted:
            raise ValueError(f"the rules of {name} can only be off together; name the projection")
    return [name for name, own in rules.items() if not wanted or name in wanted or own & wanted]
