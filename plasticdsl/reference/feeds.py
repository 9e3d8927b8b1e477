"""Variables that a phase takes from a table.

A fed variable has the value of its item from the beginning of a step on, in place of a sum if it is an input, and has it again at the end of the
step, whatever moved it in between.
"""

from __future__ import annotations

import numpy as np

from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Frame
from plasticdsl.runtime.engine.engine import Feed


def show_items(run: Run) -> None:
    """Every fed variable has the values of the item of this step."""
    for feed in run.feeds:
        keep_fed(run, run.frame, feed.population, feed.name)


def keep_fed(run: Run, frame: Frame, population: str, name: str) -> None:
    """The same for one variable, if it is fed, in any frame."""
    for feed in run.feeds:
        if (feed.population, feed.name) == (population, name):
            frame.values[population][name][...] = feed.table[feed.items[_shown(feed, run.frame.step)]]


def _shown(feed: Feed, step: int) -> int:
    """Which of the items is shown; the last one stays."""
    return int(np.clip((step - feed.first) // feed.hold, 0, len(feed.items) - 1))
