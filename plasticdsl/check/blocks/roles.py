"""Which names of a block are parameters, which are definitions, and in which order they are worked out.

Comes in: `Contents`. Goes out: an order in which each definition and function comes after what it uses, with a finding for a circle, and the set
of names whose value changes during a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plasticdsl.check.blocks.declarations import Contents
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.builtins import RENAMED, known_functions
from plasticdsl.check.terms.scope import Scope
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.graph import ordered
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read, nodes

#: Of a longer circle only the beginning is shown.
LONGEST_SHOWN = 12

#: Notation whose value is never a constant of the block.
_CHANGING = (tree.Member, tree.Average, tree.Partial, tree.Sum, tree.Transposed)


def working_order(contents: Contents, report: Reporter) -> tuple[str, ...]:
    """The names of definitions and functions, each after those it uses; those on a circle are reported and left out."""
    formulas = _formulas(contents)
    uses = {name: tuple(_uses(statement, formulas)) for name, statement in formulas.items()}
    order, circles = ordered(uses, uses.__getitem__)
    for circle in circles:
        _report_circle(circle, contents, report)
    unsound = {name for circle in circles for name in circle}
    return tuple(name for name in order if name not in unsound)


@dataclass(frozen=True, slots=True)
class _Formula:
    """A right side: of a definition, of a function with its arguments, or the arguments of a distribution."""

    arguments: tuple[tree.Name, ...]
    parts: tuple[tree.Expr, ...]
    span: Span


def _formulas(contents: Contents) -> dict[str, _Formula]:
    defines = {name: _Formula(d.arguments, (d.rhs,), d.span) for name, d in (*contents.functions.items(), *contents.defines.items())}
    draws = {name: _Formula((), tuple(a.value for a in d.distribution.arguments), d.span) for name, d in contents.draws.items()}
    return {**draws, **defines}


def _uses(statement: _Formula, formulas: dict[str, _Formula]) -> Iterator[str]:
    """The other definitions and functions a right side reads; an average is a state, so what it averages is no part of a circle."""
    bound = {argument.name for argument in statement.arguments}
    for name in names_read(statement.parts, averages=False):
        if name.name in formulas and name.name not in bound:
            yield name.name


def _report_circle(circle: tuple[str, ...], contents: Contents, report: Reporter) -> None:
    symbols = [contents.symbols[name].text for name in circle]
    formulas = _formulas(contents)
    first = formulas[circle[0]]
    labels = tuple(Label(formulas[name].span, f"uses ‘{then}’") for name, then in zip(circle[1:-1], symbols[2:], strict=True))
    if len(circle) > LONGEST_SHOWN:
        symbols, labels = [*symbols[: LONGEST_SHOWN - 2], "…", symbols[-1]], labels[: LONGEST_SHOWN - 3]
    hint = "A quantity that depends on its own past needs a derivative or a jump."
    report.error("definition-cycle", f"These definitions depend on each other: {' → '.join(symbols)}.", first.span, hint, labels)


def changing(contents: Contents, order: tuple[str, ...], constant: Callable[[tree.Name], bool]) -> frozenset[str]:
    """The names whose value is not a constant of the block: states, inputs, and every definition that reads one of them, the time, another
    unit, an average, or a name that the block does not declare (unless `constant` says so: π, functions, arguments)."""
    found = set(contents.states) | set(contents.inputs)
    formulas = _formulas(contents)
    for name in order:
        formula = formulas[name]
        bound = {a.name for a in formula.arguments} - {"t"}
        if any(isinstance(n, _CHANGING) for part in formula.parts for n in nodes(part)) or any(
            n.name not in bound and _changes(n, found, contents, constant) for n in names_read(formula.parts)
        ):
            found.add(name)
    return frozenset(found)


def _changes(name: tree.Name, found: set[str], contents: Contents, constant: Callable[[tree.Name], bool]) -> bool:
    if name.name in found or name.name == "t":
        return True
    declared = any(name.name in known for known in (contents.defines, contents.draws, contents.functions))
    return not declared and not constant(name)


def constant_names(outside: Scope, block: tree.Block) -> Callable[[tree.Name], bool]:
    """Whether a name from around a block never changes: constants, functions, the block's own parameters, unit counts."""
    known = known_functions() | frozenset(RENAMED) | {p.name for p in block.parameters} | {"N_pre", "N_post"}
    return lambda name: name.name in known or (name.name != "t" and outside.find(name) is not None)
