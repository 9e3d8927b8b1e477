"""Expressions: `tree.Expr` → model `Expr` with its dimension.

`translate` never raises on bad input: it reports to `context.report` and returns an expression of unknown dimension, so that one mistake gives one
message. Names are looked up in `context.scope`; numbers become SI; user functions are inlined; conditions and numbers are told apart.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal, cast

from plasticdsl.check.terms.applications import apply
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.mismatch import Placed, describe, require_dimension, require_same
from plasticdsl.check.terms.polygons import inside
from plasticdsl.check.terms.products import doubted
from plasticdsl.check.terms.scope import EVENT, IN_SECTION, OUTSIDE, TRUTHS, Declared, Scope
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.check.terms.written_units import number
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Limit, Logic, Negate, Number, Ref, joined
from plasticdsl.names import NAME, canonical
from plasticdsl.symbolic.derivative import HOLD
from plasticdsl.syntax import tree
from plasticdsl.units.table import is_unit

#: Nobody reads more suggestions at once, and each takes a search through all names; through very many, some must do.
MOST_SUGGESTIONS, FEW_SUGGESTIONS, VERY_MANY = 100, 10, 1000
_LONGEST_PRODUCT = 12

HOW_TO_REST = "A unit is refractory after its spikes where its neuron has a line ‘refractory 2 ms’ or ‘refractory while V > −40 mV’."
#: What was probably meant by a name that nothing declares.
_MEANT = {
    "e": "For the exponential function write exp(x).",
    "refractory": HOW_TO_REST,
    "round": "The number of the round is known in phases that stand in ‘repeat’.",
    "showing": "The number of the showing is known in phases that show items ‘again until …’.",
    "distance": "What is recorded of a neuron with sections has a value for each segment, in order; ‘record cell.distance’ says how far each is.",
    "hold": "A comma stands before ‘hold’: ‘refractory 2 ms, hold V’.",
}

_OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


def translate(node: tree.Expr, context: Context) -> Typed:
    """The meaning of `node` in `context`; the dimension may have unknowns of the context's solver."""
    if context.extend is not None:
        found = context.extend(node, context)
        if found is not None:
            return found
    match node:
        case tree.Number():
            return number(node, context)
        case tree.Name():
            return _name(node, context)
        case tree.Member():
            return _member(node, context)
        case tree.Limit():
            return _limit(node, context)
        case tree.Apply():
            return apply(node, context, translate_number, limited)
        case tree.Unary():
            return _unary(node, context)
        case tree.Binary():
            listing = _listing_before(node)
            return _binary(node, context) if listing is None else _not_here(listing, context)
        case tree.Group(inner=inner):
            return translate(inner, context)
        case tree.Compare() | tree.Logic():
            return _logical(node, context)
        case tree.Inside():
            return inside(node, context, translate_number)
        case tree.Cases():
            return _cases(node, context)
        case _:
            return _not_here(node, context)


def translate_number(node: tree.Expr, context: Context) -> Typed:
    """Like `translate`, but reports a condition where a number is expected."""
    found = translate(node, context)
    if not found.is_condition:
        return found
    hint = "Write the number it stands for by cases, for example ‘1 if x > 0’ and on the next line ‘0 otherwise’, or Θ(x)."
    return context.refuse("not-a-number", "This is a condition, which holds or not; a number is needed here.", node.span, hint)


def translate_condition(node: tree.Expr, context: Context) -> Expr:
    """Like `translate`, but reports a number where a condition is expected."""
    before = context.report.count
    found = translate(node, context)
    if found.is_condition:
        return found.expr
    if found.is_truth and context.solver.unify(found.dim, PURE, node.span):
        return Compare("!=", found.expr, Number(0.0))
    if context.report.count == before:  # else what it is has just been said to be unknown
        hint = "Compare it with something, for example ‘> 0’."
        context.report.error("not-a-condition", "This is a number; a condition is needed here.", node.span, hint)
    return Compare("!=", found.expr, Number(0.0))


def translate_as(node: tree.Expr, dim: Dim, what: str, context: Context) -> Expr:
    """A number that must have dimension `dim`; `what` begins the message, e.g. "A delay" ("… must be in ms (time), but …")."""
    found = translate_number(node, context)
    require_dimension(node, found.dim, dim, what, context)
    return found.expr


# --- names -----------------------------------------------------------------------------------------------------------


def _name(node: tree.Name, context: Context) -> Typed:
    found = context.scope.lookup(node)
    return unknown_name(node, context) if found is None else _value(node, found, context)


