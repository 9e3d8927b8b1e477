"""How the fields of a loop program are put together: one named tuple for each group, in a fixed order.

Comes in: a program. Goes out: its groups with their fields, and which of them a kernel takes and unpacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from plasticdsl.kernels.identifiers import Field, Group
from plasticdsl.kernels.loops.collect import mentioned
from plasticdsl.kernels.program import Function, Member, Program

_KINDS = ("run", "network", "population", "event", "projection", "data")


def members(program: Program) -> dict[Group, tuple[Member, ...]]:
    """The groups in the order in which kernels take them, each with its sizes, scalars and arrays."""
    every: list[Member] = [*program.sizes, *program.scalars, *program.arrays]
    found: dict[Group, list[Member]] = {group: [] for group in in_order([m.name for m in every])}
    for member in every:
        found[member.name.group].append(member)
    return {group: tuple(many) for group, many in found.items()}


def taken(function: Function, groups: Iterable[Group]) -> tuple[Group, ...]:
    """Those of a program's groups that a kernel takes, in their order."""
    used = {f.group for f in (*function.scalars, *function.arrays)}
    return tuple(group for group in groups if group in used)


def unpacked(function: Function) -> tuple[Field, ...]:
    """The fields that a kernel itself reads or writes; those of the kernels that it calls go on with their tuples."""
    own = mentioned(function.body)
    return tuple(f for f in (*function.scalars, *function.arrays) if f in own)


def tuples(program: Program, classes: Mapping[Group, Any], values: Mapping[Field, Any]) -> Iterator[Any]:
    """The tuples that `advance` takes, made of these values."""
    for group, fields in members(program).items():
        yield classes[group](*(values[m.name] for m in fields))


def in_order(fields: Iterable[Field]) -> tuple[Group, ...]:
    """Their groups: the run, the network, populations, their events, projections, files."""
    return tuple(sorted(dict.fromkeys(f.group for f in fields), key=lambda group: _KINDS.index(group.kind)))
