"""Connections that processes draw together: each has those that lead to its units, with the numbers that they have in one process."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from plasticdsl.runtime.instance.divided import Division, begins, connected_in_part
from plasticdsl.support import drawing_together
from plasticdsl.support.connectivity import Pattern, connect
from plasticdsl.support.structure import sources_of
from tests.mpi.rooms import Seat, together

WAYS = {
    "all": Pattern("all", 0, 0),
    "some of all": Pattern("all", 0, 0, allowed=lambda j, i: i < j),
    "few": Pattern("probability", 0, 0, 0.1),
    "most": Pattern("probability", 0, 0, 0.9),
    "none": Pattern("probability", 0, 0, 0.0),
    "surely": Pattern("probability", 0, 0, 1.0),
    "by distance": Pattern("probability", 0, 0, lambda j, i: 1.0 / (1.0 + abs(i - j))),
    "few of some": Pattern("probability", 0, 0, 0.3, lambda j, i: (i + j) % 3 > 0),
    "where": Pattern("where", 0, 0, 1.0, lambda j, i: abs(i - j) < 9),
    "one to one": Pattern("one", 0, 0),
}
SIZES = ((130, 130), (1, 1), (300, 70), (70, 300))


def of_size(kind: str, n_pre: int, n_post: int, alone: bool) -> Pattern:
    """A way to connect so many units."""
    way = WAYS[kind]
    return Pattern(way.kind, n_pre, n_post, way.amount, way.allowed, self_connections=alone)


def patterns(kind: str) -> Iterator[tuple[Pattern, bool]]:
    """Of several sizes, with connections of units to themselves and without; and whether both populations are one."""
    for n_pre, n_post in SIZES:
        if kind != "one to one" or n_pre == n_post:
            yield of_size(kind, n_pre, n_post, True), n_pre == n_post
            yield of_size(kind, n_pre, n_post, False), n_pre == n_post


def require_parts(pattern: Pattern, same: bool, size: int) -> None:
    """So many processes make the connections of one."""
    whole, barred = connect(pattern, same, 3, 7), same and not pattern.self_connections
    sources, first = sources_of(whole.rows), begins(pattern.n_post, size)

    def work(seat: Seat) -> object:
        return connected_in_part(pattern, barred, 3, 7, Division(seat.rank, seat.size, seat))

    for rank, (found, places) in enumerate(together(size, work)):
        numbers = np.flatnonzero((whole.targets >= first[rank]) & (whole.targets < first[rank + 1]))
        own = sources_of(found.rows)
        assert places.total == len(whole.targets) and found.targets.dtype == whole.targets.dtype
        np.testing.assert_array_equal(found.targets, whole.targets[numbers])
        np.testing.assert_array_equal(own, sources[numbers])
        np.testing.assert_array_equal(places.shifts[own] + np.arange(len(own)), numbers)


@pytest.mark.parametrize("kind", WAYS)
def test_processes_make_the_connections_of_one(kind: str) -> None:
    for pattern, same in patterns(kind):
        for size in (2, 3, 11):
            require_parts(pattern, same, size)


def test_the_last_process_goes_on_where_too_few_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing_together, "CACHED", 16)
    monkeypatch.setattr(drawing_together, "MORE", -5.0)
    require_parts(of_size("few", 130, 130, True), True, 3)


def test_nobody_draws_more_than_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 300 000 gaps in blocks of 16384, 19 blocks, nobody has more than 7 of 3."""
    drawn: list[int] = []
    really = drawing_together.bulk_uniforms

    def counted(seed: int, stream: int, count: int, start: int = 0) -> np.ndarray:
        drawn.append(start)
        return really(seed, stream, count, start)

    monkeypatch.setattr(drawing_together, "bulk_uniforms", counted)
    pattern = of_size("few", 2000, 1500, True)
    shares = together(3, lambda seat: connected_in_part(pattern, False, 3, 7, Division(seat.rank, seat.size, seat))[0])
    assert len(drawn) == len(set(drawn)) == 19
    assert abs(sum(len(found.targets) for found in shares) - 300_000) < 6 * 520


def test_what_one_process_meets_all_say() -> None:
    pattern = Pattern("probability", 100, 100, lambda j, i: 0.5 + 0.6 * (j == 99) + 0.0 * i)
    said = []

    def work(seat: Seat) -> None:
        with pytest.raises(ValueError, match=r"the probability of a connection is 1\.1, but must be between 0 and 1") as caught:
            connected_in_part(pattern, False, 3, 7, Division(seat.rank, seat.size, seat))
        said.append(str(caught.value))

    together(3, work)
    assert len(said) == 3
