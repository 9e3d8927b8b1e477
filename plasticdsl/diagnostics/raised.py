"""What an interactive session shows of a `PlasError`: the lines of the user's own program that led to it, and every finding in colours."""

from __future__ import annotations

import traceback
from itertools import takewhile
from pathlib import Path

from plasticdsl.diagnostics.colours import Tone, ansi
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.diagnostics.render import render_all

_OURS = Path(__file__).parents[1]


def shown_in_notebooks(error: PlasError) -> list[str]:
    """Blocks of text, as IPython asks exceptions for them (`_render_traceback_`): nothing of plasticdsl or IPython is among the lines of the program."""
    name = ansi(type(error).__name__, Tone.ERROR)
    lines = [f"{name} in {frame.name}, line {frame.lineno}: {frame.line}" for frame in _frames_of_user(error)]
    return ["\n".join([*(lines or [name]), ""]), render_all(error.diagnostics, error.sources, ansi) if error.diagnostics else str(error)]


def _frames_of_user(error: PlasError) -> list[traceback.FrameSummary]:
    """Those that led from the cell into plasticdsl."""
    found = (f for f in traceback.extract_tb(error.__traceback__) if "IPython" not in Path(f.filename).parts)
    return [f for f in takewhile(lambda f: _OURS not in Path(f.filename).parents, found) if not (f.line or "").startswith("get_ipython()")]
