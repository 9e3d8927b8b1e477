"""Another name for something, wherever it is written: what is known of names comes in, edits of files go out, or why it cannot be.

A new name is accepted only if every text means afterwards what it meant before: the changed texts are checked again, by the compiler itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from plasticdsl.diagnostics.diagnostic import Severity
from plasticdsl.editor.analysis import Analysis, analyse
from plasticdsl.editor.declarations import mentions
from plasticdsl.editor.names import Names, names, to_rename
from plasticdsl.editor.text import Edit, applied
from plasticdsl.library import library_folder
from plasticdsl.names import NAME, canonical
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.words import RESERVED, reserved_message


class CannotRename(ValueError):
    """Why something cannot have another name, or not this one, in a sentence."""


Edits = Mapping[str, tuple[Edit, ...]]


def require_own(places: Iterable[Span]) -> None:
    """Raises `CannotRename` where one of the places is in the library."""
    folder = library_folder()
    for place in places:
        if folder is not None and Path(place.path).is_relative_to(folder.resolve()):
            raise CannotRename(f"‘{Path(place.path).stem}’ is a file of the library, and stays as it is.")


def renamed(place: Span, new: str, known: Names, analyses: Sequence[Analysis], texts: Mapping[Path, str]) -> Edits:
    """The edits of each file. `analyses`: of the text itself and of others that use what it uses. Raises `CannotRename`."""
    sources: dict[str, SourceFile] = {}
    for analysis in analyses:
        sources |= analysis.checked.sources
    places = to_rename(known, place, sources)
    if not places:
        raise CannotRename("Nothing here has a name of its own.")
    require_own(places)
    if not re.fullmatch(NAME, new):
        raise CannotRename(f"‘{new}’ is no name: a name is a letter, then letters, digits, subscripts and accents.")
    if new in RESERVED:
        raise CannotRename(reserved_message(new))
    edits: dict[str, list[Edit]] = {}
    for there in places:
        edits.setdefault(there.path, []).append(Edit(there.start, there.end, new))
    found = {path: tuple(changes) for path, changes in edits.items()}
    if canonical(new) != canonical(sources[place.path].text[place.start : place.end]):
        _require_same_meaning(place, found, known, analyses, sources, texts)
    return found


def _require_same_meaning(
    place: Span, edits: Edits, known: Names, analyses: Sequence[Analysis], sources: Mapping[str, SourceFile], texts: Mapping[Path, str]
) -> None:
    """Everything is checked once more as it would be: nothing may be wrong that was right, and the name may mean nothing else."""
    after = {path: applied(sources[path].text, changes) for path, changes in edits.items()}
    around = {**texts, **{Path(path): text for path, text in after.items()}}
    again = [
        analyse(SourceFile(a.source.path, after.get(a.source.path, a.source.text)), a.folder, around)
        for a in analyses
        if edits.keys() & a.checked.sources.keys()
    ]
    for before in analyses:
        now = next((a for a in again if a.source.path == before.source.path), None)
        if now is None:
            continue
        new = _errors(now) - _errors(before)
        if new > 0:
            worst = next(d for d in now.checked.diagnostics if d.severity is Severity.ERROR)
            raise CannotRename(f"That would be an error: {worst.message}")
    moved = names([m for a in again for m in mentions(a)], {p: s for a in again for p, s in a.checked.sources.items()})
    there = _moved(place, edits)
    before_count = len(known.things[place].places)
    thing = moved.things.get(there)
    if thing is None or len(thing.places) != before_count:
        raise CannotRename("There is another thing of that name, which it would be mixed up with.")


def _errors(analysis: Analysis) -> int:
    return sum(d.severity is Severity.ERROR for d in analysis.checked.diagnostics)


def _moved(place: Span, edits: Edits) -> Span:
    """Where a renamed place is afterwards."""
    before = sum(len(e.text) - (e.end - e.start) for e in edits[place.path] if e.start < place.start)
    own = next(e for e in edits[place.path] if e.start == place.start)
    return Span(place.start + before, place.start + before + len(own.text), place.path)
