"""What is wrong with a model, as data; `render.py` turns it into text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plasticdsl.source import Span


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
class Diagnostic:
    """One finding: `code` (kebab-case, listed in `codes.py`), one sentence in the user's terms, a place and a hint."""

    code: str
    message: str
    span: Span
    hint: str = ""
    labels: tuple[Label, ...] = ()
    severity: Severity = Severity.ERROR


class PlasError(Exception):
    """A model that cannot be used; `.diagnostics` holds every finding, `str()` the rendered text."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], text: str = "") -> None:
        super().__init__(text or "\n".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
