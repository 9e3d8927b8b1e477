"""From what the grammar found to expression nodes: one function per rule of the section "expressions".

Each function gets the list of what the rule matched, signs included (`Token`) and inner parts already built, and returns a
node of `tree`. `EXPRESSIONS` maps the rule's name to its function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.names import canonical
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.numbers import check_power, digits
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tokens import Token
from plasticdsl.units.table import SUPERSCRIPTS

Parts = list[Any]

_LARGEST_SUPERSCRIPT = 6


def span_of(parts: Parts) -> Span:
    """From the first to the last of the parts; what a list of names or items gave is a part of its own."""
    first: Span = parts[0].span
    last = parts[-1]
    return first.to(span_of(last) if isinstance(last, list) else last.span)


def name_of(token: Token) -> tree.Name:
    """The node of a name token (also of a called one)."""
    span = Span(token.span.start, token.span.end - len(token.inner), token.span.path) if token.kind == "CALLED" else token.span
    return tree.Name(canonical(token.text), token.text, span)


def part_of_name(text: str, end: int, path: str) -> tree.Name:
    """A name that is the end of a longer token, as `τ` in `⟩_τ`."""
    return tree.Name(canonical(text), text, Span(end - len(text), end, path))


def _number(parts: Parts) -> tree.Number:
    token: Token = parts[0]
    return tree.Number(digits(token.text), token.unit, token.span)


def _member(parts: Parts) -> tree.Member:
    base, _, attribute = parts
    return tree.Member(base, name_of(attribute), span_of(parts))


def _limit(parts: Parts) -> tree.Limit:
    name, sign = parts
    text = name.text + sign.text
    whole = tree.Name(canonical(text), text, span_of(parts))
    return tree.Limit(name_of(name), "before" if sign.text == "⁻" else "after", whole, span_of(parts))


def count_and_name(number: tree.Number) -> tuple[tree.Number, tree.Name] | None:
    """`5 C` where it can only be five of something called C: the number and the name; None where no single word follows the number."""
    match number:
        case tree.Number(text=digits, unit=((word, 1),), span=span) if word[0].isalpha():
            middle = span.end - len(word)
            return tree.Number(digits, (), replace(span, end=middle)), tree.Name(canonical(word), word, replace(span, start=middle))
        case _:
            return None


def argument(value: tree.Expr) -> tree.Argument:
    """`rate = 10 Hz` is read as a comparison first; as an argument it is a keyword."""
    if isinstance(value, tree.Compare) and value.operators == ("=",) and isinstance(value.operands[0], tree.Name):
        return tree.Argument(value.operands[0], value.operands[1], value.span)
    return tree.Argument(None, value, value.span)


def _applied(parts: Parts) -> tree.Expr:
    """`f(…)` or `base.f(…)`; the ASCII spellings of signs become the nodes of the signs."""
    called = next(i for i, part in enumerate(parts) if isinstance(part, Token) and part.kind == "CALLED")
    token = parts[called]
    arguments = tuple(argument(value) for value in parts[called + 2]) if len(parts) == called + 4 else ()
    function = name_of(token)
    span = span_of(parts)
    if called:
        base = parts[0]
        return tree.Apply(tree.Member(base, function, base.span.to(function.span)), arguments, len(token.inner), span)
    if not token.inner and all(a.keyword is None for a in arguments):
        values = tuple(a.value for a in arguments)
        spelled = _ascii_sign(function.name, values, span)
        if spelled is not None:
            return spelled
    return tree.Apply(function, arguments, len(token.inner), span)


def _ascii_sign(name: str, values: tuple[tree.Expr, ...], span: Span) -> tree.Expr | None:
    match name, values:
        case "avg", (body,):
            return tree.Average(body, None, span)
        case "avg", (body, constant):
            return tree.Average(body, constant, span)
        case "grad", (of, by):
            return tree.Partial(of, by, span)
        case "pos" | "abs", (operand,):
            return tree.Unary(name, operand, span)
        case "transpose", (operand,):
            return tree.Transposed(operand, span)
        case _:
            return None


def _list(parts: Parts) -> tree.Expr:
    items: tuple[tree.Expr, ...] = (parts[1], *parts[3]) if len(parts) == 5 else tuple(parts[1])
    return tree.Group(items[0], span_of(parts)) if len(items) == 1 else tree.Listing(items, span_of(parts))


def _average(parts: Parts) -> tree.Average:
    closing: Token = parts[2]
    end = closing.span.end - closing.text.endswith("}")
    constant = part_of_name(closing.inner, end, closing.span.path) if closing.inner else None
    return tree.Average(parts[1], constant, span_of(parts))


def _root(parts: Parts) -> tree.Apply:
    """`√x` is `sqrt(x)`."""
    sign: Token = parts[0]
    operand = _operand(parts[1])
    inside = operand.inner if isinstance(operand, tree.Group) else operand
    return tree.Apply(tree.Name("sqrt", sign.text, sign.span), (tree.Argument(None, inside, inside.span),), 0, span_of(parts))


def _raised(parts: Parts) -> tree.Binary:
    base = _operand(parts[0])
    exponent = _superscript(parts[1]) if len(parts) == 2 else _operand(parts[2])
    check_power(base, exponent)
    return tree.Binary("^", base, exponent, span_of(parts))


def _superscript(token: Token) -> tree.Expr:
    text = token.text.translate(SUPERSCRIPTS)
    if len(text) > _LARGEST_SUPERSCRIPT:
        raise Refusal("number-out-of-range", token.span, "This exponent is too large to be meant.")
    if text[0] == "-":
        return tree.Unary("-", tree.Number(text[1:], (), token.span), token.span)
    return tree.Number(text.lstrip("+"), (), token.span)


def _operand(part: Any) -> Any:
    return _number([part]) if isinstance(part, Token) else part


def _negative(parts: Parts) -> tree.Expr:
    """A sign before something; a plus says nothing and is dropped."""
    sign: Token = parts[0]
    operand: tree.Expr = _operand(parts[1])
    return tree.Unary("-", operand, span_of(parts)) if sign.kind == "-" else operand


def _multiplied(parts: Parts) -> tree.Binary:
    left, sign, right = parts
    bare = right.operand if isinstance(right, tree.Unary) and right.operator == "-" else right
    if sign.kind == "/" and isinstance(bare, tree.Binary) and bare.implicit:
        first = bare.left
        while isinstance(first, tree.Binary) and first.implicit:
            first = first.left
        rest = Span(first.span.end, right.span.end, right.span.path)
        refuse_division(left.span, Span(right.span.start, first.span.end, right.span.path), rest)
    return tree.Binary(sign.kind, left, right, span_of(parts))


def refuse_division(over: Span, first: Span, rest: Span) -> None:
    """Raises `Refusal` for `a / b c d`."""
    texts = ("({0} / {1}) {2}", "{0} / ({1} {2})")
    message = "‘{0} / {1} {2}’ can be read in two ways."
    hint = Hint(f"Write ‘{texts[0]}’ or ‘{texts[1]}’.", texts)
    raise Refusal("ambiguous-product", over.to(rest), message, hint, quoted=(over, first, rest))


def _added(parts: Parts) -> tree.Expr:
    result: tree.Expr = parts[0]
    for sign, right in zip(parts[1::2], parts[2::2], strict=True):
        result = tree.Binary(sign.kind, result, right, result.span.to(right.span))
    return result


def _logic(parts: Parts) -> tree.Logic:
    return tree.Logic(parts[1].kind, tuple(parts[::2]), span_of(parts))


def _sum(parts: Parts) -> tree.Sum:
    head: Token = parts[0]
    body = parts[-1]
    span = head.span.to(body.span)
    if head.kind == "SUM":
        return tree.Sum((), (), None, body, span)
    if head.kind == "SUM_OVER":
        return _sum_over_letters(head, body, span)
    indices: list[tree.Name] = []
    sets: list[tree.Expr | None] = []
    conditions: list[tree.Expr] = []
    for part in parts[1:-2:2]:
        _add_index(part, indices, sets, conditions)
    where = conditions[0] if len(conditions) == 1 else None
    if len(conditions) > 1:
        where = tree.Logic("and", tuple(conditions), conditions[0].span.to(conditions[-1].span))
    return tree.Sum(tuple(indices), tuple(sets), where, body, span)


def _sum_over_letters(head: Token, body: tree.Expr, span: Span) -> tree.Sum:
    """`Σ_ij`: every letter is an index of its own."""
    start = head.span.end - len(head.inner)
    indices = tuple(
        tree.Name(_index_name(letter), letter, Span(start + i, start + i + 1, span.path)) for i, letter in enumerate(head.inner)
    )
    return tree.Sum(indices, (None,) * len(indices), None, body, span)


def _index_name(letter: str) -> str:
    return canonical(letter).lstrip("_")


def _add_index(
    part: tree.Expr | tuple[tree.Name, tree.Expr],
    indices: list[tree.Name],
    sets: list[tree.Expr | None],
    conditions: list[tree.Expr],
) -> None:
    """One part of `Σ_{…}`: an index, an index with its set, or a condition (which binds its left name: `j≠i` binds j)."""
    if isinstance(part, tuple):
        indices.append(part[0])
        sets.append(part[1])
    elif isinstance(part, tree.Name):
        indices.append(part)
        sets.append(None)
    else:
        if isinstance(part, tree.Compare) and isinstance(part.operands[0], tree.Name):
            bound = part.operands[0]
            if all(bound.name != index.name for index in indices):
                indices.append(bound)
                sets.append(None)
        conditions.append(part)


def _right_side(parts: Parts) -> tree.Expr:
    if len(parts) == 1 and not isinstance(parts[0], tree.Case):
        value: tree.Expr = parts[0]
        return value
    cases = tuple(parts[::2])
    return tree.Cases(cases, span_of(parts))


EXPRESSIONS: Mapping[str, Callable[[Parts], Any]] = {
    "name": lambda parts: name_of(parts[0]),
    "number": _number,
    "member": _member,
    "limit": _limit,
    "transposed": lambda parts: tree.Transposed(parts[0], span_of(parts)),
    "indexed": lambda parts: tree.Indexed(parts[0], tuple(parts[2]), span_of(parts)),
    "items": lambda parts: parts[::2],
    "applied": _applied,
    "group": lambda parts: tree.Group(parts[1], span_of(parts)),
    "list": _list,
    "rectified": lambda parts: tree.Unary("pos", parts[1], span_of(parts)),
    "absolute": lambda parts: tree.Unary("abs", parts[1], span_of(parts)),
    "average": _average,
    "partial": lambda parts: tree.Partial(parts[1], parts[4], span_of(parts)),
    "root": _root,
    "raised": _raised,
    "number_raised": _raised,
    "negative_exponent": _negative,
    "sign": _negative,
    "signed_chain": _negative,
    "negated": lambda parts: tree.Unary("not", parts[1], span_of(parts)),
    "juxtaposed": lambda parts: tree.Binary("*", parts[0], parts[1], span_of(parts), implicit=True),
    "multiplied": _multiplied,
    "added": _added,
    "compared": lambda parts: tree.Compare(tuple(parts[::2]), tuple(sign.kind for sign in parts[1::2]), span_of(parts)),
    "disjunction": _logic,
    "all_of": _logic,
    "sum": _sum,
    "index": lambda parts: parts[0] if len(parts) == 1 else (name_of(parts[0]), parts[2]),
    "case": lambda parts: tree.Case(parts[0], parts[2], span_of(parts)),
    "otherwise": lambda parts: tree.Case(parts[0], None, span_of(parts)),
    "right_side": _right_side,
}
