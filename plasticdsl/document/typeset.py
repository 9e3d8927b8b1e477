"""Expressions as they were written become formulas: quotients stand above each other, powers are raised, `post.V` is a V that says whose it is.

Nothing is worked out or put in another order, so that every number of the text is in the formula. Brackets that only group are left out where a line of a
quotient, a root or a raised exponent says the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.document.formula import (
    Cases,
    Digits,
    Fenced,
    Formula,
    Fraction,
    Letter,
    Measure,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Total,
    Upright,
)
from plasticdsl.document.symbols import symbol
from plasticdsl.syntax import tree

_RELATIONS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "=": "=", "!=": "≠"}
THIN = Sign("", Space.THIN)


def relation(text: str) -> Sign:
    """A sign between two sides."""
    return Sign(text, Space.RELATION)


def operator(text: str) -> Sign:
    """A sign between two terms."""
    return Sign(text, Space.OPERATOR)


COMMA = Sign(",", Space.AFTER)
_EQUALS = relation("=")


def words(text: str) -> Upright:
    """Words between formulas, with blanks around them."""
    return Upright(f"\u00a0{text}\u00a0")


def separated(parts: Sequence[Formula], by: Formula = COMMA) -> Formula:
    """One after the other with a sign between."""
    if len(parts) == 1:
        return parts[0]
    return Row(tuple(piece for number, part in enumerate(parts) for piece in ((by, part) if number else (part,))))


def typeset(expr: tree.Expr) -> Formula:
    """The formula of an expression."""
    match expr:
        case tree.Number():
            return number(expr)
        case tree.Name(text=text):
            return symbol(text)
        case tree.Member(base=base, attribute=attribute):
            return _of(symbol(attribute.text), base)
        case tree.Limit(operand=operand, side=side):
            return raised(symbol(operand.text), Sign("−" if side == "before" else "+"))
        case tree.Apply():
            return _apply(expr)
        case tree.Unary():
            return _unary(expr)
        case tree.Binary():
            return _binary(expr)
        case tree.Group(inner=inner, square=square):
            return Fenced("[" if square else "(", typeset(inner), "]" if square else ")")
        case tree.Cases(cases=cases):
            return Cases(tuple((typeset(c.value), None if c.condition is None else typeset(c.condition)) for c in cases))
        case tree.Average(body=body, constant=constant):
            return Script(Fenced("⟨", typeset(body), "⟩"), None if constant is None else typeset(constant))
        case tree.Sum():
            return _sum(expr)
        case tree.Partial(of=of, by=by):
            return Fraction(Row((Letter("∂"), typeset(of))), Row((Letter("∂"), typeset(by))))
        case tree.Transposed(operand=operand):
            return raised(typeset(operand), Sign("⊤"))
        case tree.Compare() | tree.Membership() | tree.Inside() | tree.Logic():
            return _condition(expr)
        case _:
            return _several(expr)


Condition = tree.Compare | tree.Membership | tree.Inside | tree.Logic
Several = tree.Indexed | tree.Interval | tree.Within | tree.AtSpikes | tree.Along | tree.Listing | tree.OverTime


def _condition(expr: Condition) -> Formula:
    match expr:
        case tree.Compare(operands=operands, operators=operators):
            rest = (part for sign, one in zip(operators, operands[1:], strict=True) for part in (relation(_RELATIONS[sign]), typeset(one)))
            return Row((typeset(operands[0]), *rest))
        case tree.Membership(element=element, whole=whole):
            return Row((typeset(element), relation("∈"), typeset(whole)))
        case tree.Inside(point=point, polygon=polygon):
            return Row((typeset(point), words("inside"), typeset(polygon)))
        case tree.Logic(operator=connective, operands=operands):
            return separated([typeset(o) for o in operands], words(connective))


def _several(expr: Several) -> Formula:
    """What chooses, or has several values."""
    match expr:
        case tree.Indexed(base=base, indices=indices):
            return Row((typeset(base), Fenced("[", separated([typeset(i) for i in indices]), "]")))
        case tree.Interval(low=low, high=high):
            return _range(low, high)
        case tree.Within(drawn=drawn, low=low, high=high):
            return Row((typeset(drawn), relation("∈"), interval(low, high)))
        case tree.AtSpikes(item=item, of=of):
            return Row((typeset(item), words("at spikes"), *(() if of is None else (words("of"), typeset(of)))))
        case tree.Along(item=item):
            return Row((typeset(item), words("over time")))
        case tree.Listing(items=items):
            return Fenced("[", separated([typeset(item) for item in items]), "]")
        case tree.OverTime():
            return _over_time(expr)


def number(written: tree.Number) -> Formula:
    """Digits and unit; ½ is a quotient."""
    top, _, below = written.text.partition("/")
    digits: Formula = Fraction(Digits(top), Digits(below)) if below else Digits(top)
    if not written.unit:
        return digits
    return Row((digits, THIN, Measure(written.unit)))


def interval(low: tree.Expr, high: tree.Expr) -> Formula:
    """Between two ends."""
    return Fenced("[", separated([typeset(low), typeset(high)]), "]")


def raised(base: Formula, by: Formula) -> Formula:
    """The base with something above it; in brackets where something is there already."""
    if isinstance(base, Script) and base.above is None:
        return Script(base.base, base.below, by)
    return Script(_atom(base), None, by)


def bare(expr: tree.Expr) -> Formula:
    """The formula without brackets around all of it."""
    return bare(expr.inner) if isinstance(expr, tree.Group) else typeset(expr)


def is_sum(expr: tree.Expr) -> bool:
    """Whether a sign before it would bind its first term alone."""
    return isinstance(expr, tree.Cases) or (isinstance(expr, tree.Binary) and expr.operator in "+-")


def _atom(found: Formula) -> Formula:
    """In brackets where several signs stand beside each other."""
    return Fenced("(", found, ")") if isinstance(found, Row | Fraction | Script) else found


def _of(variable: Formula, whose: tree.Expr) -> Formula:
    """A variable with the word above it whose it is."""
    if isinstance(whose, tree.Name):
        owner = symbol(whose.text)
        return raised(variable, Upright(owner.text) if isinstance(owner, Letter | Upright) else owner)
    return Row((typeset(whose), Sign("."), variable))


def _range(low: tree.Expr, high: tree.Expr) -> Formula:
    return Row((typeset(low), words("to"), typeset(high)))


def _apply(expr: tree.Apply) -> Formula:
    name = expr.function
    arguments = [_argument(a) for a in expr.arguments]
    if isinstance(name, tree.Name) and name.name == "sqrt" and len(arguments) == 1:
        return Root(bare(expr.arguments[0].value))
    function: Formula = symbol(name.text) if isinstance(name, tree.Name) else typeset(name)
    if expr.primes:
        function = raised(function, Sign("′" * expr.primes))
    return Row((function, Fenced("(", separated(arguments), ")"))) if arguments else Row((function, Sign("("), Sign(")")))


def _argument(argument: tree.Argument) -> Formula:
    value = typeset(argument.value)
    return value if argument.keyword is None else Row((symbol(argument.keyword.text), _EQUALS, value))


def _unary(expr: tree.Unary) -> Formula:
    inner = typeset(expr.operand)
    match expr.operator:
        case "-":
            return Row((Sign("−"), inner))
        case "not":
            return Row((Upright("not\u00a0"), inner))
        case "abs":
            return Fenced("|", bare(expr.operand), "|")
        case "pos":
            return Script(Fenced("[", bare(expr.operand), "]"), Sign("+"))
        case other:
            return Row((Upright(other), inner))


def _binary(expr: tree.Binary) -> Formula:
    """A chain that hangs to the left is written without recursion, so that long sums do not exhaust the stack."""
    links = [expr]
    while isinstance(links[-1].left, tree.Binary):
        links.append(links[-1].left)
    found = typeset(links[-1].left)
    for link in reversed(links):
        found = _joined(link, found)
    return found


def _joined(link: tree.Binary, found: Formula) -> Formula:
    """`found` is the formula of what stands to the left."""
    match link.operator:
        case "/":
            return Fraction(bare(link.left) if isinstance(link.left, tree.Group) else found, bare(link.right))
        case "^":
            return raised(found, _exponent(link.right))
        case "*":
            sign = THIN if link.implicit else operator("·")
            return Row((*_pieces(found), sign, typeset(link.right)))
        case sign:
            return Row((*_pieces(found), operator("−" if sign == "-" else sign), typeset(link.right)))


def _pieces(found: Formula) -> tuple[Formula, ...]:
    return found.parts if isinstance(found, Row) else (found,)


def _exponent(expr: tree.Expr) -> Formula:
    """On one line, where it is a simple quotient."""
    inner = expr
    while isinstance(inner, tree.Group):
        inner = inner.inner
    match inner:
        case tree.Binary(operator="/", left=left, right=right):
            return Row((typeset(left), Sign("/"), typeset(right)))
        case tree.Unary(operator="-", operand=operand):
            return Row((Sign("−"), _exponent(operand)))
        case _:
            return typeset(inner)


def _sum(expr: tree.Sum) -> Formula:
    """An index that a condition binds (`j≠i`) stands there alone."""
    bound = {c.operands[0].name for c in _comparisons(expr.where) if isinstance(c.operands[0], tree.Name)}
    below: list[Formula] = []
    for index, over in zip(expr.indices, expr.over, strict=True):
        if over is not None:
            below.append(Row((symbol(index.text), relation("∈"), typeset(over))))
        elif index.name not in bound:
            below.append(symbol(index.text))
    if expr.where is not None:
        below.append(typeset(expr.where))
    return Row((Total(separated(below) if below else None), THIN, typeset(expr.body)))


def _comparisons(condition: tree.Expr | None) -> Sequence[tree.Compare]:
    operands = condition.operands if isinstance(condition, tree.Logic) else (condition,)
    return [o for o in operands if isinstance(o, tree.Compare)]


def _over_time(expr: tree.OverTime) -> Formula:
    parts: list[Formula] = [typeset(expr.value)]
    if expr.period is not None:
        parts += [words("every"), typeset(expr.period)]
    if expr.linear:
        parts.append(words("linear"))
    return Row(tuple(parts))
