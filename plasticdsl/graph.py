"""What can be reached in a graph, and what goes round in it. Comes in: the nodes that each node has edges to. Goes out: nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node")


def reachable(start: Iterable[Node], edges: Mapping[Node, Iterable[Node]]) -> set[Node]:
    """`start` and all that edges lead to. Each node is visited once, since chains of definitions may be as long as the file."""
    waiting, found = list(start), set[Node]()
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(edges.get(node, ()))
    return found


def circles(edges: Mapping[Node, Collection[Node]]) -> dict[Node, int]:
    """For every node that leads to itself, at once or through others, a number that it shares with those that it leads to and that lead to it.

    Strongly connected components (Sharir 1981): of the nodes in the order in which they are left, the last one is together with
    those that lead to it, and so on with what remains.
    """
    back: dict[Node, list[Node]] = {node: [] for node in edges}
    for node, others in edges.items():
        for other in others:
            back[other].append(node)
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
