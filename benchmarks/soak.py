"""A plastic network for a long time, with memory, speed and mean weights watched.

    python benchmarks/soak.py [--network brunel] [--events 1e9] [--parts 20] [--keep]

Events are spikes of what sends through plastic connections, times the connections of each. The run is cut into parts; after each, the memory that the
process holds, processor time for an event and the mean weight are printed. It ends with 1 where

- memory grows by more than 1 % after the second part,
- an event takes more than 1.25 times as long in the last quarter of the parts as in the first quarter (medians: other programs use the same cache),
- the mean weight is not where it should be. In `brunel`, whose neurons fire nearly independently, its change is that of independent pairs, which is
  (A₊ τ₊ − A₋ τ₋) r² in a second at a rate r (Kempter, Gerstner & van Hemmen 1999, eq. 10), within `TOLERANCE` for what spikes have to do with each
  other; in `competition`, which comes to rest, it stays within 1 % of that of the first part.

`--keep` writes what was found into `results.json`, from which the page is made.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import plasticdsl

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
#: What the change of the mean weight may differ by from that of independent pairs: a spike makes the next one of its target likelier, which potentiates.
TOLERANCE = 0.1


@dataclass(frozen=True)
class Soaked:
    """A network, what sends through its plastic connections, these, and how long it takes (s) to come to where it is watched."""

    name: str
    model: str
    network: str
    sends: str
    plastic: str
    settling: float
    drifts: bool


NETWORKS = {
    "brunel": Soaked("brunel", "brunel_stdp", "Brunel", "E", "EE", 1.0, True),
    "competition": Soaked("competition", str(HERE / "models" / "competition.plas"), "Competition", "inputs", "ex", 2000.0, False),
}


@dataclass(frozen=True)
class Part:
    """What was found in a part of the run: seconds simulated up to its end, events and processor time (s) in it, memory (MB) and weights after it."""

    until: float
    events: int
    processor: float
    memory: float
    mean: float
    rate: float

    @property
    def each(self) -> float:
        """Processor time for an event, in ns."""
        return 1e9 * self.processor / max(1, self.events)


def memory_now() -> float:
    """What the process holds now, in MB; the most that it has held where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1e6


def soaked(asked: Soaked, events: float, parts: int, seed: int = 1) -> tuple[list[Part], float]:
    """The parts of a run of so many events, and the mean weight that it began with; a rate is found first, which says how long that is."""
    net = plasticdsl.load(asked.model).build(asked.network, seed=seed, dt="0.1 ms", log=[])
    plastic, units = net[asked.plastic], len(net[asked.sends])
    fan_out = len(plastic.pre) / units
    if asked.drifts:
        net.rules(False)
    net.run(asked.settling)
    net.rules(True)
    begin = float(np.mean(plastic.w))
    per_second = net.spike_count(asked.sends) / asked.settling * fan_out
    length = round(events / per_second / parts, 3)
    found: list[Part] = []
    while sum(p.events for p in found) < events:
        before, clock = net.spike_count(asked.sends), time.process_time()
        net.run(length)
        spent, spikes = time.process_time() - clock, net.spike_count(asked.sends) - before
        rate = spikes / units / length
        found.append(Part(net.time, round(spikes * fan_out), spent, memory_now(), float(np.mean(plastic.w)), rate))
        print(line(found[-1], sum(p.events for p in found)), flush=True)
    return found, begin


def line(part: Part, events: int) -> str:
    """A part in words."""
    weight = f"mean weight {part.mean:.7g}, rate {part.rate:.3f} Hz"
    return f"{part.until:12.2f} s  {events:.3e} events  {part.each:6.2f} ns an event  {part.memory:8.1f} MB  {weight}"


def expected_drift(asked: Soaked, found: list[Part], begin: float, settled: float) -> tuple[float, float]:
    """How far the mean weight of a network that drifts has moved, and how far independent pairs would have moved it."""
    rule = plasticdsl.load(asked.model).build(asked.network, dt="0.1 ms", log=[])[asked.plastic]
    a_plus, a_minus, t_plus, t_minus = (float(np.mean(getattr(rule, name))) for name in ("A_plus", "A_minus", "tau_plus", "tau_minus"))
    lengths = np.diff([settled, *(p.until for p in found)])
    return found[-1].mean - begin, float(
        sum((a_plus * t_plus - a_minus * t_minus) * p.rate**2 * s for p, s in zip(found, lengths, strict=True))
    )


def faults(asked: Soaked, found: list[Part], begin: float) -> list[str]:
    """What is not as it should be, in sentences."""
    quarter = max(1, len(found) // 4)
    said = []
    warm, most = found[1].memory, max(p.memory for p in found[1:])
    if most > 1.01 * warm:
        said.append(f"Memory grew from {warm:.1f} MB to {most:.1f} MB.")
    first, last = (statistics.median(p.each for p in some) for some in (found[:quarter], found[-quarter:]))
    if last > 1.25 * first:
        said.append(f"An event took {first:.2f} ns at first and {last:.2f} ns at last.")
    if asked.drifts:
        moved, wanted = expected_drift(asked, found, begin, asked.settling)
        print(f"the mean weight moved by {moved:.3e}; independent pairs would move it by {wanted:.3e}")
        if abs(moved - wanted) > TOLERANCE * abs(wanted):
            said.append(f"The mean weight moved by {moved:.3e} and not by {wanted:.3e}.")
    else:
        away = max(abs(p.mean / found[0].mean - 1) for p in found)
        print(f"the mean weight stayed within {100 * away:.2f} % of that of the first part")
        if away > 0.01:
            said.append(f"The mean weight went away by {100 * away:.2f} %.")
    return said


def main() -> None:
    """Run, print, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="brunel")
    parser.add_argument("--events", type=float, default=1e9)
    parser.add_argument("--parts", type=int, default=20)
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    asked = NETWORKS[arguments.network]
    found, begin = soaked(asked, arguments.events, arguments.parts)
    said = faults(asked, found, begin)
    if arguments.keep:
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
        results.setdefault("soaks", {})[asked.name] = {
            "when": time.strftime("%Y-%m-%d"),
            "begin": begin,
            "parts": [asdict(p) for p in found],
        }
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for sentence in said:
        print(sentence, file=sys.stderr)
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
