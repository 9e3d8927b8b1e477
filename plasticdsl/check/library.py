"""`use LIF, STDP from "neurons"`: what a file brings in from files beside it and from the model library.

Comes in: a parsed file and the folder it lies in. Goes out: its blocks and functions together with those it uses, and the source texts
for messages. Nothing outside the file's own folder and the library is ever opened, whatever the text says and wherever links point.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from plasticdsl.diagnostics.diagnostic import Diagnostic, Label, PlasError
from plasticdsl.library import SUFFIX, library_folder, library_models
from plasticdsl.source import LARGEST_FILE, SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.reading import Lost


@dataclass(frozen=True, slots=True)
class Gathered:
    """A file's own blocks and functions and those of the files it uses.

    `used`: (kind, name) of what came from another file; its experiments can be built on but are not this file's. `sources`: every file read, by path.
    `lost`: what is missing because a file could not be used; None where that could be anything.
    """

    blocks: tuple[tree.Block, ...]
    functions: tuple[tree.Function, ...]
    used: frozenset[tuple[str, str]]
    sources: Mapping[str, SourceFile]
    diagnostics: tuple[Diagnostic, ...]
    lost: Lost | None = frozenset()


def gather(file: tree.File, folder: Path | None) -> Gathered:
    """Carries out the `use` lines of `file`; `folder` is None for text that lies in no folder, which can use the library alone."""
    reader = _Reader()
    reader.follow(file, folder)
    return reader.result(file)


@dataclass(slots=True)
class _Reader:
    """Files read so far, each once: files may use each other in a circle."""

    parsed: dict[Path, tree.File] = field(default_factory=dict)
    sources: dict[str, SourceFile] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)
    chosen: dict[tuple[str, str], tree.Block | tree.Function] = field(default_factory=dict)
    unused: list[tree.UseFile] = field(default_factory=list)

    def follow(self, file: tree.File, folder: Path | None) -> None:
        """Takes in what each `use` of `file` names, and what the used files use."""
        for item in file.items:
            if isinstance(item, tree.UseFile):
                path = self._find(item, folder)
                used = self._read(path, item) if path is not None else None
                if used is not None:
                    self._take(used, item)
                else:
                    self.unused.append(item)

    def _find(self, use: tree.UseFile, folder: Path | None) -> Path | None:
        """The file meant: beside this one, else in the library."""
        wanted = Path(use.path if use.path.endswith(SUFFIX) else use.path + SUFFIX)
        if wanted.is_absolute() or ".." in wanted.parts or "\\" in use.path or "\0" in use.path:
            hint = "Write a path below the folder of this file, or the name of a library model."
            self._error("use-outside", f"‘{use.path}’ leads outside this file’s own folder.", use.span, hint)
            return None
        for root in (folder, library_folder()):
            if root is None:
                continue
            path = (root / wanted).resolve()
            if path.is_file():
                if path.is_relative_to(root.resolve()):
                    return path
                self._error("use-outside", f"‘{use.path}’ is a link that leads outside its folder.", use.span)
                return None
        near = difflib.get_close_matches(use.path, list(library_models()), n=1, cutoff=0.6)
        hint = f"Did you mean ‘{near[0]}’?" if near else "The library has: " + ", ".join(library_models()) + "." if library_models() else ""
        self._error("use-not-found", f"There is no file ‘{wanted}’ beside this one or in the library.", use.span, hint)
        return None

    def _read(self, path: Path, use: tree.UseFile) -> tree.File | None:
        if path in self.parsed:
            return self.parsed[path]
        from plasticdsl.syntax.parser import parse

        self.parsed[path] = tree.File("", (), (), Span(0, 0, str(path)))  # stands for itself while it is being read
        try:
            if path.stat().st_size > LARGEST_FILE:
                self._error("file-too-large", f"‘{use.path}’ is larger than {LARGEST_FILE} bytes.", use.span)
                return None
            source = SourceFile(str(path), path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            self._error("use-not-found", f"‘{use.path}’ cannot be read as UTF-8 text.", use.span)
            return None
        self.sources[source.path] = source
        try:
            self.parsed[path] = parse(source)
        except PlasError as error:
            self.findings.extend(error.diagnostics)
            return None
        self.follow(self.parsed[path], path.parent)
        return self.parsed[path]

    def _take(self, used: tree.File, use: tree.UseFile) -> None:
        """Named blocks, or all. Functions come along in any case: the blocks need them."""
        items = list(_items(used))
        for item in items:
            if not use.names or isinstance(item, tree.Function):
                self.chosen.setdefault(_key(item), item)
        wanted = {name.name: name for name in use.names}
        for item in _with_bases([i for i in items if i.name.name in wanted], items):
            self.chosen.setdefault(_key(item), item)
        known = {i.name.name: i.name.text for i in items} | {name: name for _, name in self.chosen}
        for name in use.names:
            if name.name not in known:
                near = difflib.get_close_matches(name.text, list(known.values()), n=1)
                hint = f"Did you mean ‘{near[0]}’?" if near else f"It has: {', '.join(known.values())}."
                self._error("unknown-name", f"‘{use.path}’ has nothing called ‘{name.text}’.", name.span, hint)
                self.unused.append(replace(use, names=(name,)))

    def _error(self, code: str, message: str, span: Span, hint: str = "") -> None:
        self.findings.append(Diagnostic(code, message, span, hint))

    def result(self, file: tree.File) -> Gathered:
        """What was used, then what the file itself says; its own declarations win."""
        own: dict[tuple[str, str], tree.Block | tree.Function] = {}
        for item in _items(file):
            first = own.setdefault(_key(item), item)
            if first is not item:
                label = Label(first.name.span, "the first")
                message = f"‘{item.name.text}’ is declared twice."
                self.findings.append(Diagnostic("duplicate-definition", message, item.name.span, labels=(label,)))
        used = {key: item for key, item in self.chosen.items() if key not in own}
        every = [*used.values(), *own.values()]
        blocks = tuple(i for i in every if isinstance(i, tree.Block))
        functions = tuple(i for i in every if isinstance(i, tree.Function))
        lost = None if any(not u.names for u in self.unused) else frozenset(("", n.name) for u in self.unused for n in u.names)
        return Gathered(blocks, functions, frozenset(used), self.sources, tuple(self.findings), lost)


def _items(file: tree.File) -> Iterator[tree.Block | tree.Function]:
    return (i for i in file.items if not isinstance(i, tree.UseFile))


def _key(item: tree.Block | tree.Function) -> tuple[str, str]:
    """Synapses and rules share their names, because a projection may name either."""
    if isinstance(item, tree.Function):
        return "function", item.name.name
    return ("connection" if item.kind in ("synapse", "rule") else item.kind), item.name.name


def _with_bases(chosen: list[tree.Block | tree.Function], items: list[tree.Block | tree.Function]) -> list[tree.Block | tree.Function]:
    """The chosen blocks and every block of their file that they are built from."""
    by_name: dict[str, list[tree.Block | tree.Function]] = {}
    for item in items:
        by_name.setdefault(item.name.name, []).append(item)
    found: dict[int, tree.Block | tree.Function] = {}
    waiting = list(chosen)
    while waiting:
        item = waiting.pop()
        if id(item) in found:
            continue
        found[id(item)] = item
        waiting.extend(other for name in _mentioned(item) for other in by_name.get(name, []))
    return [item for item in items if id(item) in found]


def _mentioned(item: tree.Block | tree.Function) -> Iterator[str]:
    """The names of the blocks that a block is built from."""
    if isinstance(item, tree.Function):
        return
    for name in (item.base, item.on):
        if name is not None:
            yield name.name
    for statement in item.body:
        match statement:
            case tree.Population(kind=kind):
                yield kind.name
            case tree.Projection(uses=uses, with_rules=rules):
                yield from (use.name.name for use in (*uses, *rules))
            case _:
                pass
