"""Expressions as one readable line: for comments in generated code, for `explain` and for messages.

Comes in: an expression. Goes out: text in the model's own terms, `(E_L - V)/tau_m`; with no more brackets than its meaning needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from plasticdsl.model.expr import (
    At,
    Binary,
    Call,
    Choice,
    Compare,
    Drawn,
    Expr,
    Incoming,
    InPlan,
    Leaf,
    Logic,
    Negate,
    Number,
    Ref,
    Special,
    SumOver,
)
from plasticdsl.model.owners import Whose

_CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(10)
_LEVEL = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "^": _POWER}
_LIMITS = {"": "", "before": "⁻", "after": "⁺"}
_PLAIN_OWNERS = (Whose.OWN, Whose.NETWORK)


def pretty(expr: Expr) -> str:
    """`expr` in ASCII, but for the marks of limits (`r⁻`)."""
    return _shown(expr)[0]


def number(value: float) -> str:
    """The shortest text that reads back as `value`; whole numbers without a fraction."""
    if abs(value) < 1e16 and value == int(value):
        return str(int(value))
    return repr(value)


def _shown(expr: Expr) -> tuple[str, int]:
    """Text, and how tightly its outermost operation binds."""
    match expr:
        case Number(value):
            return number(value), _SIGN if value < 0 else _ATOM
        case Ref():
            return _name(expr), _ATOM
        case InPlan(what, name):
            return name + {"shadow": "⁻", "forecast": "⁺"}.get(what, ""), _ATOM
        case Leaf():
            return str(expr), _ATOM
        case Special(name):
            return "t_post - t_pre" if name == "lag" else name, _SUM if name == "lag" else _ATOM
        case At(ref, indices):
            return f"{_name(ref)}[{', '.join(indices)}]", _ATOM
        case Binary():
            return _binary(expr)
        case Negate(operand):
            return f"-{_within(operand, _SIGN)}", _SIGN
        case Call("pick", (array, *numbers)):
            return f"{pretty(array)}[{', '.join(pretty(n) for n in numbers)}]", _ATOM
        case Call(function, arguments):
            return f"{function}({', '.join(pretty(a) for a in arguments)})", _ATOM
        case Compare(operator, left, right):
            return f"{_within(left, _SUM)} {operator} {_within(right, _SUM)}", _COMPARE
        case Logic(connective, operands):
            return _logic(connective, operands)
        case Choice(branches, otherwise):
            cases = [f"{_within(value, _OR)} if {_within(condition, _OR)}" for condition, value in branches]
            return f"{' else '.join(cases)} else {_within(otherwise, _CHOICE)}", _CHOICE
        case SumOver() | Incoming():
            return _sum(expr), _PRODUCT
        case Drawn(distribution, arguments, ends):
            cut = f" in [{', '.join(pretty(e) for e in ends)}]" if ends else ""
            return f"{distribution}({', '.join(pretty(a) for a in arguments)}){cut}", _COMPARE if ends else _ATOM
        case _:
            assert_never(expr)


def _name(ref: Ref) -> str:
    return (ref.name if ref.owner in _PLAIN_OWNERS else ref.path) + _LIMITS[ref.limit]


def _within(expr: Expr, least: int) -> str:
    text, level = _shown(expr)
    return text if level >= least else f"({text})"


def _binary(expr: Binary) -> tuple[str, int]:
    """A chain that hangs to the left is written without recursion, so that long sums do not exhaust the stack."""
    links = [expr]
    while isinstance(links[-1].left, Binary):
        links.append(links[-1].left)
    text, level = _shown(links[-1].left)
    for link in reversed(links):
        sign = link.operator if link.operator in "/^" else f" {link.operator} "
        own = _LEVEL[link.operator]
        left = text if level > own or (level == own and own != _POWER) else f"({text})"
        right = _within(link.right, own if link.operator in "+*" or own == _POWER else own + 1)
        text, level = f"{left}{sign}{right}", own
    return text, level


def _sum(expr: SumOver | Incoming) -> str:
    if isinstance(expr, Incoming):
        return f"Sum[incoming] {_within(expr.body, _PRODUCT)}"
    condition = "" if expr.where is None else f", {pretty(expr.where)}"
    return f"Sum[{', '.join(expr.indices)}{condition}] {_within(expr.body, _PRODUCT)}"


def _logic(connective: str, operands: Sequence[Expr]) -> tuple[str, int]:
    if connective == "not":
        return f"not {_within(operands[0], _NOT)}", _NOT
    level, least = (_AND, _NOT) if connective == "and" else (_OR, _AND)
    return f" {connective} ".join(_within(o, least) for o in operands), level
