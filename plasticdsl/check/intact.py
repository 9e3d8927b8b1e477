"""What can be judged in a file in which something is missing because of an error in it.

Comes in: blocks and functions, and the names of those that could not be read; statements, and the names that these stand for in vain. Goes out: what does
not depend on any of them, so that nothing that is found in it can be a mere consequence of the other errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.reading import Lost
from plasticdsl.syntax.walk import descendants

Item = tree.Block | tree.Function


def known_items(items: Sequence[Item], lost: Lost) -> tuple[Item, ...]:
    """The items that mention nothing lost, directly or by others that do."""
    if not lost:
        return tuple(items)
    users: dict[str, list[Item]] = {}
    for item in items:
        for name in mentioned(item):
            users.setdefault(name, []).append(item)
    waiting, gone = {name for _, name in lost}, set[int]()
    seen = set(waiting)
    hit = [item for item in items if _on_the_only_network(item)] if any(kind in ("network", "") for kind, _ in lost) else []
    while waiting or hit:
        gone.update(map(id, hit))
        new = {item.name.name for item in hit} - seen
        waiting |= new
        seen |= new
        hit = [item for item in users.get(waiting.pop(), ()) if id(item) not in gone] if waiting else []
        if any(isinstance(item, tree.Block) and item.kind == "network" for item in hit):
            hit += [item for item in items if _on_the_only_network(item) and id(item) not in gone]
    return tuple(item for item in items if id(item) not in gone)


def _on_the_only_network(item: Item) -> bool:
    return isinstance(item, tree.Block) and item.kind == "experiment" and item.on is None and item.base is None


def mentioned(item: Item | tree.Statement) -> frozenset[str]:
    """Every name in an item, its own among them; a unit may be the name of a neuron (`10 A`)."""
    nodes = list(descendants(item))
    units = {u.unit for n in nodes if isinstance(n, tree.Number) for u in n.unit}
    return frozenset(units | {n.name for n in nodes if isinstance(n, tree.Name)})


def that_mention(statements: Iterable[tree.Statement], names: Set[str]) -> list[Span]:
    """The places of the statements in which one of the names occurs."""
    return [s.span for s in statements if names and mentioned(s) & names]
