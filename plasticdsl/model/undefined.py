"""Where a condition has no answer: one of the comparisons that decide it is with something that is no number."""

from __future__ import annotations

from collections.abc import Callable

from plasticdsl.model.expr import Binary, Call, Compare, Expr, Logic, Number, joined, walk

#: What may be no number for finite arguments.
_PARTIAL = frozenset(("log", "log10", "log1p", "sqrt", "arcsin", "arccos", "mod"))


def may_be_undefined(expr: Expr) -> bool:
    """Whether it may be no number where everything that it reads is finite: 0/0, √−1, log −1."""
    return any(_is_partial(node) for node in walk(expr))


def _is_partial(node: Expr) -> bool:
    match node:
        case Call(function, _):
            return function in _PARTIAL
        case Binary("/", _, Number(value)):
            return value == 0.0
        case Binary("/", _, _):
            return True
        case Binary("^", _, Number(value)):
            return not value.is_integer()
        case Binary("^", _, _):
            return True
        case _:
            return False


def undefined(condition: Expr, may_be: Callable[[Expr], bool] = lambda _: True) -> Expr | None:
    """Where it has no answer; None where that is nowhere. `may_be`: whether one side of a comparison may be no number. What a part before has decided
    is not asked any more: `t > 0 and √t > 1`."""
    match condition:
        case Compare(_, left, right):
            sides = tuple(Compare("!=", side, side) for side in (left, right) if may_be(side))
            return _any(sides)
        case Logic("not", (operand,)):
            return undefined(operand, may_be)
        case Logic(operator, operands):
            found: list[Expr] = []
            for number, operand in enumerate(operands):
                own = undefined(operand, may_be)
                if own is not None:
                    before = tuple(o if operator == "and" else Logic("not", (o,)) for o in operands[:number])
                    found.append(Logic("and", (*before, own)) if before else own)
            return _any(tuple(found))
        case _:
            return None


def _any(parts: tuple[Expr, ...]) -> Expr | None:
    return None if not parts else joined("or", parts)