def _value(node: tree.Name | tree.Member, found: Declared, context: Context) -> Typed:
    """A reference to a declared thing that must have a value."""
    context.report.means(node.attribute if isinstance(node, tree.Member) else node, found.span, found.what)
    if found.expr is not None and found.dim is not None:
        return Typed(found.expr, found.dim, is_truth=found.what in TRUTHS)
    if found.function is not None:
        hint = f"Write it with its arguments: ‘{found.symbol}(…)’."
        return context.refuse("not-a-value", f"‘{found.symbol}’ is a function, not a number.", node.span, hint)
    hint = f"Spikes and other events are counted: ‘rate(E.{found.symbol})’, ‘spike_count(E.{found.symbol})’." if found.what == EVENT else ""
    if found.hint:
        return context.refuse("not-a-value", f"‘{found.symbol}’ is {found.what}.", node.span, found.hint)
    if found.members is not None:
        members = [d.symbol for d in found.members.names.values()][:4] or ["V"]
        hint = f"Write one of its variables, for example {', '.join(f'‘{found.symbol}.{m}’' for m in members)}."
    return context.refuse("not-a-value", f"‘{found.symbol}’ is {found.what} and has no value of its own.", node.span, hint)


def unknown_name(node: tree.Name, context: Context, scope: Scope | None = None, of: str = "") -> Typed:
    """Reports a name that nothing declares, with the nearest one that is."""
    hint = (
        Hint(unit_hint(node.text))
        or _product(node, scope or context.scope, context.report.count)
        or _similar(node, scope or context.scope, context.report.count)
        or Hint(_familiar(node))
    )
    message = f"‘{of}’ has nothing called ‘{node.text}’." if of else f"Nothing here is called ‘{node.text}’."
    return context.refuse("unknown-name", message, node.span, hint)


def unit_hint(name: str) -> str:
    """For the name of a unit, that it lacks its number; nothing for any other, nor for a letter, which is hardly ever meant as a unit."""
    if len(name) == 1 or not is_unit(name):
        return ""
    return f"As a unit, ‘{name}’ stands directly after a number, without brackets: ‘3 {name}’, ‘3 nS/{name}/s’."


def _product(node: tree.Name, scope: Scope, reported: int) -> Hint:
    """For `gV`, that it is a product of g and V; nothing where it is no two names that have values."""
    if reported >= FEW_SUGGESTIONS or not 1 < len(node.text) <= _LONGEST_PRODUCT:
        return Hint("")
    for place in range(1, len(node.text)):
        parts = node.text[:place], node.text[place:]
        if all(
            re.fullmatch(NAME, part) and (found := scope.find(canonical(part))) is not None and found.expr is not None for part in parts
        ):
            return Hint(f"For the product write ‘{' '.join(parts)}’ with a blank.", (" ".join(parts),))
    return Hint("")


def _similar(node: tree.Name, scope: Scope, reported: int) -> Hint:
    known = scope.all_names(node.span.path)
    if reported >= MOST_SUGGESTIONS or (reported >= FEW_SUGGESTIONS and len(known) > VERY_MANY):
        return Hint("")
    return did_you_mean(node.text, (d.symbol for d in known.values()), "")


def _familiar(node: tree.Name) -> str:
    if node.name in ("pre", "post"):
        return "Other units are in sight in synapses and rules only; a neuron gets from them what synapses sum into its inputs."
    return _MEANT.get(node.name, "")


def _member(node: tree.Member, context: Context) -> Typed:
    base = member_base(node, context)
    if base is None:
        return context.unknown
    if base.members is None:
        if base.what == IN_SECTION:
            hint = f"In a neuron ‘{node.attribute.text}’ is that of each segment; spikes are those of one section in ‘spike when … in {base.symbol}’."
            return context.refuse("unknown-name", f"‘{base.symbol}’ is a section and has no variables of its own.", node.span, hint)
        what = base.what or "no block"
        hint = f"A population is taken as an argument: write ‘({base.symbol})’ behind the name of this block." if what == OUTSIDE else ""
        return context.refuse("unknown-name", f"‘{base.symbol}’ is {what} and has nothing called ‘{node.attribute.text}’.", node.span, hint)
    found = base.members.lookup(node.attribute)
    if found is None:
        return unknown_name(node.attribute, context, base.members, base.symbol)
    return _value(node, found, context)


