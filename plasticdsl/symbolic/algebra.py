"""Arithmetic on expressions that keeps them small and in the author's order.

Comes in: expressions of the checked model. Goes out: expressions of the same value in which sums with 0, products with 0 and 1, double
signs and arithmetic between plain numbers are gone. Nothing is reordered or expanded. Without sympy.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, children, rebuild, substitute
from plasticdsl.model.owners import Whose
from plasticdsl.source import NOWHERE, Span

ZERO = Number(0.0)
ONE = Number(1.0)

MAX_NODES = 50_000
MAX_DEPTH = 230


def is_number(expr: Expr, value: float) -> bool:
    """Whether `expr` is the literal `value`."""
    return isinstance(expr, Number) and expr.value == value


def neg(a: Expr) -> Expr:
    """−a."""
    match a:
        case Number(value):
            return Number(-value) if value else ZERO
        case Negate(operand):
            return operand
        case Binary("-", left, right):
            return Binary("-", right, left)
        case Binary("*" | "/" as operator, Number(value), right):
            return Binary(operator, Number(-value), right)
        case _:
            return Negate(a)


def add(a: Expr, b: Expr) -> Expr:
    """a + b."""
    if is_number(a, 0.0):
        return b
    if is_number(b, 0.0):
        return a
    match a, b:
        case Number(x), Number(y) if math.isfinite(x + y):
            return Number(x + y)
        case _, Negate(y):
            return Binary("-", a, y)
        case Negate(x), _:
            return Binary("-", b, x)
        case _:
            return Binary("+", a, b)


def sub(a: Expr, b: Expr) -> Expr:
    """a − b."""
    if is_number(b, 0.0):
        return a
    if is_number(a, 0.0):
        return neg(b)
    match a, b:
        case Number(x), Number(y) if math.isfinite(x - y):
            return Number(x - y)
        case _, Negate(y):
            return add(a, y)
        case _:
            return Binary("-", a, b)


def mul(a: Expr, b: Expr) -> Expr:
    """a b."""
    if is_number(a, 0.0) or is_number(b, 0.0):
        return ZERO
    match a, b:
        case Number(x), Number(y) if math.isfinite(x * y):
            return Number(x * y)
        case Number(1.0), other:
            return other
        case other, Number(1.0):
            return other
        case Number(-1.0), other:
            return neg(other)
        case other, Number(-1.0):
            return neg(other)
        case Negate(x), Negate(y):
            return mul(x, y)
        case Negate(x), y:
            return neg(mul(x, y))
        case x, Negate(y):
            return neg(mul(x, y))
        case _:
            return Binary("*", a, b)


def div(a: Expr, b: Expr) -> Expr:
    """a / b."""
    match a, b:
        case Number(x), Number(y) if y and math.isfinite(x / y):
            return Number(x / y)
        case Number(0.0), _:
            return ZERO
        case _, Number(1.0):
            return a
        case _, Number(-1.0):
            return neg(a)
        case _, Binary("/", Number(y), d) if abs(y) == 1.0:
            return mul(mul(a, d), Number(y))
        case Negate(x), Negate(y):
            return div(x, y)
        case Negate(x), _:
            return neg(div(x, b))
        case _, Negate(y):
            return neg(div(a, y))
        case _:
            return Binary("/", a, b)


def power(a: Expr, b: Expr) -> Expr:
    """a to the power b."""
    if is_number(b, 0.0):
        return ONE
    if is_number(b, 1.0):
        return a
    match a, b:
        case Number(x), Number(y):
            return _number_power(x, y)
        case _:
            return Binary("^", a, b)


def _number_power(x: float, y: float) -> Expr:
    try:
        value = math.pow(x, y)
    except (OverflowError, ValueError):
        value = math.nan
    return Number(value) if math.isfinite(value) else Binary("^", Number(x), Number(y))


def calling(function: str) -> Callable[[Expr], Expr]:
    """From an argument to the call."""
    return lambda argument: Call(function, (argument,))


def choice(branches: tuple[tuple[Expr, Expr], ...], otherwise: Expr) -> Expr:
    """The first branch whose condition holds; a single value where all branches agree."""
    if all(value == otherwise for _, value in branches):
        return otherwise
    return Choice(branches, otherwise)


def fold(expr: Expr) -> Expr:
    """`expr` with arithmetic on plain numbers, sums with 0, products with 0 and 1 and decided cases carried out; the rest stays as written."""
    new = rebuild(expr, fold)
    match new:
        case Binary(operator, left, right) if isinstance(left, Number) or isinstance(right, Number):
            return OPERATIONS[operator](left, right)
        case Negate(Number() | Negate() as operand):
            return neg(operand)
        case Choice(branches, otherwise):
            return _fold_choice(branches, otherwise)
        case Call("exp" | "cos" | "cosh", (Number(0.0),)):
            return ONE
        case _:
            return new


OPERATIONS: Mapping[str, Callable[[Expr, Expr], Expr]] = {"+": add, "-": sub, "*": mul, "/": div, "^": power}


def _fold_choice(branches: tuple[tuple[Expr, Expr], ...], otherwise: Expr) -> Expr:
    kept: list[tuple[Expr, Expr]] = []
    for condition, value in branches:
        decided = decide(condition)
        if decided is True:
            return choice(tuple(kept), value)
        if decided is None:
            kept.append((condition, value))
    return choice(tuple(kept), otherwise) if kept else otherwise


def decide(condition: Expr) -> bool | None:
    """Whether a condition holds whatever the variables are (None: it depends on them)."""
    match condition:
        case Compare(operator, Number(x), Number(y)):
            return compare(operator, x, y)
        case Compare(operator, left, right) if left == right:
            return operator in ("<=", ">=", "==")
        case Logic("not", (operand,)):
            inner = decide(operand)
            return None if inner is None else not inner
        case Logic(connective, operands):
            found = [decide(o) for o in operands]
            absorbing = connective == "or"
            if absorbing in found:
                return absorbing
            return None if None in found else not absorbing
        case _:
            return None


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def compare(comparison: str, x: float, y: float) -> bool:
    """`x comparison y`."""
    return _COMPARISONS[comparison](x, y)


# --- size ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Extent:
    """Nodes of an expression as a tree, and its depth."""

    nodes: int
    depth: int


def extent(expr: Expr, known: Mapping[Expr, Extent] | None = None) -> Extent:
    """The size `expr` has once the nodes in `known` are replaced by expressions of the sizes given. Does not recurse."""
    nodes, deepest = 0, 0
    todo = [(expr, 1)]
    while todo:
        node, depth = todo.pop()
        inside = known.get(node) if known is not None and isinstance(node, Ref) else None
        nodes += inside.nodes if inside else 1
        deepest = max(deepest, depth - 1 + (inside.depth if inside else 1))
        todo.extend((child, depth + 1) for child in children(node))
    return Extent(nodes, deepest)


def check_extent(size: Extent, what: str, span: Span = NOWHERE) -> None:
    """Refuse what would take for ever or overflow the stack; raises `PlasError` (`expression-too-large`)."""
    if size.nodes <= MAX_NODES and size.depth <= MAX_DEPTH:
        return
    message = f"{what} is too large: {size.nodes} parts, {size.depth} deep, once the definitions it uses are written out."
    hint = f"At most {MAX_NODES} parts and {MAX_DEPTH} levels; make an intermediate quantity a variable of its own."
    raise PlasError((Diagnostic("expression-too-large", message, span, hint),))


def written_out(definitions: Mapping[str, Expr]) -> Mapping[Expr, Expr]:
    """Each definition (in an order in which each depends only on earlier ones) in terms of no other definition.

    Raises `PlasError` (`expression-too-large`) instead of growing beyond all bounds.
    """
    values: dict[Expr, Expr] = {}
    sizes: dict[Expr, Extent] = {}
    for name, value in definitions.items():
        size = extent(value, sizes)
        check_extent(size, f"The definition of {name}")
        sizes[Ref(Whose.OWN, name)] = size
        values[Ref(Whose.OWN, name)] = substitute(value, values)
    return values
