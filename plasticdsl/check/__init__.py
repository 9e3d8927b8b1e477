"""From the syntax tree to the checked model: names, units, and what belongs together.

Comes in: a parsed file. Goes out: `model.Module`, or `PlasError` with every finding. The work is in `blocks` (neurons, synapses, rules), `networks` and
`experiments`; this file says in which order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from plasticdsl.model.module import Module
    from plasticdsl.source import SourceFile
    from plasticdsl.syntax import tree


def check(file: tree.File, source: SourceFile, *, folder: Path | None = None) -> Module:
    """The checked model of `file`, whose text is `source`; `folder` is where it lies (None: text that lies nowhere).

    Raises `PlasError` with all findings, warnings among them, when there is an error.
    """
    from plasticdsl.check.module import checked
    from plasticdsl.diagnostics.diagnostic import PlasError

    result = checked(file, source, folder=folder)
    if result.module is None:
        raise PlasError(result.diagnostics)
    return result.module
