"""Expectations over repeats: what each run contributes, and the verdict on all repeats of a combination.

Comes in: an expectation with `repeats`, and in each run a reader at the moments it is looked at. Goes out: one verdict for each combination of the other
swept values. A statistic is of the values of all runs together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.experiments import Expectation
from plasticdsl.model.expr import At, Call, Expr, Number, Ref, Special, refs, substitute, walk
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.numbers.evaluate import evaluate
from plasticdsl.runtime.watch.readings import Reader, is_value_statistic
from plasticdsl.runtime.watch.statistics import Gathered
from plasticdsl.runtime.watch.verdict import Verdict, judged

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Share:
    """What one run contributes. `taken`: for each statistic the values of each moment; `parameters`: those read outside of statistics."""

    expectation: Expectation
    taken: dict[Expr, list[tuple[Floats, ...]]] = field(default_factory=dict)
    parameters: dict[Expr, Expr] = field(default_factory=dict)

    def add(self, reader: Reader, begin: int, end: int) -> None:
        """The values of this moment; statistics of spikes within them are of the planned steps begin to end − 1."""
        for call in _statistics(self.expectation):
            self.taken.setdefault(call, []).append(tuple(np.array(a) for a in reader.taken(call, begin, end)))
        plain = (substitute(e, dict.fromkeys(self.taken, Number(0.0))) for e in self.expectation.compared)
        self.parameters = {r: Number(float(np.asarray(reader.observer.value(r)))) for e in plain for r in refs(e)}


def together(shares: Sequence[Share]) -> Verdict:
    """The verdict on repeats of one combination, of which there is at least one."""
    expectation = shares[0].expectation
    numbers: dict[Expr, Expr] = dict(shares[-1].parameters)
    for call in _statistics(expectation):
        numbers[call] = Number(_over_runs(call, shares))

    return judged(expectation, lambda expr: evaluate(substitute(expr, numbers), _nothing))


def _over_runs(call: Call, shares: Sequence[Share]) -> float:
    gathered = Gathered(call.function)
    for share in shares:
        for values in share.taken[call]:
            gathered.add(*values)
    return gathered.result()


def _statistics(expectation: Expectation) -> tuple[Call, ...]:
    """The outermost statistics of values."""
    found: dict[Call, None] = {}
    inside: set[Expr] = set()
    for expr in expectation.compared:
        for node in walk(expr):
            if is_value_statistic(node) and node not in inside:
                found[node] = None
                inside |= {n for argument in node.arguments for n in walk(argument)}
    return tuple(found)


def _nothing(node: Ref | Special | At) -> Values:
    raise KeyError(f"{node} has a value of its own in each run")
