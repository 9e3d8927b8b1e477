"""A plastic network for a long time, with memory, speed and mean weights watched.

    python benchmarks/soak.py [--network brunel] [--events 1e9] [--parts 20] [--keep]

Events are spikes of what sends through plastic connections, times the connections of each. The run is cut into parts; after each, the memory that the
process holds, processor time for an event and the mean weight are printed. It ends with 1 where

- memory grows by more than 1 % after the second part,
- an event takes more than 1.25 times as long in the last quarter of the parts as in the first quarter (medians: other programs use the same cache),
- the mean weight is not where it should be. In `brunel`, whose neurons fire nearly independently, its change is that of independent pairs, which is
  (A₊ τ₊ − A₋ τ₋) r² in a second at a rate r (Kempter, Gerstner & van Hemmen 1999, eq. 10), within `TOLERANCE` for what spikes have to do with each
  other; in `competition`, which has come to rest, it stays within 1 % of that of the first part.

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

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
#: What the change of the mean weight may differ by from that of independent pairs, as a share of it: a spike makes the next one of its target likelier,
#: which potentiates. And how far one that is at rest may go away: sums of a hundred neurons' weights go up and down together for minutes.
TOLERANCE, AT_REST = 0.1, 0.01


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
    import plasticdsl

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


@dataclass(frozen=True)
class Summary:
    """Seconds simulated while it was watched and events in them; processor time for an event (ns) in the first and the last quarter of the parts; memory
    (MB) after the second part and at most from then on; the mean weight at first and at last, the farthest that it was from that of the first part, as a
    share of it, and what independent pairs would have brought it to, where it drifts."""

    seconds: float
    events: int
    first_ns: float
    last_ns: float
    warm_mb: float
    most_mb: float
    began: float
    ended: float
    away: float
    wanted: float | None


def summary(asked: Soaked, found: list[Part], begin: float) -> Summary:
    """What is looked at."""
    quarter = max(1, len(found) // 4)
    first, last = (statistics.median(p.each for p in some) for some in (found[:quarter], found[-quarter:]))
    return Summary(
        found[-1].until - asked.settling,
        sum(p.events for p in found),
        first,
        last,
        found[1].memory,
        max(p.memory for p in found[1:]),
        begin,
        found[-1].mean,
        max(abs(p.mean / found[0].mean - 1) for p in found),
        begin + drift(asked, found) if asked.drifts else None,
    )


def drift(asked: Soaked, found: list[Part]) -> float:
    """How far independent pairs would have moved the mean weight at the rates that there were."""
    import plasticdsl

    rule = plasticdsl.load(asked.model).build(asked.network, dt="0.1 ms", log=[])[asked.plastic]
    a_plus, a_minus, t_plus, t_minus = (float(np.mean(getattr(rule, name))) for name in ("A_plus", "A_minus", "tau_plus", "tau_minus"))
    lengths = np.diff([asked.settling, *(p.until for p in found)])
    return float(sum((a_plus * t_plus - a_minus * t_minus) * p.rate**2 * length for p, length in zip(found, lengths, strict=True)))


def faults(found: Summary) -> list[str]:
    """What is not as it should be, in sentences."""
    said = []
    if found.most_mb > 1.01 * found.warm_mb:
        said.append(f"Memory grew from {found.warm_mb:.1f} MB to {found.most_mb:.1f} MB.")
    if found.last_ns > 1.25 * found.first_ns:
        said.append(f"An event took {found.first_ns:.2f} ns at first and {found.last_ns:.2f} ns at last.")
    if found.wanted is None:
        if found.away > AT_REST:
            said.append(f"The mean weight went away by {100 * found.away:.2f} %.")
    elif abs(found.ended - found.wanted) > TOLERANCE * abs(found.wanted - found.began):
        said.append(f"The mean weight came from {found.began:.7g} to {found.ended:.7g}, and not to {found.wanted:.7g}.")
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
    found = summary(asked, *soaked(asked, arguments.events, arguments.parts))
    print(found)
    if arguments.keep:
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
        results.setdefault("soaks", {})[asked.name] = asdict(found)
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    said = faults(found)
    for sentence in said:
        print(sentence, file=sys.stderr)
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
