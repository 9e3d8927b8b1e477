"""Which names of a block are parameters, which are definitions, and in which order they are worked out.

Comes in: `Contents`. Goes out: an order in which each definition and function comes after what it uses, with a finding for a circle, and the set
of names whose value changes during a run.
"""

from __future__ import annotations

from collections.abc import Callable

from plasticdsl.check.blocks.declarations import Contents
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.builtins import RENAMED, known_functions
from plasticdsl.check.terms.scope import Scope
from plasticdsl.graph import ordered
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read, nodes

#: Notation whose value is never a constant of the block.
_CHANGING = (tree.Member, tree.Average, tree.Partial, tree.Sum, tree.Transposed)


def working_order(contents: Contents, report: Reporter) -> tuple[str, ...]:
    """The names of definitions and functions, each after those it uses; those on a circle are reported and left out."""
    formulas = _formulas(contents)  # an average is a state, so what it averages is no part of a circle
    uses = {name: [n.name for n in _read(formula, averages=False) if n.name in formulas] for name, formula in formulas.items()}
    order, circles = ordered(uses, uses.__getitem__)
    for circle in circles:
        hint = "A quantity that depends on its own past needs a derivative or a jump."
        report.circle([(contents.symbols[name].text, formulas[name].span) for name in circle], hint)
    unsound = {name for circle in circles for name in circle}
    return tuple(name for name in order if name not in unsound)


def _formulas(contents: Contents) -> dict[str, tree.Define | tree.Draw]:
    return {**contents.draws, **contents.functions, **contents.defines}


def _right_side(formula: tree.Define | tree.Draw) -> tuple[tree.Expr, ...]:
    """What a definition or function is, or the arguments of a distribution."""
    if isinstance(formula, tree.Define):
        return (formula.rhs,)
    match formula.distribution:
        case tree.Within(drawn=drawn, low=low, high=high):
            return (*(a.value for a in drawn.arguments), low, high)
        case drawn:
            return tuple(a.value for a in drawn.arguments)


def _read(formula: tree.Define | tree.Draw, averages: bool = True) -> list[tree.Name]:
    """The names that a right side reads, without the arguments of a function; `t` is one of the time everywhere."""
    own = {a.name for a in formula.arguments} - {"t"} if isinstance(formula, tree.Define) else ()
    return [name for name in names_read(_right_side(formula), averages) if name.name not in own]


def changing(contents: Contents, order: tuple[str, ...], constant: Callable[[tree.Name], bool]) -> frozenset[str]:
    """The names whose value is not a constant of the block: states, inputs, and every definition that reads one of them, the time, another
    unit, an average, or a name that the block does not declare (unless `constant` says so: π, functions, arguments)."""
    found = set(contents.states) | set(contents.inputs)
    formulas = _formulas(contents)

    def changes(name: tree.Name) -> bool:
        return name.name in found or name.name == "t" or not (name.name in formulas or constant(name))

    for name in order:
        parts = nodes(_right_side(formulas[name]))
        if any(isinstance(n, _CHANGING) for n in parts) or any(map(changes, _read(formulas[name]))):
            found.add(name)
    return frozenset(found)


def constant_names(outside: Scope, block: tree.Block) -> Callable[[tree.Name], bool]:
    """Whether a name from around a block never changes: constants, functions, the block's own parameters, unit counts."""
    known = known_functions() | frozenset(RENAMED) | {p.name for p in block.parameters} | {"N_pre", "N_post"}
    return lambda name: name.name in known or (name.name != "t" and outside.find(name) is not None)
