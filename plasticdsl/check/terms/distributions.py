"""What stands after `~`: `N(20 ms, 2 ms)` → a model `Distribution` and the dimension of what is drawn.

Every distribution is described by quantities in the unit of what it draws: `N(mean, sd)`, `U(low, high)`, `Gamma(shape, scale)`,
`LogN(mean, sd)` (mean and standard deviation of the drawn value itself, not of its logarithm), `Exp(mean)`; counts and flags are pure
numbers: `Bernoulli(p)`, `Binomial(n, p)`, `Poisson(mean)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.mismatch import require_dimension, require_same
from plasticdsl.check.terms.scope import DISTRIBUTIONS
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Distribution, Value
from plasticdsl.model.expr import Expr, Number
from plasticdsl.syntax import tree
from plasticdsl.units.display import counted

#: Arguments that are pure numbers; the others have the dimension of what is drawn.
_PURE = frozenset((("Gamma", "shape"), ("Bernoulli", "p"), ("Binomial", "n"), ("Binomial", "p"), ("Poisson", "mean")))
_LONG_NAMES = {"normal": "N", "gaussian": "N", "gauss": "N", "uniform": "U", "lognormal": "LogN", "exponential": "Exp"}
#: What stands for one that has been reported.
_UNKNOWN = Distribution("N", (Number(0.0), Number(0.0)))
_COUNTS = frozenset(("Bernoulli", "Binomial", "Poisson"))


def distribution(node: tree.Expr, context: Context) -> tuple[Distribution, Dim]:
    """The distribution written as `node` and the dimension of its values; the names of distributions hold only here."""
    if isinstance(node, tree.Within):
        drawn, dim = distribution(node.drawn, context)
        return replace(
            drawn, arguments=(*drawn.arguments, *(_end(end, sign, node, dim, context) for end, sign in ((node.low, -1), (node.high, 1))))
        ), dim
    if not isinstance(node, tree.Apply) or not isinstance(node.function, tree.Name) or node.primes:
        words = f"Write one of {', '.join(f'{name}(…)' for name in DISTRIBUTIONS)}."
        context.report.error("unknown-distribution", "A distribution is needed here.", node.span, words)
        return _UNKNOWN, context.solver.fresh()
    if node.function.name not in DISTRIBUTIONS:
        name = _LONG_NAMES.get(node.function.name.lower(), node.function.name)
        hint = did_you_mean(name, DISTRIBUTIONS, "There are")
        context.report.error("unknown-distribution", f"There is no distribution ‘{node.function.text}’.", node.function.span, hint)
        return _UNKNOWN, context.solver.fresh()
    return _arguments(node, node.function.name, context)


def _end(node: tree.Expr, sign: int, cut: tree.Within, dim: Dim, context: Context) -> Expr:
    if is_infinite(node, context):
        return Number(sign * math.inf)
    value = translate_number(node, context)
    require_same(cut.drawn, dim, node, value.dim, context, "be compared")
    return value.expr


def is_infinite(node: tree.Expr, context: Context) -> bool:
    """Whether it is ∞ or −∞."""
    inner = node.operand if isinstance(node, tree.Unary) else node
    return isinstance(inner, tree.Name) and inner.name == "inf" and context.scope.find("inf") is None


def _arguments(node: tree.Apply, name: str, context: Context) -> tuple[Distribution, Dim]:
    names = DISTRIBUTIONS[name]
    given, others = named_arguments(node.arguments, names)
    if others or len(given) < len(names):
        message = f"‘{name}’ takes {counted(len(names), 'argument')}: {name}({', '.join(names)})."
        context.report.error("wrong-number-of-arguments", message, node.span)
        return _UNKNOWN, context.solver.fresh()
    ordered = [given[argument] for argument in names]
    values = [translate_number(n, context) for n in ordered]
    sized: list[int] = []
    for i, argument in enumerate(names):
        if (name, argument) in _PURE:
            require_dimension(ordered[i], values[i].dim, PURE, f"The {argument} of {name}(…)", context)
        else:
            sized.append(i)
    for first, second in pairwise(sized):
        require_same(ordered[first], values[first].dim, ordered[second], values[second].dim, context, f"stand together in {name}(…)")
    dim = PURE if name in _COUNTS else values[sized[-1]].dim
    return Distribution(name, tuple(v.expr for v in values)), dim


def named_arguments(arguments: Sequence[tree.Argument], names: Sequence[str]) -> tuple[dict[str, tree.Expr], list[tree.Argument]]:
    """What is given for each of `names`, by place or by keyword; and the arguments that fit none of them."""
    found: dict[str, tree.Expr] = {}
    others: list[tree.Argument] = []
    for i, argument in enumerate(arguments):
        name = argument.keyword.name if argument.keyword is not None else names[i] if i < len(names) else ""
        if name in names and name not in found:
            found[name] = argument.value
        else:
            others.append(argument)
    return found, others


def value_or_draw(node: tree.Expr, drawn: bool, context: Context) -> tuple[Value, Dim]:
    """What stands after `=`, or (`drawn`) after `~`, with its dimension."""
    if drawn:
        return distribution(node, context)
    found = translate_number(node, context)
    return found.expr, found.dim
