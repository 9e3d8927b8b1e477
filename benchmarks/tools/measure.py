"""What the script of every tool begins and ends with: what was asked for, and what was found, as JSON.

A script is called `python SCRIPT ORDER`, carries out one workload once in a fresh process and prints a `Report` as its last line. Only the standard
library is imported, since every tool has an environment of its own. The suite puts this folder and that of `workloads` on the path.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Order:
    """One measurement. `cache` is a folder that this tool finds again the next time: empty for a cold start.

    `option`: see `play.Tool`; `meaning`: see `Workload.variants`.
    """

    workload: str
    cache: str
    threads: int = 1
    seed: int = 1
    size: float = 1.0
    turns: float = 1.0
    settling: float = 0.0
    option: str = ""
    meaning: str = "as written"


@dataclass(frozen=True)
class Spent:
    """Processor time of all threads, and time on the clock, in s."""

    processor: float
    elapsed: float


NOTHING = Spent(0.0, 0.0)


@dataclass(frozen=True)
class Report:
    """`build`: making the network and its connections, without compiling; `settle` and `run`: simulating. `found`: rates in Hz, weights.

    `turns`: how many the run was of, where a slow tool made fewer than it was asked for.
    """

    version: str
    build: Spent
    settle: Spent
    run: Spent
    peak_mb: float
    found: dict[str, float] = field(default_factory=dict)
    turns: float | None = None


class Stopwatch:
    """`lap` is what was spent since the last one."""

    def __init__(self) -> None:
        self._last = self._now()

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.process_time(), time.perf_counter()

    def lap(self) -> Spent:
        before, self._last = self._last, self._now()
        return Spent(self._last[0] - before[0], self._last[1] - before[1])


def ordered() -> Order:
    """What the suite asks for. The process stays on as many processors as it has threads."""
    order = Order(**json.loads(sys.argv[1]))
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[-order.threads :]))
    return order


def peak_mb() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(report: Report) -> None:
    """Hands the report to the suite."""
    print(json.dumps(asdict(report)), flush=True)


def spread(weights: Any) -> dict[str, float]:
    """Mean and standard deviation of weights."""
    return {"mean w": float(weights.mean()), "sd w": float(weights.std())}
