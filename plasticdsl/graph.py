"""What can be reached in a graph, what goes round in it, and an order in which each node comes after those that it needs. Comes in: the nodes that each
node leads to. Goes out: nodes. Without recursion: a chain of definitions may be longer than Python's stack."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar

Node = TypeVar("Node")


def reachable(start: Iterable[Node], edges: Mapping[Node, Iterable[Node]]) -> set[Node]:
    """`start` and all that edges lead to."""
    return reached(start, lambda node: edges.get(node, ()))


def reached(start: Iterable[Node], following: Callable[[Node], Iterable[Node]]) -> set[Node]:
    """`start` and everything that follows it, however indirectly. Each node is visited once."""
    waiting, found = list(start), set[Node]()
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(following(node))
    return found


def backwards(edges: Mapping[Node, Iterable[Node]]) -> dict[Node, list[Node]]:
    """Which nodes lead to each."""
    found: dict[Node, list[Node]] = {}
    for node, others in edges.items():
        for other in others:
            found.setdefault(other, []).append(node)
    return found


def lasting(candidates: Iterable[Node], fits: Callable[[Node, frozenset[Node]], bool]) -> frozenset[Node]:
    """As many of the candidates as can stay: each of them `fits` with all that stay."""
    staying = frozenset(candidates)
    while leaving := {c for c in staying if not fits(c, staying)}:
        staying -= leaving
    return staying


def circles(edges: Mapping[Node, Collection[Node]]) -> dict[Node, int]:
    """For every node that leads to itself, at once or through others, a number that it shares with those that it leads to and that lead to it.

    Strongly connected components (Sharir 1981): of the nodes in the order in which they are left, the last one is together with
    those that lead to it, and so on with what remains.
    """
    back: dict[Node, Iterable[Node]] = {**dict.fromkeys(edges, ()), **backwards(edges)}
    seen, taken = set[Node](), set[Node]()
    left = [node for start in edges for node in _walked(start, edges, seen)]
    found: dict[Node, int] = {}
    for number, start in enumerate(reversed(left)):
        together = _walked(start, back, taken)
        if len(together) > 1 or start in edges[start]:
            found |= dict.fromkeys(together, number)
    return found


def _walked(start: Node, edges: Mapping[Node, Iterable[Node]], seen: set[Node]) -> list[Node]:
    """What `start` leads to and is not yet `seen`, each after all that it leads to. Adds them to `seen`."""
    if start in seen:
        return []
    seen.add(start)
    left: list[Node] = []
    path = [(start, iter(edges[start]))]
    while path:
        node, rest = path[-1]
        following = next((other for other in rest if other not in seen), None)
        if following is None:
            left.append(node)
            path.pop()
        else:
            seen.add(following)
            path.append((following, iter(edges[following])))
    return left


def ordered(starts: Iterable[Node], needed: Callable[[Node], Iterable[Node]]) -> tuple[tuple[Node, ...], tuple[tuple[Node, ...], ...]]:
    """The starts and all they need, each after what it needs and moved no further than that, and the circles met, the first of each again at its
    end; those on a circle stay where they are."""
    placed: dict[Node, None] = {}
    circles: list[tuple[Node, ...]] = []
    for start in starts:
        path: dict[Node, Iterator[Node]] = {} if start in placed else {start: iter(needed(start))}
        while path:
            current, rest = next(reversed(path.items()))
            following = next((one for one in rest if one not in placed), None)
            if following is None:
                del path[current]
                placed[current] = None
            elif following in path:
                above = list(path)
                circles.append((*above[above.index(following) :], following))
            else:
                path[following] = iter(needed(following))
    return tuple(placed), tuple(circles)
