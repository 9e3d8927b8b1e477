"""Which connections exist.

Comes in: how a projection is connected, the two sizes, a seed and a stream. Goes out: connections sorted by pre unit, then post unit.

The draws depend on seed, stream and the two sizes alone. With a condition (`where`, or `also` beside another kind) a probability applies to the
pairs that meet it, and a degree counts among them: each unit of one of these pairs draws its partners, the others have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import CACHED, Floats, Integers, in_blocks, numbers_of_units
from plasticdsl.support.connections import Connections
from plasticdsl.support.random import BulkUniforms, bulk_uniforms
from plasticdsl.support.structure import sources_of
from plasticdsl.support.subsets import choose, choose_among
from plasticdsl.support.units import whole

#: From unit numbers (from 0) of shape [pre, 1] and [1, post] to a probability or to whether the pair may be connected (may broadcast).
PairValue = Callable[[Integers, Integers], Floats | float]
PairCondition = Callable[[Integers, Integers], NDArray[np.bool_] | bool]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A projection's connectivity with its numbers.

    `kind` as in `model.Connectivity`; `amount` a probability or a degree, or a probability of each pair; `allowed` the condition on pairs (of
    `where` and `also` together), None for none. `listed`: pre and post units (from 0). `mirrored`: with each connection there is the one in the other
    direction; what is drawn is drawn for pairs with post ≤ pre. `pre`, `post`: the units (from 0) among which there are connections, None for all;
    `amount` and `allowed` are of unit numbers all the same. `growing`: connections may arise, so all pairs have a place that the condition, the parts and
    `self_connections` allow; the connections of this kind are those that are there at first.
    """

    kind: str
    n_pre: int
    n_post: int
    amount: float | PairValue = 1.0
    allowed: PairCondition | None = None
    self_connections: bool = True
    repeats: bool = False
    listed: tuple[Integers, Integers] | None = None
    mirrored: bool = False
    pre: Integers | None = None
    post: Integers | None = None
    growing: bool = False


class NotSymmetric(ValueError):
    """Connections that should be there in both directions are not."""


def connect(pattern: Pattern, same: bool, seed: int, stream: int) -> Connections:
    """All connections of `pattern`; `same`: pre and post population are one, so that i = j is a self-connection.

    Raises ValueError with one sentence where the pattern cannot be had with these sizes.
    """
    if pattern.growing:
        first = connect(replace(pattern, growing=False), same, seed, stream)
        return _among(first, connect(places(pattern), same, seed, stream), pattern)
    if pattern.kind == "listed":
        found = _listed(pattern)
        _require_inside(pattern, found)
        return both_ways(pattern, found) if pattern.mirrored else found
    inner, barred = inside(pattern), same and not pattern.self_connections
    alike = pattern.pre is pattern.post is None or np.array_equal(_units(pattern, "pre"), _units(pattern, "post"))
    if pattern.mirrored and not alike:
        raise NotSymmetric("the two parts are not the same units")
    if barred and not alike:
        inner = inside(replace(pattern, allowed=lambda pre, post: _permitted(pattern, True, pre, post)))
    found = _connect(inner, barred and alike, seed, stream)
    found = both_ways(inner, found) if pattern.mirrored else found
    if pattern.pre is pattern.post is None:
        return found
    return _of_parts(found, pattern)


def _of_parts(found: Connections, pattern: Pattern) -> Connections:
    """Connections of the parts by themselves, with the numbers that their units have in the populations."""
    pre, post = _units(pattern, "pre"), _units(pattern, "post")
    if all((part[1:] > part[:-1]).all() for part in (pre, post)):  # they are sorted as they are
        counts = np.zeros(pattern.n_pre + 1, dtype=np.int64)
        counts[pre + 1] = np.diff(found.rows)
        return Connections(np.cumsum(counts), post.astype(numbers_of_units(pattern.n_post))[found.targets])
    return _from_keys(np.sort(pre[sources_of(found.rows)] * pattern.n_post + post[found.targets]), pattern)


