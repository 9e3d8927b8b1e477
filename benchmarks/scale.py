"""What a network on many processes takes, in memory and in time, and where that stops: writes `docs/scale.md`.

    python benchmarks/scale.py measure     # costs of this machine, into scale.json; needs the extra `mpi`
    python benchmarks/scale.py             # the page, from these

Measured are: a step of a unit, a connection that a spike reaches (static, and with STDP), a row that it finds on a process, what each spike costs every
process (writing lists), and an exchange between two processes. From these follow memory and time for a network of many processes. How long
they wait for the slowest is drawn: spikes come by chance, and each process has its own number of connections for each.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from plasticdsl.runtime.engine.company import Company

HERE = Path(__file__).parent
COSTS = HERE / "scale.json"
PAGE = HERE.parent / "docs" / "scale.md"
PATTERN = HERE / "scale_page.md"

MODEL = """
neuron Cell:
    20 ms dV/dt = −V + g
    5 ms dg/dt = −g
    spike when V > 1000000:
        V → 0

synapse Kick:
    on pre:
        post.g += w

rule STDP:
    A = 0.001
    w ∈ [0, 1]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) =  A exp(−Δt/(20 ms))  if Δt > 0
            −A exp(Δt/(20 ms))   otherwise

network Net:
    p₀ = 0.05
    cells = 10000 Cell
    inputs = 20000 Poisson(rate = 10 Hz)
    all = inputs → cells: Kick{rule}, p = p₀, w = 0.0001{delay}
