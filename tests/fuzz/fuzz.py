"""Checks mutants as `plasticdsl check` does, and says what came of them: nothing but findings, within limits of time and memory.

    python -m tests.fuzz.fuzz --first 0 --count 1000

A mutant that ends otherwise is printed with its seed and as short a text as ends in the same way; then the program ends with 1. It sets limits for
the whole process, so tests start it as one.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plasticdsl import as_data, driver
from plasticdsl.diagnostics.codes import CODES
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.diagnostics.render import render_all, to_json
from plasticdsl.options import CompileOptions
from plasticdsl.source import SourceFile
from tests.fuzz.corpus import blocks_of
from tests.fuzz.mutants import Mutant, mutant

#: What a mutant may take: processor time in s, and memory in bytes beyond what the process had before it.
SECONDS, MEMORY = 10.0, 10**9
#: Texts that are tried to find a short one that fails in the same way, and how long that may take (s).
TRIES, PATIENCE = 400, 60.0


class TooSlow(BaseException):
    """Nobody catches it: a mutant takes longer than `SECONDS`."""


@dataclass(frozen=True)
class Failure:
    """`kind`: what failed where, the same for the same fault; `told`: all that Python says of it."""

    kind: str
    told: str


def findings(text: str, folder: Path | None) -> tuple[Diagnostic, ...]:
    """What `plasticdsl check` finds, shown in words and as JSON; what it would keep in the cache is data."""
    source = SourceFile("mutant.plas", text)
    sources = {source.path: source}
    try:
        loaded = driver.examined(driver.read(source, folder))
        sources |= loaded.sources
        found = loaded.warnings
        as_data.read(as_data.written(loaded))
        if loaded.module.networks:
            driver.plans(loaded, CompileOptions())
    except PlasError as error:
        found, sources = error.diagnostics, sources | dict(error.sources)
    render_all(found, sources)
    to_json(found, sources)
    assert {d.code for d in found} <= CODES.keys(), found
    return found


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raises `TooSlow` in the middle of what takes longer."""

    def stop(*_: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def failure(text: str, folder: Path | None) -> Failure | None:
    """What is wrong with how a text is answered; None where nothing is."""
    begin = time.process_time()
    try:
        with warnings.catch_warnings(), limited():
            warnings.simplefilter("error")
            findings(text, folder)
    except TooSlow as error:
        return Failure("more time than it may take", traceback.format_exc() if error.__traceback__ else "")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Failure(f"{type(error).__name__} in {_place(error)}", _short(traceback.format_exc()))
    if time.process_time() - begin > SECONDS:
        return Failure("more time than it may take", f"{time.process_time() - begin:.1f} s")
    return None


def _short(text: str) -> str:
    """The beginning and the end of a long one."""
    return text if len(text) < 8000 else f"{text[:2000]}\n…\n{text[-6000:]}"


def _place(error: BaseException) -> str:
    """The innermost function of the package that it came from; of a recursion that has no end, none."""
    if isinstance(error, RecursionError | MemoryError):
        return "depth" if isinstance(error, RecursionError) else "memory"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/plasticdsl/" in f.filename]
    return f"{frames[-1].filename.rpartition('/plasticdsl/')[2]}, {frames[-1].name}" if frames else "tests"


# --- shorter texts ---------------------------------------------------------------------------------------------------


def shrunk(text: str, fails: Callable[[str], bool]) -> str:
    """A text as short as can be found soon that still fails: without blocks, without lines, without words."""
    tries, end = [TRIES], time.monotonic() + PATIENCE

    def still(pieces: list[str]) -> bool:
        tries[0] -= 1
        return tries[0] >= 0 and time.monotonic() < end and fails("".join(pieces))

    for cut in (blocks_of, lambda t: t.splitlines(keepends=True), lambda t: t.splitlines(keepends=True), _in_words):
        text = "".join(_fewer(cut(text), still))
    return text


def _in_words(text: str) -> list[str]:
    found = [""]
    for character in text:
        if found[-1] and (character.isalnum() and found[-1][-1].isalnum()):
            found[-1] += character
        else:
            found.append(character)
    return found


def _fewer(pieces: list[str], still: Callable[[list[str]], bool]) -> list[str]:
    """The pieces without those that are not needed: halves first, then smaller stretches (Zeller & Hildebrandt 2002, ddmin)."""
    size = max(1, len(pieces) // 2)
    while True:
        place = 0
        while place < len(pieces):
            rest = pieces[:place] + pieces[place + size :]
            if rest and still(rest):
                pieces = rest
            else:
                place += size
        if size == 1:
            return pieces
        size //= 2


# --- many ------------------------------------------------------------------------------------------------------------


def tried(seed: int, known: set[str]) -> str:
    """What to print of the mutant of a seed that fails; empty where it does not. Of each kind one is made shorter, and is `known` then."""
    made: Mutant = mutant(seed)
    found = failure(made.text, made.folder)
    if found is None:
        return ""
    if found.kind in known:
        return f"seed {seed}: {found.kind}, again"
    known.add(found.kind)
    short = shrunk(made.text, lambda text: (again := failure(text, made.folder)) is not None and again.kind == found.kind)
    return f"seed {seed} ({', '.join(made.steps)}) in {made.folder}: {found.kind}\n{found.told}\n--- shrunk\n{short}\n--- end\n"


def main() -> None:
    """Try many, and print a line of figures at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--go-on", action="store_true", help="after a mutant that fails too")
    parser.add_argument("--now", type=Path, help="a file that holds the seed that is tried, for when the process dies")
    arguments = parser.parse_args()
    mutant(0)  # what all need is there before memory is counted
    driver.examined(driver.read(SourceFile("first.plas", "neuron A:\n    τ = 10 ms\n    τ dV/dt = −V\n")))
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if Path("/proc/self/statm").exists() else 2**40
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, -1))
    failed, slowest, begin, known = 0, (0.0, 0), time.process_time(), set[str]()
    for seed in range(arguments.first, arguments.first + arguments.count):
        if arguments.now:
            arguments.now.write_text(str(seed))
        before = time.process_time()
        told = tried(seed, known)
        slowest = max(slowest, (time.process_time() - before, seed)) if not told else slowest
        if told:
            failed += 1
            print(told, flush=True)
            if not arguments.go_on:
                break
        if seed % 1000 == 999:
            print(
                f"up to {seed}: {failed} failed, {time.process_time() - begin:.0f} s, slowest {slowest[0]:.1f} s (seed {slowest[1]})",
                flush=True,
            )
    spent = time.process_time() - begin
    print(
        f"{arguments.count} mutants from {arguments.first}: {failed} failed, {spent:.1f} s, slowest {slowest[0]:.1f} s (seed {slowest[1]})"
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
