"""Which units of two populations are connected, in numbers, before any connection is made.

Comes in: a projection and the values of its two populations, or connections as Python programs give them: lists of units, with weights or without, or a
matrix, in which a row belongs to a postsynaptic and a column to a presynaptic unit, as in w_ij. Goes out: a `Pattern`; the weights as settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Connectivity, Network, Presence, Projection, Third
from plasticdsl.model.expr import Logic, Ref, Special, of_a_pair
from plasticdsl.model.owners import OfArgument, OfData, Owner, Whose
from plasticdsl.model.parts import Units
from plasticdsl.model.weights import weight
from plasticdsl.runtime.instance.arrays import Arrays
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.instance.resolver import fail
from plasticdsl.runtime.instance.settings import Given
from plasticdsl.runtime.numbers.evaluate import Lookup, Name, evaluate, holds
from plasticdsl.support.arrays import Integers
from plasticdsl.support.connectivity import PairCondition, PairValue, Pattern
from plasticdsl.support.units import chosen
from plasticdsl.support.values import taken

_ALLOWED = (
    "two arrays (pre, post) with the units of each connection (from 0), three (pre, post, weights), or a matrix of weights, dense or of scipy.sparse, "
    "with a row for each post unit and a column for each pre unit"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """The connections of one projection. `shape`: of the matrix they were given in, (post, pre)."""

    pre: NDArray[Any]
    post: NDArray[Any]
    weights: NDArray[Any] | None = None
    shape: tuple[int, int] | None = None


def listed(given: Any, name: str) -> Listed:
    """What was given for projection `name`. Raises ValueError for anything that is no connections."""
    if isinstance(given, Listed):
        return given
    if hasattr(given, "tocoo"):
        found = given.tocsr().tocoo()  # which adds up entries of the same pair
        return Listed(found.col, found.row, found.data, found.shape)
    if isinstance(given, np.ndarray) and given.ndim == 2 and given.dtype.kind in "biuf":
        post, pre = np.nonzero(given)
        return Listed(pre, post, given[post, pre], given.shape)
    if (
        not isinstance(given, tuple | list)
        or len(given) not in (2, 3)
        or any(isinstance(part, str) or np.ndim(part) != 1 for part in given)
    ):
        raise ValueError(f"the connections of {name} are {_ALLOWED}; what was given is {_kind(given)}")
    pre, post, *weights = (np.asarray(part) for part in given)
    if weights and (weights[0].dtype.kind not in "biuf" or weights[0].shape != pre.shape):
        raise ValueError(f"the weights of {name} are one number for each of its {len(pre)} connections, not {_kind(given[2])}")
    return Listed(pre, post, weights[0] if weights else None)


def _kind(given: object) -> str:
    if isinstance(given, tuple | list):
        return f"a {type(given).__name__} of {len(given)}"
    shape = getattr(given, "shape", None)
    return f"of type {type(given).__name__}" if shape is None else f"an array of {given.dtype} of shape {shape}"  # type: ignore[attr-defined]


def connections_of(given: object, network: Network) -> tuple[dict[str, Listed], dict[Ref, Given]]:
    """The connections of each projection, and where their weights go. Raises ValueError for what is no mapping from projections to connections."""
    if given is None:
        return {}, {}
    if not isinstance(given, Mapping):
        raise ValueError(f"connections are given as a mapping from projections to {_ALLOWED}; what was given is {_kind(given)}")
    found = {str(name): listed(value, str(name)) for name, value in given.items()}
    weights: dict[Ref, Given] = {}
    for projection in network.projections:
        values = found[projection.name].weights if projection.name in found else None
        if values is not None:
            variable = weight(projection)
            if variable is None:
                example = f'{{"{projection.name}.w": weights}}'
                raise ValueError(
                    f"it is not clear which variable of {projection.name} its weights are; give them as a parameter instead, for example **{example}"
                )
            weights[Ref(projection.as_owner, variable)] = np.asarray(values, dtype=np.float64)
    return found, weights


def with_listed(network: Network, connections: Mapping[str, object]) -> Network:
    """The network as it is compiled where some connections are given: nothing is known of them beforehand."""
    listed = Connectivity("listed")
    return replace(network, projections=tuple(replace(p, connectivity=listed) if p.name in connections else p for p in network.projections))


# --- connections as the model says ---------------------------------------------------------------------------------


#: A unit, where it makes no difference which.
_ANY = np.zeros(1, np.int64)


@dataclass(frozen=True, slots=True)
class Ends:
    """The two populations of a projection: their sizes, and the values of a variable of one of them, or of one of `thirds`; `around` has the network's
    values and `dt`, `arrays` those in files."""

    n_pre: int
    n_post: int
    of_side: Callable[[Owner, str], Values]
    around: Lookup
    arrays: Arrays
    thirds: tuple[Third, ...] = ()

    def lookup(self, pre: Callable[[], Integers], post: Callable[[], Integers]) -> Lookup:
        """Looks up what depends on the two units of pairs (unit numbers from 0, any shapes that broadcast)."""

        def found(node: Name) -> Values:
            match node:
                case Special("i"):
                    return post() + np.float64(1.0)
                case Special("j"):
                    return pre() + np.float64(1.0)
                case Special("N_pre"):
                    return float(self.n_pre)
                case Special("N_post"):
                    return float(self.n_post)
                case Ref(Whose.PRE | Whose.POST as side, name):
                    return taken(self.of_side(side, name), pre() if side is Whose.PRE else post())
                case Ref(OfData()):
                    return self.arrays.at_pairs(node, pre(), post(), (self.n_pre, self.n_post))
                case Ref(OfArgument() as owner, name) if (third := next((t for t in self.thirds if t.owner == owner), None)) is not None:
                    unit = np.int64(evaluate(third.first, self.around))
                    return taken(self.of_side(owner, name), unit + (post() if third.each else _ANY))
                case _:
                    return self.around(node)

        return found


def pattern_of(projection: Projection, ends: Ends, given: object) -> Pattern:
    """The pattern; connections that are `given` (not None) replace whatever the model says. Raises ValueError where they are none, or a matrix of
    another shape."""
    written = projection.connectivity
    sizes = (ends.n_pre, ends.n_post)
    mirrored = bool(projection.symmetric)
    pre_units, post_units = (_units(part, n, projection, ends) for part, n in zip((written.pre, written.post), sizes, strict=True))
    growing = projection.connection.presence is Presence.GROWN
    if given is None and written.data:
        listed_there = ends.arrays.listed(projection, sizes)
        return Pattern("listed", *sizes, listed=listed_there, mirrored=mirrored, pre=pre_units, post=post_units, growing=growing)
    if given is not None:
        found = listed(given, projection.name)
        if found.shape not in (None, sizes[::-1]):
            pre, post = (f"the {size} units of {name}" for size, name in zip(sizes, (projection.pre, projection.post), strict=True))
            turned = "; it is the other way round" if found.shape == sizes else ""
            raise ValueError(
                f"the matrix of {projection.name} has the shape {found.shape}, but needs a row for each of {post} (post) and a column for each of "
                f"{pre} (pre){turned}"
            )
        allowed = _allowed(projection, written, ends) if growing else None
        units = (found.pre, found.post)
        return Pattern("listed", *sizes, 1.0, allowed, written.self_connections, False, units, mirrored, pre_units, post_units, growing)
    amount = _amount(projection, written, ends)
    allowed = _allowed(projection, written, ends)
    itself, repeats = written.self_connections, written.repeats
    return Pattern(written.kind, *sizes, amount, allowed, itself, repeats, None, mirrored, pre_units, post_units, growing)


def _units(part: Units, count: int, projection: Projection, ends: Ends) -> Integers | None:
    """The units (from 0) of a part; None for the whole."""
    if not part:
        return None
    around = _checked(projection, ends, _ANY, _ANY)
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
    return float(evaluate(amount, _checked(projection, ends, _ANY, _ANY)))


def _allowed(projection: Projection, written: Connectivity, ends: Ends) -> PairCondition | None:
    conditions = [c for c in (written.amount if written.kind == "where" else None, written.also) if c is not None]
    if not conditions:
        return None
    condition = Logic("and", tuple(conditions))
    return lambda pre, post: holds(condition, _checked(projection, ends, pre, post))


def _checked(projection: Projection, ends: Ends, pre: Integers, post: Integers) -> Lookup:
    inner = ends.lookup(lambda: pre, lambda: post)

    def lookup(node: Name) -> Values:
        try:
            return inner(node)
        except KeyError:
            message = f"Which connections ‘{projection.symbol}’ has depends on a name that has no value before the run."
            fail("not-a-constant", message, projection.connectivity.span)

    return lookup
