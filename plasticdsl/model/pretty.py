"""Expressions as one readable line, for comments in generated code and for `explain`."""

from __future__ import annotations

from plasticdsl.model.expr import At, Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, Special, SumOver

_LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_NEGATION = 3
_ATOM = 5


def pretty(expr: Expr) -> str:
    """ASCII text in the language's own notation; names as the model has them, numbers in SI."""
    return _text(expr)[0]


def _wrap(expr: Expr, least: int) -> str:
    text, level = _text(expr)
    return text if level >= least else f"({text})"


def _text(expr: Expr) -> tuple[str, int]:
    match expr:
        case Number(value):
            return _number(value), _ATOM if value >= 0 else _NEGATION
        case Ref(owner, name, limit):
            mark = {"": "", "before": "^-", "after": "^+"}[limit]
            return (f"{owner}.{name}" if owner not in ("", "network") else name) + mark, _ATOM
        case Special(name):
            return name, _ATOM
        case Binary(operator, left, right):
            level = _LEVEL[operator]
            tighter = level + 1
            between = operator if operator == "^" else f" {operator} "
            base = tighter if operator == "^" else level
            return f"{_wrap(left, base)}{between}{_wrap(right, level if operator in '+*' else tighter)}", level
        case Negate(operand):
            return f"-{_wrap(operand, _NEGATION)}", _NEGATION
        case Call(function, arguments):
            return f"{function}({', '.join(pretty(a) for a in arguments)})", _ATOM
        case Compare(operator, left, right):
            return f"{_wrap(left, 1)} {operator} {_wrap(right, 1)}", 0
        case Logic("not", (operand,)):
            return f"not ({pretty(operand)})", 0
        case Logic(operator, operands):
            return f" {operator} ".join(f"({pretty(o)})" if isinstance(o, Logic) else pretty(o) for o in operands), 0
        case Choice(branches, otherwise):
            cases = "; ".join(f"{pretty(value)} if {pretty(condition)}" for condition, value in branches)
            return f"{{{cases}; {pretty(otherwise)} otherwise}}", _ATOM
        case At(ref, indices):
            return f"{_text(ref)[0]}[{', '.join(indices)}]", _ATOM
        case SumOver(indices, _, body, where):
            condition = f"; {pretty(where)}" if where is not None else ""
            return f"Sum[{','.join(indices)}{condition}] {_wrap(body, 2)}", 2


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
