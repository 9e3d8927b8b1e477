"""Every expression of a part of the model: read one after the other, or replaced by what a function makes of it.

Comes in: a block, a network, an experiment or anything in them. Goes out: its expressions, or the same part with each of them replaced. Parts are gone
through field by field, so what is added to the model is reached too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import replace
from enum import Enum
from functools import cache
from operator import attrgetter, is_not
from types import NoneType
from typing import Any, TypeVar

from plasticdsl.model import Block, Network, Population, Projection, Variable
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.inline import map_refs
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span

Read = Callable[[Expr], Expr]
Anything = TypeVar("Anything")

#: What holds no expression, whatever it is in.
_PLAIN = (str, int, float, NoneType, Enum, Span)
_EMPTY = ()
_WORD = re.compile(r"\w+")
#: Fields whose types are written with these words alone need not be looked into.
_NEVER = frozenset(("None", "tuple", "str", "int", "float", "bool", "Span", "Dimension", "Role", "Presence"))
#: What a block has beside what changes its variables.
_NO_CHANGES = frozenset(("variables", "totals", "spike", "events", "refractory", "schemes"))
#: What is settled before the run.
_SETTLED = frozenset(("size", "connectivity", "patterns"))
_UNEVALUATED = frozenset(("dt", "duration", "each", "window", "sweep", "repeats", "plane", "searched", "trials"))


def expressions(part: object) -> Iterator[Expr]:
    """Every expression of a part of the model, in the order of its fields; not those inside others."""
    waiting: list[Any] = [part]
    while waiting:
        inner = waiting.pop()
        kind = type(inner)
        if _is_expr(kind):
            yield inner
        elif inner is not _EMPTY and not _is_plain(kind):
            waiting += (inner if isinstance(inner, tuple) else _values(kind)(inner))[::-1]


def mapped(part: Anything, read: Read, but: Set[str] = frozenset()) -> Anything:
    """The part with `read` applied to all its expressions, except in fields of the names `but`; a target stays a variable."""
    found: Any = part
    if isinstance(part, Expr):
        found = read(part)
    elif isinstance(part, tuple):  # the entries of a large matrix are nearly all the same object
        made = {key: item if _is_plain(type(item)) else mapped(item, read, but) for key, item in {id(item): item for item in part}.items()}
        items = [made[id(item)] for item in part]
        found = tuple(items) if any(map(is_not, items, part)) else part
    else:
        changes: dict[str, Any] = {}
        for name, old in zip(_fields(type(part)), _values(type(part))(part), strict=True):
            new = old if old is _EMPTY or name in but or _is_plain(type(old)) else mapped(old, read, but)
            if new is not old and (name != "target" or isinstance(new, Ref)):
                changes[name] = new
        found = replace(found, **changes) if changes else part
    return found  # type: ignore[no-any-return]


# Parts of a large model are asked for these millions of times, so each kind of part answers once.


_is_expr: Callable[[type], bool] = cache(lambda kind: issubclass(kind, Expr))
#: The names of the fields of a dataclass that can hold an expression; nothing for anything else.
_fields: Callable[[type], tuple[str, ...]] = cache(
    lambda kind: tuple(
        name for name, field in getattr(kind, "__dataclass_fields__", {}).items() if not _NEVER.issuperset(_WORD.findall(field.type))
    )
)
#: Nothing is inside of what is neither an expression nor a tuple and has no fields.
_is_plain: Callable[[type], bool] = cache(lambda kind: issubclass(kind, _PLAIN) or not (issubclass(kind, (Expr, tuple)) or _fields(kind)))


def _getter(kind: type) -> Callable[[object], tuple[Any, ...]]:
    """What gives the values of these fields."""
    match _fields(kind):
        case ():
            return lambda _: ()
        case (name,):
            return lambda part: (getattr(part, name),)
        case names:
            return attrgetter(*names)


_values: Callable[[type], Callable[[object], tuple[Any, ...]]] = cache(_getter)


def map_block(block: Block, read: Read) -> Block:
    """`read` applied to every expression of the flows, handlers, pairs and sums; targets too."""
    return mapped(block, read, _NO_CHANGES)


def map_network(network: Network, reader: Callable[[Population | Projection | None], Read]) -> Network:
    """`network` with the expressions of each population and projection, and of the network itself (None), read by what `reader` gives for it. Sizes,
    connections and patterns stay."""
    return replace(
        network,
        variables=mapped(network.variables, reader(None)),
        populations=tuple(mapped(p, reader(p), _SETTLED) for p in network.populations),
        projections=tuple(mapped(p, reader(p), _SETTLED) for p in network.projections),
    )


def map_experiment(experiment: Experiment, read: Read) -> Experiment:
    """`read` applied to all that an experiment evaluates on its network: what it holds, records, plots, expects and waits for, and its settings."""
    return mapped(experiment, read, _UNEVALUATED)


# --- renaming --------------------------------------------------------------------------------------------------------


def renames(names: Mapping[str, str]) -> bool:
    """Whether a renaming changes anything."""
    return any(old != new for old, new in names.items())


def rename_variable(variable: Variable, names: Mapping[str, str]) -> Variable:
    """The variable with its own name and all it reads renamed."""
    return replace(mapped(variable, _renaming(names)), name=names.get(variable.name, variable.name))


def rename_block(block: Block, names: Mapping[str, str]) -> Block:
    """Flows, handlers, pairs and sums with the block's own names renamed."""
    flows = tuple(replace(f, variable=names.get(f.variable, f.variable)) for f in block.flows)
    transitions = tuple(replace(t, net=_renamed(t.net, names), reactants=_renamed(t.reactants, names)) for t in block.transitions)
    return map_block(replace(block, flows=flows, transitions=transitions), _renaming(names))


def _renamed(counts: tuple[tuple[str, int], ...], names: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    return tuple((names.get(v, v), count) for v, count in counts)


def _renaming(names: Mapping[str, str]) -> Read:
    def change(ref: Ref) -> Ref:
        return Ref(ref.owner, names.get(ref.name, ref.name), ref.limit) if ref.owner is Whose.OWN else ref

    return lambda expr: map_refs(expr, change)
