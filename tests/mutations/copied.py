"""Copies of the project in which faults are tried: the working tree is never touched.

A process for each fault is forked from one that has imported what tests need of other projects, which takes longer than most of them; it runs the tests of
the fault with the package of its copy and a cache folder of its own. Python keeps what it compiles by the time and size of its source; nothing is kept of
a file with a fault, so that the one after it does not meet it. On POSIX alone.
"""

from __future__ import annotations

import compileall
import importlib
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from plasticdsl.cache import VARIABLE
from tests.mutations.listed import ROOT, Mutation

#: What tests need of the project.
PARTS = ("plasticdsl", "grammar", "models", "tests", "docs", "editors", "benchmarks")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "_build", "*.egg-info")

#: What takes long to import.
BESIDE = ("pytest", "hypothesis", "numpy", "sympy", "xarray", "jinja2", "llvmlite.binding", "lark")

#: pytest says by these that all tests passed, that some failed, and that it was interrupted, as by a second failure in the first.
PASSED, FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a fault: `caught`, in so many `seconds` of the processor; `said`: what pytest wrote."""

    mutation: Mutation
    caught: bool
    seconds: float
    said: str


@contextmanager
def copies(count: int) -> Iterator[list[Path]]:
    """So many folders with everything that tests need, each by itself."""
    with tempfile.TemporaryDirectory(prefix="plasticdsl-mutations-", ignore_cleanup_errors=True) as folder:
        first = Path(folder) / "1" / "project"
        first.mkdir(parents=True)
        for part in PARTS:
            shutil.copytree(ROOT / part, first / part, ignore=LEFT_OUT)
        for path in ROOT.iterdir():
            if path.is_file():
                shutil.copy2(path, first / path.name)
        compileall.compile_dir(first / "plasticdsl", quiet=1)
        others = [Path(folder) / str(number) / "project" for number in range(2, count + 1)]
        for other in others:
            shutil.copytree(first, other)
        yield [first, *others]


def trials(
    wanted: Sequence[Mutation], roots: Sequence[Path], tests: Sequence[str] = (), options: Sequence[str] = ("-x",)
) -> Iterator[Trial]:
    """Each fault tried in one of the copies, with its tests or with others, in the order in which they are done."""
    for name in BESIDE:
        importlib.import_module(name)
    free, running = list(roots), dict[int, tuple[Path, Mutation, str, os.stat_result]]()
    for mutation in wanted:
        if not free:
            yield _next(running, free)
        root = free.pop()
        path = root / mutation.file
        before = root, mutation, path.read_text("utf-8"), path.stat()
        path.write_text(mutation.applied(before[2]), "utf-8")
        running[_begun(root, tests or mutation.tests, options, mutation.slow)] = before
    while running:
        yield _next(running, free)


def _next(running: dict[int, tuple[Path, Mutation, str, os.stat_result]], free: list[Path]) -> Trial:
    """The next that is done; its copy is as before."""
    pid, status, used = os.wait3(0)
    root, mutation, text, state = running.pop(pid)
    path = root / mutation.file
    path.write_text(text, "utf-8")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    free.append(root)
    code, said = os.waitstatus_to_exitcode(status), (root.parent / "said").read_text("utf-8", "replace")
    failed = code == FAILED and any(line.startswith(("FAILED", "ERROR")) for line in said.splitlines())
    if code not in (PASSED, FAILED):
        said += f"\nno tests ran: {code}"
    return Trial(mutation, failed, used.ru_utime + used.ru_stime, said)


def _begun(root: Path, tests: Sequence[str], options: Sequence[str], slow: bool) -> int:
    """A process that runs these tests in a copy."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        code = _run(root, tests, options, slow)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _run(root: Path, tests: Sequence[str], options: Sequence[str], slow: bool) -> int:
    import pytest

    written = os.open(root.parent / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(written, 1)
    os.dup2(written, 2)
    for name in [name for name in sys.modules if name.split(".")[0] in ("plasticdsl", "tests")]:
        del sys.modules[name]
    os.chdir(root)
    sys.path[:] = [str(root), *(place for place in sys.path if place not in ("", str(ROOT)))]
    sys.dont_write_bytecode = True
    cache = root.parent / f"cache-{time.time_ns()}"
    cache.mkdir(mode=0o700)
    os.environ.update({"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", VARIABLE: str(cache), "MPLBACKEND": "agg"})
    which = ["-m", "slow or not slow"] if slow else []
    try:
        return int(
            pytest.main(
                [
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-p",
                    "no:xdist",
                    "-W",
                    "ignore::pytest.PytestAssertRewriteWarning",
                    "--no-header",
                    *options,
                    *which,
                    *tests,
                ]
            )
        )
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        shutil.rmtree(cache, ignore_errors=True)
