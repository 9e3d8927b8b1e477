"""A word behind a number that is a unit and also a name with a value: `0.062 V` in a block that has a V.

Comes in: a tree, and the names with a value that are declared beside it. Goes out: the tree in which such a quantity is a product, `0.062·V`, and findings
where that is not the only thing it can mean: where the name is of the unit's own kind, or of a kind that nothing settles. So the text is a product or an
error and never the quantity, whatever is written elsewhere. Names without a value (populations, functions, …) cannot be multiplied, so beside them
the word is the unit; so it is in a definition or an initial value of that very name, `V(0) = 0.07 V`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Any

from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.unification import Dim, Doubt
from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint, diagnostic
from plasticdsl.names import canonical
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes, of_kind, rebuilt
from plasticdsl.units.display import unit_text
from plasticdsl.units.table import is_unit, lookup, unit_words

#: Digits of a number in another unit that a hint shows.
LONGEST = 12


# --- products --------------------------------------------------------------------------------------------------------


def with_products(node: Any, names: frozenset[str]) -> Any:
    """The node with `0.062 V` as a product wherever V is one of the names, or an argument of the function around it. Behind a division the two readings
    differ in more than the unit, and with several units the word is joined to others: these stay, and are reported where they are read."""
    has_own = isinstance(node, tree.Block) and node.kind in ("neuron", "synapse", "rule")
    functions = (node,) if isinstance(node, tree.Function) else of_kind(node.body, tree.Define) if has_own else ()
    known = names.union(*[[a.name for a in f.arguments] for f in functions if f.arguments]) & names_of_units().keys()
    if not known:  # as nearly always
        return node
    words = {canonical(n.unit[0][0]) for n in nodes(node) if isinstance(n, tree.Number) and len(n.unit) == 1}
    return _Products(names, has_own).rewritten(node) if words & known else node


@cache
def names_of_units() -> Mapping[str, str]:
    """By the name that each would be, what units are called: `Ω` would be `Omega`."""
    return MappingProxyType({canonical(word): word for word in unit_words()})


@dataclass(frozen=True, slots=True)
class _Products:
    """`own`: whether what is defined is a quantity of a neuron, synapse or rule."""

    names: frozenset[str]
    own: bool

    def rewritten(self, node: Any) -> Any:
        match node:
            case tree.Number():
                return self._number(node)
            case tree.Binary(operator="/", left=left, right=tree.Number()):
                return replace(node, left=self.rewritten(left))
            case tree.Define(arguments=arguments) | tree.Function(arguments=arguments) if arguments:
                return rebuilt(node, self._inside(arguments).rewritten)
            case tree.Initial(variable=tree.Name(name=name)) | tree.Define(target=tree.Name(name=name)) if self.own and name in self.names:
                return rebuilt(node, replace(self, names=self.names - {name}).rewritten)
            case _:
                return rebuilt(node, self.rewritten)

    def _inside(self, arguments: Iterable[tree.Name]) -> _Products:
        return replace(self, names=self.names | ({a.name for a in arguments} - {"t"}))

    def _number(self, node: tree.Number) -> tree.Expr:
        if len(node.unit) != 1 or not is_unit(node.unit[0][0]) or node.unit[0][0] == "%":
            return node
        ((word, power),) = node.unit
        if canonical(word) not in self.names or power.denominator != 1 or power < 1:
            return node
        digits = 1 if "/" in node.text else len(node.text)
        start = node.span.end - len(word) if power == 1 else node.span.start + digits + 1  # one blank stands between
        at = replace(node.span, start=start, end=start + len(word))
        name: tree.Expr = tree.Name(canonical(word), word, at)
        if power != 1:
            name = tree.Binary("^", name, tree.Number(str(power), (), node.span), node.span)
        return tree.Binary("*", tree.Number(node.text, (), node.span), name, node.span, implicit=True)


def written_as_quantity(node: object) -> tuple[str, tree.Name, int] | None:
    """Digits, name and power of a product that was written as a quantity; None for everything else."""
    match node:
        case tree.Binary("*", tree.Number(text=text, unit=()) as left, right, implicit=True) if left.span == node.span:
            match right:
                case tree.Name():
                    return text, right, 1
                case tree.Binary("^", tree.Name() as name, tree.Number(text=power)):
                    return text, name, int(power)
    return None


# --- where two readings are left -------------------------------------------------------------------------------------


def doubted(node: tree.Binary, context: Context) -> None:
    """Remembers a product that was written as a quantity, until it is known of which kind its name is. Nobody writes ½ V for half a volt beside a V."""
    found = written_as_quantity(node)
    if found is None or "/" in found[0]:
        return
    text, name, power = found
    declared = context.scope.find(name)
    if declared is not None and declared.dim is not None:
        context.solver.doubts.append(Doubt(text, name.text, power, node.span, declared.what, declared.dim))


def settle(context: Context) -> None:
    """Reports the products that could be quantities just as well, now that the kind of each name is known as far as it ever is."""
    for one in context.solver.doubts:
        known = context.solver.resolve(one.dim).known
        if known is not None and known != lookup(one.word)[1]:
            continue
        which = f"{one.what} of this block" if known is None else f"{one.what} of this block in such a unit"
        report_both(one.text, ((one.word, Fraction(one.power)),), one.word, which, one.span, context)
    context.solver.doubts.clear()


def report_both(text: str, unit: tree.Unit, word: str, which: str, span: Span, context: Context) -> None:
    """The finding that a quantity can be read as a product with a name too, with both written out."""
    message = f"‘{word}’ after this number is a unit and also {which}."
    hint = _both(text, unit, word, lambda name: context.scope.find(canonical(name)) is not None)
    context.report.error("ambiguous-unit", message, span, hint)


def meant_as_quantity(node: object, found: Dim, wanted: Dim, context: Context) -> Hint:
    """The hint for a product in it that would have the dimension as the quantity that it looks like."""
    for one in nodes(node):
        product = written_as_quantity(one)
        declared = None if product is None else context.scope.find(product[1])
        if product is None or declared is None or declared.dim is None or not isinstance(one, tree.Binary):
            continue
        text, name, power = product
        turned = context.solver.resolve(found / declared.dim**power * Dim(lookup(name.text)[1]) ** power / wanted).known
        if turned is not None and turned.is_one:
            return _quantity(text, name.text, power, declared.what, one.span)
    return Hint("")


def _quantity(text: str, word: str, power: int, what: str, span: Span) -> Hint:
    unit = ((word, Fraction(power)),)
    other = in_other_unit(text, unit, word)
    shown = f"{_shown(text)} {unit_text(unit)}"
    if other is None:
        return Hint(f"‘{shown}’ is a product here, since ‘{word}’ is {what}.")
    return Hint(f"‘{shown}’ is a product here, since ‘{word}’ is {what}; the quantity can be written ‘{other}’.", (other,), span)


def with_quantities(found: Diagnostic, blocks: Iterable[tree.Block], declared: Callable[[tree.Block], frozenset[str]]) -> Diagnostic:
    """The finding about units, where a name in it has such a product as its value, `τ = 5 s` beside a state s, with a hint that says so."""
    if found.code != "inconsistent-units":
        return found
    places = (found.span, *(label.span for label in found.labels))
    for block in blocks:
        if not (block.span.path == found.span.path and block.span.start <= found.span.start < block.span.end):
            continue
        read = {n.name for n in nodes(block) if isinstance(n, tree.Name) and any(_within(n.span, place) for place in places)}
        for define in of_kind(block.body, tree.Define):
            if isinstance(define.target, tree.Name) and define.target.name in read and isinstance(define.rhs, tree.Number):
                product = written_as_quantity(with_products(define.rhs, declared(block) - {define.target.name}))
                if product is not None:
                    hint = _quantity(product[0], product[1].text, product[2], "a name of this block", define.rhs.span)
                    return diagnostic(found.code, found.message, found.span, hint, found.labels, found.severity)
    return found


def _within(inner: Span, outer: Span) -> bool:
    return inner.path == outer.path and outer.start <= inner.start and inner.end <= outer.end


def _both(text: str, unit: tree.Unit, word: str, declared: Callable[[str], bool]) -> Hint:
    quantity = in_other_unit(text, unit, word, declared)
    meant = f"‘{quantity}’ for the quantity" if quantity else f"for the quantity give ‘{word}’ another name"
    texts = () if quantity is None else (quantity,)
    if len(unit) > 1:
        return Hint(f"A ‘·’ or ‘/’ after a unit joins another unit to it; for the product write a blank, ‘… {word}’, and {meant}.", texts)
    product = f"{_shown(text)}·{unit_text(unit)}"
    return Hint(f"Write ‘{product}’ for the product, {meant}.", (product, *texts))


def _shown(text: str) -> str:
    return {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾"}.get(text, text)


def in_other_unit(text: str, unit: tree.Unit, word: str, declared: Callable[[str], bool] = lambda _: False) -> str | None:
    """The same quantity with another unit in place of `word`, exactly, and a smaller one where there is one: `5 s` is `5000 ms`. None where the number
    would be long; `declared`: whether a unit is a name too."""
    scale, dimension = lookup(word)
    power = next(exponent for one, exponent in unit if one == word)
    if power.denominator != 1:
        return None
    found: list[tuple[bool, int, str]] = []
    for other in unit_words():
        factor, kind = lookup(other)
        if kind != dimension or other == word or not other.isascii() or "u" in other or declared(other):
            continue
        number = _decimal(Fraction(text) * (scale / factor) ** int(power))
        if number is not None:
            shown = unit_text(tuple((other if one == word else one, exponent) for one, exponent in unit))
            found.append((factor > scale, len(number), f"{number} {shown}"))
    return min(found, default=(False, 0, None))[2]


def _decimal(value: Fraction) -> str | None:
    """The number in digits; None for one that has too many."""
    for places in range(LONGEST):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
            shown = f"{digits[:-places]}.{digits[-places:]}" if places else digits
            return shown if len(shown) <= LONGEST else None
    return None
