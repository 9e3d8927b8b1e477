"""The text of those support functions that a program calls, for inlining into its module."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from importlib.resources import files

from plasticdsl.kernels.loops.collect import expressions, statements
from plasticdsl.kernels.program import Program
from plasticdsl.model.expr import Call, walk

FILES = ("functions.py", "philox.py")


def used_support(program: Program) -> tuple[str, ...]:
    """Sources of the functions of `support/` that the program's kernels call, callees first, without type annotations."""
    available = _functions()
    wanted = _with_callees(_called(program) & available.keys(), available)
    return tuple(ast.unparse(_plain(available[name])) for name in available if name in wanted)


def _called(program: Program) -> set[str]:
    body = (s for f in program.functions for s in statements(f.body))
    names = {n.function for s in body for e in expressions(s) for n in walk(e) if isinstance(n, Call)}
    return names | ({"round_half_even"} if "round" in names else set())


def _functions() -> dict[str, ast.FunctionDef]:
    found: dict[str, ast.FunctionDef] = {}
    for file in FILES:
        source = files("plasticdsl.kernels").joinpath("support", file).read_text(encoding="utf-8")
        found |= {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    return found


def _with_callees(names: Iterable[str], available: dict[str, ast.FunctionDef]) -> set[str]:
    wanted = set(names)
    while True:
        calls = {n.id for name in wanted for n in ast.walk(available[name]) if isinstance(n, ast.Name) and n.id in available}
        if calls <= wanted:
            return wanted
        wanted |= calls


def _plain(function: ast.FunctionDef) -> ast.FunctionDef:
    """The same function without annotations, which a reader of generated code does not need."""
    arguments = [ast.arg(arg=a.arg) for a in function.args.args]
    function.args.args = arguments
    function.returns = None
    return function
