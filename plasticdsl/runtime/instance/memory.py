"""Whether a network fits into memory, asked before anything is allocated.

Comes in: what each population and projection will hold. Goes out: nothing, or `PlasError` `too-large`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plasticdsl.model import AddTo, PerUnit, Population, Projection, Timed, Timing
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.right_sides import PARAMETERS, STATES
from plasticdsl.runtime.instance.resolver import fail
from plasticdsl.source import Span
from plasticdsl.support.arrays import Integers
from plasticdsl.support.connectivity import Pattern, inside, places

_KIBIBYTE = 1024

#: Of a condition on pairs, so many are tried, in a number of whole rows between these.
_SAMPLED_PAIRS = 1 << 22
_LEAST_ROWS, _MOST_ROWS = 4, 64
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Need:
    """What one population or projection takes: `what` in words, `amount` in bytes; `hint`: how it would take less."""

    what: str
    amount: float
    span: Span
    hint: str = "Use fewer units, fewer connections, or a larger machine."


def population_need(population: Population, size: int, arrays: PerUnit) -> Need:
    """States and parameters of their own, once as drawn and once to work on, and a list of spikes and of each other event."""
    own = sum(v.role in STATES or Ref(population.as_owner, v.name) in arrays for v in population.block.variables)
    each = 16.0 * own + 64.0 * max(1, len(population.emits))
    return Need(f"‘{population.symbol}’ with {size:,} units", size * each, population.span)


def projection_need(projection: Projection, pattern: Pattern, count: float, arrays: PerUnit) -> Need:
    """The same for connections; their ends by pre unit and, with a rule, by post unit."""
    owner = projection.as_owner
    own = sum(v.role in STATES or (v.role in PARAMETERS and Ref(owner, v.name) in arrays) for v in projection.connection.variables)
    delays = sum(Timed(owner, side) in arrays for side in (Timing.AXONAL, Timing.DENDRITIC))
    each = 16.0 * own + 8.0 * delays + 8.0 + (12.0 if projection.rules else 0.0)
    sizes = f"{pattern.n_pre:,} × {pattern.n_post:,} units"
    if pattern.growing:
        what = f"‘{projection.symbol}’ with a place for each of the about {count:,.0f} connections that may arise ({sizes})"
        hint = "Say with ‘where …’, or by parts of the populations, which pairs of units may be connected."
        return Need(what, count * each, projection.span, hint)
    return Need(f"‘{projection.symbol}’ with about {count:,.0f} connections ({sizes})", count * each, projection.span)


def delivery_need(projection: Projection, steps: int, n_post: int) -> Need:
    """What is on its way to the post units for so many steps, a number for each, unit and step; a sliding rate remembers its window so."""
    sent = {s.target.name for s in projection.connection.statements() if isinstance(s, AddTo) and s.target.owner is Whose.POST}
    sent |= {s.target for s in projection.connection.sums}
    what = f"what is on its way along ‘{projection.symbol}’ for {steps:,} steps"
    return Need(what, 8.0 * len(sent) * (steps + 1.0) * n_post if steps else 0.0, projection.span)


def waiting_need(projection: Projection, steps: int, n_pre: int) -> Need:
    """The spikes that wait for so many steps until they reach the synapses: a list of those of each step, which may be those of all pre units."""
    what = f"the spikes that are on their way along ‘{projection.symbol}’ for {steps:,} steps"
    return Need(what, (4.0 * n_pre + 8.0) * steps, projection.span, "Take a shorter delay, or a longer step.")


def expected_count(pattern: Pattern) -> float:
    """About how many connections there will be. A condition or a probability of each pair is tried on some of the rows."""
    pattern = inside(places(pattern))
    pairs = float(pattern.n_pre) * float(pattern.n_post)
    match pattern.kind:
        case "one":
            return float(pattern.n_pre)
        case "listed":
            return float(len(pattern.listed[0])) if pattern.listed is not None else 0.0
        case "in-degree" if not callable(pattern.amount):
            return pattern.amount * pattern.n_post * _drawing_fraction(pattern)
        case "out-degree" if not callable(pattern.amount):
            return pattern.amount * pattern.n_pre * _drawing_fraction(pattern)
    fixed = 1.0 if callable(pattern.amount) or pattern.kind != "probability" else pattern.amount
    return pairs * fixed * _sampled_fraction(pattern)


def _sampled_fraction(pattern: Pattern) -> float:
    """The mean probability of pairs, from whole rows spread over all of them."""
    if (pattern.allowed is None and not callable(pattern.amount)) or not pattern.n_pre or not pattern.n_post:
        return 1.0
    total = 0.0
    for rows, columns in _sample(pattern.n_pre, pattern.n_post):
        allowed = pattern.allowed(rows, columns) if pattern.allowed is not None else True
        probability = pattern.amount(rows, columns) if callable(pattern.amount) else 1.0
        total += float(np.sum(np.broadcast_to(np.multiply(allowed, probability), (rows.size, columns.size))))
    return total / (rows.size * pattern.n_post)


def _drawing_fraction(pattern: Pattern) -> float:
    """The share of the units that draw partners to which the condition allows any, from units spread over all of them."""
    if pattern.allowed is None or not pattern.n_pre or not pattern.n_post:
        return 1.0
    incoming = pattern.kind == "in-degree"
    units, others = (pattern.n_post, pattern.n_pre) if incoming else (pattern.n_pre, pattern.n_post)
    found = []
    for sample, across in _sample(units, others):
        allowed = pattern.allowed(across, sample) if incoming else pattern.allowed(sample, across)
        found.append(np.broadcast_to(allowed, (sample.size, across.size)).any(axis=1))
    return float(np.any(found, axis=0).mean())


def _sample(units: int, others: int) -> Iterator[tuple[Integers, Integers]]:
    """Some units, spread over all of them, [units, 1], with all others, [1, others], in pieces."""
    count = min(units, _MOST_ROWS, max(_LEAST_ROWS, _SAMPLED_PAIRS // others))
    sample = np.unique(np.linspace(0, units - 1, count).astype(np.int64))[:, None]
    width = max(1, _BLOCK // sample.size)
    for begin in range(0, others, width):
        yield sample, np.arange(begin, min(begin + width, others))[None, :]


def check_memory(needs: Sequence[Need], available: Callable[[], float | None] | None = None) -> None:
    """Raises `PlasError` `too-large`, naming the largest part, where all needs together (bytes) exceed what is available."""
    free = (available or available_memory)()
    total = sum(n.amount for n in needs)
    if free is None or total <= free:
        return
    largest = max(needs, key=lambda n: n.amount)
    message = f"The network needs about {_shown(total)} of memory, and {_shown(free)} are available; most of it for {largest.what}."
    fail("too-large", message, largest.span, largest.hint)


def available_memory() -> float | None:
    """Bytes that can be had without swapping: what the kernel estimates, or the limit of the control group if that is less; None
    where the system does not tell.
    """
    limits = [b for b in (_from_kernel(), _from_control_group()) if b is not None]
    return min(limits) if limits else _physical()


def _from_kernel() -> float | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) * _KIBIBYTE for line in lines if line.startswith("MemAvailable:")), None)


def _from_control_group() -> float | None:
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = (folder / "memory.current").read_text(encoding="ascii").strip()
        cached = (folder / "memory.stat").read_text(encoding="ascii").split()
    except OSError:
        return None
    if not limit.isdecimal():
        return None
    reclaimable = float(cached[cached.index("inactive_file") + 1]) if "inactive_file" in cached else 0.0
    return float(limit) - float(used) + reclaimable


def _physical() -> float | None:
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * float(os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return None


def _shown(amount: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if amount >= size:
            return f"{amount / size:,.3g} {unit}" if amount < 1e15 else f"{amount:.1e} bytes"
    return f"{amount / 1e3:.0f} kB"
