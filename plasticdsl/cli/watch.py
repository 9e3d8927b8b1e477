"""`plasticdsl watch`: checks, tests or runs a file again each time that it, or a file it uses, is saved."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

from plasticdsl import driver
from plasticdsl.cli import console
from plasticdsl.cli.choices import File, Folder
from plasticdsl.cli.files import check
from plasticdsl.cli.run import run
from plasticdsl.cli.test import test
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.library import find_file, read

Task = Literal["check", "test", "run"]
Stamps = dict[Path, tuple[int, int] | None]

#: Seconds between two looks at the files.
_PAUSE = 0.2
_CLEAR = "\x1b[2J\x1b[H"


def watch(
    file: File,
    task: Annotated[Task, typer.Option("--do", help="What to do at each save.")] = "check",
    out: Folder = None,
) -> None:
    """Check, test or run a file again at each save, until Ctrl-C."""
    path = find_file(file)
    while True:
        before = _stamps(_read(path))
        if sys.stdout.isatty():
            console.say(_CLEAR + f"{path} at {time.strftime('%H:%M:%S')}")
        _once(lambda: _carry_out(task, str(path), out))
        console.tell("waiting for the next save; Ctrl-C ends")
        while _stamps(before) == before:
            time.sleep(_PAUSE)


def _carry_out(task: Task, file: str, out: Path | None) -> None:
    match task:
        case "check":
            check([file])
        case "test":
            test([file])
        case "run":
            run(file, out=out)


def _once(action: Callable[[], None]) -> None:
    """Carries something out; what is wrong with the model is said, and is no reason to stop watching."""
    try:
        action()
    except typer.Exit:
        pass
    except PlasError as error:
        console.tell(str(error))
    except (console.WrongUsage, OSError, ValueError) as error:
        console.tell(f"plasticdsl: {console.sentence(error)}")


def _read(path: Path) -> Iterable[Path]:
    """The file, and what it uses and reads as far as that is known."""
    try:
        loaded = driver.read(read(path), path.resolve().parent)
    except (PlasError, OSError):
        return (path,)
    data = [] if loaded.module is None else [d.path for e in loaded.module.experiments for d in e.data]
    data += [] if loaded.module is None else [d.path for n in loaded.module.networks for d in n.data]
    return (path, *(Path(p) for p in (*loaded.sources, *data) if p))


def _stamps(paths: Iterable[Path]) -> Stamps:
    """When each file was last written, and its size; None for one that is not there (as some editors leave it for a moment)."""
    found: Stamps = {}
    for path in paths:
        try:
            state = path.stat()
        except OSError:
            found[path] = None
        else:
            found[path] = state.st_mtime_ns, state.st_size
    return found
