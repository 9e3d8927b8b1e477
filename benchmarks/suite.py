"""plasticdsl beside other tools: one command that makes their environment, has each carry out each workload, and writes the page of the documentation.

    python benchmarks/suite.py                                    # everything; hours
    python benchmarks/suite.py --only competition --tools plasticdsl Brian2 --threads 1
    python benchmarks/suite.py --page                             # only writes the page again, from the results that are there

Peers come from the package index (`requirements.txt` beside this file) into an environment below `--place`, and so do not touch the one that runs
this command, which needs plasticdsl alone. Auryn is used where `AURYN` names the folder in which it was built, GeNN where its Python package `pygenn`
is in the peers' environment. What is missing is left out.

Counted is processor time, since other programs do not lengthen it; for two threads also the time on the clock. In each round every tool has its turn,
in the same order and with the same seed; ratios are taken round by round, and the page shows medians. The docstring of each script in `tools` says
what setting its tool runs in, and why. What a tool found, rates and weights, is compared with what plasticdsl finds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import page
from play import NUMBERS_OF_THREADS, PARTS, TOOLS, WORKLOADS, Place, measured

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"


def peers(place: Path) -> str:
    """The Python of an environment that has the peers; made where it is not there yet."""
    python = place / "peers" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place / "peers")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(HERE / "requirements.txt")], check=True)
    return str(python)


def main() -> None:
    """Measure, and write results and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[w.name for w in WORKLOADS], default=[w.name for w in WORKLOADS])
    parser.add_argument("--tools", nargs="+", choices=sorted({t.name for t in TOOLS}), default=[t.name for t in TOOLS])
    parser.add_argument("--threads", nargs="+", type=int, default=NUMBERS_OF_THREADS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="networks as they are, of other sizes, what is expected of them"
    )
    parser.add_argument("--place", type=Path, default=Path.cwd() / ".benchmarks", help="where the peers' environment and all caches are")
    parser.add_argument("--peers", help="a Python that has the peers, instead of an environment that is made")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where results are; those of other workloads and tools stay in it")
    parser.add_argument("--page", action="store_true", help="only write the page")
    arguments = parser.parse_args()
    old = json.loads(arguments.results.read_text(encoding="utf-8")) if arguments.results.exists() else None
    if not arguments.page:
        place = Place(arguments.peers or peers(arguments.place), arguments.place / "cache")
        tools = [t for t in TOOLS if t.name in arguments.tools]
        old = measured(place, arguments.only, tools, arguments.rounds, arguments.threads, arguments.parts, old)
        arguments.results.write_text(json.dumps(old, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if old is None:
        raise SystemExit(f"{arguments.results} is not there: nothing was measured yet")
    if arguments.results == RESULTS:
        page.write(old)


if __name__ == "__main__":
    main()
