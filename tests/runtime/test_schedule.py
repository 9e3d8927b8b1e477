import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plasticdsl.runtime.play.schedule import Clock, DoesNotFit, Moments, Taking, moments, timeline, window

LINE = timeline(("a", "b"), (1.0, 0.5), 0.1, in_steps=False)
STEPS = timeline(("a", "b"), (4.0, 6.0), 1.0, in_steps=True)


def all_of(found: Moments) -> list[int]:
    return list(range(found.first, found.last + 1, found.stride))


def test_phases_follow_each_other_in_whole_steps():
    line = timeline(("a", "b"), (1.0, 0.26), 0.1, in_steps=False)
    assert [(p.first, p.last) for p in line.phases] == [(0, 10), (10, 13)]
    assert (line.end, line.span("b"), line.span(None)) == (13, (10, 13), (0, 13))
    with pytest.raises(ValueError, match="negative"):
        timeline(("a",), (-1.0,), 0.1, in_steps=False)


def test_without_a_moment_every_step_is_taken():
    assert moments(Taking(), LINE) == Moments(0, 15)
    assert moments(Taking(during="b"), LINE) == Moments(10, 15)
    assert moments(Taking(), STEPS) == Moments(1, 10), "where steps are counted, a value is taken after each"


@pytest.mark.parametrize(
    ("taking", "expected"),
    [
        (Taking(at_end=True), [15]),
        (Taking(at_end=True, during="a"), [10]),
        (Taking(at=0.3), [3]),
        (Taking(at=0.3, during="b"), [13]),
        (Taking(every=0.4), [0, 4, 8, 12]),
        (Taking(every=0.2, during="b"), [10, 12, 14]),
        (Taking(last=0.2), [13, 14, 15]),
    ],
)
def test_moments(taking, expected):
    assert all_of(moments(taking, LINE)) == expected


def test_intervals_end_at_their_moments():
    assert all_of(moments(Taking(every=0.5), LINE, bins=True)) == [5, 10, 15]


def test_windows_count_back_from_the_end():
    assert window(Taking(last=0.4), LINE) == (11, 15)
    assert window(Taking(last=0.4, during="a"), LINE) == (6, 10)
    assert window(Taking(during="b"), LINE) == (10, 15)
    assert window(Taking(), LINE) == (0, 15)


@pytest.mark.parametrize("taking", [Taking(last=1.6), Taking(last=0.6, during="b"), Taking(at=1.6), Taking(at=0.6, during="b")])
def test_what_lies_outside_does_not_fit(taking):
    with pytest.raises(DoesNotFit):
        moments(taking, LINE)


@given(st.integers(0, 30), st.integers(0, 40), st.integers(1, 9), st.integers(-3, 50))
def test_next_moment_is_the_next_of_the_list(first, length, stride, step):
    found = Moments(first, first + length, stride)
    later = [s for s in all_of(found) if s > step]
    assert found.next_after(step) == (later[0] if later else None)
    assert len(found) == len(np.arange(first, first + length + 1, stride))
    assert (step in found) == (step in all_of(found))


def test_an_interval_goes_from_one_moment_to_the_next():
    assert [Moments(5, 15, 5).interval(step) for step in (5, 10, 15)] == [(0, 5), (5, 10), (10, 15)]


def test_what_was_skipped_is_where_it_was_cut():
    """A phase from 5 to 10 was over at 7, another one from 12 to 20 at 13."""
    clock = Clock()
    clock.skip(7, 10)
    clock.skip(13, 20)
    planned = (0, 5, 7, 8, 10, 12, 13, 15, 20, 24)
    assert [clock.real(position) for position in planned] == [0, 5, 7, 7, 7, 9, 10, 10, 10, 14]
