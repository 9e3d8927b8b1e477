"""What the commands write: results to standard output, messages to standard error, and a bar while something takes long."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from plasticdsl.api import Model, load
from plasticdsl.bars import shown
from plasticdsl.diagnostics.colours import Paint, ansi, plain
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.runtime.play.progress import Progress
from plasticdsl.source import SourceFile


class WrongUsage(Exception):
    """The command line asks for something that does not exist or does not fit."""


def prepare() -> None:
    """A terminal that cannot show a letter gets a question mark instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str) -> None:
    """A line of the result."""
    with _read_or_not():
        sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """A message."""
    with _read_or_not():
        sys.stdout.flush()
    sys.stderr.write(text + "\n")


@contextmanager
def _read_or_not() -> Iterator[None]:
    """Where nobody reads the results any more (`| head`), files are written all the same."""
    try:
        yield
    except BrokenPipeError:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def sentence(error: BaseException) -> str:
    """The message of an error as it was written (`str(KeyError)` puts it into quotes)."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)


@contextmanager
def asking() -> Iterator[None]:
    """Turns unknown names and unsuitable values from the command line into wrong usage."""
    try:
        yield
    except (KeyError, ValueError) as error:
        raise WrongUsage(sentence(error)) from error


def tell_findings(findings: Iterable[Diagnostic], sources: Mapping[str, SourceFile]) -> None:
    """Warnings and errors with their places."""
    from plasticdsl.diagnostics.render import render

    for finding in findings:
        tell(render(finding, sources, _paint()) + "\n")


def tell_error(error: PlasError) -> None:
    """All that is wrong with a model."""
    from plasticdsl.diagnostics.render import render_all

    tell(render_all(error.diagnostics, error.sources, _paint()) if error.diagnostics else str(error))


def _paint() -> Paint:
    """Colours on a terminal that has them, but not for people who want none (https://no-color.org)."""
    wanted = sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return ansi if wanted else plain


def loaded(file: str) -> Model:
    """The model of a file, once its warnings have been shown."""
    model = load(file)
    tell_findings(model.warnings, model.loaded.sources)
    return model


def progress(quiet: bool) -> AbstractContextManager[Progress]:
    """A bar with the time left, on a terminal; elsewhere nothing."""
    return shown(not quiet)
