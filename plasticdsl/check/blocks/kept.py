"""Blocks are checked once: where a block and the functions in its sight are what they were, as those of used files are while another is written, what was
found of it is so too.

Comes in: a block of the tree. Goes out: what `check_block` makes of it, with its findings and mentions in the report. Blocks that read a morphology are
checked each time, for the file can have changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from plasticdsl.check.blocks.block import CheckedBlock, check_block
from plasticdsl.check.blocks.geometry import sections_written
from plasticdsl.check.files import Morphologies
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.applications import file_scope
from plasticdsl.check.terms.scope import Scope, constants
from plasticdsl.syntax import tree

#: The functions in sight in each of some files.
Functions = tuple[tuple[str, tuple[tree.Function, ...]], ...]


def checked_once(
    block: tree.Block, functions: Mapping[str, tuple[tree.Function, ...]], scope: Scope, report: Reporter, files: Morphologies
) -> CheckedBlock:
    """The meaning of a neuron, synapse or rule. `functions`: those in sight in each file, as they are in `scope`."""
    if sections_written(block):
        return check_block(block, scope, report, files=files)
    found, said = _checked(block, _in_sight(block, functions))
    report.take(said)
    return found


@lru_cache(maxsize=256)
def _checked(block: tree.Block, functions: Functions) -> tuple[CheckedBlock, Reporter]:
    said = Reporter()
    return check_block(block, _scope(functions), said), said


@lru_cache(maxsize=32)
def _scope(functions: Functions) -> Scope:
    return file_scope(dict(functions), constants())


def _in_sight(block: tree.Block, functions: Mapping[str, tuple[tree.Function, ...]]) -> Functions:
    """The functions of the files that a block was written in, and of those that these functions were written in."""
    waiting = [block.span.path, *(statement.span.path for statement in block.body)]
    found: dict[str, tuple[tree.Function, ...]] = {}
    while waiting:
        path = waiting.pop()
        if path not in found and path in functions:
            found[path] = functions[path]
            waiting += [function.span.path for function in functions[path]]
    return tuple(sorted(found.items(), key=lambda item: item[0]))
