"""`T = 37 C` is a charge of 37 coulombs: said where a temperature must have been meant.

Comes in: what was written, and findings about it. Goes out: findings with a hint that shows the temperature in kelvin, and warnings about what is called a
temperature and is a charge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from plasticdsl.check.report import Reporter
from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint, diagnostic
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes, of_kind

#: What temperatures are called.
_CALLED = re.compile(r"T(_\w+)?|(?i:\w*(temperature|celsius)\w*|temp(_\w+)?)")
_ZERO, _HOTTEST = 273.15, 1000.0

Declared = Callable[[tree.Block], frozenset[str]]


def check_temperatures(blocks: Iterable[tree.Block], declared: Declared, report: Reporter) -> None:
    """Warns of `T = 37 C`, where no finding says it already. `declared`: the names with a value of a block."""
    said = {fix.span for found in report.diagnostics for fix in found.fixes}
    for block in blocks:
        for define in of_kind(block.body, tree.Define):
            name, number = define.target, _number(define.rhs)
            if number is None or not isinstance(name, tree.Name) or not _CALLED.fullmatch(name.name) or "C" in declared(block):
                continue
            hint = _hint(define.rhs, number, difference=False)
            if hint.at not in said:
                message = f"‘{_shown(define.rhs, number)}’ is a charge, in coulombs, but ‘{name.text}’ is called like a temperature."
                report.warning("degrees-in-coulombs", message, define.rhs.span, hint)


def with_kelvin(found: Diagnostic, blocks: Iterable[tree.Block], declared: Declared) -> Diagnostic:
    """The finding about units, where a number in it is a charge and something else a temperature, or a number of degrees, with a hint that says so."""
    if found.code != "inconsistent-units" or found.hint:
        return found
    places = (found.span, *(label.span for label in found.labels))
    texts = (found.message, *(label.text for label in found.labels))
    in_kelvin, plain = (any(word in text for text in texts) for word in ("temperature", "pure number"))
    for block in blocks:
        if block.span.path != found.span.path or not block.span.start <= found.span.start < block.span.end or "C" in declared(block):
            continue
        names = [n.name for n in nodes(block.body) if isinstance(n, tree.Name) and any(_within(n.span, place) for place in places)]
        if not (in_kelvin or (plain and any(map(_CALLED.fullmatch, names)))):
            continue
        defines = of_kind(block.body, tree.Define)
        named = (d.rhs for d in defines if isinstance(d.target, tree.Name) and d.target.name in names)
        for value, difference in (*((v, False) for v in named), *_written(block.body, places)):
            if (number := _number(value)) is not None:
                hint = _hint(value, number, difference) if in_kelvin else _without_unit(value, number)
                return diagnostic(found.code, found.message, found.span, hint, found.labels, found.severity)
    return found


def _written(body: object, places: tuple[Span, ...]) -> Iterator[tuple[tree.Expr, bool]]:
    """The quantities in these places, and whether they can only be a difference of temperatures, `/10 C`."""
    below = {n.right.span for n in nodes(body) if isinstance(n, tree.Binary) and n.operator == "/"}
    for node in nodes(body):
        if isinstance(node, tree.Number) and any(_within(node.span, place) for place in places):
            yield node, node.span in below


def _number(value: object) -> tree.Number | None:
    """The number of a quantity in whole coulombs, if as many degrees are a temperature."""
    match value:
        case tree.Number(text=text, unit=(("C", power),)) if power == 1 and "/" not in text and float(text) < _HOTTEST:
            return value
        case tree.Unary(operator="-", operand=tree.Number(text=text) as operand) if "/" not in text and float(text) < _ZERO:
            return _number(operand)
        case _:
            return None


def _shown(value: tree.Expr, number: tree.Number) -> str:
    return f"{'' if value is number else '−'}{number.text} C"


def _hint(value: tree.Expr, number: tree.Number, difference: bool) -> Hint:
    text = _shown(value, number)
    if difference:
        return Hint(f"‘{text}’ is a charge; a difference of temperatures is written ‘{number.text} K’.", (f"{number.text} K",), number.span)
    degrees = float(number.text) if value is number else -float(number.text)
    written = f"{degrees + _ZERO:.10g} K"
    return Hint(f"‘{text}’ is a charge. Temperatures are in kelvin: for {text[:-1]}°C write ‘{written}’.", (written,), value.span)


def _without_unit(value: tree.Expr, number: tree.Number) -> Hint:
    text = _shown(value, number)
    return Hint(f"‘{text}’ is a charge; for a number of degrees write ‘{text[:-2]}’.", (text[:-2],), value.span)


def _within(inner: Span, outer: Span) -> bool:
    return inner.path == outer.path and outer.start <= inner.start and inner.end <= outer.end
