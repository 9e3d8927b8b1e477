"""What a projection's connectivity means in numbers, before any connection is made.

Comes in: a projection and the values of its two populations. Goes out: a `Pattern`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import At, Ref, Special, of_a_pair
from plasticdsl.model.model import Connectivity, Projection
from plasticdsl.model.owners import Whose
from plasticdsl.model.parts import Units
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.instance.listed import listed
from plasticdsl.runtime.instance.resolver import Resolver, fail
from plasticdsl.runtime.numbers.evaluate import Lookup, evaluate, holds
from plasticdsl.support.connectivity import PairCondition, PairValue, Pattern, chosen
from plasticdsl.support.values import taken

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ends:
    """The two populations of a projection; `around` has the network's values and `dt`."""

    pre: Resolver
    post: Resolver
    around: Callable[[Ref | Special | At], Values]

    def lookup(self, pre: Callable[[], Integers], post: Callable[[], Integers]) -> Lookup:
        """Looks up what depends on the two units of pairs (unit numbers from 0, any shapes that broadcast)."""

        def found(node: Ref | Special | At) -> Values:
            match node:
                case Special("i"):
                    return post() + np.float64(1.0)
                case Special("j"):
                    return pre() + np.float64(1.0)
                case Special("N_pre"):
                    return float(self.pre.count)
                case Special("N_post"):
                    return float(self.post.count)
                case Ref(Whose.PRE, name):
                    return taken(self.pre.value(name), pre())
                case Ref(Whose.POST, name):
                    return taken(self.post.value(name), post())
                case _:
                    return self.around(node)

        return found


def pattern_of(projection: Projection, ends: Ends, given: object) -> Pattern:
    """The pattern; connections that are `given` (not None) replace whatever the model says. Raises ValueError where they are none, or a matrix of
    another shape."""
    written = projection.connectivity
    sizes = (ends.pre.count, ends.post.count)
    mirrored = bool(projection.symmetric)
    pre_units, post_units = (_units(part, n, projection, ends) for part, n in zip((written.pre, written.post), sizes, strict=True))
    if given is not None:
        found = listed(given, projection.name)
        if found.shape not in (None, sizes[::-1]):
            pre, post = (f"the {size} units of {name}" for size, name in zip(sizes, (projection.pre, projection.post), strict=True))
            turned = "; it is the other way round" if found.shape == sizes else ""
            raise ValueError(
                f"the matrix of {projection.name} has the shape {found.shape}, but needs a row for each of {post} (post) and a column for each of "
                f"{pre} (pre){turned}"
            )
        return Pattern("listed", *sizes, listed=(found.pre, found.post), mirrored=mirrored, pre=pre_units, post=post_units)
    amount = _amount(projection, written, ends)
    allowed = _allowed(projection, written, ends)
    return Pattern(written.kind, *sizes, amount, allowed, written.self_connections, written.repeats, None, mirrored, pre_units, post_units)


def _units(part: Units, count: int, projection: Projection, ends: Ends) -> Integers | None:
    """The units (from 0) of a part; None for the whole."""
    if not part:
        return None
    around = _checked(projection, ends, np.zeros(1, np.int64), np.zeros(1, np.int64))
    try:
        return chosen([(evaluate(one.first, around), evaluate(one.last, around)) for one in part], count)
    except ValueError as problem:
        fail("out-of-range", f"‘{projection.symbol}’ cannot be connected: {problem}.", projection.connectivity.span)


def _amount(projection: Projection, written: Connectivity, ends: Ends) -> float | PairValue:
    if written.kind not in ("probability", "in-degree", "out-degree") or written.amount is None:
        return 1.0
    amount = written.amount
    if of_a_pair(amount):
        if written.kind != "probability":
            message = f"The degree of ‘{projection.symbol}’ must be the same for all units."
            fail("not-a-constant", message, written.span, "Draw with a probability that depends on i and j, or write several projections.")
        return lambda pre, post: evaluate(amount, _checked(projection, ends, pre, post))
    return float(evaluate(amount, _checked(projection, ends, np.zeros(1, np.int64), np.zeros(1, np.int64))))


def _allowed(projection: Projection, written: Connectivity, ends: Ends) -> PairCondition | None:
    conditions = [c for c in (written.amount if written.kind == "where" else None, written.also) if c is not None]
    if not conditions:
        return None

    def allowed(pre: Integers, post: Integers) -> NDArray[np.bool_]:
        lookup = _checked(projection, ends, pre, post)
        result = np.asarray(holds(conditions[0], lookup))
        for condition in conditions[1:]:
            result = result & holds(condition, lookup)
        return result

    return allowed


def _checked(projection: Projection, ends: Ends, pre: Integers, post: Integers) -> Lookup:
    inner = ends.lookup(lambda: pre, lambda: post)

    def lookup(node: Ref | Special | At) -> Values:
        try:
            return inner(node)
        except KeyError:
            message = f"Which connections ‘{projection.symbol}’ has depends on a name that has no value before the run."
            fail("not-a-constant", message, projection.connectivity.span)

    return lookup
