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
    names_of = {id(item): mentioned(item) for item in items}
    names = {name for _, name in lost}
    network_lost = any(kind in ("network", "") for kind, _ in lost)
    kept = list(items)
    while True:
        gone = [i for i in kept if names_of[id(i)] & names or (network_lost and _on_the_only_network(i))]
        if not gone:
            return tuple(kept)
        kept = [i for i in kept if not any(i is other for other in gone)]
        names.update(i.name.name for i in gone)
        network_lost = network_lost or any(isinstance(i, tree.Block) and i.kind == "network" for i in gone)


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
