"""What only the whole file can tell: whether `ΔX = …` changes X, and whether `N = 2 X` is a population.

A `tree.File` comes in as the grammar reads it, where both are definitions; a `tree.File` goes out in which those that are
jumps and populations have become so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from plasticdsl.names import canonical
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.build_networks import count_and_kind, single_name
from plasticdsl.syntax.walk import nodes
from plasticdsl.units.table import is_unit

#: Blocks by kind and name: those of different kinds may have one name.
Blocks = Mapping[tuple[str, str], tree.Block]

_DELTA = re.compile(r"(?:Δ|∆|Delta(?=_))_?(?=.)")
_INDICES = re.compile(r"_[^\W_]+$")


def resolve(file: tree.File, used: Sequence[tree.Block] = ()) -> tree.File:
    """The file with its jumps and populations; everything else unchanged. `used`: what is in sight in it of other files, as far as that is known."""
    own = (item for item in file.items if isinstance(item, tree.Block))
    blocks = {(block.kind, block.name.name): block for block in (*used, *own)}
    return replace(file, items=tuple(_item(item, blocks, file) for item in file.items))


def _item(item: Any, blocks: Blocks, file: tree.File) -> Any:
    match item:
        case tree.Block(kind="neuron" | "synapse" | "rule"):

            @cache
            def used() -> frozenset[str]:  # for a `Δ` alone, since chains of `like` are long
                return frozenset(node.name for node in nodes(tuple(_family(item, blocks))) if isinstance(node, tree.Name))

            return replace(item, body=tuple(_jump(statement, used, False) for statement in item.body))
        case tree.Block(kind="network"):
            return replace(item, body=_with_populations(item, blocks, file))
        case _:
            return item


def _family(block: tree.Block, blocks: Blocks) -> list[tree.Block]:
    """The block and those of this file that it is `like`."""
    family = [block]
    while family[-1].base is not None:
        base = blocks.get((block.kind, family[-1].base.name))
        if base is None or base in family:
            break
        family.append(base)
    return family


# --- ΔX ------------------------------------------------------------------------------------------------------------------


def _changed(statement: tree.Define) -> tree.Expr | None:
    """`w` in `Δw = …`, or None where the target has no Δ. A time difference is never a change of a time."""
    if statement.arguments:
        return None
    match statement.target:
        case tree.Name() as name:
            return _without_delta(name)
        case tree.Indexed(base=tree.Name() as name, indices=indices, span=span):
            base = _without_delta(name)
            return None if base is None else tree.Indexed(base, indices, base.span.to(span))
        case _:
            return None


def _without_delta(name: tree.Name) -> tree.Name | None:
    match = _DELTA.match(name.text)
    if match is None:
        return None
    text = name.text[match.end() :]
    base = canonical(text)
    if base == "t" or base.startswith("t_") or not (text[0].isalpha()):
        return None
    return tree.Name(base, text, Span(name.span.start + match.end(), name.span.end, name.span.path))


def _jump(statement: tree.Statement, used: Callable[[], frozenset[str]], triggered: bool) -> tree.Statement:
    match statement:
        case tree.Define():
            target = _changed(statement)
            if target is None or not (triggered or _is_state(target, used)):
                return statement
            return tree.Jump(target, "Delta", statement.rhs, statement.span)
        case tree.OnEvent() | tree.OnPairs() | tree.Every() | tree.SpikeWhen() | tree.SpikeAtRate():
            return replace(statement, body=tuple(_jump(inner, used, True) for inner in statement.body))
        case _:
            return statement


def _is_state(target: tree.Expr, used: Callable[[], frozenset[str]]) -> bool:
    """Without a trigger, `ΔX` is a change where X is the weight or a name that the block uses."""
    name = target.base if isinstance(target, tree.Indexed) else target
    if not isinstance(name, tree.Name):
        return False
    stem = _INDICES.sub("", name.name)
    return "w" in (name.name, stem) or not used().isdisjoint((name.name, stem))


# --- populations -----------------------------------------------------------------------------------------------------------


def _with_populations(block: tree.Block, blocks: Blocks, file: tree.File) -> tuple[tree.Statement, ...]:
    neurons = {name for kind, name in blocks if kind == "neuron"}
    neurons |= {one.here.name for item in file.items if isinstance(item, tree.UseFile) for one in item.names}
    own = {
        statement.target.name
        for member in _family(block, blocks)
        for statement in member.body
        if isinstance(statement, tree.Define) and isinstance(statement.target, tree.Name)
    }

    def is_kind(name: tree.Name) -> bool:
        return name.name in neurons or (name.name not in own and name.text[0].isupper())

    data = {s.name.name for member in _family(block, blocks) for s in member.body if isinstance(s, tree.Data)}

    def is_array(value: tree.Expr, kind: tree.Name) -> bool:  # `d.r Hz`
        read = (n.base for n in nodes(value) if isinstance(n, tree.Member))
        return is_unit(kind.text) and any(isinstance(base, tree.Name) and base.name in data for base in read)

    def is_size(value: tree.Expr) -> bool:  # `0.8 N Cell`, where N is a name of the network
        return not isinstance(value, tree.Number) or all(canonical(word) in own for word, _ in value.unit)

    return tuple(_population(statement, is_kind, neurons, is_array, is_size) for statement in block.body)


def _population(
    statement: tree.Statement,
    is_kind: Callable[[tree.Name], bool],
    neurons: set[str],
    is_array: Callable[[tree.Expr, tree.Name], bool],
    is_size: Callable[[tree.Expr], bool],
) -> tree.Statement:
    """`E = 8000 LIF`: a number without unit before a name that is a neuron, or that nothing else here could be. `10 A` is so many neurons where `A` is one
    that the file knows, else ten amperes, and so is a unit behind an array of a file."""
    if not isinstance(statement, tree.Define) or statement.arguments:
        return statement
    plain, with_unit = (count_and_kind(statement.rhs, units) for units in (False, True))
    if plain is not None and plain[1].name not in neurons and is_array(*plain[:2]):
        return statement
    if plain is not None and is_kind(plain[1]) and is_size(plain[0]):
        return tree.Population(single_name(statement.target), *plain, (), statement.span)
    if plain is None and with_unit is not None and with_unit[1].name in neurons:
        return tree.Population(single_name(statement.target), *with_unit, (), statement.span)
    return statement
