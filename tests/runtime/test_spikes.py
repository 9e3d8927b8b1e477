import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plasticdsl.model.protocol import NOTHING_ASKED
from plasticdsl.runtime.watch.spikes import SpikeHistory

A = ("a", "")


class Log:
    """An engine that has spikes to hand over, a few at a time; none is located within its step."""

    asked = NOTHING_ASKED

    step = 0

    def __init__(self, pieces):
        self.pieces = list(pieces)
        self.logged = ()

    def log_spikes(self, emitted):
        self.logged = tuple(emitted)

    def drain(self, population, event):
        steps = np.array(self.pieces.pop(0) if self.pieces else [], dtype=np.int64)
        return steps, steps % 3

    def times(self, population, event):
        return None

    def located(self, population, event):
        return np.zeros(0), np.zeros(0, dtype=np.int64), {}


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(1, 7), st.integers(-5, 65), st.integers(0, 30))
def test_a_window_of_the_pieces_is_a_window_of_the_whole(steps, size, begin, length):
    every = sorted(steps)
    pieces = [every[i : i + size] for i in range(0, len(every), size)]
    history = SpikeHistory(Log(pieces), [A])
    for _ in pieces:
        history.collect()
    expected = [s for s in every if begin <= s < begin + length]
    assert history.within(A, begin, begin + length)[0].tolist() == expected
    found, units = history.train(A)
    assert found.tolist() == every
    assert units.tolist() == [s % 3 for s in every]
    assert history.within(A, begin, begin + length)[0].tolist() == expected


def test_another_engine_goes_on():
    first, second = Log([[1, 2], [4]]), Log([[5], [9]])
    history = SpikeHistory(first, [A])
    history.collect()
    history.follow(second)
    assert second.logged == (A,)
    assert history.train(A)[0].tolist() == [1, 2, 4, 5]
    assert history.train(A)[0].tolist() == [1, 2, 4, 5, 9]


def test_what_is_done_once_more_is_kept_once():
    """The engine goes back to where it has done the steps before 4."""
    log = Log([[1, 2, 4], [5]])
    history = SpikeHistory(log, [A])
    history.collect()
    history.hold()
    assert history.train(A)[0].tolist() == [1, 2, 4]
    log.step = 4
    history.rewind()
    log.pieces = [[4, 6]]
    assert history.train(A)[0].tolist() == [1, 2, 4, 6]
