"""What can be judged in a file in which something is missing because of an error in it.

Comes in: blocks and functions, and the names of those that could not be read; statements, and the names that these stand for in vain. Goes out: what does
not depend on any of them, so that nothing that is found in it can be a mere consequence of the other errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from plasticdsl.check.sight import Identity, Item, Sight, identity, says_no_network
from plasticdsl.graph import reached
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.reading import Lost
from plasticdsl.syntax.walk import nodes


def known(sight: Sight, main: str, lost: Lost) -> Sight:
    """What is in sight without the items that mention anything lost, directly or by others that do. `lost`: what could not be read of the file `main`."""
    missing = {(main, name) for _, name in lost} | (sight.lost or frozenset())
    if not missing:
        return sight
    items = {identity(item): item for names in sight.items.values() for item in names.values()}
    places: dict[Identity, list[tuple[str, str]]] = {}
    for path, names in sight.items.items():
        for (_, name), item in names.items():
            places.setdefault(identity(item), []).append((path, name))
    users: dict[tuple[str, str], list[Identity]] = {}
    on_the_only_network: dict[str, list[Identity]] = {}
    for one, item in items.items():
        for name in mentioned(item):
            users.setdefault((item.span.path, name), []).append(one)
        if says_no_network(item):
            on_the_only_network.setdefault(item.span.path, []).append(one)

    def without(names: Iterable[tuple[str, str]], networks: Iterable[str]) -> list[Identity]:
        """What depends on something that is missing under one of the names, or on a network that is missing in one of the files."""
        return [*(u for place in names for u in users.get(place, ())), *(e for path in networks for e in on_the_only_network.get(path, ()))]

    def depending(one: Identity) -> list[Identity]:
        item = items[one]
        is_network = isinstance(item, tree.Block) and item.kind == "network"
        return without(places[one], (path for path, _ in places[one]) if is_network else ())

    no_network = {main} if any(kind in ("network", "") for kind, _ in lost) else set[str]()
    gone = reached(without(missing, no_network | {path for path, _ in sight.lost or ()}), depending)
    kept = {path: {k: item for k, item in names.items() if identity(item) not in gone} for path, names in sight.items.items()}
    return Sight(kept, sight.lost)


def mentioned(item: Item | tree.Statement) -> frozenset[str]:
    """Every name in an item, its own among them; a unit may be the name of a neuron (`10 A`)."""
    found = list(nodes(item))
    units = {word for n in found if isinstance(n, tree.Number) for word, _ in n.unit}
    return frozenset(units | {n.name for n in found if isinstance(n, tree.Name)})


def that_mention(statements: Iterable[tree.Statement], names: Set[str]) -> list[Span]:
    """The places of the statements in which one of the names occurs."""
    return [s.span for s in statements if names and mentioned(s) & names]
