"""Lines as other programs write them: the findings of a file come in, and those about such a line go out as one that shows how it is written here.

A line is looked at only where something is wrong with it, so nothing here changes what a file means. The lines that are known are in `foreign_lines`, and
pieces of lines in `foreign_words`, as data.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from types import MappingProxyType

from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint, Replacement, diagnostic
from plasticdsl.names import NAME
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.foreign_draws import FLOWING
from plasticdsl.syntax.foreign_lines import LINES, Shape, Written
from plasticdsl.syntax.foreign_plots import PLOT_WORDS
from plasticdsl.syntax.foreign_sections import SECTIONS
from plasticdsl.syntax.foreign_texts import CONVERTERS, Where, in_ascii
from plasticdsl.syntax.foreign_words import OPEN, WORDS, Word
from plasticdsl.syntax.layout import Line, layout
from plasticdsl.syntax.misspelt import Statements, with_keyword
from plasticdsl.syntax.words import likely_block

#: Characters of a line that is looked at: what people write is short.
_LONGEST = 300
#: Characters of a file that is looked at.
_LARGEST = 100_000
NO_UNITS: Mapping[str, str] = MappingProxyType({})
#: The findings that a line of another program gets where no shape names others: it cannot be read, or has names that nothing here has.
_STRANGE = frozenset(
    (
        *(
            "bad-left-side",
            "comparison-statement",
            "condition-first",
            "foreign-sign",
            "incomplete",
            "incomplete-case",
            "misplaced-derivative",
        ),
        *(
            "misplaced-prime",
            "misplaced-statement",
            "misplaced-tolerance",
            "missing-bracket",
            "missing-colon",
            "missing-value",
            "nested-block",
        ),
        *(
            "no-else",
            "not-a-state",
            "number-after-value",
            "outside-block",
            "reserved-word",
            "two-equals",
            "undeclared-block",
            "undeclared-neuron",
        ),
        *("undeclared-population", "undeclared-projection", "unexpected", "unexpected-block", "unexpected-character", "unknown-block"),
        *("unknown-function", "unknown-name", "unknown-option", "unknown-parameter", "unknown-shape", "unknown-statement", "empty-block"),
    )
)


def told(source: SourceFile, findings: Sequence[Diagnostic], units: Mapping[str, str] = NO_UNITS) -> tuple[Diagnostic, ...]:
    """The findings of a file, in which a line of another program is one finding, with what to write in its place; `units`: of its variables, by their
    ASCII names, as far as they are known."""
    if not findings or len(source.text) > _LARGEST:
        return tuple(findings)
    places = _Places.of(source, units)
    statements = Statements(source)
    seen: set[int] = set()
    fixes: list[Replacement] = []
    kept: list[Diagnostic] = []
    for finding in findings:
        place = places.at(finding)
        if place is not None and (place.line.start in seen or any(_rewrites(fix, place) for fix in fixes)):
            continue
        recognised = _recognised(place, finding) if place is not None else None
        recognised = recognised or next(filter(None, (_unit_used(places, replace(finding, span=at)) for at in finding.places)), None)
        meant = finding if place is None else with_keyword(finding, statements)
        if place is not None and recognised is None:
            recognised = _of_experiments(place, finding, anywhere=meant == finding)
        if place is not None and recognised is not None:
            fixes += recognised.fixes
            seen.add(place.line.start)
        kept.append(recognised or meant)
    return tuple(kept)


def _unit_used(places: _Places, finding: Diagnostic) -> Diagnostic | None:
    """What is said of a name that a connection does not give, where it stands as a unit."""
    place = places.at(finding) if finding.code in OPEN else None
    return _recognised(place, finding) if place is not None else None


def _rewrites(fix: Replacement, place: Where) -> bool:
    """Whether a line is among those that become something else, and not among those that are only moved."""
    line = place.line
    return fix.span.start < line.start and line.end <= fix.span.end and place.text not in fix.text


@dataclass(frozen=True, slots=True)
class _Places:
    """The statements of a file by where they begin."""

    source: SourceFile
    starts: tuple[int, ...]
    places: tuple[Where, ...]

    @staticmethod
    def of(source: SourceFile, units: Mapping[str, str]) -> _Places:
        places = tuple(replace(place, units=units) for place in _walk(source, layout(source).lines, "item", 0))
        return _Places(source, tuple(place.line.start for place in places), places)

    def at(self, finding: Diagnostic) -> Where | None:
        """The statement that a finding is about; None where it is long, or the finding is about another file."""
        if finding.span.path != self.source.path:
            return None
        number = bisect_right(self.starts, finding.span.start) - 1
        place = self.places[number] if number >= 0 else None
        if place is None or finding.span.start > place.line.end or place.line.end - place.line.start > _LONGEST:
            return None
        return place


def _walk(source: SourceFile, lines: Sequence[Line], kind: str, level: int) -> Iterator[Where]:
    siblings = tuple(line for line in lines if line.doc is None)
    for line in siblings:
        yield Where(source, kind, line, siblings, level)
        yield from _walk(source, line.body, kind if level else likely_block(source.text[line.start : line.end]) or "neuron", level + 1)


def _recognised(where: Where, finding: Diagnostic) -> Diagnostic | None:
    """What the first shape says that this line, or a piece of it, has."""
    lines = (
        _made(shape, where, finding)
        for shape in (*LINES, *SECTIONS, *FLOWING)
        if where.kind in shape.kinds and finding.code in (shape.codes or _STRANGE)
    )
    words = (_piece(word, where, finding) for word in WORDS if finding.code in (word.codes or _STRANGE))
    return next(filter(None, chain(lines, words)), None)


def _of_experiments(where: Where, finding: Diagnostic, *, anywhere: bool) -> Diagnostic | None:
    """What is said of a piece of a line of an experiment: of one that the finding lies in, or of one `anywhere` in the line."""
    words = (word if anywhere else replace(word, anywhere=False) for word in PLOT_WORDS if finding.code in word.codes)
    return next(filter(None, (_piece(word, where, finding) for word in words)), None)


def _piece(word: Word, where: Where, finding: Diagnostic) -> Diagnostic | None:
    if word.kinds and where.kind not in word.kinds:
        return None
    for match in word.pattern.finditer(where.source.text, where.line.start, where.line.end):
        found = word.write(match.groups(), where) if callable(word.write) else (_filled(word.write, match.groups(), where) or "",)
        if match[0] in (texts := () if isinstance(found, Hint) else found):
            continue  # as it is written
        if (found if isinstance(found, Hint) else any(texts)) and (word.anywhere or match.start() <= finding.span.start < match.end()):
            at = Span(match.start(), match.end(), where.source.path)
            said = (_filled(word.sentence, match.groups(), where) if "{" in word.sentence else None) or word.sentence
            hint = found if isinstance(found, Hint) else _written(found, where)
            return diagnostic("foreign-line", said, at, hint, severity=finding.severity)
    return None


def _written(texts: Sequence[str], where: Where) -> Hint:
    texts = tuple(map(in_ascii, texts) if where.source.text.isascii() else texts)
    return Hint(f"Write {' or '.join(f'‘{one}’' for one in texts)}.", texts)


def _made(shape: Shape, where: Where, finding: Diagnostic) -> Diagnostic | None:
    if (shape.level and shape.level != where.level) or any(word not in where.text for word in _needed(shape.pattern)):
        return None
    match = compiled(shape.pattern).fullmatch(where.text)
    if match is None:
        return None
    groups: list[str | None] = [*match.groups()]
    partner = None
    other = ""
    if shape.beside:
        pattern = compiled(shape.beside.replace("{1}", "\\" + (groups[0] or "") if groups else ""))
        found = ((line, pattern.fullmatch(_text_of(where, line))) for line in where.siblings if line is not where.line)
        partner, beside = next(((line, other) for line, other in found if other is not None), (None, None))
        if beside is None:
            return None
        groups += beside.groups()
        other = replace(where, line=partner).body if partner is not None else ""
    text = None if shape.write is None else _filled(shape.write, groups, where, other)
    if text == where.text or (text is None and (shape.write is not None or not shape.hint)):
        return None
    span = Span(where.line.start, where.line.end, where.source.path)
    message = _filled(shape.sentence, groups, where) or shape.sentence
    hint = Hint(shape.hint) if text is None else _hint(shape, text, where, partner)
    return diagnostic("foreign-line", message, span, hint, severity=finding.severity)


def _text_of(where: Where, line: Line) -> str:
    return "\n".join(where.source.text[start:end] for start, end in line.stretches)


def _hint(shape: Shape, text: str, where: Where, partner: Line | None) -> Hint:
    words = shape.hint or _words(text)
    if partner is not None:
        text, at = _moved(text, where, partner)
        return Hint(words, (text,), at)
    at = where.whole if shape.whole else Span(where.line.start, where.line.end, where.source.path)
    if not text:
        return Hint(words, ("",), _with_its_line(at, where))
    return Hint(words, (text.replace("\n", "\n" + where.indent),), at)


def _moved(text: str, where: Where, partner: Line) -> tuple[str, Span]:
    """What two lines become, at the place of the first; what stands between them follows."""
    source = where.source
    first, second = sorted((where.line, partner), key=lambda line: line.start)
    between = source.text[first.end : second.start].rstrip()
    return text.replace("\n", "\n" + where.indent) + between, Span(first.start, max(last_of(first).end, last_of(second).end), source.path)


def last_of(line: Line) -> Line:
    """The last line of its block."""
    return last_of(line.body[-1]) if line.body else line


def _with_its_line(at: Span, where: Where) -> Span:
    """A whole line, with its end, where nothing is to be left of it."""
    text = where.source.text
    end = text.find("\n", at.end)
    return Span(text.rfind("\n", 0, at.start) + 1, len(text) if end < 0 else end + 1, at.path)


def _words(text: str) -> str:
    """What the hint says."""
    if not text:
        return "Leave the line out."
    first, *rest = text.split("\n")
    words = f"Write ‘{first}’"
    for line in rest[:3]:
        words += f"{', and below it' if line.startswith(' ') else ', and on a line of its own'} ‘{line.strip()}’"
    return words + (" and so on." if len(rest) > 3 else ".")


# --- patterns --------------------------------------------------------------------------------------------------------

_PARTS: Mapping[str, str] = {
    "NAME": rf"((?>{NAME}))",
    "NUMBER": r"((?>[-−+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-−+]?\d+)?))",
    "UNIT": r"((?>1|[A-Za-zµΩ][\w/*·^⁻]*))",
    "…": r"(.+?)",
    "FLOW": rf"\bd({NAME})/dt",
    "QUOTED": r"""(?:"{3}|'{3}|["'])(.+?)(?:"{3}|'{3}|["'])""",
}


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of words and signs apart by blanks: `NAME`, `NUMBER`, `UNIT`, `QUOTED` and `…` (anything) are groups, `a|b` one of several and
    `(a|b)` one that is a group; a `?` behind either says that it may be missing. Blanks between them are free."""
    parts = [_part(item) for item in pattern.split()]
    return re.compile(r"\s*+" + r"\s*+".join(parts) + r"\s*+", re.DOTALL)


@cache
def _needed(pattern: str) -> tuple[str, ...]:
    """The words and signs without which nothing can look like the pattern: asked first, since that is quick."""
    items = (item for item in pattern.split() if item not in _PARTS and "|" not in item)
    return tuple(item for item in items if len(item) == 1 or not item.endswith("?"))


def _part(item: str) -> str:
    if item in _PARTS:
        return _PARTS[item]
    optional = "?" if len(item) > 1 and item.endswith("?") else ""
    item = item.removesuffix("?") if optional else item
    if item in _PARTS:
        return f"(?:{_PARTS[item]})?"
    if item.startswith("\\"):  # a word as it is
        return rf"\b{re.escape(item[1:])}\b"
    group = item.startswith("(") and item.endswith(")") and len(item) > 2
    words = sorted((item[1:-1] if group else item).split("|"), key=len, reverse=True) if len(item) > 1 else [item]
    choice = "|".join(rf"\b{word}\b" if re.fullmatch(r"\w+", word) else re.escape(word) for word in words)
    return f"{'(' if group else '(?:'}{choice}){optional}"


# --- what is written instead -----------------------------------------------------------------------------------------

_FIELD = re.compile(r"\{(\d+|body|other)(?::(\w+))?\}")


def _filled(template: Written, groups: Sequence[str | None], where: Where, other: str = "") -> str | None:
    """The template with its fields filled in; None where one of them has nothing to say."""
    if callable(template):
        text = template(groups, where)
        return in_ascii(text) if text is not None and where.source.text.isascii() else text
    missing = False

    def field(match: re.Match[str]) -> str:
        nonlocal missing
        whole = {"body": where.body, "other": other}.get(match[1])
        text = whole if whole is not None else (groups[int(match[1]) - 1] or "")
        converted = CONVERTERS[match[2]](text, where) if match[2] else text if whole is not None else " ".join(text.split())
        missing = missing or converted is None
        return converted or ""

    text = _FIELD.sub(field, template)
    text = text.rstrip(" ")  # of a last part that may be missing
    return None if missing else in_ascii(text) if where.source.text.isascii() else text
