"""What can be judged in a file in which something is missing because of an error in it.

Comes in: blocks and functions, and the names of those that could not be read; statements, and the names that these stand for in vain. Goes out: what does
not depend on any of them, so that nothing that is found in it can be a mere consequence of the other errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from plasticdsl.check.sight import Identity, Item, Sight, identity
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.reading import Lost
from plasticdsl.syntax.walk import nodes


def known(sight: Sight, main: str, lost: Lost) -> Sight:
    """What is in sight without the items that mention anything lost, directly or by others that do. `lost`: what could not be read of the file `main`."""
    missing = {(main, name) for _, name in lost} | (sight.lost or frozenset())
    if not missing:
        return sight
    places: dict[Identity, list[tuple[str, str]]] = {}
    users: dict[tuple[str, str], list[Item]] = {}
    items = {identity(item): item for names in sight.items.values() for item in names.values()}
    for path, names in sight.items.items():
        for (_, name), item in names.items():
            places.setdefault(identity(item), []).append((path, name))
    for item in items.values():
        for name in mentioned(item):
            users.setdefault((item.span.path, name), []).append(item)
    alone = [item for item in items.values() if _on_the_only_network(item)]
    no_network = {main} if any(kind in ("network", "") for kind, _ in lost) else set[str]()
    no_network |= {path for path, _ in sight.lost or ()}
    hit = [item for item in alone if item.span.path in no_network]
    gone = set[Identity]()
    waiting, seen = set(missing), set(missing)
    while waiting or hit:
        gone.update(map(identity, hit))
        new = {place for item in hit for place in places[identity(item)]} - seen
        waiting |= new
        seen |= new
        without = {path for item in hit if _is_network(item) for path, _ in places[identity(item)]}
        hit = [item for item in alone if item.span.path in without and identity(item) not in gone]
        hit += [item for item in users.get(waiting.pop(), ()) if identity(item) not in gone] if waiting else []
    kept = {path: {k: item for k, item in names.items() if identity(item) not in gone} for path, names in sight.items.items()}
    return Sight(kept, sight.lost)


def _is_network(item: Item) -> bool:
    return isinstance(item, tree.Block) and item.kind == "network"


def _on_the_only_network(item: Item) -> bool:
    return isinstance(item, tree.Block) and item.kind == "experiment" and item.on is None and item.base is None


def mentioned(item: Item | tree.Statement) -> frozenset[str]:
    """Every name in an item, its own among them; a unit may be the name of a neuron (`10 A`)."""
    found = list(nodes(item))
    units = {u.unit for n in found if isinstance(n, tree.Number) for u in n.unit}
    return frozenset(units | {n.name for n in found if isinstance(n, tree.Name)})


def that_mention(statements: Iterable[tree.Statement], names: Set[str]) -> list[Span]:
    """The places of the statements in which one of the names occurs."""
    return [s.span for s in statements if names and mentioned(s) & names]
