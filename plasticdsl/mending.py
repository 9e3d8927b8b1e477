"""A text that mends itself: what hints show to write is written, tried, and kept where it makes things better.

Comes in: a text and the folder it lies in. Goes out: `Mended`, the text with what was changed and what is still wrong. A change is kept where its finding
is gone and nothing new is wrong with the lines it touches; of several that a hint shows, the one that leaves fewest errors, and none where two are as
good: only the author knows which is meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from plasticdsl import driver
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Replacement, Severity
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import reading

#: Every change takes a check of the file.
MOST_CHANGES = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What was written in place of what, for which finding; `line` is that of the text at that time, from 1."""

    finding: Diagnostic
    line: int
    before: str
    after: str

    @property
    def said(self) -> str:
        """A sentence for whoever reads what was done."""
        before, after = (" ⏎ ".join(line.strip() for line in text.strip().split("\n")) for text in (self.before, self.after))
        done = f"‘{before}’ is now ‘{after}’" if before and after else f"‘{before}’ is left out" if before else f"‘{after}’ is added"
        return f"{done}. {self.finding.message}"


@dataclass(frozen=True, slots=True)
class Mended:
    """The text as far as it could be mended, and what is still wrong with it, warnings too."""

    source: SourceFile
    changes: tuple[Change, ...]
    left: tuple[Diagnostic, ...]


def mended(source: SourceFile, folder: Path | None) -> Mended:
    """The text with every change that makes it better. Never raises for what is wrong with the model."""
    found = findings(source, folder)
    changes: list[Change] = []
    while len(changes) < MOST_CHANGES:
        step = next(filter(None, (_mended(source, found, one, folder) for one in found)), None)
        if step is None:
            break
        source, found, change = step
        changes.append(change)
    return Mended(source, tuple(changes), found)


def findings(source: SourceFile, folder: Path | None) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a text, as far as the first stage that finds an error; nothing is run."""
    found = driver.read(source, folder)
    if found.module is None:
        return found.diagnostics
    try:
        driver.prepared(found)
    except PlasError as error:
        return error.diagnostics
    return found.diagnostics


_Step = tuple[SourceFile, tuple[Diagnostic, ...], Change]


def _mended(source: SourceFile, found: tuple[Diagnostic, ...], finding: Diagnostic, folder: Path | None) -> _Step | None:
    """The text after the best of what a hint shows."""
    notation = reading(source).findings
    better: list[tuple[int, Replacement, SourceFile, tuple[Diagnostic, ...]]] = []
    for fix in finding.fixes:
        if fix.span.path != source.path or source.text[fix.span.start : fix.span.end] == fix.text:
            continue
        text = SourceFile(source.path, source.text[: fix.span.start] + fix.text + source.text[fix.span.end :])
        after = findings(text, folder)
        if _is_better(finding, found, after, text, fix, notation):
            better.append((sum((_errors(after) - _errors(found)).values()), fix, text, after))
    fewest = min((number for number, *_ in better), default=0)
    best = [one for one in better if one[0] == fewest]
    if len(best) != 1:
        return None
    _, fix, text, after = best[0]
    before = source.text[fix.span.start : fix.span.end]
    return text, after, Change(finding, source.line_column(finding.span.start)[0], before, fix.text)


def _is_better(
    finding: Diagnostic,
    before: tuple[Diagnostic, ...],
    after: tuple[Diagnostic, ...],
    text: SourceFile,
    fix: Replacement,
    notation: tuple[Diagnostic, ...],
) -> bool:
    """Whether the finding is gone, and what was written has no error of its own that does not mend itself: what it hid elsewhere may come to light, and
    what could not be read before may have other errors now that it can."""
    if _counted(after)[finding.code, finding.message] >= _counted(before)[finding.code, finding.message] and not _gone(finding, after, fix):
        return False
    if finding in notation:
        if any(d.code == "unknown-name" and not d.fixes and _within(d, text, fix) for d in after):
            return False  # it makes sense of words that have none
        left = reading(text).findings
        hidden = _counted(left) - _counted(notation)
        return not any(hidden[d.code, d.message] and not d.fixes for d in left)
    begin = text.text.rfind("\n", 0, fix.span.start) + 1
    end = text.text.find("\n", fix.span.start + len(fix.text))
    new = _errors(after) - _errors(before)
    own = [d for d in after if d.span.path == text.path and begin <= d.span.start <= (end if end >= 0 else len(text.text))]
    return not any(new[d.code, d.message] and not d.fixes for d in own)


def _within(finding: Diagnostic, text: SourceFile, fix: Replacement) -> bool:
    """Whether a finding is about what was written."""
    return finding.span.path == text.path and fix.span.start <= finding.span.start < fix.span.start + len(fix.text)


def _gone(finding: Diagnostic, after: tuple[Diagnostic, ...], fix: Replacement) -> bool:
    """Whether what was written stands where the finding was and has none like it: another one with the same words may have come to light elsewhere."""
    if not (fix.span.start <= finding.span.start and finding.span.end <= fix.span.end):
        return False
    end = fix.span.start + len(fix.text)
    alike = [d for d in after if (d.code, d.message) == (finding.code, finding.message)]
    return not any(d.span.start < end and fix.span.start < d.span.end for d in alike)


def _errors(found: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    return _counted(d for d in found if d.severity is Severity.ERROR)


def _counted(found: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    return Counter((d.code, d.message) for d in found)
