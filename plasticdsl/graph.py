"""What can be reached in a graph. Comes in: where to begin, and the edges. Goes out: every node on a way from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
