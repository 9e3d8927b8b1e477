"""`%load_ext plasticdsl`: notebooks get `%%plas NAME`, whose cell is a model in the language.

IPython is asked for nothing but what it hands over, so that nothing here imports it before it is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from plasticdsl import driver
from plasticdsl.api import Model
from plasticdsl.source import SourceFile

_USAGE = "%%plas takes a name for the model, and -q to show nothing: %%plas NAME"


class Shell(Protocol):
    """What is used of IPython's shell."""

    magics_manager: Any

    def register_magic_function(self, func: Any, magic_kind: str, magic_name: str) -> None:
        """`%%magic_name` calls `func(line, cell)`."""

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
        return None if quiet else model

    shell.register_magic_function(plas, "cell", "plas")


def unload_ipython_extension(shell: Shell) -> None:
    """What `%unload_ext plasticdsl` calls."""
    shell.magics_manager.magics["cell"].pop("plas", None)


def _asked(line: str) -> tuple[str, bool]:
    """The name of the model, and whether to show nothing. Raises UsageError of IPython, which it shows as a sentence."""
    names = [word for word in line.split() if word != "-q"]
    if len(names) != 1 or not names[0].isidentifier():
        from IPython.core.error import UsageError

        raise UsageError(_USAGE)
    return names[0], "-q" in line.split()
