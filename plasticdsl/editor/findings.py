"""What is wrong with a text, at places of this text: an `Analysis` and what was found deeper come in, `Finding`s go out.

What is wrong with a file that it uses is said at its `use` line, with the place in that file beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from plasticdsl.diagnostics.diagnostic import Diagnostic, Replacement, Severity
from plasticdsl.editor.analysis import Analysis
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind


@dataclass(frozen=True, slots=True)
class Finding:
    """`span` is in the text itself. `others`: places, here or in other files, with words. `fixes`: each mends it; all are in the text itself."""

    code: str
    message: str
    span: Span
    severity: Severity
    others: tuple[tuple[Span, str], ...] = ()
    fixes: tuple[Replacement, ...] = ()


def findings(analysis: Analysis, deeper: Iterable[Diagnostic] = ()) -> tuple[Finding, ...]:
    """Everything that is wrong, in the order of the text."""
    path = analysis.source.path
    found = [_finding(d, path, analysis) for d in dict.fromkeys((*analysis.checked.diagnostics, *deeper))]
    return tuple(sorted(found, key=lambda f: (f.span.start, f.span.end)))


def _finding(found: Diagnostic, path: str, analysis: Analysis) -> Finding:
    others = tuple((label.span, label.text) for label in found.labels if label.span.path in analysis.checked.sources)
    message = f"{found.message}\n{found.hint}" if found.hint else found.message
    if found.span.path == path:
        fixes = tuple(fix for fix in found.fixes if fix.span.path == path)
        return Finding(found.code, message, found.span, found.severity, others, fixes)
    if found.span.path in analysis.checked.sources:
        others = ((found.span, found.message), *others)
    return Finding(found.code, message, _use_of(found.span.path, analysis), found.severity, others)


def _use_of(path: str, analysis: Analysis) -> Span:
    """The line that brings in a file, or another that does; the beginning of the text, where there is none."""
    uses = of_kind(analysis.reading.file.items, tree.UseFile)
    named = next((use for use in uses if path.removesuffix(".plas").endswith(use.path.removesuffix(".plas"))), None)
    return named.span if named is not None else uses[0].span if uses else Span(0, 0, analysis.source.path)


def fixes_at(findings: Iterable[Finding], start: int, end: int) -> Iterator[tuple[Finding, Replacement]]:
    """What mends the findings that a stretch touches."""
    for finding in findings:
        if finding.span.start <= end and start <= max(finding.span.end, finding.span.start):
            yield from ((finding, fix) for fix in finding.fixes)


def title(fix: Replacement, sources: Mapping[str, str]) -> str:
    """What a fix does, in a few words."""
    old = sources.get(fix.span.path, "")[fix.span.start : fix.span.end]
    new = " ".join(fix.text.split())
    if not old.strip():
        return f"Insert ‘{new}’" if new else "Indent as the lines around"
    return f"Replace ‘{' '.join(old.split())}’ by ‘{new}’" if new else f"Remove ‘{' '.join(old.split())}’"
