"""`use LIF, STDP from "neurons"`: the files that a file brings in, from beside it and from the model library.

Comes in: a parsed file and the folder it lies in. Goes out: every file read, with what each `use` line means, and the source texts for messages.
Nothing outside the file's own folder and the library is ever opened, whatever the text says and wherever links point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint, PlasError, diagnostic
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.library import SUFFIX, library_folder, library_models
from plasticdsl.source import LARGEST_FILE, SourceFile, Span
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Read:
    """`files`: what was read, by path, the using file first. `uses`: the path that each `use` line means; None where that file cannot be used."""

    files: Mapping[str, tree.File]
    uses: Mapping[Span, str | None]
    sources: Mapping[str, SourceFile]
    diagnostics: tuple[Diagnostic, ...]


def read_used(file: tree.File, folder: Path | None) -> Read:
    """Follows the `use` lines of `file`; `folder` is None for text that lies in no folder, which can use the library alone."""
    reader = _Reader({file.span.path: file})
    own = folder / Path(file.span.path).name if folder is not None else None
    if own is not None and own.is_file():
        reader.names[own.resolve()] = file.span.path
    reader.follow(file, folder)
    return Read(reader.files, reader.uses, reader.sources, tuple(reader.findings))


@dataclass(slots=True)
class _Reader:
    """Files read so far, each once: files may use each other in a circle. `names`: the path in the spans of each file read; None where it could not
    be."""

    files: dict[str, tree.File]
    uses: dict[Span, str | None] = field(default_factory=dict)
    names: dict[Path, str | None] = field(default_factory=dict)
    sources: dict[str, SourceFile] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)

    def follow(self, file: tree.File, folder: Path | None) -> None:
        """Reads what the `use` lines of `file` mean, and what these files use."""
        for item in file.items:
            if isinstance(item, tree.UseFile):
                path = self._find(item, folder)
                self.uses[item.span] = self._read(path, item) if path is not None else None

    def _find(self, use: tree.UseFile, folder: Path | None) -> Path | None:
        """The file meant: beside this one, else in the library."""
        wanted = Path(use.path if use.path.endswith(SUFFIX) else use.path + SUFFIX)
        if wanted.is_absolute() or ".." in wanted.parts or "\\" in use.path or "\0" in use.path:
            words = "Write a path below the folder of this file, or the name of a library model."
            self._error("use-outside", f"‘{use.path}’ leads outside this file’s own folder.", use.span, words)
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
        in_quotes = Span(use.span.end - 1 - len(use.path), use.span.end - 1, use.span.path)  # at the end of the line
        hint = replace(did_you_mean(use.path, library_models(), "The library has"), at=in_quotes)
        self._error("use-not-found", f"There is no file ‘{wanted}’ beside this one or in the library.", use.span, hint)
        return None

    def _read(self, path: Path, use: tree.UseFile) -> str | None:
        """The path in the spans of that file; None after reporting that it cannot be read."""
        if path in self.names:
            return self.names[path]
        from plasticdsl.syntax.parser import parse

        self.names[path] = None
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
            file = parse(source)
        except PlasError as error:
            self.findings.extend(error.diagnostics)
            return None
        self.names[path] = source.path
        self.files[source.path] = file
        self.follow(file, path.parent)
        return source.path

    def _error(self, code: str, message: str, span: Span, hint: Hint | str = "") -> None:
        self.findings.append(diagnostic(code, message, span, hint))