def member_base(node: tree.Member, context: Context) -> Declared | None:
    """What the name before the dot stands for; None after reporting that it is unknown or no name."""
    if not isinstance(node.base, tree.Name):
        context.report.error("not-a-value", "Only a name can stand before this dot.", node.base.span)
        return None
    found = context.scope.lookup(node.base)
    if found is None:
        unknown_name(node.base, context)
    else:
        context.report.means(node.base, found.span, found.what)
    return found


def _limit(node: tree.Limit, context: Context) -> Typed:
    if context.scope.find(node.whole) is not None:
        return _name(node.whole, context)
    return limited(node.operand, node.side, context)


def limited(node: tree.Expr, side: str, context: Context) -> Typed:
    """`r⁻`, `before(r)`: the value of a variable on one side of the event."""
    before = context.report.count
    found = translate(node, context)
    if isinstance(found.expr, Ref):
        return Typed(Ref(found.expr.owner, found.expr.name, cast(Limit, side)), found.dim)
    if context.report.count == before:
        context.report.error("limit-not-a-variable", "Only a variable has a value just before and just after an event.", node.span)
    return found


# --- operators -------------------------------------------------------------------------------------------------------


def _unary(node: tree.Unary, context: Context) -> Typed:
    if node.operator == "not":
        return Typed(Logic("not", (translate_condition(node.operand, context),)), PURE, is_condition=True)
    inner = translate_number(node.operand, context)
    if node.operator == "abs":
        return Typed(Call("abs", (inner.expr,)), inner.dim)
    if node.operator == "pos":
        return Typed(Call("max", (inner.expr, Number(0.0))), inner.dim)
    negative = Number(-inner.expr.value) if isinstance(inner.expr, Number) else Negate(inner.expr)
    return Typed(negative, inner.dim)


def _binary(node: tree.Binary, context: Context) -> Typed:
    if node.operator == "^":
        return _power(node, context)
    left, right = translate_number(node.left, context), translate_number(node.right, context)
    match node.operator:
        case "+" | "-":
            verb = "be added" if node.operator == "+" else "be subtracted"
            require_same(_last_term(node.left), left.dim, node.right, right.dim, context, verb)
            return Typed(Binary(node.operator, left.expr, right.expr), left.dim)
        case "*":
            if node.implicit:
                doubted(node, context)
            return Typed(Binary("*", left.expr, right.expr), left.dim * right.dim)
        case _:
            return Typed(Binary("/", left.expr, right.expr), left.dim / right.dim)


def _last_term(node: tree.Expr) -> tree.Expr:
    """Of `a + b + c` the term next to what follows: all have one dimension, and a short place reads better."""
    while isinstance(node, tree.Binary) and node.operator in ("+", "-"):
        node = node.right
    return node


def _power(node: tree.Binary, context: Context) -> Typed:
    base, exponent = translate_number(node.left, context), translate_number(node.right, context)
    fits = require_dimension(node.right, exponent.dim, PURE, "An exponent", context)
    constant = rational(node.right)
    expr = Binary("^", base.expr, exponent.expr)
    if constant is not None:
        return Typed(expr, base.dim**constant)
    if fits and not context.solver.unify(base.dim, PURE, node.span):
        message = f"The base is {describe(node.left, base.dim, context)}, so its exponent must be a plain number."
        context.report.error("inconsistent-units", message, node.left.span, "Divide the base by its unit, for example (x/1 mV)^n.")
    return Typed(expr, PURE)


def rational(node: tree.Expr) -> Fraction | None:
    """The exact value of an expression of plain numbers, or None."""
    match node:
        case tree.Number(text=text, unit=()):
            return Fraction(text) if len(text) < 30 else None
        case tree.Group(inner=inner):
            return rational(inner)
        case tree.Unary(operator="-", operand=operand):
            value = rational(operand)
            return None if value is None else -value
        case tree.Binary(operator=operator, left=left, right=right):
            a, b = rational(left), rational(right)
            if a is None or b is None or operator == "^" or (operator == "/" and b == 0):
                return None
            return {"+": a + b, "-": a - b, "*": a * b}.get(operator) if operator != "/" else a / b
        case _:
            return None


# --- conditions and cases --------------------------------------------------------------------------------------------


def _listing_before(node: tree.Expr) -> tree.Listing | None:
    """The list of `[1, 2] mV/s`, which is refused with its unit where it has no meaning."""
    match node:
        case tree.Listing():
            return node
        case tree.Binary(operator="*" | "/", left=left):
            return _listing_before(left)
        case _:
            return None


