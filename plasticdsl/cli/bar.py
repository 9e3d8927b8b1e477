"""The progress bar, drawn by rich on a terminal."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """What is being done, how much of it, the time so far and the time left; it vanishes at the end."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeElapsedColumn())
        left = (TextColumn("left:"), TimeRemainingColumn())
        self._progress = Progress(*columns, *left, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("compiling", total=1.0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: float, what: str) -> None:
        """`done` between 0 and 1."""
        self._progress.update(self._task, completed=done, description=what)
