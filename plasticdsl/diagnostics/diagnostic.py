"""What is wrong with a model, as data; `render.py` turns it into text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from plasticdsl.source import SourceFile, Span

#: How the place is labelled at which a block reads what a finding about its use is about.
USED = "used here"
NO_SOURCES: Mapping[str, SourceFile] = MappingProxyType({})


class Severity(StrEnum):
    """An error stops the pipeline after the stage that found it; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A second place with a few words, for example the other unit of an inconsistent sum."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """`text` to write in place of what stands at `span`; what stands at an empty span is nothing, so the text is inserted."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Hint:
    """What would be right, in words; and where they show text to write, that text too.

    `texts`: each of them mends the finding when it stands at `at` (None: at the place of the finding). A hint in words alone has none.
    """

    words: str
    texts: tuple[str, ...] = ()
    at: Span | None = None

    def __bool__(self) -> bool:
        return bool(self.words)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: `code` (kebab-case, listed in `codes.py`), one sentence in the user's terms, a place and a hint.

    `fixes`: what the hint shows to write; each of them alone mends the finding.
    """

    code: str
    message: str
    span: Span
    hint: str = ""
    labels: tuple[Label, ...] = ()
    severity: Severity = Severity.ERROR
    fixes: tuple[Replacement, ...] = ()

    @property
    def places(self) -> tuple[Span, ...]:
        """Where what it is about is written."""
        return tuple(label.span for label in self.labels if label.text == USED) or (self.span,)


def diagnostic(
    code: str, message: str, span: Span, hint: Hint | str = "", labels: tuple[Label, ...] = (), severity: Severity = Severity.ERROR
) -> Diagnostic:
    """The finding whose hint may show text to write."""
    if isinstance(hint, str):
        return Diagnostic(code, message, span, hint, labels, severity)
    at = span if hint.at is None else hint.at
    return Diagnostic(code, message, span, hint.words, labels, severity, tuple(Replacement(at, text) for text in hint.texts))


class PlasError(Exception):
    """A model that cannot be used; `.diagnostics` holds every finding, `str()` the rendered text. `sources`: the texts that they are in, by path."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], text: str = "", sources: Mapping[str, SourceFile] = NO_SOURCES) -> None:
        super().__init__(text or "\n".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
        self.sources = sources

    def __reduce__(self) -> tuple[type[PlasError], tuple[Any, ...]]:
        return type(self), (self.diagnostics, str(self), dict(self.sources))

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback."""
        from plasticdsl.diagnostics.raised import shown_in_notebooks

        return shown_in_notebooks(self)


PlasError.__module__ = "plasticdsl"  # where people find it, and what Python prints before its text