def places(pattern: Pattern) -> Pattern:
    """All pairs that have a place."""
    return replace(pattern, kind="one" if pattern.kind == "one" else "all", growing=False) if pattern.growing else pattern


def _among(first: Connections, every: Connections, pattern: Pattern) -> Connections:
    """Every place and all that is there at first, and which these are. Raises ValueError for two connections of one pair."""
    some, all_ = (sources_of(found.rows).astype(np.int64) * pattern.n_post + found.targets for found in (first, every))
    if len(np.unique(some)) < len(some):
        raise ValueError("two units are connected more than once, and connections that come and go are one for each pair")
    keys = np.union1d(some, all_)
    places = np.searchsorted(keys, some)
    found = _from_keys(keys, pattern)
    order = np.full(len(keys), -1)
    order[places] = np.arange(len(some)) if first.order is None else first.order
    present = np.zeros(len(keys), dtype=np.bool_)
    present[places] = True
    return Connections(found.rows, found.targets, None if first.order is None else order, present)


def _units(pattern: Pattern, side: str) -> Integers:
    """The units (from 0) on one side."""
    part, count = (pattern.pre, pattern.n_pre) if side == "pre" else (pattern.post, pattern.n_post)
    return np.arange(count) if part is None else part


def _require_inside(pattern: Pattern, found: Connections) -> None:
    """Raises ValueError for a listed connection outside of the parts."""
    for side, part, units in (("pre", pattern.pre, sources_of(found.rows)), ("post", pattern.post, found.targets)):
        outside = np.flatnonzero(~np.isin(units, part)) if part is not None else np.zeros(0)
        if outside.size:
            raise ValueError(f"{side} unit {units[outside[0]]} (from 0) does not belong to the part of the population that is connected")


def inside(pattern: Pattern) -> Pattern:
    """The pattern of the parts by themselves, with their units numbered from 0."""
    if pattern.pre is pattern.post is None:
        return pattern
    pre, post = _units(pattern, "pre"), _units(pattern, "post")

    def of_units(value: Callable[[Integers, Integers], Any]) -> Callable[[Integers, Integers], Any]:
        return lambda i, j: value(pre[i], post[j])

    amount = of_units(pattern.amount) if callable(pattern.amount) else pattern.amount
    allowed = None if pattern.allowed is None else of_units(pattern.allowed)
    return replace(pattern, n_pre=len(pre), n_post=len(post), amount=amount, allowed=allowed, pre=None, post=None)


def _connect(pattern: Pattern, barred: bool, seed: int, stream: int) -> Connections:
    match pattern.kind:
        case "all" if pattern.allowed is None:
            return _every_pair(pattern, barred)
        case "in-degree" | "out-degree":
            return _with_degree(pattern, barred, seed, stream)
        case _:
            return collected(pieces(pattern, barred, seed, stream), pattern, _about(pattern))


def pieces(pattern: Pattern, barred: bool, seed: int, stream: int) -> Pieces:
    """Connections in order, some at a time, where each pair is decided by itself. `barred`: no unit is connected to itself."""
    match pattern.kind:
        case "all" | "where":
            return by_rows(pattern, barred)
        case "one":
            return _one_to_one(pattern, barred)
        case "probability":
            return with_probability(pattern, barred, seed, stream)
        case other:
            raise ValueError(f"{other} is no way to connect populations")


def _every_pair(pattern: Pattern, barred: bool) -> Connections:
    """Every pair, or (`barred`) every pair of two different units."""
    size = max(0, pattern.n_post - barred)
    targets = np.empty((pattern.n_pre, size), dtype=numbers_of_units(pattern.n_post))
    targets[...] = np.arange(size)
    if barred:
        for unit, row in enumerate(targets):
            row[unit:] += 1
    return Connections(np.arange(pattern.n_pre + 1, dtype=np.int64) * size, targets.ravel())


