"""From findings to text for people and JSON for tools: a `Diagnostic` and the sources come in, a string goes out, coloured by a `Paint`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from plasticdsl.diagnostics.colours import Paint, Tone, plain
from plasticdsl.diagnostics.columns import shown, width
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Severity
from plasticdsl.source import SourceFile, Span

_LONGEST_LINE = 160


@contextmanager
def rendered(sources: Mapping[str, SourceFile]) -> Iterator[None]:
    """Gives every `PlasError` raised inside the text that shows the places in these sources."""
    try:
        yield
    except PlasError as error:
        raise PlasError(error.diagnostics, render_all(error.diagnostics, sources), sources) from None


def render(diagnostic: Diagnostic, sources: Mapping[str, SourceFile], paint: Paint = plain) -> str:
    """`file:line:column: error[code]: message`, the line with the place underlined, other places with their words, the hint.

    `sources` maps the path in a span to its text; for a span without source only the sentence is printed.
    """
    source = sources.get(diagnostic.span.path)
    tone = Tone.WARNING if diagnostic.severity is Severity.WARNING else Tone.ERROR
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]:", tone) + f" {paint(shown(diagnostic.message), Tone.PLACE)}"
    if source is None:
        parts = [head if diagnostic.span.path.startswith("<built") else f"{diagnostic.span.path}: {head}"]
    else:
        line, column = _position(source, diagnostic.span.start)
        parts = [f"{diagnostic.span.path}:{line}:{column}: {head}", *_excerpt(source, diagnostic.span, paint, tone)]
    for label in diagnostic.labels:
        parts.extend(_label(label.span, label.text, diagnostic.span, sources, paint))
    if diagnostic.hint:
        parts.append(f"  {paint('hint:', Tone.HINT)} {shown(diagnostic.hint)}")
    return "\n".join(parts)


def render_all(diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile], paint: Paint = plain) -> str:
    """All findings, with a blank line between them."""
    return "\n\n".join(render(diagnostic, sources, paint) for diagnostic in diagnostics)


def as_data(diagnostic: Diagnostic, sources: Mapping[str, SourceFile]) -> dict[str, object]:
    """One finding as plain data; each of `fixes` is a place and a text that mends it there.

    Lines and columns count from 1, `end_column` is the first one after the place.
    """
    return {
        "code": diagnostic.code,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        **_place(diagnostic.span, sources),
        "labels": [{"text": label.text, **_place(label.span, sources)} for label in diagnostic.labels],
        "fixes": [{"text": fix.text, **_place(fix.span, sources)} for fix in diagnostic.fixes],
    }


def to_json(diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile]) -> str:
    """A JSON list of findings, see `as_data`."""
    return json.dumps([as_data(diagnostic, sources) for diagnostic in diagnostics], ensure_ascii=False, indent=2)


def _place(span: Span, sources: Mapping[str, SourceFile]) -> dict[str, object]:
    source = sources.get(span.path)
    if source is None:
        return {"file": span.path, "line": None, "column": None, "end_line": None, "end_column": None}
    line, column = _position(source, span.start)
    end_line, end_column = _position(source, max(span.end, span.start))
    return {"file": span.path, "line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _position(source: SourceFile, offset: int) -> tuple[int, int]:
    return source.line_column(min(offset, len(source.text)))


def _label(span: Span, text: str, main: Span, sources: Mapping[str, SourceFile], paint: Paint) -> list[str]:
    source = sources.get(span.path)
    if source is None:
        return [f"  {shown(text)}"]
    where = []
    if span.path != main.path:
        line, column = _position(source, span.start)
        where = [f"  in {span.path}:{line}:{column}:"]
    return [*where, *_excerpt(source, span, paint, Tone.NOTE, text)]


def _excerpt(source: SourceFile, span: Span, paint: Paint, tone: Tone, text: str = "") -> list[str]:
    """The line on which `span` begins, and marks under the part of it that lies on this line."""
    line, column = _position(source, span.start)
    content = source.line(line).rstrip("\r")
    begin = min(column - 1, len(content))
    end = min(max(begin + span.end - span.start, begin + 1), max(len(content), begin + 1))
    content, begin, end = _window(content, begin, end)
    number = f"{line:5} | "
    written = shown(content[:begin]) + paint(shown(content[begin:end]), tone) + shown(content[end:])
    marks = "^" * max(width(content[begin:end]), 1) + (f" {shown(text)}" if text else "")
    blanks = " " * width(content[:begin])
    return [paint(number, Tone.GUTTER) + written, paint(" " * (len(number) - 2) + "| ", Tone.GUTTER) + blanks + paint(marks, tone)]


def _window(content: str, begin: int, end: int) -> tuple[str, int, int]:
    """A long line is cut to the neighbourhood of the place."""
    if len(content) <= _LONGEST_LINE:
        return content, begin, end
    left = max(0, begin - _LONGEST_LINE // 2)
    right = min(len(content), left + _LONGEST_LINE)
    before, after = "…" if left else "", "…" if right < len(content) else ""
    cut = before + content[left:right] + after
    return cut, begin - left + len(before), min(end, right) - left + len(before)