def _logical(node: tree.Compare | tree.Logic, context: Context) -> Typed:
    if isinstance(node, tree.Logic):
        connective = cast(Literal["and", "or"], node.operator)
        return Typed(Logic(connective, tuple(translate_condition(o, context) for o in node.operands)), PURE, is_condition=True)
    values = [translate_number(o, context) for o in node.operands]
    pairs: list[Expr] = []
    for i, operator in enumerate(node.operators):
        left, right = values[i], values[i + 1]
        require_same(node.operands[i], left.dim, node.operands[i + 1], right.dim, context, "be compared")
        comparison = cast(Literal["<", "<=", ">", ">=", "==", "!="], "==" if operator == "=" else operator)
        pairs.append(Compare(comparison, left.expr, right.expr))
    return Typed(joined("and", pairs), PURE, is_condition=True)


def _cases(node: tree.Cases, context: Context) -> Typed:
    branches, otherwise, dim = case_branches(node, context)
    if otherwise is None:
        hint = "Add a last line, for example ‘0 otherwise’."
        context.report.error("no-otherwise", "Nothing says what this is when none of the conditions holds.", node.span, hint)
        otherwise = Number(0.0)
    return Typed(Choice(branches, otherwise) if branches else otherwise, dim)


def case_branches(node: tree.Cases, context: Context) -> tuple[tuple[tuple[Expr, Expr], ...], Expr | None, Dim]:
    """(condition, value) of each case, the value otherwise (None when open), and their one dimension.

    Two cases whose conditions are each other's opposite (`x > 0`, `x ≤ 0`) leave nothing open: the second is the value otherwise.
    """
    values = [translate_number(case.value, context) for case in node.cases]
    for i in range(1, len(values)):
        first, this = node.cases[i - 1].value, node.cases[i].value
        require_same(first, values[i - 1].dim, this, values[i].dim, context, "be cases of one quantity")
    branches: list[tuple[Expr, Expr]] = []
    for case, value in zip(node.cases, values, strict=True):
        if case.condition is None:
            return tuple(branches), value.expr, values[0].dim
        branches.append((translate_condition(case.condition, context), value.expr))
    if len(branches) == 2 and _opposite(branches[0][0], branches[1][0]):
        return (branches[0],), branches[1][1], values[0].dim
    return tuple(branches), None, values[0].dim


def _opposite(first: Expr, second: Expr) -> bool:
    match first, second:
        case Compare(a, left, right), Compare(b, other_left, other_right):
            return _OPPOSITE[a] == b and (left, right) == (other_left, other_right)
        case _:
            return second == Logic("not", (first,))


def read_hold(node: tree.Expr, context: Context) -> Typed | None:
    """What `hold(y)` means where there are gradients: y, and constant in them. None for anything else, and where the name is declared."""
    match node:
        case tree.Apply(function=tree.Name(name="hold") as function, arguments=(only,)) if context.scope.find(function) is None:
            inside = translate_number(only.value, context)
            return Typed(Call(HOLD, (inside.expr,)), inside.dim)
        case _:
            return None


# --- notation without a meaning here ---------------------------------------------------------------------------------

_NOTATION: dict[type, str] = {
    tree.Sum: "A sum Σ", tree.Average: "An average ⟨…⟩", tree.Partial: "A derivative ∂/∂", tree.Transposed: "A transposed matrix",
    tree.Indexed: "An index in brackets", tree.Listing: "A list",
    tree.Membership: "‘in’ a population", tree.OverTime: "A value over time", tree.Along: "‘over time’",
}  # fmt: skip


_A_SUM = "Sums stand in synapses, rules and networks. A neuron gets one through an input, ‘input z’, which a synapse fills: ‘post.z = Σ exp(pre.a)’."


_A_LIST = "Populations take lists with one value for each unit: ‘P = 3 Cell, V(0) = [−70, −65, −60] mV’."


_OVER_TIME = "Populations take it, for a parameter or for an input that no projection fills: ‘A = 10 LIF, I(t) = d.stim pA every 0.5 ms’."


_ALONG = "It stands within a statistic of values, of which there is then one for each unit: ‘mean(max(E.V over time))’."


def _not_here(node: Placed, context: Context) -> Typed:
    if isinstance(node, tree.Indexed) and isinstance(node.base, tree.Name) and context.scope.find(node.base) is None:
        return translate(node.base, context)  # which says that it is unknown
    what = _NOTATION.get(type(node), "This")
    hint = {tree.Sum: _A_SUM, tree.Listing: _A_LIST, tree.OverTime: _OVER_TIME, tree.Along: _ALONG}.get(type(node), "")
    return context.refuse("not-here", f"{what} has no meaning at this place.", node.span, hint)
