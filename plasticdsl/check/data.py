"""Files of data that a model names: where they may lie, and what is in them.

Comes in: the text in quotes and the place it stands at. Goes out: an absolute path, or a finding. Only the folder of the file that holds the text and
the model library are searched, whatever the text says and wherever links point. Shapes are read, numbers are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

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


def find_data(text: str, span: Span, folders: Folders, report: Reporter) -> Path | None:
    """The file of that name; None after reporting that there is none, or that it must not be read."""
    wanted = Path(text)
    if wanted.is_absolute() or ".." in wanted.parts or "\\" in text or "\0" in text:
        hint = "Write the name of a file in the folder of this model, or in one below it."
        report.error("data-outside", f"‘{text}’ leads outside the folder of this model.", span, hint)
        return None
    if wanted.suffix.lower() not in _ENDINGS:
        hint = f"Files of data end in {', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}."
        report.error("unreadable-data", f"‘{text}’ is no file of arrays.", span, hint)
        return None
    places = folders.around(span)
    for root in places:
        path = (root / wanted).resolve()
        if path.is_file():
            if path.is_relative_to(root.resolve()):
                return path
            report.error("data-outside", f"‘{text}’ is a link that leads outside its folder.", span)
            return None
    known = sorted({p.relative_to(root).as_posix() for root in places for ending in _ENDINGS for p in root.glob(f"*{ending}")})
    near = replace(did_you_mean(text, known), at=Span(span.start + 1, span.end - 1, span.path))
    report.error("data-not-found", f"There is no file ‘{text}’ beside this one or in the library.", span, near)
    return None


def arrays_in(path: Path, text: str, span: Span, report: Reporter) -> Arrays | None:
    """Name and shape of what is in a file; None after reporting that it cannot be read."""
    from plasticdsl.data.describe import describe

    try:
        found = describe(path)
    except OSError as problem:
        report.error("unreadable-data", f"‘{text}’ cannot be read: {problem.strerror or problem}.", span)
        return None
    except ValueError as problem:
        report.error("unreadable-data", f"‘{text}’ cannot be read: {problem}.", span)
        return None
    if not found:
        report.error("unreadable-data", f"‘{text}’ holds no arrays.", span)
        return None
    return found


def check_data(statement: tree.Data, folders: Folders, report: Reporter) -> DataSet | None:
    """`data digits from "digits.npz"`: arrays that number the same items. `data digits` alone: given from Python."""
    name = statement.name
    if not statement.path:
        return DataSet(name.name, name.text, "", (), statement.span)
    place = Span(statement.span.end - len(statement.path) - 2, statement.span.end, statement.span.path)
    path = find_data(statement.path, place, folders, report)
    arrays = arrays_in(path, statement.path, place, report) if path is not None else None
    if path is None or arrays is None or not _same_items(arrays, statement.path, place, report):
        return None
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
    count = 1
    for length in shape[1:]:
        count *= length
    return count