def _about(pattern: Pattern) -> int:
    """Room for the connections of a probability in all cases but a few (six standard deviations); none where anything else decides."""
    if pattern.kind != "probability" or callable(pattern.amount) or pattern.allowed is not None:
        return 0
    mean = pattern.n_pre * pattern.n_post * min(1.0, max(0.0, pattern.amount))
    return int(mean + 6.0 * mean**0.5)


# --- pieces: (pre, post) unit numbers, sorted ------------------------------------------------------------------------

Pieces = Iterator[tuple[Integers, Integers]]


def collected(blocks: Pieces, pattern: Pattern, about: int) -> Connections:
    """All of them; `about`: how many there will be, more or less. The array grows where it is, so that there is one at any time."""
    targets, used = np.empty(about, dtype=numbers_of_units(pattern.n_post)), 0
    counts = np.zeros(pattern.n_pre + 1, dtype=np.int64)
    for pre, post in blocks:
        begin, used = used, used + len(post)
        if used > len(targets):
            targets.resize(used + used // 8, refcheck=False)
        targets[begin:used] = post
        if len(pre):
            counts[pre[0] + 1 : pre[-1] + 2] += np.diff(np.searchsorted(pre, np.arange(pre[0], pre[-1] + 2)))
    targets.resize(used, refcheck=False)
    return Connections(np.cumsum(counts), targets)


def _permitted(pattern: Pattern, barred: bool, pre: Integers, post: Integers) -> NDArray[np.bool_]:
    """Whether each pair (any shapes that broadcast) may be connected."""
    keep = pre != post if barred else np.asarray(True)
    if pattern.allowed is not None:
        keep = keep & pattern.allowed(pre, post)
    return np.broadcast_to(keep, np.broadcast_shapes(pre.shape, post.shape))


#: The first of some rows, and the one after the last; None for all.
Some = tuple[int, int] | None


def _rows(pattern: Pattern, some: Some = None) -> Pieces:
    """All pairs, some rows at a time: numbers of shape [pre, 1] and [1, post]."""
    post, (first, last) = np.arange(pattern.n_post)[None, :], some or (0, pattern.n_pre)
    for begin, end in in_blocks(last - first if pattern.n_post else 0, pattern.n_post):
        yield np.arange(first + begin, first + end)[:, None], post


def by_rows(pattern: Pattern, barred: bool, some: Some = None) -> Pieces:
    """All pairs that are permitted."""
    for pre, post in _rows(pattern, some):
        rows, columns = np.nonzero(_permitted(pattern, barred, pre, post))
        yield rows + pre[0], columns


def _one_to_one(pattern: Pattern, barred: bool) -> Pieces:
    if pattern.n_pre != pattern.n_post:
        raise ValueError(f"one to one needs as many units on both sides, not {pattern.n_pre} and {pattern.n_post}")
    units = np.arange(pattern.n_pre)
    kept = units[_permitted(pattern, barred, units, units)]
    yield kept, kept


# --- probability -----------------------------------------------------------------------------------------------------


def with_probability(pattern: Pattern, barred: bool, seed: int, stream: int, some: Some = None) -> Pieces:
    """Pairs with the probability of all, or each with its own; `some`: those of these pre units, where pairs are looked at one by one."""
    if callable(pattern.amount):
        return _with_own_probabilities(pattern, pattern.amount, barred, seed, stream, some)
    _check_probability(pattern.amount)
    if pattern.amount == 0.0:
        return iter(())
    if pattern.amount == 1.0:
        return by_rows(pattern, barred, some)
    return _skipping(pattern, pattern.amount, barred, seed, stream)


def _check_probability(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"the probability of a connection is {p:g}, but must be between 0 and 1")


def _skipping(pattern: Pattern, p: float, barred: bool, seed: int, stream: int) -> Pieces:
    """Bernoulli trials over all pairs by their geometric gaps, one random number for each connection (Fan, Muller & Rezucha 1962)."""
    pairs, reached = pattern.n_pre * pattern.n_post, -1
    sequence = BulkUniforms(seed, stream)
    while reached < pairs - 1:
        places = places_of(gaps_of(sequence.uniforms(CACHED), p, pairs), reached)
        reached = int(places[-1])
        yield pairs_at(places, pattern, barred)


def gaps_of(uniforms: Floats, p: float, pairs: int) -> Integers:
    """From one connection to the next, in pairs."""
    np.log(uniforms, out=uniforms)
    uniforms /= np.log1p(-p)
    # A gap beyond the last pair ends the row of trials; cutting it there keeps the sum within 64 bits.
    np.minimum(uniforms, float(pairs), out=uniforms)
    gaps = uniforms.astype(np.int64)
    gaps += 1
    return gaps


def places_of(gaps: Integers, reached: int) -> Integers:
    """Numbers of pairs, of which `reached` was the last."""
    np.cumsum(gaps, out=gaps)
    gaps += reached
    return gaps


def pairs_at(places: Integers, pattern: Pattern, barred: bool) -> tuple[Integers, Integers]:
    """The pairs with these numbers, as far as there are that many, and they are permitted."""
    pairs = pattern.n_pre * pattern.n_post
    if places[-1] >= pairs:
        places = places[: np.searchsorted(places, pairs)]
    pre = places // pattern.n_post
    post = places - pre * pattern.n_post
    if not barred and pattern.allowed is None:
        return pre, post
    keep = _permitted(pattern, barred, pre, post)
    return pre[keep], post[keep]


def _with_own_probabilities(pattern: Pattern, probability: PairValue, barred: bool, seed: int, stream: int, some: Some = None) -> Pieces:
    """A probability that depends on the pair: one random number for each pair."""
    for pre, post in _rows(pattern, some):
        p = np.where(_permitted(pattern, barred, pre, post), probability(pre, post), 0.0)
        for extreme in (p.min(), p.max()):
            _check_probability(float(extreme))
        rows, columns = np.nonzero(bulk_uniforms(seed, stream, p.size, int(pre[0, 0]) * pattern.n_post).reshape(p.shape) < p)
        yield rows + pre[0], columns


# --- both ways ---------------------------------------------------------------------------------------------------------


def both_ways(pattern: Pattern, found: Connections) -> Connections:
    """Connections of one population with itself, each with the one in the other direction: of those that were drawn the half with post ≤ pre counts; all
    others must be so already. Raises ValueError where they are not, or where the chance of a pair is another one in the other direction."""
    if pattern.kind == "all" and pattern.allowed is None:
        return found
    pre = np.repeat(np.arange(pattern.n_pre), np.diff(found.rows))
    post = found.targets.astype(np.int64)
    if pattern.kind == "probability":
        _require_alike(pattern)
        half, apart = post <= pre, post < pre
        keys = np.concatenate([pre[half] * pattern.n_post + post[half], post[apart] * pattern.n_post + pre[apart]])
        return _from_keys(np.sort(keys), pattern)
    keys, opposite = pre * pattern.n_post + post, post * pattern.n_post + pre
    alone = np.flatnonzero(~np.isin(opposite, keys))
    if alone.size:
        i, j = post[alone[0]] + 1, pre[alone[0]] + 1
        raise NotSymmetric(f"unit {j} is connected to unit {i}, but unit {i} not to unit {j}")
    if len(np.unique(keys)) < len(keys):
        raise NotSymmetric("two units are connected more than once")
    return found


def _require_alike(pattern: Pattern) -> None:
    """Conditions and probabilities of pairs are the same both ways."""
    of_pairs = [f for f in (pattern.allowed, pattern.amount) if callable(f)]
    for pre, post in _rows(pattern) if of_pairs else ():
        shape = (len(pre), post.size)
        turned = np.broadcast_to(post, shape), np.broadcast_to(pre, shape)  # in full so that rows stay rows
        for one in of_pairs:
            there, back = (np.broadcast_to(one(*ends), shape).astype(np.float64) for ends in ((pre, post), turned))
            unlike = np.argwhere(~np.isclose(there, back, rtol=1e-9, atol=0.0))
            if unlike.size:
                j, i = pre[unlike[0][0], 0] + 1, unlike[0][1] + 1
                raise NotSymmetric(
                    f"whether unit {j} is connected to unit {i} is decided otherwise than whether unit {i} is connected to unit {j}"
                )


# --- degrees ---------------------------------------------------------------------------------------------------------


def _with_degree(pattern: Pattern, barred: bool, seed: int, stream: int) -> Connections:
    """For each unit of one side, partners drawn from the other: for each post unit (in-degree) or each pre unit (out-degree). Units that the condition
    allows nobody have none."""
    incoming = pattern.kind == "in-degree"
    units, others = (pattern.n_post, pattern.n_pre) if incoming else (pattern.n_pre, pattern.n_post)

    def permitted(some: Integers) -> NDArray[np.bool_]:
        """Which of the others these units may have: bool[units, others]."""
        pair = np.arange(others)[None, :], some[:, None]
        return _permitted(pattern, False, *(pair if incoming else pair[::-1]))

    assert not callable(pattern.amount), "a degree is one number"
    degree = whole(pattern.amount)
    if degree is None:
        raise ValueError(f"{pattern.kind} is {pattern.amount:g}, but must be a whole number, not negative")
    if pattern.allowed is None:
        partners = choose(units, others, degree, barred, pattern.repeats, seed, stream)
        own = np.repeat(np.arange(units, dtype=np.int64), degree)
    else:
        own, partners = choose_among(units, others, degree, permitted, barred, pattern.repeats, seed, stream)
    pre, post = (partners, own) if incoming else (own, partners)
    keys = np.sort(pre * pattern.n_post + post)
    return _from_keys(keys, pattern)


def _from_keys(keys: Integers, pattern: Pattern) -> Connections:
    """From sorted pre·n_post + post."""
    rows = np.searchsorted(keys, np.arange(pattern.n_pre + 1, dtype=np.int64) * pattern.n_post)
    return Connections(rows.astype(np.int64), (keys % max(1, pattern.n_post)).astype(numbers_of_units(pattern.n_post)))


def as_given(given: Mapping[str, Any], name: str, pattern: Pattern) -> Pattern:
    """The pattern, or the pre and post units (from 0) that were given under that name."""
    if name not in given:
        return pattern
    pre, post = (np.asarray(units) for units in given[name])
    return replace(pattern, kind="listed", listed=(pre, post))


# --- listed ----------------------------------------------------------------------------------------------------------


def _listed(pattern: Pattern) -> Connections:
    if pattern.listed is None:
        raise ValueError("the connections of this projection have to be given, as two arrays of pre and post unit numbers (from 0)")
    pre, post = map(_unit_numbers, pattern.listed, (pattern.n_pre, pattern.n_post), ("pre", "post"))
    if pre.shape != post.shape:
        raise ValueError(f"there are {len(pre)} pre and {len(post)} post units, but each connection needs one of both")
    keys = pre * max(1, pattern.n_post) + post
    order = np.argsort(keys, kind="stable")
    found = _from_keys(keys[order], pattern)
    return Connections(found.rows, found.targets, order)


def _unit_numbers(numbers: Integers, size: int, side: str) -> Integers:
    given = np.asarray(numbers)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise ValueError(f"the {side} units of connections must be a one-dimensional array of whole numbers")
    if given.size and not (given.min() >= 0 and given.max() < size):
        raise ValueError(f"{side} units go from {given.min()} to {given.max()}, but must be from 0 to {size - 1}")
    return given.astype(np.int64)
