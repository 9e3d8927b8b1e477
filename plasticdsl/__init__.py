"""`plasticdsl`: a declarative language and compiler for neurons, synapses and learning rules.

`load` a `.plas` file (or `parse` text) to get a `Model`; `Model.build` makes a network that runs step by step, `Model.run` carries out an experiment.
Everything is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plasticdsl.version import __version__

if TYPE_CHECKING:
    from plasticdsl.api import Model, load, parse
    from plasticdsl.diagnostics.diagnostic import PlasError
    from plasticdsl.net import Net
    from plasticdsl.notebook import load_ipython_extension as load_ipython_extension
    from plasticdsl.notebook import unload_ipython_extension as unload_ipython_extension
    from plasticdsl.results.result import Result

__all__ = ["Model", "Net", "PlasError", "Result", "__version__", "load", "parse"]

_HOMES = {
    "load": "plasticdsl.api",
    "parse": "plasticdsl.api",
    "Model": "plasticdsl.api",
    "Net": "plasticdsl.net",
    "PlasError": "plasticdsl.diagnostics.diagnostic",
    "Result": "plasticdsl.results.result",
    "load_ipython_extension": "plasticdsl.notebook",
    "unload_ipython_extension": "plasticdsl.notebook",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"plasticdsl has no {name}; it has {', '.join(__all__)}")
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
