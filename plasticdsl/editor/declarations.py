"""What names stand for, as far as the check found it or the text itself says it: an `Analysis` comes in, mentions go out.

A check leaves a mention where it looks a name up. What nothing else names is a thing too: an experiment, a phase, a block that only other files use. The
body of a function is looked at where the function is applied; of one that is not, its arguments are what is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.check.mentions import Mention
from plasticdsl.check.terms.products import with_products
from plasticdsl.editor.analysis import Analysis
from plasticdsl.editor.structure import Symbol, SymbolKind, symbols
from plasticdsl.names import canonical
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read, of_kind

#: What is declared so, in the words of the check.
_WHAT = {
    SymbolKind.NEURON: "a neuron", SymbolKind.SYNAPSE: "a synapse", SymbolKind.RULE: "a rule", SymbolKind.NETWORK: "a network",
    SymbolKind.EXPERIMENT: "an experiment", SymbolKind.TABLE: "a table", SymbolKind.FUNCTION: "a function", SymbolKind.EVENT: "an event",
    SymbolKind.POPULATION: "a population", SymbolKind.PROJECTION: "a projection", SymbolKind.PATTERNS: "a set of patterns",
    SymbolKind.DATA: "a data set", SymbolKind.PHASE: "a phase", SymbolKind.RECORD: "a recording",
}  # fmt: skip


#: Signs that stand before the name of what changes.
_CHANGES = ("Δ", "∆")


def mentions(analysis: Analysis) -> tuple[Mention, ...]:
    """Those of the check, and behind them one for each declaration of the text."""
    functions = of_kind(analysis.reading.file.items, tree.Function)
    return *analysis.checked.mentions, *_declared(symbols(analysis)), *(m for function in functions for m in _arguments(function))


def _declared(outline: tuple[Symbol, ...], around: SymbolKind | None = None) -> Iterator[Mention]:
    for one in outline:
        is_value = one.kind is SymbolKind.QUANTITY and around is not SymbolKind.EXPERIMENT and not one.name.startswith(_CHANGES)
        if is_value or one.kind in _WHAT:
            yield Mention(one.name_span, canonical(one.name), one.name_span, _WHAT.get(one.kind, ""))
        yield from _declared(one.inside, one.kind)


def _arguments(function: tree.Function) -> Iterator[Mention]:
    declared = {argument.name: argument for argument in function.arguments}
    for name in (*function.arguments, *names_read(with_products(function, frozenset()).body)):
        if name.name in declared:
            yield Mention(name.span, name.name, declared[name.name].span, "an argument")
