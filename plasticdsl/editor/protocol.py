"""Values of `editor` as those of the Language Server Protocol. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import unquote

from lsprotocol import types as lsp

from plasticdsl.diagnostics.diagnostic import Severity
from plasticdsl.editor.colouring import Coloured, Shade
from plasticdsl.editor.completion import Completion, CompletionKind
from plasticdsl.editor.findings import Finding
from plasticdsl.editor.inlays import Inlay
from plasticdsl.editor.marks import without_marks
from plasticdsl.editor.structure import Fold, FoldKind, Symbol, SymbolKind
from plasticdsl.editor.text import Edit, Position, Region, Text
from plasticdsl.source import Span

#: The colours and what else is said of a stretch, in the order in which they have their numbers.
SHADES = tuple(Shade)
LEGEND = lsp.SemanticTokensLegend([shade.value for shade in SHADES], ["declaration", "readonly", "defaultLibrary"])

#: The address of the file at a path, and its text.
Locate = Callable[[str], tuple[str, Text] | None]

_SYMBOLS = {
    SymbolKind.NEURON: lsp.SymbolKind.Class,
    SymbolKind.SYNAPSE: lsp.SymbolKind.Class,
    SymbolKind.RULE: lsp.SymbolKind.Class,
    SymbolKind.NETWORK: lsp.SymbolKind.Module,
    SymbolKind.EXPERIMENT: lsp.SymbolKind.Method,
    SymbolKind.TABLE: lsp.SymbolKind.Array,
    SymbolKind.FUNCTION: lsp.SymbolKind.Function,
    SymbolKind.QUANTITY: lsp.SymbolKind.Constant,
    SymbolKind.STATE: lsp.SymbolKind.Variable,
    SymbolKind.INPUT: lsp.SymbolKind.Field,
    SymbolKind.EVENT: lsp.SymbolKind.Event,
    SymbolKind.POPULATION: lsp.SymbolKind.Object,
    SymbolKind.PROJECTION: lsp.SymbolKind.Interface,
    SymbolKind.PATTERNS: lsp.SymbolKind.Array,
    SymbolKind.DATA: lsp.SymbolKind.File,
    SymbolKind.PHASE: lsp.SymbolKind.Namespace,
    SymbolKind.RECORD: lsp.SymbolKind.Property,
}
_COMPLETIONS = {
    CompletionKind.KEYWORD: lsp.CompletionItemKind.Keyword,
    CompletionKind.UNIT: lsp.CompletionItemKind.Unit,
    CompletionKind.SIGN: lsp.CompletionItemKind.Text,
    CompletionKind.FUNCTION: lsp.CompletionItemKind.Function,
    CompletionKind.CONSTANT: lsp.CompletionItemKind.Constant,
    CompletionKind.VARIABLE: lsp.CompletionItemKind.Variable,
    CompletionKind.PARAMETER: lsp.CompletionItemKind.Property,
    CompletionKind.BLOCK: lsp.CompletionItemKind.Class,
    CompletionKind.POPULATION: lsp.CompletionItemKind.Module,
    CompletionKind.FILE: lsp.CompletionItemKind.File,
}
_FOLDS = {
    FoldKind.BLOCK: lsp.FoldingRangeKind.Region,
    FoldKind.COMMENT: lsp.FoldingRangeKind.Comment,
    FoldKind.USES: lsp.FoldingRangeKind.Imports,
}


def position(place: Position) -> lsp.Position:
    """A place."""
    return lsp.Position(place.line, place.character)


def place(position: lsp.Position) -> Position:
    """The same backwards."""
    return Position(position.line, position.character)


def region(found: Region) -> lsp.Range:
    """A stretch."""
    return lsp.Range(position(found.start), position(found.end))


def range_of(text: Text, span: Span) -> lsp.Range:
    """A stretch of a text."""
    return region(text.region(span))


def edit(text: Text, change: Edit) -> lsp.TextEdit:
    """A change of a text."""
    return lsp.TextEdit(range_of(text, Span(change.start, change.end)), change.text)


def said(text: str, *, markdown: bool) -> lsp.MarkupContent:
    """What a hover says, with its marks or without."""
    kind, words = (lsp.MarkupKind.Markdown, text) if markdown else (lsp.MarkupKind.PlainText, without_marks(text))
    return lsp.MarkupContent(kind, words)


def diagnostics(text: Text, findings: Iterable[Finding], locate: Locate, *, related: bool = True) -> list[lsp.Diagnostic]:
    """Findings as editors show them. `related`: whether they show other places; where they do not, lines of the message say where those are."""
    return [_diagnostic(text, finding, list(_related(finding.others, locate)), related) for finding in findings]


def _diagnostic(text: Text, finding: Finding, others: Sequence[lsp.DiagnosticRelatedInformation], related: bool) -> lsp.Diagnostic:
    severity = lsp.DiagnosticSeverity.Error if finding.severity is Severity.ERROR else lsp.DiagnosticSeverity.Warning
    return lsp.Diagnostic(
        range_of(text, finding.span),
        finding.message if related else "\n".join([finding.message, *map(_in_words, others)]),
        severity,
        finding.code,
        source="plasticdsl",
        related_information=(list(others) or None) if related else None,
    )


def _in_words(other: lsp.DiagnosticRelatedInformation) -> str:
    """`parts.plas:3: in mV (voltage)`."""
    where = other.location
    return f"{unquote(where.uri.rpartition('/')[2])}:{where.range.start.line + 1}: {other.message}"


def _related(others: Iterable[tuple[Span, str]], locate: Locate) -> Iterable[lsp.DiagnosticRelatedInformation]:
    for span, words in others:
        found = locate(span.path)
        if found is not None:
            yield lsp.DiagnosticRelatedInformation(lsp.Location(found[0], range_of(found[1], span)), words)


def symbol(text: Text, one: Symbol) -> lsp.DocumentSymbol:
    """A symbol with those inside it."""
    return lsp.DocumentSymbol(
        one.name,
        _SYMBOLS[one.kind],
        range_of(text, one.span.to(one.name_span)),
        range_of(text, one.name_span),
        one.detail or None,
        children=[symbol(text, inside) for inside in one.inside],
    )


def fold(one: Fold) -> lsp.FoldingRange:
    """Lines that fold."""
    return lsp.FoldingRange(one.first, one.last, kind=_FOLDS[one.kind])


def completion(text: Text, one: Completion) -> lsp.CompletionItem:
    """An offer."""
    return lsp.CompletionItem(
        label=one.shown,
        kind=_COMPLETIONS[one.kind],
        detail=one.detail or None,
        documentation=one.meaning or None,
        sort_text=f"{one.rank:03}{one.shown}",
        filter_text=one.typed or None,
        text_edit=lsp.TextEdit(range_of(text, Span(one.start, one.end)), one.text),
    )


def colours(text: Text, found: Iterable[Coloured]) -> lsp.SemanticTokens:
    """Coloured stretches, each told by how far it is from the one before."""
    data: list[int] = []
    line = character = 0
    for one in found:
        begin, end = text.position(one.span.start), text.position(one.span.end)
        flags = (one.declaration, one.constant, one.built_in)
        modifiers = sum(1 << number for number, holds in enumerate(flags) if holds)
        kind = SHADES.index(one.shade)
        data += [
            begin.line - line,
            begin.character - (character if begin.line == line else 0),
            end.character - begin.character,
            kind,
            modifiers,
        ]
        line, character = begin.line, begin.character
    return lsp.SemanticTokens(data)


def inlay(text: Text, one: Inlay) -> lsp.InlayHint:
    """A unit that nobody wrote."""
    return lsp.InlayHint(position(text.position(one.offset)), one.text, lsp.InlayHintKind.Type, tooltip=one.meaning or None)


def locations(spans: Iterable[Span], locate: Locate) -> list[lsp.Location]:
    """Places in files."""
    found = ((locate(span.path), span) for span in spans)
    return [lsp.Location(there[0], range_of(there[1], span)) for there, span in found if there is not None]


def edits(text: Text, changes: Sequence[Edit]) -> list[lsp.TextEdit]:
    """Changes of a text."""
    return [edit(text, change) for change in changes]
