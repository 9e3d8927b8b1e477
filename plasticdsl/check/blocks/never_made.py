"""`Δw(Δt) = …`, as papers define a learning window: a function of which nothing is made, where a change was meant.

Comes in: the neurons, synapses, rules and networks of a file, with `like` carried out. Goes out: findings. Such a function may stand in a block so that
others, which are like it, apply it; where a network uses a block, the change has to be made in that block itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from plasticdsl.check.blocks.declarations import declared_values, is_function
from plasticdsl.check.blocks.index_notation import without_indices
from plasticdsl.check.likes import subject
from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import Identity, Sight, identity, parts_named
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes, of_kind

_CHANGE = "Delta_"


def check_changes_are_made(blocks: Mapping[Identity, tree.Block], sight: Sight, report: Reporter) -> None:
    """Reports functions that are called as a change of what their block has, and that neither the block nor one that has it from there applies."""
    waiting: list[tuple[Identity, tree.Block, tree.Define, tree.Name]] = []
    applied: set[Span] = set()
    for one, written in blocks.items():
        if written.kind not in ("neuron", "synapse", "rule") or not any(_changes(written)):
            continue
        block = without_indices(written)
        made = {n.function.name for n in nodes(block.body) if isinstance(n, tree.Apply) and isinstance(n.function, tree.Name)}
        for function, name in _changes(block):
            if name.name in made:
                applied.add(function.span)
            elif block.kind != "neuron" or name.name.removeprefix(_CHANGE) in declared_values(block):
                waiting.append((one, block, function, name))
    used = _used(blocks.values(), sight) if applied and waiting else set()
    for one, block, function, name in waiting:
        if function.span not in applied or (one in used and not _is_changed(block, name.name.removeprefix(_CHANGE))):
            _report(block, function, name, report)


def _changes(block: tree.Block) -> Iterator[tuple[tree.Define, tree.Name]]:
    """Functions called as changes, and their names."""
    for statement in of_kind(block.body, tree.Define):
        name = statement.target
        if is_function(statement) and isinstance(name, tree.Name) and name.name.startswith(_CHANGE):
            yield statement, name


def _used(blocks: Iterable[tree.Block], sight: Sight) -> set[Identity]:
    """The blocks that networks are made of."""
    named = (pair for block in blocks if block.kind == "network" for pair in parts_named(block))
    return {identity(part) for kind, name in named if (part := sight.find(kind, name)) is not None}


def _is_changed(block: tree.Block, name: str) -> bool:
    """Whether something else changes the variable there."""
    subjects = (subject(n) for n in nodes(block.body) if isinstance(n, tree.Flow | tree.Jump))
    return any(isinstance(s, tree.Name) and s.name == name for s in subjects)


def _report(block: tree.Block, function: tree.Define, name: tree.Name, report: Reporter) -> None:
    symbol = name.text
    of = symbol.removeprefix("Δ").removeprefix(_CHANGE)
    message = f"‘{symbol}(…) = …’ only names a function; ‘{of}’ does not change."
    hint = f"A change is written ‘{symbol} = …’, below what it happens at."
    if block.kind != "neuron" and len(function.arguments) == 1:
        hint = f"Write ‘F({function.arguments[0].text}) = …’, and below a line ‘on all pairs:’ the change ‘{symbol} = F(t_post − t_pre)’."
    report.error("only-named", message, function.span, hint)
