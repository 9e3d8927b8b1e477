"""Has every tool carry out every workload, in turn, and compares what they found.

What is measured is data (`Tool`, `Workload`); what comes out is a dictionary that is written as JSON and that `page.py` reads. A measurement is a
process of its own: what it takes as a whole, with all that it starts, less what it simulates, is its start.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workloads import AS_WRITTEN, WORKLOADS, Workload

HERE = Path(__file__).parent
SPIKING = ("currents", "brunel", "competition", "balance")
DENSE = ("bcm", "alignment", "recall", "converged")
START = "start"
#: How much of a spiking network is simulated, in s, where a start is measured.
SHORTEST = 1e-3
#: Standard deviations, of the difference of two means, within which tools agree.
DEVIATIONS = 4.0
OTHER_SEEDS = 8
NUMBERS_OF_THREADS = (1, 2)
PARTS = ("networks", "sizes", "expected")


@dataclass(frozen=True)
class Tool:
    """`script` in `tools`; `ours`: it needs the environment of plasticdsl, not that of its peers. `most_threads`: what it can use.

    Where it cannot come from the package index: `module`, a Python package that the peers' environment must have, or `folder`, an environment variable
    that names the folder in which it was built. `meanings`: those of `Workload.variants` that it gives networks, the first that a workload has.
    `compiles`: something that it keeps for the next run; where it does not, every start is a cold one.
    """

    name: str
    script: str
    workloads: tuple[str, ...]
    precision: str = "double"
    option: str = ""
    ours: bool = False
    most_threads: int = 2
    module: str = ""
    folder: str = ""
    meanings: tuple[str, ...] = ()
    compiles: bool = True

    @property
    def label(self) -> str:
        return f"{self.name}, single precision" if self.option == "single" else self.name


TOOLS = (
    Tool("plasticdsl", "on_plasticdsl", (*SPIKING, *DENSE, START), ours=True),
    Tool("plasticdsl", "on_plasticdsl", (*SPIKING, *DENSE), "single", "single", ours=True),
    Tool("Brian2", "on_brian2", (*SPIKING, START)),
    Tool("NEST", "on_nest", (*SPIKING, START), meanings=("after", "ties"), compiles=False),
    Tool("ANNarchy", "on_annarchy", (*SPIKING, START), meanings=("ties",)),
    Tool("GeNN", "on_genn", (*SPIKING, START), "single", most_threads=1, module="pygenn"),
    Tool("Auryn", "on_auryn", ("brunel", "competition", "balance", START), "single", most_threads=1, meanings=("ties",), folder="AURYN"),
    Tool("JAX", "on_jax", DENSE, "single", most_threads=1),
    Tool("NumPy", "on_numpy", DENSE, most_threads=1, compiles=False),
)


@dataclass(frozen=True)
class Place:
    """`peers`: the Python that has the peers. `cache`: a folder in which each tool has one of its own."""

    peers: str
    cache: Path

    def environment(self, tool: Tool, threads: int) -> dict[str, str]:
        names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        path = [HERE / "tools", HERE, *([HERE.parent] if tool.ours else [])]
        own = {"PYTHONPATH": os.pathsep.join(map(str, path)), "MPLBACKEND": "Agg"}
        if not tool.ours:  # what compiles asks the Python that is first on the path
            own["PATH"] = os.pathsep.join((str(Path(self.peers).parent), os.environ.get("PATH", "")))
        return {**os.environ, **dict.fromkeys(names, str(threads)), **own}


def available(place: Place, tool: Tool) -> bool:
    """Whether it is there, if it has to be."""
    if tool.module:
        asked = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({tool.module!r}) is None)"
        return subprocess.run([place.peers, "-c", asked]).returncode == 0
    return not tool.folder or bool(os.environ.get(tool.folder))


class Failed(Exception):
    """A tool did not carry out what it was asked for; its text is the end of what it said."""


def carried_out(place: Place, tool: Tool, order: Mapping[str, Any], cache: Path) -> dict[str, Any]:
    """The report of one process, with the processor time of the whole of it (`process_s`)."""
    cache.mkdir(parents=True, exist_ok=True)
    asked = json.dumps({**order, "cache": str(cache)})
    command = [sys.executable if tool.ours else place.peers, str(HERE / "tools" / f"{tool.script}.py"), asked]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, tempfile.TemporaryDirectory() as folder:
        started = subprocess.Popen(command, stdout=out, stderr=err, cwd=folder, env=place.environment(tool, int(order["threads"])))
        _, status, usage = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        lines = out.read().strip().splitlines()
        if started.returncode or not lines:
            raise Failed(f"{tool.label}, {order['workload']}:\n{err.read()[-2000:]}")
        return {**json.loads(lines[-1]), "process_s": usage.ru_utime + usage.ru_stime}


def orders(workload: Workload, seed: int, threads: int, size: float = 1.0) -> dict[str, Any]:
    return {
        "workload": workload.name,
        "seed": seed,
        "threads": threads,
        "size": size,
        "turns": workload.turns,
        "settling": workload.settling,
    }


def start_of(found: Mapping[str, Any]) -> float:
    """What a process took beside simulating."""
    return float(found["process_s"] - found["settle"]["processor"] - found["run"]["processor"])


# --- rounds ----------------------------------------------------------------------------------------------------------


def in_turn(place: Place, workload: Workload, tools: Sequence[Tool], threads: int, size: float, rounds: int) -> list[dict[str, Any]]:
    """Each round has every tool once, with the same seed. Where starts are shown, in the first round, or in each where they are compared, once more before
    with an empty cache."""
    found = [
        {"tool": t.label, "precision": t.precision, "workload": workload.name, "threads": threads, "size": size, "cold_s": [], "rounds": []}
        for t in tools
    ]
    live = dict(zip(tools, found, strict=True))
    for number in range(1, rounds + 1):
        for tool, measurement in list(live.items()):
            cache = place.cache / f"{tool.script}-{workload.name}-{threads}-{size}-{tool.option}"
            order = {**orders(workload, number, threads, size), "option": tool.option}
            starts = (number == 1 and threads == 1 and size == 1.0) or workload.name == START
            try:
                if starts and tool.compiles:
                    shutil.rmtree(cache, ignore_errors=True)
                    short = {"turns": SHORTEST, "settling": 0.0} if workload.name in SPIKING else {"turns": 1}
                    measurement["cold_s"].append(start_of(carried_out(place, tool, {**order, **short}, cache)))
                report = carried_out(place, tool, order, cache)
            except Failed as failure:
                measurement["failed"] = str(failure).strip().splitlines()[-1]
                print(failure, file=sys.stderr)
                del live[tool]
                continue
            if starts and not tool.compiles:
                measurement["cold_s"].append(start_of(report))
            measurement["version"] = report.pop("version")
            measurement["rounds"].append(report)
            each = report["run"]["processor"] / (report["turns"] or workload.turns)
            said = f"{workload.name:12s} {tool.label:30s} ×{size:<5g} {threads} thread  {each:10.6f} s for each {workload.turn}"
            print(f"{said}, start {start_of(report):6.2f} s  {report['found']}", flush=True)
    return found


def measured(
    place: Place,
    names: Sequence[str],
    tools: Sequence[Tool],
    rounds: int,
    threads: Iterable[int],
    parts: Sequence[str],
    old: dict[str, Any] | None,
) -> dict[str, Any]:
    """Everything that was asked for, of `PARTS`; what `old` has beside it stays."""
    kept = {} if old is None else {key(m): m for m in old["measurements"]}
    references = {} if old is None else old["references"]
    for workload in (w for w in WORKLOADS if w.name in names):
        able = [t for t in tools if workload.name in t.workloads and available(place, t)]
        for count in threads if "networks" in parts else ():
            for m in in_turn(place, workload, [t for t in able if t.most_threads >= count], count, 1.0, rounds):
                kept[key(m)] = m
        for size in (s for s in workload.sizes if s != 1.0 and "sizes" in parts):
            for m in in_turn(place, workload, able, 1, size, max(1, rounds // 2)):
                kept[key(m)] = m
        if "expected" in parts:
            references[workload.name] = expected(place, workload, rounds) if workload.name != START else {}
    new = {"when": time.strftime("%Y-%m-%d"), "machine": machine(), "measurements": list(kept.values()), "references": references}
    return {**(old or {}), **new}


def key(measurement: Mapping[str, Any]) -> str:
    return "{tool} {workload} {threads} {size}".format(**measurement)


# --- agreement -------------------------------------------------------------------------------------------------------


def expected(place: Place, workload: Workload, rounds: int) -> dict[str, dict[str, list[float]]]:
    """What plasticdsl finds, in each meaning of the workload: quantity → values.

    With other seeds than the rounds have, or with the same where all tools begin with the same numbers.
    """
    found: dict[str, dict[str, list[float]]] = {}
    seeds = range(1, rounds + 1) if workload.same_numbers else range(101, 101 + OTHER_SEEDS)
    for meaning in (AS_WRITTEN, *workload.variants):
        for seed in seeds:
            order = {**orders(workload, seed, 1), "meaning": meaning}
            report = carried_out(place, TOOLS[0], order, place.cache / f"expected-{workload.name}-{meaning}")
            for quantity, value in report["found"].items():
                found.setdefault(meaning, {}).setdefault(quantity, []).append(value)
    return found


@dataclass(frozen=True)
class Comparison:
    """`mean` of the rounds of a tool; `expected` that of plasticdsl; `allowed`: how far apart they may be by chance and by `Workload.floor`."""

    quantity: str
    mean: float
    expected: float
    allowed: float

    @property
    def agrees(self) -> bool:
        return abs(self.mean - self.expected) <= self.allowed


def compared(measurement: Mapping[str, Any], reference: Mapping[str, Sequence[float]], workload: Workload) -> list[Comparison]:
    """Each quantity of a tool with that of plasticdsl: four standard deviations of the difference of two means, and what integrators may differ by."""
    found = []
    for quantity, values in reference.items():
        own = [r["found"][quantity] for r in measurement["rounds"] if quantity in r["found"]]
        if own:
            middle = statistics.mean(values)
            spread = statistics.mean(reference.get(quantity.replace("mean ", "sd "), [0.0]))  # what a mean near 0 is compared with
            chance = 0.0 if workload.same_numbers else DEVIATIONS * statistics.stdev(values) * math.sqrt(1 / len(own) + 1 / len(values))
            found.append(Comparison(quantity, statistics.mean(own), middle, chance + workload.floor * max(abs(middle), spread)))
    return found


def meaning_of(label: str, workload: Workload) -> str:
    """What a tool makes of a workload."""
    tool = next((t for t in TOOLS if t.label == label), None)
    return next((m for m in (tool.meanings if tool else ()) if m in workload.variants), AS_WRITTEN)


# --- the machine -----------------------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """What results depend on, without names of computers or folders."""
    return {
        "processor": _line("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gb": round(int(_line("/proc/meminfo", "MemTotal").split()[0]) / 1024**2),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "compiler": _compiler(),
        "bandwidth_gb_s": bandwidth(),
    }


def _line(file: str, name: str) -> str:
    with contextlib.suppress(OSError):
        for line in Path(file).read_text().splitlines():
            if line.startswith(name):
                return line.split(":", 1)[1].strip()
    return "0"


def _compiler() -> str:
    with contextlib.suppress(OSError):
        return subprocess.run(["g++", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    return "none"


def bandwidth(megabytes: int = 1024, times: int = 5) -> float:
    """GB/s that one thread reads and writes when it copies an array that no cache holds: the best of several (McCalpin 1995, STREAM, its `copy`)."""
    import numpy as np

    a = np.ones(megabytes * 2**17)
    b = np.empty_like(a)
    np.copyto(b, a)
    best = math.inf
    for _ in range(times):
        begin = time.process_time()
        np.copyto(b, a)
        best = min(best, time.process_time() - begin)
    return 2 * a.nbytes / best / 1e9
