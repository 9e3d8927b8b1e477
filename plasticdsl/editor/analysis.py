"""What is known of a text at one moment: a text and the open ones around it come in, an `Analysis` goes out.

It has the statements, right or wrong, and what the compiler says. `deeper` is what the compiler finds when it goes on: methods, integrators, plans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from plasticdsl import driver
from plasticdsl.check.module import Checked, checked
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.editor.text import Text
from plasticdsl.options import CompileOptions
from plasticdsl.plan.plan import Plan
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.layout import Layout, layout
from plasticdsl.syntax.parser import reading
from plasticdsl.syntax.reading import Reading
from plasticdsl.syntax.statements import Written, written

#: What a fault of plasticdsl itself is called in an editor; it is no finding about a text, so nothing explains it.
_FAULT = "internal-error"


@dataclass(frozen=True)
class Analysis:
    """A text and what `check` makes of it. `folder`: where it lies; None: nowhere."""

    source: SourceFile
    folder: Path | None
    layout: Layout
    reading: Reading
    checked: Checked
    text: Text = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", Text(self.source.text))

    @cached_property
    def statements(self) -> tuple[Written, ...]:
        """Right or wrong. Findings do not wait for them."""
        return written(self.source, self.layout)

    def at(self, offset: int) -> Written | None:
        """The statement at a place: the last that begins before it, on one of whose lines it stands or ends."""
        found = None
        for statement in self.statements:
            if statement.line.start > offset:
                break
            if any(start <= offset <= end for start, end in statement.line.stretches):
                later = found is not None and found.line is statement.line and statement.words and statement.words[0].span.start > offset
                found = found if later else statement
        return found


@dataclass(frozen=True, slots=True)
class Deeper:
    """What is found where the compiler goes on: `loaded` is ready to run; None where something is wrong. `plans`: of its networks."""

    findings: tuple[Diagnostic, ...]
    loaded: driver.Loaded | None = None
    plans: tuple[Plan, ...] = ()


def analyse(source: SourceFile, folder: Path | None = None, texts: Mapping[Path, str] | None = None) -> Analysis:
    """`texts`: what stands for files on disk, because editors have them open; by absolute path. Never raises."""
    found = layout(source)
    read = reading(source)
    return Analysis(source, folder, found, read, checked(read, source, folder=folder, texts=texts or {}))


def unchecked(source: SourceFile, folder: Path | None, problem: BaseException) -> Analysis:
    """What is left of an analysis when the compiler itself fails, which is said to the reader."""
    message = f"plasticdsl failed on this text: {type(problem).__name__}. This is a fault of plasticdsl; please report it."
    said = Diagnostic(_FAULT, message, Span(0, 0, source.path))
    read = Reading(tree.File("", (), Span(0, len(source.text), source.path)), (), None)
    found = Checked(None, (said,), {source.path: source})
    return Analysis(source, folder, Layout((), (), ()), read, found)


def deeper(found: Checked) -> Deeper:
    """What `plasticdsl check` finds beside what has been found."""
    if found.module is None:
        return Deeper(())
    try:
        loaded = driver.examined(found)
        plans = driver.plans(loaded, CompileOptions()) if loaded.module.networks else ()
    except PlasError as error:
        return Deeper(_beside(error.diagnostics, found.diagnostics))
    return Deeper(_beside(loaded.warnings, found.diagnostics), loaded, plans)


def _beside(found: Sequence[Diagnostic], known: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(d for d in found if d not in known)
