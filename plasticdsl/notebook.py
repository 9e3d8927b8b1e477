"""`%load_ext plasticdsl`: notebooks get `%%plas NAME`, whose cell is a model in the language.

IPython is asked for nothing but what it hands over, so that nothing here imports it before it is there.
"""

from __future__ import annotations

import keyword
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from plasticdsl import driver
from plasticdsl.api import Model
from plasticdsl.diagnostics.colours import ansi
from plasticdsl.diagnostics.render import render_all
from plasticdsl.source import SourceFile

_OURS = Path(__file__).parent
#: What calls raise for what does not exist or does not suit.
_OF_CALLS = (KeyError, IndexError, ValueError, AttributeError, FileNotFoundError, ModuleNotFoundError)
_USAGE = "%%plas takes a name for the model, and -q to show nothing: %%plas NAME"


class Shell(Protocol):
    """What is used of IPython's shell."""

    magics_manager: Any

    def register_magic_function(self, func: Any, magic_kind: str, magic_name: str) -> None:
        """`%%magic_name` calls `func(line, cell)`."""

    def set_custom_exc(self, exc_tuple: tuple[type[BaseException], ...], handler: Any) -> None:
        """Such errors are shown by `handler(shell, kind, error, traceback, tb_offset)`."""

    def showtraceback(self, exc_tuple: Any = None, *, tb_offset: int | None = None) -> None:
        """Shows an error."""

    def push(self, variables: dict[str, Any]) -> None:
        """Gives variables to the user."""


def load_ipython_extension(shell: Shell) -> None:
    """What `%load_ext plasticdsl` calls."""

    def plas(line: str, cell: str) -> Model | None:
        """The model that is written in this cell, under the name NAME: `%%plas NAME`.

        It is shown, but not with `%%plas NAME -q`. `use` finds files beside the notebook, and the library.
        """
        name, quiet = _asked(line)
        model = Model(driver.load(SourceFile(f"%%plas {name}", "\n" + cell), Path.cwd()))  # lines are those of the cell
        shell.push({name: model})
        if model.warnings:
            sys.stderr.write(render_all(model.warnings, model.loaded.sources, ansi) + "\n")
        return None if quiet else model

    shell.register_magic_function(plas, "cell", "plas")
    shell.set_custom_exc(_OF_CALLS, _shown_without_ours)


def unload_ipython_extension(shell: Shell) -> None:
    """What `%unload_ext plasticdsl` calls."""
    shell.magics_manager.magics["cell"].pop("plas", None)
    shell.set_custom_exc((), None)


def _shown_without_ours(
    shell: Shell, kind: type[BaseException], error: BaseException, trace: TracebackType, tb_offset: int | None = None
) -> None:
    """What a call asks for and cannot have is shown where it was called. Errors that arise elsewhere are shown as ever."""
    parts = list(_parts(trace))
    own = list(takewhile(lambda part: not _is_ours(part), parts))
    if own and _is_ours(parts[-1]):
        trace = _joined(own)
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def _parts(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_ours(part: TracebackType) -> bool:
    return _OURS in Path(part.tb_frame.f_code.co_filename).parents


def _joined(parts: list[TracebackType]) -> TracebackType:
    found = None
    for part in reversed(parts):
        found = TracebackType(found, part.tb_frame, part.tb_lasti, part.tb_lineno)
    assert found is not None, "there is one part at least"
    return found


def _asked(line: str) -> tuple[str, bool]:
    """The name of the model, and whether to show nothing. Raises UsageError of IPython, which it shows as a sentence."""
    names = [word for word in line.split() if word != "-q"]
    if len(names) != 1 or not names[0].isidentifier() or keyword.iskeyword(names[0]):
        from IPython.core.error import UsageError

        raise UsageError(_USAGE)
    return names[0], "-q" in line.split()
