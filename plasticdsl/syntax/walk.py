"""Going through a syntax tree without knowing its node types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from plasticdsl.source import Span


def children(node: Any) -> Iterator[Any]:
    """The nodes directly below a node, in the order of its fields."""
    for item in fields(node):
        value = getattr(node, item.name)
        for part in value if isinstance(value, tuple) else (value,):
            if hasattr(part, "span") and not isinstance(part, Span):
                yield part


def descendants(node: Any) -> Iterator[Any]:
    """The node itself and everything below it; without recursion, so that depth does not matter."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(children(current))


def depth(node: Any) -> int:
    """The number of nodes on the longest way down."""
    level, deepest = [node], 0
    while level:
        deepest += 1
        level = [child for parent in level for child in children(parent)]
    return deepest
