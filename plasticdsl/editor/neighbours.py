"""Files that use a file: the folders of a workspace and the texts that are open, wherever they lie, come in; analyses go out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.editor.analysis import Analysis, analyse
from plasticdsl.library import SUFFIX, read
from plasticdsl.source import SourceFile

#: So many files are looked at, no more.
MOST_FILES = 2000


def users_of(paths: Iterable[str], folders: Iterable[Path], texts: Mapping[Path, str]) -> Iterator[Analysis]:
    """The files in these folders, and the open ones, that use one of the files at `paths`, directly or through others. `texts`: what stands for files, by
    path."""
    wanted = set(paths)
    stems = {Path(path).stem for path in wanted}
    for path in dict.fromkeys((*texts, *islice(_files(folders), MOST_FILES))):
        if str(path) in wanted:
            continue
        try:
            source = SourceFile(str(path), texts[path]) if path in texts else read(path)
        except (OSError, PlasError):
            continue
        if "use" in source.text and any(stem in source.text for stem in stems):
            found = analyse(source, path.parent, texts)
            if wanted & found.checked.sources.keys():
                yield found


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in folders:
        for root, inside, files in os.walk(folder):
            inside[:] = sorted(name for name in inside if not name.startswith(".") and name not in ("node_modules", "__pycache__"))
            for name in sorted(files):
                path = (Path(root) / name).resolve()
                if name.endswith(SUFFIX) and path not in seen:
                    seen.add(path)
                    yield path
