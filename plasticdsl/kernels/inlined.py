"""The text of support functions, to be written into generated modules.

Comes in: names of what `support/` defines. Goes out: their source and that of what they use, callees first. All modules of `support/` share one
space of names, so that their text can stand in one module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Compiled = Literal["", "alone", "inline", "contracted"]

#: A module, and what is imported from it; "" where it is imported itself (then perhaps `as` another name).
Import = tuple[str, str]

_SUPPORT = "plasticdsl.support."

#: Support modules, and how generated modules compile their functions: not, each by itself, or into every loop that calls them. `contracted`: with sums in
#: any order, and a product that is added rounded once; what kernels call of these by itself, since it is large, and what that calls into it.
MODULES: Mapping[str, Compiled] = {
    "functions": "alone", "vmath": "inline", "vmath_single": "inline", "philox": "inline", "draws": "alone", "counts": "alone", "hazards": "inline",
    "orders": "alone", "products": "contracted", "memory": "alone", "noise": "alone", "sorting": "alone", "propagators": "", "arrays": "",
    "elementwise": "", "random": "", "distributions": "", "subsets": "", "steps": "", "structure": "", "trees": "alone", "units": "", "connections": "",
    "connectivity": "", "pairs": "", "spikes": "", "values": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """One top-level definition of a support module. `text` ends without a line break; `inline`: it is compiled into whatever calls it; `needs`: other
    definitions it uses; `imports`: what it takes from elsewhere."""

    name: str
    text: str
    is_block: bool
    compiled: Compiled
    inline: bool
    needs: tuple[str, ...]
    imports: tuple[Import, ...]


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


def imports(found: Iterable[Piece], own: Iterable[Import]) -> tuple[str, ...]:
    """The import lines that these pieces and the module around them rely on: Python's own, an empty line, others."""
    named: dict[str, set[str]] = {}
    for module, name in (*own, *(wanted for piece in found for wanted in piece.imports)):
        named.setdefault(module, set()).add(name)
    modules = sorted(named, key=lambda module: (named[module] != {""}, module))
    lines = [f"import {m}" if named[m] == {""} else f"from {m} import {', '.join(sorted(named[m]))}" for m in modules]
    theirs = [line for line in lines if line.split()[1].split(".")[0] in ("numba", "numpy")]
    return (*(line for line in lines if line not in theirs), "", *theirs)


@cache
def callable_names() -> frozenset[str]:
    """The names of everything that kernels may call."""
    return frozenset(name for name, piece in _catalogue().items() if piece.compiled)


@cache
def defined_names() -> frozenset[str]:
    """The names of everything that may stand in a generated module beside its own functions."""
    return frozenset(_catalogue())


@cache
def _catalogue() -> dict[str, Piece]:
    found: dict[str, Piece] = {}
    for module, compiled in MODULES.items():
        text = (files("plasticdsl") / "support" / f"{module}.py").read_text(encoding="utf-8")
        new = {piece.name: piece for piece in _pieces(text, compiled)}
        twice = found.keys() & new.keys()
        if twice:
            raise ValueError(f"support.{module} defines {', '.join(sorted(twice))}, as another module of support does")
        found.update(new)
    return found


def parsed(text: str) -> ast.Module:
    """The syntax tree of a text, whatever other threads do. Python 3.11 counts how deep trees are for all threads together (CPython's issue 106905), and
    reports a mismatch, as `SystemError`, where another thread builds one meanwhile."""
    for _ in range(100):
        try:
            return ast.parse(text)
        except SystemError:
            continue
    return ast.parse(text)


def _pieces(text: str, compiled: Compiled) -> Iterator[Piece]:
    body = parsed(text).body
    nodes = {name: node for node in body if (name := _defines(node)) is not None}
    taken, other = _imported(body)
    uses = {name: dict.fromkeys(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id != name) for name, node in nodes.items()}
    parts = frozenset(word for used in uses.values() for word in used)
    for name, node in nodes.items():
        used = uses[name]
        needs = tuple(word for word in used if word in nodes or word in other)
        is_function = isinstance(node, ast.FunctionDef)
        how = compiled if is_function else ""
        inline = how == "inline" or (how == "contracted" and name in parts)
        is_block = is_function or isinstance(node, ast.ClassDef)
        yield Piece(name, _text(text, node), is_block, how, inline, needs, tuple(taken[w] for w in used if w in taken))


def _defines(node: ast.stmt) -> str | None:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return None


def _imported(body: Iterable[ast.stmt]) -> tuple[dict[str, Import], set[str]]:
    """Where each imported name comes from, and the names that come from other support modules."""
    taken: dict[str, Import] = {}
    other: set[str] = set()
    for node in body:
        match node:
            case ast.Import(names=names):
                taken |= {a.asname or a.name: (f"{a.name} as {a.asname}" if a.asname else a.name, "") for a in names}
            case ast.ImportFrom(module=str(module), names=names) if module.startswith(_SUPPORT):
                other |= {a.name for a in names}
            case ast.ImportFrom(module=str(module), names=names) if module != "__future__":
                taken |= {a.name: (module, a.name) for a in names}
            case _:
                pass
    return taken, other


def _text(text: str, node: ast.stmt) -> str:
    """The source of a definition, decorators included."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return "\n".join(text.split("\n")[first - 1 : node.end_lineno])
