"""The library and where to begin: `plasticdsl models` lists it, searches it and prints a model, `plasticdsl new` begins a file, from a small example or
from a model of the library."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from plasticdsl._resources import resource
from plasticdsl.cli import console
from plasticdsl.library import SUFFIX, find_file, library_models, read
from plasticdsl.whole import write_whole

#: What `new` begins with where no model is named.
_EXAMPLE = "cli/new.plas"
_YEAR = re.compile(r"\((?:[^()]*\s)?(?:18|19|20)\d\d[a-z]?\)|\b(?:18|19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the library: its name, the first line of its text, the paper it comes from, and the whole text."""

    name: str
    title: str
    reference: str
    text: str

    @property
    def line(self) -> str:
        """Title and reference."""
        return self.title + (f" [{self.reference}]" if self.reference else "")


def models(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A model to print.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORD", help="Only models whose text has this word, those that name it first on top.")
    ] = None,
) -> None:
    """List the models of the library, or print one."""
    if name is not None:
        console.say(read(find_file(name)).text.rstrip("\n"))
        return
    found = list(entries())
    if search is not None:
        found = _with(search, found)
        if not found:
            raise console.WrongUsage(f"no model of the library has ‘{search}’ in its text")
    width = max((len(entry.name) for entry in found), default=0)
    for entry in found:
        console.say(_fitting(f"{entry.name:{width}}  {entry.line}"))


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the new file, with or without .plas.")],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="MODEL", help="A file or a model of the library to begin with, instead of a small example."),
    ] = None,
) -> None:
    """Begin a model: a file that runs, to be changed."""
    path = Path(name if name.endswith(SUFFIX) else name + SUFFIX)
    if path.name == SUFFIX:
        raise console.WrongUsage("the new file needs a name, for example ‘plasticdsl new mine’")
    if path.exists():
        raise console.WrongUsage(f"{path} is there already")
    if not path.parent.is_dir():
        raise console.WrongUsage(f"there is no folder {path.parent}")
    text = read(Path(str(resource(_EXAMPLE))) if source is None else find_file(source)).text
    write_whole(path, text.encode())
    path.chmod(0o644)
    console.say(f"{path} is written. Run it with: plasticdsl run {shlex.quote(str(path))} --out results")


def entries() -> Iterable[Entry]:
    """Every model of the library, by name."""
    for name, path in library_models().items():
        text = path.read_text(encoding="utf-8")
        yield Entry(name, *_description(text), text)


def _description(text: str) -> tuple[str, str]:
    """The first line of a file's docstring, and what that cites, or else the first further line that names a year."""
    from plasticdsl.document.references import citations, in_words

    doc = re.match(r'\s*(?:#[^\n]*\n\s*)*"""(.*?)"""', text, re.DOTALL)
    lines = [line.strip() for line in doc[1].strip().splitlines()] if doc else []
    title = lines[0].rstrip(".") if lines else ""
    if _YEAR.search(title):
        return title, ""
    found = "; ".join(map(in_words, citations(" ".join(lines))))
    return title, found or next((line.rstrip(".") for line in lines[1:] if _YEAR.search(line)), "")


def _with(words: str, entries: Iterable[Entry]) -> list[Entry]:
    """Entries whose text has all the words, whatever the capitals: those that have them in name, title or reference come first."""
    wanted = words.casefold().split()

    def has(text: str) -> bool:
        return all(word in text.casefold() for word in wanted)

    found = [entry for entry in entries if has(f"{entry.name} {entry.text}")]
    return sorted(found, key=lambda entry: not has(f"{entry.name} {entry.line}"))


def _fitting(line: str) -> str:
    """The line as wide as the terminal; whole where it goes elsewhere."""
    if not sys.stdout.isatty():
        return line
    width = shutil.get_terminal_size().columns
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"
