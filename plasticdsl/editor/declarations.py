"""What names stand for, as far as the check found it or the text itself says it: an `Analysis` comes in, mentions go out.

A check leaves a mention where it looks a name up. What nothing else names is a thing too: an experiment, a phase, a block that only other files use.
"""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.check.mentions import Mention
from plasticdsl.editor.analysis import Analysis
from plasticdsl.editor.structure import Symbol, SymbolKind, symbols
from plasticdsl.names import canonical

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
    return *analysis.checked.mentions, *_declared(symbols(analysis))


def _declared(outline: tuple[Symbol, ...], around: SymbolKind | None = None) -> Iterator[Mention]:
    for one in outline:
        is_value = one.kind is SymbolKind.QUANTITY and around is not SymbolKind.EXPERIMENT and not one.name.startswith(_CHANGES)
        if is_value or one.kind in _WHAT:
            yield Mention(one.name_span, canonical(one.name), one.name_span, _WHAT.get(one.kind, ""))
        yield from _declared(one.inside, one.kind)
