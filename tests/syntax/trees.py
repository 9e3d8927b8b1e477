"""What the tests of the front end share: samples, and trees without places so that they can be compared."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse

_ROOT = Path(__file__).parents[2]
SAMPLES = sorted([*(Path(__file__).parent / "samples").glob("*.plas"), *(_ROOT / "models").rglob("*.plas")])


def parsed(text: str) -> tree.File:
    return parse(SourceFile("test.plas", text))


def findings(text: str) -> tuple[Diagnostic, ...]:
    """What the parser has to say about a text; nothing for a good one."""
    try:
        parsed(text)
    except PlasError as error:
        return error.diagnostics
    return ()


def block(statement: str, kind: str = "rule") -> str:
    return f"{kind} A:\n    {statement}\n"


def first(statement: str, kind: str = "rule") -> Any:
    """The node of one statement in a block of the given kind."""
    item = parsed(block(statement, kind)).items[0]
    assert isinstance(item, tree.Block)
    return item.body[0]


def value(expression: str) -> Any:
    """The right-hand side of a definition, without places."""
    return bare(first(f"a = {expression}").rhs)


def bare(node: Any, spelling: bool = False) -> Any:
    """A node as nested tuples without places and, unless `spelling`, without how names and docstrings are written."""
    if isinstance(node, tuple) and len(node) == 2 and isinstance(node[1], Fraction) and not spelling:
        return (node[0].replace("u", "µ").replace("μ", "µ"), node[1])
    if isinstance(node, tuple):
        return tuple(bare(part, spelling) for part in node)
    if isinstance(node, tree.Name) and not spelling:
        return node.name
    if not is_dataclass(node):
        return node
    hidden = {"doc", "comments", "implicit"} - ({"doc", "comments", "implicit"} if spelling else set())
    parts = (bare(getattr(node, item.name), spelling) for item in fields(node) if item.name not in hidden)
    return (type(node).__name__, *(part for part in parts if not isinstance(part, tuple) or part[:1] != ("Span",)))


def places(node: Any) -> list[tuple[Any, Span]]:
    """Every node of a tree with its place."""
    found: list[tuple[Any, Span]] = []
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, tuple):
            waiting.extend(current)
        elif is_dataclass(current) and not isinstance(current, Span):
            if hasattr(current, "span"):
                found.append((current, current.span))
            waiting.extend(getattr(current, item.name) for item in fields(current))
    return found
