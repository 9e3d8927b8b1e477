"""Files of data that a model names: where they may lie, and what is in them.

Comes in: the text in quotes and the place it stands at. Goes out: an absolute path, or a finding. Only the folder of the file that holds the text and
the model library are searched, whatever the text says and wherever links point. Shapes are read, numbers are not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from plasticdsl.check.library import BELOW, SEARCHED, find_file, in_quotes
from plasticdsl.check.report import Reporter
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.library import library_folder
from plasticdsl.model.patterns import DataSet
from plasticdsl.source import Span
from plasticdsl.syntax import tree

#: The folder of the library for data that several of its models use.
_SHARED = "data"
_ENDINGS = (".npz", ".npy", ".csv")

Arrays = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the text called `main` lies (None: nowhere); every other text is a file that has been read."""

    main: str = ""
    folder: Path | None = None

    def around(self, span: Span) -> tuple[Path, ...]:
        """Folders in which a file named at `span` is looked for."""
        own = self.folder if span.path == self.main else Path(span.path).parent
        library = library_folder()
        return tuple(p for p in (own, library, library / _SHARED if library is not None else None) if p is not None)


def read_data(text: str, span: Span, folders: Folders, report: Reporter) -> tuple[Path, Arrays] | None:
    """The file of that name with the names and shapes of its arrays; None after reporting why there is no such thing to be read."""
    from plasticdsl.data.files import describe

    wanted, places = Path(text), folders.around(span)
    if wanted.suffix.lower() not in _ENDINGS:
        hint = f"Files of data end in {', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}."
        report.error("unreadable-data", f"‘{text}’ is no file of arrays.", span, hint)
        return None
    try:
        path = find_file(text, wanted, places)
    except ValueError as problem:
        report.error("data-outside", str(problem), span, BELOW)
        return None
    if path is None:
        known = sorted({p.relative_to(root).as_posix() for root in places for ending in _ENDINGS for p in root.glob(f"*{ending}")})
        report.error("data-not-found", f"There is no file ‘{text}’ {SEARCHED}.", span, in_quotes(did_you_mean(text, known), text, span))
        return None
    try:
        arrays = describe(path)
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else None
        report.error("unreadable-data", f"‘{text}’ cannot be read: {reason or problem}.", span)
        return None
    if not arrays:
        report.error("unreadable-data", f"‘{text}’ holds no arrays.", span)
        return None
    return path, arrays


def check_data(statement: tree.Data, folders: Folders, report: Reporter) -> DataSet | None:
    """`data digits from "digits.npz"`: arrays that number the same items. `data digits` alone: given from Python."""
    name = statement.name
    if not statement.path:
        return DataSet(name.name, name.text, "", (), statement.span)
    place = Span(statement.span.end - len(statement.path) - 2, statement.span.end, statement.span.path)
    found = read_data(statement.path, place, folders, report)
    if found is None or not _same_items(found[1], statement.path, place, report):
        return None
    path, arrays = found
    return DataSet(name.name, name.text, str(path), arrays, statement.span)


def _same_items(arrays: Arrays, text: str, place: Span, report: Reporter) -> bool:
    first, shape = arrays[0]
    for name, other in arrays:
        if not other or not other[0]:
            report.error("unreadable-data", f"‘{name}’ in ‘{text}’ has no items: its first axis must number them.", place)
            return False
        if other[0] != shape[0]:
            message = (
                f"‘{first}’ in ‘{text}’ has {shape[0]} items, ‘{name}’ has {other[0]}; the first axis of each array numbers the items."
            )
            report.error("sizes-differ", message, place)
            return False
    return True


def width(shape: tuple[int, ...]) -> int:
    """How many values one item of an array of this shape has."""
    return math.prod(shape[1:])
