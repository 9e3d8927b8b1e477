"""A network on several processes beside one: `models/networks/brunel_stdp.plas` (10 million connections), in turns, on the same machine.

    python benchmarks/ranks.py [--processes 2] [--rounds 5] [--steps 3000] [--model NAME] [--set NAME=SIZE]

The first process has the whole network beside its part of it; they take turns, so that both meet the same conditions. Three quotients come out. Of the
time that passes, from when all processes have come, with its quartiles: it counts what others use of the processors. Of processor time along the way that
takes longest: in each stretch between exchanges that of the process that needed most, and for each exchange what the fastest tenth took, since who waits
is busy looking whether the others have told. And of kernels alone, without exchanges.

Processors of virtual machines may be one for a while, or wait for those of others. So each round also measures how many times the work of one so many
unrelated processes do: roots of numbers in the cache, by one and by all at once, before and after. The time that passes is given for all rounds, and for
those in which each process had a processor (nine tenths of it).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from plasticdsl.runtime.engine.company import Company


def main() -> None:
    """Starts the processes, or is one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--model", default="brunel_stdp")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--one-of-them", action="store_true")
    arguments = parser.parse_args()
    if arguments.one_of_them:
        _one_of_them(arguments)
        return
    mpiexec = Path(sys.executable).with_name("mpiexec")
    command = [str(mpiexec), "-n", str(arguments.processes), sys.executable, __file__, "--one-of-them", *sys.argv[1:]]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    for line in found.stdout.splitlines():
        result = json.loads(line)
        print(", ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in result.items()))


def _one_of_them(arguments: argparse.Namespace) -> None:
    from plasticdsl import driver
    from plasticdsl.api import load
    from plasticdsl.options import CompileOptions
    from plasticdsl.runtime.engine.company import company_of, everyone
    from plasticdsl.runtime.engine.compiled import CompiledEngine
    from plasticdsl.runtime.engine.telling import Telling
    from plasticdsl.runtime.instance.settings import sorted_wishes

    communicator = everyone()
    company = company_of(communicator)
    assert company is not None, "several processes are needed"
    loaded = load(arguments.model).loaded
    network = loaded.module.networks[0]
    wishes = sorted_wishes(dict(pair.split("=") for pair in arguments.set), network, loaded.module).settings
    dt = 1e-4

    def engine(together: bool) -> Any:
        options = CompileOptions(processes=company.size if together else 1)
        workshop, _ = driver.workshop_of(loaded, network, options, company=company if together else None)
        return workshop.engine(workshop.instantiate(dt, 1, wishes), wishes)

    if company.rank == 0:
        engine(False).advance(1)  # what is compiled is in the cache
    _meet(communicator)
    shared, alone = engine(True), engine(False) if company.rank == 0 else None
    stretches: list[float] = []
    exchanges: list[float] = []
    some_steps, send, hear = CompiledEngine.some_steps, Telling.send, Telling.hear

    def timed(self: CompiledEngine, most: int) -> str:
        begin = time.process_time()
        problem = some_steps(self, most)
        stretches.append(time.process_time() - begin)
        return problem

    def timed_send(self: Telling, *more: Any) -> None:
        begin = time.process_time()
        send(self, *more)
        exchanges.append(time.process_time() - begin)

    def timed_hear(self: Telling) -> None:
        begin = time.process_time()
        hear(self)
        exchanges.append(time.process_time() - begin)

    CompiledEngine.some_steps, Telling.send, Telling.hear = timed, timed_send, timed_hear  # type: ignore[method-assign]
    rounds = []
    for _ in range(arguments.rounds + 1):
        processors = _processors(company, communicator)
        of_one = [0.0, 0.0]
        if alone is not None:
            begin, processor = time.perf_counter(), time.process_time()
            alone.advance(arguments.steps)
            of_one = [time.perf_counter() - begin, time.process_time() - processor]
        _meet(communicator)
        stretches.clear()
        exchanges.clear()
        begin = time.perf_counter()
        shared.advance(arguments.steps)
        passed = time.perf_counter() - begin
        processors = min(processors, _processors(company, communicator))
        longest = float(np.max(np.stack(company.gather(np.array(stretches))), axis=0).sum())
        fastest = float(np.quantile(np.concatenate(company.gather(np.array(exchanges))), 0.1) * len(exchanges))
        rounds.append((of_one[0] / passed, of_one[1] / (longest + fastest), of_one[1] / longest, of_one[1] / arguments.steps, processors))
    if company.rank == 0:
        passed, path, kernels, step, processors = (median(values) for values in zip(*rounds[1:], strict=True))
        units = {name: p.size for name, p in shared.instance.populations.items()}
        connections = sum(p.count_of_all for p in shared.instance.own.projections.values())
        same = all(alone.spike_count(name) == shared.spike_count(name) for name in units)
        load_ = os.getloadavg()[0]
        lower, upper = np.quantile([one[0] for one in rounds[1:]], (0.25, 0.75)).tolist()
        result = {"processes": company.size, "connections": connections, "µs for a step of one": step * 1e6, "time that passes": passed}
        result |= {"quartiles": f"{lower:.3g} to {upper:.3g}", "processors": processors}
        whole = [one[0] for one in rounds[1:] if one[-1] >= 0.9 * company.size]
        result |= {"rounds with a processor each": len(whole), "time that passes in these": median(whole) if whole else "none"}
        print(json.dumps(result | {"longest way": path, "kernels": kernels, "load of the machine": load_, "same spikes": same}))
    else:
        for name in shared.instance.populations:
            shared.spike_count(name)


def _processors(company: Company, communicator: Any) -> float:
    """How many times the work of one the processes do that have nothing to do with each other."""
    numbers = np.arange(1.0, 20_000.0)

    def taken() -> float:
        begin = time.perf_counter()
        for _ in range(2000):
            np.sqrt(numbers, out=numbers)
        return time.perf_counter() - begin

    alone = taken() if company.rank == 0 else 0.0
    _meet(communicator)
    together = taken()
    _meet(communicator)
    return company.size * company.first(alone) / float(np.max(np.concatenate(company.gather(np.array([together])))))


def _meet(communicator: Any) -> None:
    """All come here; who waits sleeps, and leaves the processors to the others. All leave at once: who has slept may do so for some milliseconds more."""
    request = communicator.Ibarrier()
    while not request.Test():
        time.sleep(0.01)
    communicator.Barrier()


if __name__ == "__main__":
    main()