"""

#: What the network of the page is: 10 000 connections to each unit, a tenth from each of 10 populations, 8 Hz, steps of 0.1 ms, and delays of 1.5 ms.
EACH, RATE, DT, WINDOW = 10_000, 8.0, 1e-4, 15
#: Steps between two exchanges: what is told after one stretch is needed after the next.
STRETCH = WINDOW / 2
#: Variables of a unit, and of its side of a projection (a trace, a frame), of 8 bytes each.
VARIABLES, PROJECTIONS, POPULATIONS = 4, 4, 2
#: Of a cluster, which was not measured: how much later a message comes for each doubling of the processes, and the bytes a second that come in.
LATENCY, BANDWIDTH = 2e-6, 1e10
RANKS = (1, 10, 100, 1000, 10_000)
CONNECTIONS = (10**6, 10**7, 10**8, 10**9)


@dataclass(frozen=True)
class Costs:
    """Seconds: of a unit and step; of a connection that a spike reaches, static and plastic; of a spike at a projection, with none to reach; of a spike
    that all are told of; of a process, step and population about which nothing is told; and of an exchange between two processes. Bytes of a connection,
    static and plastic."""

    unit: float
    static: float
    plastic: float
    row: float
    told: float
    look: float
    exchange: float
    static_bytes: float
    plastic_bytes: float


# --- measured --------------------------------------------------------------------------------------------------------


def step_of(p: float, rule: str = "", rate: float = 10.0, steps: int = 150) -> tuple[float, float]:
    """Processor time of a step, the least of three, and spikes in it."""
    import plasticdsl

    text = MODEL.format(rule=f" with {rule}" if rule else "", delay=", axonal delay = 1.5 ms" if rule else "")
    net = plasticdsl.parse(text).build(dt=DT, parameters={"p_0": p, "inputs.rate": rate})
    net.run(steps=20)
    times = []
    for _ in range(3):
        begin = time.process_time()
        net.run(steps=steps)
        times.append((time.process_time() - begin) / steps)
    return min(times), 20_000 * rate * DT


class Deaf:
    """A company of which nobody else is there."""

    rank = 0

    def __init__(self, size: int) -> None:
        self.size = size

    def gather(self, values: Any) -> list[Any]:
        """What all have."""
        return [values] * self.size

    def first(self, value: float) -> float:
        """What the first has."""
        return value

    def swap(self, parts: Sequence[Any]) -> list[Any]:
        """What is for this one: its own part, and nothing of others."""
        return [parts[0], *[parts[0][:0]] * (self.size - 1)]

    def line(self, said: Any, heard: Any) -> Deaf:
        """A line on which nothing is told."""
        return self

    def begin(self) -> None:
        """Nobody is told."""

    end = begin


def shared_by(company: Company) -> Any:
    """An engine of one of several processes, for the network."""
    import plasticdsl
    from plasticdsl import driver
    from plasticdsl.options import CompileOptions

    text = MODEL.format(rule="", delay=", axonal delay = 1.5 ms").replace("inputs → cells", "cells → cells").replace("0.05", "0.000001")
    loaded = plasticdsl.parse(text).loaded
    workshop, _ = driver.workshop_of(loaded, loaded.module.networks[0], CompileOptions(processes=company.size), company=company)
    return workshop.engine(workshop.instantiate(DT, 1, {}), {})


def listing(processes: int, spikes: int, steps: int = 1) -> float:
    """Processor time of listing what so many processes have told, so many spikes each, in the first of some steps."""
    from plasticdsl.kernels.identifiers import RUN, Part
    from plasticdsl.kernels.loops.telling import FIRST_HEARD, STEPS_HEARD

    engine, times = shared_by(Deaf(processes)), []
    engine._telling._make_room(spikes + 1)
    arrays = engine._own.bound.arrays
    heard, exchange = arrays[RUN.field(Part.HEARD)], arrays[RUN.field(Part.EXCHANGE)]
    heard[:, :, 0] = spikes
    heard[:, :, 1 : spikes + 1] = np.arange(processes * spikes).reshape(processes, spikes)
    engine._own.some_steps(1)
    for _ in range(20):
        exchange[STEPS_HEARD], exchange[FIRST_HEARD] = steps, 0
        begin = time.process_time()
        engine._own.some_steps(0)
        times.append(time.process_time() - begin)
    return median(times)


def exchange() -> float:
    """Seconds of an exchange of a few spikes between two processes, the tenth of many: others use the machine too."""
    mpiexec = Path(sys.executable).with_name("mpiexec")
    found = subprocess.run([str(mpiexec), "-n", "2", sys.executable, __file__, "exchange"], capture_output=True, text=True, check=True)
    return float(found.stdout.split()[-1])


def exchanging() -> None:
    """One of the two."""
    from plasticdsl.runtime.engine.company import company_of, everyone

    company = company_of(everyone())
    assert company is not None
    engine, times = shared_by(company), []
    telling = engine._telling
    for _ in range(5000):
        telling._message[0] = 30
        begin = time.perf_counter()
        telling.send(0, 0, "")
        telling.hear()
        telling.before(0)
        telling.after()
        times.append(time.perf_counter() - begin)
    if company.rank == 0:
        sys.stdout.write(f"{np.quantile(times, 0.1)}\n")


def measured() -> Costs:
    """The costs of this machine."""
    silent, _ = step_of(1e-9, rate=1e-6)
    empty, spikes = step_of(1e-9)
    static, _ = step_of(0.05)
    plastic, _ = step_of(0.05, "STDP")
    reached = spikes * 0.05 * 10_000
    row = max(0.0, empty - silent) / spikes
    return Costs(
        unit=silent / 10_000,
        static=(static - empty) / reached,
        plastic=(plastic - empty) / reached,
        row=row,
        told=listing(2, 5000) / 10_000,
        look=listing(1000, 0, 10) / 10_000,
        exchange=exchange(),
        static_bytes=4.0,
        plastic_bytes=12.0,
    )


# --- computed --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """A network on so many processes: bytes of a process, of its connections and of what it keeps of all units; seconds of a step, and of its parts."""

    ranks: int
    connections: int
    own_bytes: float
    all_bytes: float
    units: float
    delivery: float
    rows: float
    lists: float
    exchange: float
    waiting: float

    @property
    def step(self) -> float:
        """Seconds of a step."""
        return self.units + self.delivery + self.rows + self.lists + self.exchange + self.waiting


def point(costs: Costs, connections: int, ranks: int, plastic: float = 0.64) -> Point:
    """A network with so many connections on each of so many processes."""
    own = connections / EACH
    every = own * ranks
    spikes = every * RATE * DT
    each = plastic * costs.plastic + (1.0 - plastic) * costs.static
    bytes_each = plastic * costs.plastic_bytes + (1.0 - plastic) * costs.static_bytes
    delivery = connections * RATE * DT * each
    return Point(
        ranks,
        connections,
        connections * bytes_each,
        every * 8.0 * (VARIABLES + 2 * PROJECTIONS) + min(every, WINDOW * spikes * 4.0),
        own * costs.unit,
        delivery,
        spikes * PROJECTIONS / 2 * costs.row,
        (spikes * costs.told + ranks * POPULATIONS * costs.look) * (ranks > 1),
        (costs.exchange / STRETCH + _bytes_heard(spikes, ranks) / BANDWIDTH) * (ranks > 1),
        _waiting(connections, ranks, each, own * costs.unit),
    )


def _bytes_heard(spikes: float, ranks: int) -> float:
    """Of messages, for each step: they are half full, and have room for some spikes at least."""
    return 8.0 * max(2.0 * spikes, ranks * 8 / STRETCH)


def _waiting(connections: int, ranks: int, each: float, units: float, stretches: int = 400) -> float:
    """Seconds in each step that processes wait for others, by drawing numbers of spikes and of their connections. Each begins a stretch when it is through
    the one before, and has heard of the one before that from all. `units`: seconds of a step of its units."""
    if ranks == 1:
        return 0.0
    generator = np.random.default_rng(1)
    spikes = generator.poisson(connections / EACH * ranks * RATE * DT * STRETCH, stretches)
    latency = LATENCY * math.log2(max(1, ranks / 2))
    through, told, work = np.zeros(ranks), [0.0, 0.0], 0.0
    for number in spikes.tolist():
        needed = generator.poisson(number * (EACH / ranks), ranks) * each + units * STRETCH
        through = np.maximum(through, told[-2]) + needed
        told.append(float(through.max()) + latency)
        work += float(needed.mean())
    return max(0.0, float(through.mean()) - work) / (stretches * STRETCH)


# --- the page --------------------------------------------------------------------------------------------------------


def page(costs: Costs) -> str:
    """The whole page."""
    points = {(c, r): point(costs, c, r) for c in CONNECTIONS for r in RANKS}
    rows = [
        f"| {_power(c)} | {r:,} | {_power(c * r)} | {_bytes(q.own_bytes)} | {_bytes(q.all_bytes)} | {_time(q.step)} | {q.step / DT:.2g} "
        f"| {_useful(q):.0f} % | {_largest(q)} |"
        for (c, r), q in points.items()
    ]
    return PATTERN.read_text(encoding="utf-8").format(
        unit=costs.unit * 1e9,
        static=costs.static * 1e9,
        plastic=costs.plastic * 1e9,
        row=costs.row * 1e9,
        told=costs.told * 1e9,
        look=costs.look * 1e9,
        exchange=costs.exchange * 1e6,
        table="\n".join(rows),
        memory=_power(_most_units(64e9) * EACH),
        units=_power(_most_units(64e9)),
        equal=f"{_equal(costs):,.0f}",
        found=f"{EACH / _equal(costs):.0f}",
        few=f"{_useful(points[10**6, 10]):.0f}",
        many=f"{_useful(points[10**6, 1000]):.0f}",
    )


def _useful(q: Point) -> float:
    """The share of a step that goes into the units and connections of a process, in percent."""
    return 100.0 * (q.units + q.delivery) / q.step


def _most_units(memory: float) -> float:
    """How many units all processes may have together, so that what each keeps of all fits into half of this memory."""
    return memory / 2 / (8.0 * (VARIABLES + 2 * PROJECTIONS))


def _equal(costs: Costs) -> float:
    """From how many processes on, with 10⁸ connections each, what all have alike takes as long as what each has alone."""
    return next(r for r in range(2, 10**6) if (q := _without_waiting(costs, r)).units + q.delivery <= q.rows + q.lists + q.exchange)


def _without_waiting(costs: Costs, ranks: int) -> Point:
    q = point(costs, 10**8, 1)
    spikes = 10**8 / EACH * ranks * RATE * DT
    more, lists = costs.exchange / STRETCH + _bytes_heard(spikes, ranks) / BANDWIDTH, spikes * costs.told + ranks * POPULATIONS * costs.look
    return Point(ranks, 10**8, 0.0, 0.0, q.units, q.delivery, spikes * PROJECTIONS / 2 * costs.row, lists, more, 0.0)


def _largest(q: Point) -> str:
    parts = {"units": q.units, "delivery": q.delivery, "rows": q.rows, "lists": q.lists, "exchange": q.exchange, "waiting": q.waiting}
    return max(parts, key=lambda name: parts[name])


def _power(number: float) -> str:
    exponent = math.floor(math.log10(number) + 1e-9)
    digits = str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    factor = number / 10**exponent
    return f"10{digits}" if abs(factor - 1) < 0.05 else f"{factor:.1f} · 10{digits}"


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            return f"{number:.3g} {unit}"
        number /= 1000
    raise AssertionError


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:.3g} µs" if seconds < 1e-3 else f"{seconds * 1e3:.3g} ms" if seconds < 1.0 else f"{seconds:.3g} s"


def main() -> None:
    """Measure, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("measure", "exchange"))
    what = parser.parse_args().what
    if what == "exchange":
        exchanging()
        return
    if what == "measure":
        COSTS.write_text(json.dumps(asdict(measured()), indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(Costs(**json.loads(COSTS.read_text(encoding="utf-8")))), encoding="utf-8")


if __name__ == "__main__":
    main()
