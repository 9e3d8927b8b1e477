"""Names that cannot be declared although the grammar lets them through.

Comes in: a declared name. Goes out: a finding for what is the time or the step everywhere, what is a unit on either side inside blocks, and for reserved
words that stand inside another word (`dif/dt`, `Δat`).
"""

from __future__ import annotations

from collections.abc import Mapping

from plasticdsl.check.report import Reporter
from plasticdsl.syntax import tree
from plasticdsl.syntax.words import RESERVED, reserved_message

_TIME: Mapping[str, str] = {"t": "the time", "dt": "the time step"}
_IN_BLOCKS: Mapping[str, str] = {**_TIME, "pre": "the presynaptic unit", "post": "the postsynaptic unit"}


def check_declarable(name: tree.Name, report: Reporter, *, in_block: bool = False) -> None:
    """Reports a name that nothing can have; `in_block`: of a neuron, synapse or rule."""
    meaning = (_IN_BLOCKS if in_block else _TIME).get(name.name)
    if meaning is not None:
        report.error("reserved-word", f"‘{name.text}’ is {meaning} and cannot be another name.", name.span)
    elif name.text in RESERVED:
        report.error("reserved-word", reserved_message(name.text), name.span, "Choose another name.")
