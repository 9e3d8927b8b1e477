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
from plasticdsl.syntax.numbers import check_power, constant, digits
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


def _number(parts: Parts) -> tree.Number:
    token: Token = parts[0]
    return tree.Number(digits(token.text), token.unit, token.span)


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


def sampled(value: tree.Expr, series: Parts) -> tree.OverTime:
    """`value every 0.5 ms linear`."""
    return tree.OverTime(value, series[1], len(series) == 3, value.span.to(span_of(series)))


def _sampled(parts: Parts) -> tree.Expr:
    """An argument with samples, `rate = d.r Hz every 10 ms`."""
    value, series = parts
    if isinstance(value, tree.Compare) and value.operators == ("=",):
        return replace(value, operands=(value.operands[0], sampled(value.operands[1], series)), span=span_of(parts))
    return sampled(value, series)


def _along(parts: Parts) -> tree.Along:
    """`E.V over time`."""
    item, _, axis = parts
    if axis.text != "time":
        hint = "What is compared or drawn over something else stands without a bracket behind it: ‘plot x.V over y.V’, ‘expect … over repeats’."
        raise Refusal("unexpected", axis.span, f"Within a statistic there is ‘over time’, not ‘over {axis.text}’.", hint)
    return tree.Along(item, span_of(parts))


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
    return tree.Group(items[0], span_of(parts), square=True) if len(items) == 1 else tree.Listing(items, span_of(parts))


def _average(parts: Parts) -> tree.Average:
    closing: Token = parts[2]
    if not closing.inner:
        return tree.Average(parts[1], None, span_of(parts))
    end = closing.span.end - closing.text.endswith("}")
    place = Span(end - len(closing.inner), end, closing.span.path)
    return tree.Average(parts[1], tree.Name(canonical(closing.inner), closing.inner, place), span_of(parts))


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
    power = constant(exponent)
    if isinstance(base, tree.Number) and base.unit and power is not None and power != round(power):
        message = "Whether the power is of ‘{0}’ or of its unit alone can be read in two ways."
        hint = Hint("Write ‘({0})^{1}’ for the power of all; of the unit: ‘a √(1 Hz)’.", ("({0})^{1}",), span_of(parts))
        raise Refusal("ambiguous-power", span_of(parts), message, hint, quoted=(base.span, exponent.span))
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


def _logic(parts: Parts) -> tree.Logic:
    return tree.Logic(parts[1].kind, tuple(parts[::2]), span_of(parts))


def _sum(parts: Parts) -> tree.Sum:
    """`Σ body`, `Σ_ij body` (every letter is an index of its own), `Σ_{…} body`."""
    head, body = parts[0], parts[-1]
    begin, path = head.span.end - len(head.inner), head.span.path
    letters = ((letter, Span(begin + i, begin + i + 1, path)) for i, letter in enumerate(head.inner))
    indices: list[tuple[tree.Name, tree.Expr | None]] = [
        (tree.Name(canonical(text).lstrip("_"), text, span), None) for text, span in letters
    ]
    conditions: list[tree.Expr] = []
    for part in parts[1:-2:2]:
        match part:
            case (name, over):
                indices.append((name, over))
            case tree.Name():
                indices.append((part, None))
            case _:
                conditions.append(part)
                bound = part.operands[0] if isinstance(part, tree.Compare) else None  # `j≠i` binds j
                if isinstance(bound, tree.Name) and all(bound.name != index.name for index, _ in indices):
                    indices.append((bound, None))
    where = conditions[0] if len(conditions) == 1 else tree.Logic("and", tuple(conditions), span_of(conditions)) if conditions else None
    return tree.Sum(tuple(index for index, _ in indices), tuple(over for _, over in indices), where, body, span_of(parts))


def _index(parts: Parts) -> Any:
    """`k ∈ population` binds k; anything else is a letter, or a condition."""
    only = parts[0]
    binds = isinstance(only, tree.Membership) and isinstance(only.element, tree.Name)
    return (only.element, only.whole) if binds else only


def _within(parts: Parts) -> tree.Within:
    drawn, _, _, low, _, high, _ = parts
    return tree.Within(drawn, low, high, span_of(parts))


def _right_side(parts: Parts) -> tree.Expr:
    only: tree.Expr | tree.Case = parts[0]
    return tree.Cases(tuple(parts[::2]), span_of(parts)) if isinstance(only, tree.Case) else only


EXPRESSIONS: Mapping[str, Callable[[Parts], Any]] = {
    "name": lambda parts: name_of(parts[0]),
    "number": _number,
    "member": lambda parts: tree.Member(parts[0], name_of(parts[2]), span_of(parts)),
    "limit": _limit,
    "transposed": lambda parts: tree.Transposed(parts[0], span_of(parts)),
    "indexed": lambda parts: tree.Indexed(parts[0], tuple(parts[2]), span_of(parts)),
    "items": lambda parts: parts[::2],
    "arguments": lambda parts: parts[::2],
    "series": lambda parts: parts,
    "sampled": _sampled,
    "along": _along,
    "each": lambda parts: name_of(parts[0]),
    "units": lambda parts: parts[::2],
    "within": _within,
    "up_to": lambda parts: tree.Interval(parts[0], parts[2], span_of(parts)),
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
    "added": lambda parts: tree.Binary(parts[1].kind, parts[0], parts[2], span_of(parts)),
    "compared": lambda parts: tree.Compare(tuple(parts[::2]), tuple(sign.kind for sign in parts[1::2]), span_of(parts)),
    "disjunction": _logic,
    "all_of": _logic,
    "sum": _sum,
    "membership": lambda parts: tree.Membership(parts[0], parts[2], span_of(parts)),
    "inside": lambda parts: tree.Inside(parts[0], parts[2], span_of(parts)),
    "index": _index,
    "case": lambda parts: tree.Case(parts[0], parts[2], span_of(parts)),
    "otherwise": lambda parts: tree.Case(parts[0], None, span_of(parts)),
    "right_side": _right_side,
}
