"""Which pairs of spikes a spike completes, found in the lists of all spikes.

Times are times at the synapse. A pre and a post spike that reach it at the same step are a *tie*: one pair of lag 0, counted once,
at the event of the side that `tie.tie_side` names. The pairings are those of Morrison, Diesmann & Gerstner (2008), Biol. Cybern. 98:459,
figure 7; ties are this language's own:

- all: every pre with every post spike.
- nearest: each spike with the last one of the other side at or before it. Spikes that tie are nearest to each other, and complete no other
  pair at that event.
- centred on pre: each pre spike with the last post spike at or before it, and with the first post spike after it.
- centred on post: each post spike with the last pre spike at or before it, and with the first pre spike after it.
- reduced: a spike and the last one of the other side at or before it, if no spike of its own side has come since.

Several spikes of one unit in one step follow one another: a later spike that looks back for the last one of the other side finds the last of
them, an earlier one that waits for the first one after it finds the first of them. Where such spikes tie, "all" counts every combination; in
the other pairings each spike of the side at which ties are counted makes one pair.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np

from plasticdsl.model import Pairing, PairRule, Trigger
from plasticdsl.reference.evaluate import evaluate, everything
from plasticdsl.reference.spikes import arrivals
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import OTHER, Index
from plasticdsl.runtime.instance.instance import Floats


def completed(run: Run, projection: str, window: int, side: Trigger, connections: Index, number: int) -> tuple[Index, Floats]:
    """The pairs that a spike of `side` completes at these connections: the position of each pair's connection among them, and its lag (s).

    `window`: which of the projection's pair rules; `number`: which of its unit's spikes of this step."""
    structure, step = run.structure, run.frame.step
    rule = structure.projections[projection].connection.pairs[window]
    tie_here = structure.tie_sides[projection][window] is side
    longest = _longest(run, projection, rule)
    sign = 1 if side is Trigger.POST else -1  # lag = t_post − t_pre
    at: list[int] = []
    lags: list[float] = []
    for position, connection in enumerate(connections):
        own, others = (arrivals(structure, run.spikes, projection, s, int(connection), step) for s in (side, OTHER[side]))
        for time in partners(rule.pairing, side, own, others, step, number, tie_here):
            if step - time <= longest[connection]:
                at.append(position)
                lags.append(sign * (step - time) * structure.instance.dt)
    return np.array(at, dtype=np.int64), np.array(lags)


def partners(pairing: Pairing, side: Trigger, own: list[int], others: list[int], step: int, number: int, tie_here: bool) -> list[int]:
    """The arrival steps of the spikes with which an event of `side` at `step` completes a pair.

    `own`, `others`: arrivals up to and including `step`; `number`: which of the unit's spikes of this step the event is, from 0.
    """
    ties = [t for t in others if t == step]
    earlier = [t for t in others if t < step]
    own_before = [t for t in own if t < step]
    match pairing:
        case Pairing.ALL:
            return earlier + (ties if tie_here else [])
        case Pairing.NEAREST:
            return _last(earlier, ties, tie_here)
        case Pairing.CENTRED_PRE | Pairing.CENTRED_POST:
            is_centre = side is (Trigger.PRE if pairing is Pairing.CENTRED_PRE else Trigger.POST)
            return _last(earlier, ties, tie_here) if is_centre else _since(own_before, earlier, ties, number, tie_here)
        case Pairing.REDUCED:
            found = _last(earlier, ties, tie_here)
            return found if ties else [t for t in found if number == 0 and not any(t < u for u in own_before)]
        case _:
            assert_never(pairing)


def _last(earlier: list[int], ties: list[int], tie_here: bool) -> list[int]:
    """The last spike of the other side at or before the event; a tie counts at one of its two events."""
    if ties:
        return ties[-1:] if tie_here else []
    return earlier[-1:]


def _since(own_before: list[int], earlier: list[int], ties: list[int], number: int, tie_here: bool) -> list[int]:
    """The spikes of the centre side that waited for this event: all since the last of its own side; and a tie, which waited for nothing."""
    waited = [t for t in earlier if number == 0 and (not own_before or t >= own_before[-1])]
    return waited + (ties[-1:] if tie_here else [])


def _longest(run: Run, projection: str, rule: PairRule) -> Floats:
    """The largest |lag| in steps that counts, for each connection."""
    structure = run.structure
    count = structure.count(projection)
    if rule.truncate is None:
        return np.full(count, np.inf)
    seconds = np.broadcast_to(evaluate(rule.truncate, everything(structure, run.frame, projection)), (count,))
    return np.array([float(structure.steps(s)) for s in seconds])
