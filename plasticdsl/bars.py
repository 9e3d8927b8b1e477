"""Bars while something takes long: by rich on terminals, by tqdm in notebooks, and nowhere else. What takes no half a second shows none."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Protocol

from plasticdsl.runtime.play.progress import SILENT, Progress, TimeLeft

#: Seconds until a bar appears.
PATIENCE = 0.5


class Bar(Protocol):
    """A bar on the screen."""

    def update(self, done: float, what: str) -> None:
        """`done` between 0 and 1; `what` a word or two."""

    def close(self) -> None:
        """It vanishes."""


@contextmanager
def shown(wanted: Progress | bool | None = None) -> Iterator[Progress]:
    """What is told how much is done. `wanted`: True for a bar on a terminal or in a notebook, None for one in a notebook alone, False for none; or
    something that is told in place of a bar."""
    if wanted is not None and not isinstance(wanted, bool):
        yield wanted
        return
    opening = None if wanted is False else in_notebook if is_notebook() else on_terminal if wanted and sys.stderr.isatty() else None
    if opening is None:
        yield SILENT
        return
    late = Late(opening, PATIENCE)
    try:
        yield late
    finally:
        late.close()


def is_notebook() -> bool:
    """Whether this program is the kernel of a notebook. (IPython in a terminal has none.)"""
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None and find_spec("tqdm") is not None


class Late:
    """Opens a bar once some time has gone by: also while nobody tells anything, as when a network is compiled, so a thread looks after it."""

    def __init__(self, opening: Callable[[], Bar], patience: float) -> None:
        self._opening = opening
        self._lock = threading.Lock()
        self._bar: Bar | None = None
        self._last = 0.0, ""
        self._timer = threading.Timer(patience, self._open)
        self._timer.daemon = True
        self._timer.start()

    def show(self, done: float, what: str) -> None:
        """As `Progress` says."""
        with self._lock:
            self._last = done, what
            if self._bar is not None:
                self._bar.update(done, what)

    def _open(self) -> None:
        with self._lock:
            if not self._timer.finished.is_set():  # else it was closed in between
                self._bar = self._opening()
                self._bar.update(*self._last)

    def close(self) -> None:
        """No bar any more."""
        self._timer.cancel()
        with self._lock:
            if self._bar is not None:
                self._bar.close()
            self._bar = None


def on_terminal() -> Bar:
    """What is being done, how much of it, the time so far and the time left, on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    left = TimeLeft()

    class Left(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"left: {left.text}" if left.text else "")

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeElapsedColumn(), Left())
    bars = Bars(*columns, console=Console(stderr=True), transient=True)
    bars.start()
    return _Rich(bars, left)


class _Rich:
    def __init__(self, bars: Any, left: TimeLeft) -> None:
        self._bars, self._left = bars, left
        self._task = bars.add_task("", total=1.0)

    def update(self, done: float, what: str) -> None:
        self._left.told(done)
        self._bars.update(self._task, completed=done, description=what)

    def close(self) -> None:
        self._bars.stop()


def in_notebook() -> Bar:
    """The same below a cell: a widget where notebooks have these, else a line of text."""
    if find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm
    else:
        from tqdm.std import tqdm
    layout = "{desc}: {percentage:3.0f} %|{bar}| {elapsed}{postfix}"
    return _Tqdm(tqdm(total=1.0, leave=False, bar_format=layout, file=sys.stderr))


class _Tqdm:
    def __init__(self, bar: Any) -> None:
        self._bar, self._left = bar, TimeLeft()

    def update(self, done: float, what: str) -> None:
        self._left.told(done)
        self._bar.n = done
        self._bar.set_postfix_str(f"left: {self._left.text}" if self._left.text else "", refresh=False)
        self._bar.set_description_str(what)  # draws it

    def close(self) -> None:
        self._bar.close()
