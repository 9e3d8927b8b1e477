"""`python -m tests.mutations [--jobs N] [--kind KIND] [NAME …]`: tries every fault, or those named, and says which tests caught it.

Exit code 1 where one survives: then a test is missing, or the fault changes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.mutations.copied import Trial, copies, trials
from tests.mutations.listed import mutations


def main(arguments: Sequence[str]) -> int:
    """Tries them and prints a table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutations", description="Try faults in a copy of the package; tests have to catch them."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults (default: all)")
    parser.add_argument("--kind", help="those of one kind alone")
    parser.add_argument("--jobs", type=int, default=1, help="how many are tried at a time")
    parser.add_argument("--tests", nargs="+", default=[], metavar="TEST", help="with these tests instead of their own, all of them")
    chosen = parser.parse_args(arguments)
    wanted = [m for m in mutations() if (not chosen.names or m.name in chosen.names) and chosen.kind in (None, m.kind)]
    if not wanted:
        parser.error("there is no such fault")
    print(f"{'kind':16} {'fault':70} {'':8} {'s':>6}  caught by", flush=True)
    done: list[Trial] = []
    with copies(min(chosen.jobs, len(wanted))) as roots:
        for trial in trials(wanted, roots, chosen.tests, () if chosen.tests else ("-x",)):
            _tell(trial)
            done.append(trial)
    survived = [t.mutation.name for t in done if not t.caught]
    print(f"{len(done) - len(survived)} of {len(done)} caught" + (f"; survived: {', '.join(survived)}" if survived else ""))
    return 1 if survived else 0


def _tell(trial: Trial) -> None:
    m = trial.mutation
    by = [line.split(" ", 1)[1].split(" - ")[0] for line in trial.said.splitlines() if line.startswith(("FAILED", "ERROR"))]
    said = ", ".join(by) if trial.caught else trial.said[-300:].replace("\n", " | ")
    print(f"{m.kind:16} {m.name:70} {'caught' if trial.caught else 'SURVIVED':8} {trial.seconds:6.1f}  {said}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
