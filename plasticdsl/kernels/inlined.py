"""The text of support functions, to be written into generated modules.

Comes in: names of functions of `support/`. Goes out: their source and that of what they call, callees first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Compiled = Literal["", "alone", "inline"]

#: Support modules, and how generated modules compile their functions: not, each by itself, or into every loop that calls them.
MODULES: Mapping[str, Compiled] = {"functions": "alone", "vmath": "inline", "philox": "alone", "propagators": "", "setup": ""}


@dataclass(frozen=True, slots=True)
class Piece:
    """One top-level definition of a support module. `text` ends without a line break; `needs`: other definitions it uses."""

    name: str
    text: str
    is_function: bool
    compiled: Compiled
    needs: tuple[str, ...]


def pieces(names: Iterable[str]) -> tuple[Piece, ...]:
    """The definitions `names` and everything they need, each after what it needs."""
    known = _catalogue()
    ordered: dict[str, Piece] = {}

    def add(name: str) -> None:
        if name not in ordered:
            for needed in known[name].needs:
                add(needed)
            ordered[name] = known[name]

    for name in sorted(set(names)):
        add(name)
    return tuple(ordered.values())


@cache
def callable_names() -> frozenset[str]:
    """The names of everything that kernels may call."""
    return frozenset(name for name, piece in _catalogue().items() if piece.compiled)


@cache
def _catalogue() -> dict[str, Piece]:
    found: dict[str, Piece] = {}
    for module, compiled in MODULES.items():
        text = (files("plasticdsl") / "support" / f"{module}.py").read_text(encoding="utf-8")
        found.update({piece.name: piece for piece in _pieces(text, compiled)})
    return found


def _pieces(text: str, compiled: Compiled) -> Iterator[Piece]:
    nodes = {name: node for node in ast.parse(text).body if (name := _defines(node)) is not None}
    for name, node in nodes.items():
        used = (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in nodes and n.id != name)
        segment = ast.get_source_segment(text, node)
        assert segment is not None
        is_function = isinstance(node, ast.FunctionDef)
        yield Piece(name, segment, is_function, compiled if is_function else "", tuple(dict.fromkeys(used)))


def _defines(node: ast.stmt) -> str | None:
    match node:
        case ast.FunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return None
