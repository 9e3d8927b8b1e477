"""What became of expectations, a line each: outcomes come in, texts go out."""

from __future__ import annotations

from collections.abc import Iterable

from plasticdsl.runtime.watch.expectations import Outcome


def verdicts(outcomes: Iterable[Outcome]) -> list[str]:
    """A line for each expectation: how it went, what it says, and the value found."""
    every = list(outcomes)
    width = max((len(o.text) for o in every), default=0)
    return [_verdict(o, min(width, 60)) for o in every]


def _verdict(outcome: Outcome, width: int) -> str:
    word = {True: "passed ", False: "FAILED ", None: "skipped"}[outcome.passed]
    notes = [f"found {outcome.found}"] if outcome.found else []
    notes += [outcome.reason] if outcome.reason else []
    return f"{word}  {outcome.text:{width}}  {', '.join(notes)}".rstrip()
