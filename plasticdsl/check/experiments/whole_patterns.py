"""What only phases can name: whole patterns (`ξ_1`, `ξ[k]`) and `one_hot(label, 10)`.

Comes in: syntax tree, in the extension of an experiment's expressions. Goes out: `Call("pattern", (set, number))` and `Call("one_hot", (class, count))`:
one value for each unit.
"""

from __future__ import annotations

import string

from plasticdsl.check.terms.amounts import COUNT, Values, amount, constant
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate_as
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.model import Network
from plasticdsl.model.expr import Call, Ref
from plasticdsl.model.owners import OfPatterns
from plasticdsl.model.patterns import PatternSet, WrittenPatterns
from plasticdsl.syntax import tree


def shown(node: tree.Expr, context: Context, network: Network, constants: Values) -> Typed | None:
    """The meaning of a whole pattern or of `one_hot(…)`; None for everything else."""
    match node:
        case tree.Name(name=name) if context.scope.find(node) is None:
            base, underscore, number = name.rpartition("_")
            patterns = set_named(base, network) if underscore and number and set(number) <= set(string.digits) else None
            return None if patterns is None else _pattern(patterns, tree.Number(number, (), node.span), node, context, constants)
        case tree.Indexed(base=tree.Name(name=name), indices=(index,)):
            patterns = set_named(name, network)
            return None if patterns is None else _pattern(patterns, index, node, context, constants)
        case tree.Apply(function=tree.Name(name="one_hot") as function, primes=0) if context.scope.find(function) is None:
            return _one_hot(node, context, constants)
        case _:
            return None


def set_named(name: str, network: Network) -> PatternSet | None:
    """The set of patterns of this name."""
    return next((p for p in network.patterns if p.name == name), None)


def dimension_of(patterns: PatternSet, context: Context) -> Dim:
    """That of its entries; one still to be found where they are plain numbers."""
    return context.solver.of(patterns.dimension)


def _pattern(patterns: PatternSet, index: tree.Expr, node: tree.Expr, context: Context, constants: Values) -> Typed:
    context.report.means(tree.Name(patterns.name, patterns.symbol, node.span), patterns.span, "a set of patterns")
    which = amount(index, COUNT, "The number of a pattern", context, constants)
    number = constant(which, constants)
    count = float(len(patterns.source.rows)) if isinstance(patterns.source, WrittenPatterns) else None
    if number is not None and count and number > count:  # no rows: they could not be read
        message = f"‘{patterns.symbol}’ has the patterns 1 to {count:g}, so there is no number {number:g}."
        context.report.error("out-of-range", message, node.span)
    return Typed(Call("pattern", (Ref(OfPatterns(patterns.name), ""), which)), dimension_of(patterns, context))


def _one_hot(node: tree.Apply, context: Context, constants: Values) -> Typed:
    """`one_hot(k, n)`: n values, 1 for class k (from 0) and 0 for the others."""
    if len(node.arguments) != 2 or any(a.keyword is not None for a in node.arguments):
        message = f"‘one_hot’ takes 2 arguments, the number of the class (from 0) and how many there are, not {len(node.arguments)}."
        return context.refuse("wrong-number-of-arguments", message, node.span)
    which = translate_as(node.arguments[0].value, PURE, "The number of a class", context)
    count = amount(node.arguments[1].value, COUNT, "The number of classes", context, constants)
    return Typed(Call("one_hot", (which, count)), PURE)
