"""What a `Net` shows of itself to people and to other libraries: a line, a table for notebooks, and its connections as a sparse matrix or as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plasticdsl.markup import node, table, text_of
from plasticdsl.model import Projection, Role
from plasticdsl.model.expr import Ref
from plasticdsl.model.weights import weight
from plasticdsl.names import canonical
from plasticdsl.net_parts import Part, variable_of
from plasticdsl.support.arrays import Floats

if TYPE_CHECKING:
    from plasticdsl.net import Net

Form = Literal["sparse", "pandas"]
_PER_CONNECTION = (Role.STATE, Role.PARAMETER, Role.GIVEN)


def line_of(net: Net) -> str:
    """`<Net SongAbbott at 10 s; cell: 1 units, …>`."""
    instance = net._engine.instance
    sizes = [f"{p.name}: {p.size} units" for p in instance.populations.values()]
    sizes += [f"{p.name}: {p.count} connections" for p in instance.projections.values()]
    return f"<Net {net.name} {_now(net)}; {', '.join(sizes)}>"


def html_of(net: Net) -> str:
    """Populations and projections with their sizes, as HTML."""
    network, instance, counts = net._network, net._engine.instance, net._engine.spike_count
    units = [
        (p.symbol, p.block.name, str(instance.populations[p.name].size), str(counts(p.name)) if p.spikes else "")
        for p in network.populations
        if not p.hidden
    ]
    connections = [
        (p.symbol, p.pre, p.post, str(instance.projections[p.name].count)) for p in network.projections if p.name in net.projections
    ]
    parts = [node("p", node("b", f"Network {net.name}"), f" {_now(net)}"), table(("population", "of", "units", "spikes"), units)]
    parts += [table(("projection", "from", "to", "connections"), connections)] if connections else []
    return text_of(node("div", *parts))


def _now(net: Net) -> str:
    return f"after {net.step} steps" if net._in_steps else f"at {net.time:g} s"


def connections_of(net: Net, part: Part, values: str | None, form: Form) -> Any:
    """As `Net.connections` says."""
    projection = part._part
    if not isinstance(projection, Projection):
        raise KeyError(f"{projection.name} is a population, not a projection")
    kept = getattr(part, "present") > 0.0 if projection.changing else np.ones(len(part), dtype=bool)  # noqa: B009  # it is a variable
    if form == "pandas":
        return _frame(net, part, projection, kept)
    if form != "sparse":
        raise ValueError(f"form is {form!r}, but must be 'sparse' or 'pandas'")
    name = weight(projection) if values is None else variable_of(projection, values).name
    entries = np.ones(len(part)) if name is None else _each(part, name)
    try:
        from scipy.sparse import coo_array
    except ModuleNotFoundError:
        raise ModuleNotFoundError("a sparse matrix takes SciPy: ‘pip install plasticdsl[files]’; form='pandas' does without") from None
    ends = net._engine.instance.populations
    shape = ends[projection.post].size, ends[projection.pre].size
    return coo_array((entries[kept], (part.post[kept], part.pre[kept])), shape=shape)


def _frame(net: Net, part: Part, projection: Projection, kept: Any) -> Any:
    """Whose connections they are, what each has of its own, and their delays where there are some."""
    import pandas

    given = {canonical(name) for name in projection.given} | {weight(projection)}
    columns: dict[str, Any] = {"pre": part.pre, "post": part.post}
    for variable in projection.connection.variables:
        if variable.role in _PER_CONNECTION and variable.name != "present":
            value = net._value(Ref(projection.as_owner, variable.name))
            if np.ndim(value) or variable.name in given:
                columns[variable.symbol] = np.broadcast_to(value, (len(part),))
    main = weight(projection)
    if main is not None:
        columns.setdefault(next(v.symbol for v in projection.connection.variables if v.name == main), _each(part, main))
    columns |= {name: getattr(part, name) for name in ("axonal_delay", "dendritic_delay") if _has(part, name)}
    return pandas.DataFrame({name: np.asarray(column)[kept] for name, column in columns.items()})


def _has(part: Part, name: str) -> bool:
    return bool(np.any(getattr(part, name)))


def _each(part: Part, name: str) -> Floats:
    """One value for each connection."""
    return np.array(np.broadcast_to(getattr(part, name), (len(part),)), dtype=np.float64)
