"""The files that a file names: `use LIF, STDP from "neurons"`, and files of data, from beside it and from the model library.

Comes in: a parsed file and the folder it lies in. Goes out: every file read, with what each `use` line means, and the source texts for messages. Of data:
the text in quotes and the place it stands at come in, an absolute path goes out; shapes are read, numbers are not. Nothing outside the file's own folder
and the library is ever opened, whatever the text says and wherever links point.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from plasticdsl.check.report import Reporter
from plasticdsl.diagnostics.diagnostic import Hint, PlasError
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.library import SUFFIX, library_folder, library_model, library_models, read
from plasticdsl.model.patterns import ENDINGS, DataSet
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind

BELOW = "Write the name of a file in the folder of this one or below it, or of one in the library."
SEARCHED = "beside this one or in the library"


def find_file(text: str, wanted: Path, roots: Iterable[Path]) -> Path | None:
    """The file of that path in the first folder that has it; `text` is what was written. Raises ValueError, in words, where it leads outside."""
    if wanted.is_absolute() or ".." in wanted.parts or "\\" in text or "\0" in text:
        raise ValueError(f"‘{text}’ leads outside the folder of this file.")
    for root in roots:
        try:
            path = (root / wanted).resolve()
            there = path.is_file()
        except (OSError, ValueError, RuntimeError):  # the system takes no such name; links lead in a circle
            continue
        if there:
            if path.is_relative_to(root.resolve()):
                return path
            raise ValueError(f"‘{text}’ is a link that leads outside its folder.")
    return None


def in_quotes(hint: Hint, text: str, span: Span) -> Hint:
    """The hint about a text in quotes that ends where `span` does."""
    return replace(hint, at=Span(span.end - 1 - len(text), span.end - 1, span.path))


@lru_cache(maxsize=64)
def _parsed(source: SourceFile) -> tree.File:
    """The same file is used again and again while another is written."""
    from plasticdsl.syntax.parser import parse

    return parse(source)


def read_used(file: tree.File, folder: Path | None, report: Reporter, texts: Mapping[Path, str] = MappingProxyType({})) -> Read:
    """Follows the `use` lines of `file`; `folder` is None for text that lies in no folder, which can use the library alone. `texts`: what stands for the
    files at these absolute paths."""
    found = Read({file.span.path: file}, texts=texts)
    own = folder / Path(file.span.path).name if folder is not None else None
    if own is not None and own.is_file():
        found.names[own.resolve()] = file.span.path
    found.follow(file, folder, report)
    return found


@dataclass(slots=True)
class Read:
    """Files read so far, each once: files may use each other in a circle.

    `files`: what was read, by path, the using file first. `uses`: the path that each `use` line means; None where that file cannot be used.
    `names`: the path in the spans of each file; None where it could not be read. `texts`: what stands for files, by path.
    """

    files: dict[str, tree.File]
    uses: dict[Span, str | None] = field(default_factory=dict)
    sources: dict[str, SourceFile] = field(default_factory=dict)
    names: dict[Path, str | None] = field(default_factory=dict)
    texts: Mapping[Path, str] = field(default_factory=dict)

    def follow(self, file: tree.File, folder: Path | None, report: Reporter) -> None:
        """Reads what the `use` lines of `file` mean, and what these files use."""
        for use in of_kind(file.items, tree.UseFile):
            path = _meant(use, folder, report)
            self.uses[use.span] = self._read(path, use, report) if path is not None else None

    def _read(self, path: Path, use: tree.UseFile, report: Reporter) -> str | None:
        """The path in the spans of that file; None after reporting that it cannot be read."""
        if path in self.names:
            return self.names[path]
        self.names[path] = None
        try:
            source = self.sources[str(path)] = SourceFile(str(path), self.texts[path]) if path in self.texts else read(path)
            file = _parsed(source)
        except OSError as problem:
            report.error("use-not-found", f"‘{use.path}’ cannot be read: {problem.strerror}.", use.span)
            return None
        except PlasError as error:
            for found in error.diagnostics:
                report.add(found)
            return None
        self.names[path] = source.path
        self.files[source.path] = file
        self.follow(file, path.parent, report)
        return source.path


def _meant(use: tree.UseFile, folder: Path | None, report: Reporter) -> Path | None:
    """The file meant: beside this one, else in the library, with or without the folder it has there; None after reporting that there is none."""
    wanted = Path(use.path if use.path.endswith(SUFFIX) else use.path + SUFFIX)
    try:
        found = find_file(use.path, wanted, [root for root in (folder, library_folder()) if root is not None])
    except ValueError as problem:
        report.error("use-outside", str(problem), use.span, BELOW)
        return None
    found = found or library_model(use.path)
    if found is None:
        hint = in_quotes(did_you_mean(use.path, library_models(), "The library has"), use.path, use.span)
        report.error("use-not-found", f"There is no file ‘{wanted}’ {SEARCHED}.", use.span, hint)
    return found


# --- data ------------------------------------------------------------------------------------------------------------


#: The folder of the library for data that several of its models use.
_SHARED = "data"

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


@dataclass(frozen=True, slots=True)
class Morphologies:
    """Files of morphologies: where they are looked for, and what has been read, by path."""

    folders: Folders
    sources: dict[str, SourceFile]

    def read(self, text: str, span: Span, report: Reporter) -> str | None:
        """The text of a file that is named at `span`; None after reporting why there is none."""
        if Path(text).suffix.lower() != ".swc":
            report.error("unreadable-data", f"‘{text}’ is no morphology.", span, "Morphologies are in files that end in .swc.")
            return None
        try:
            path = find_file(text, Path(text), self.folders.around(span))
        except ValueError as problem:
            report.error("data-outside", str(problem), span, BELOW)
            return None
        if path is None:
            report.error("data-not-found", f"There is no file ‘{text}’ {SEARCHED}.", span)
            return None
        try:
            content = path.read_text(encoding="utf-8", errors="replace")
        except OSError as problem:
            report.error("unreadable-data", f"‘{text}’ cannot be read: {problem.strerror}.", span)
            return None
        self.sources[str(path)] = SourceFile(str(path), content)
        return content


def read_data(text: str, span: Span, folders: Folders, report: Reporter) -> tuple[Path, Arrays] | None:
    """The file of that name with the names and shapes of its arrays; None after reporting why there is no such thing to be read."""
    from plasticdsl.data.files import describe

    wanted, places = Path(text), folders.around(span)
    if wanted.suffix.lower() not in ENDINGS:
        hint = f"Files of data end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}."
        report.error("unreadable-data", f"‘{text}’ is no file of arrays.", span, hint)
        return None
    try:
        path = find_file(text, wanted, places)
    except ValueError as problem:
        report.error("data-outside", str(problem), span, BELOW)
        return None
    if path is None:
        known = sorted({p.relative_to(root).as_posix() for root in places for ending in ENDINGS for p in root.glob(f"*{ending}")})
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
    found = read_data(statement.path, statement.place, folders, report)
    if found is None or not _same_items(found[1], statement.path, statement.place, report):
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
