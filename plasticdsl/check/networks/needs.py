"""What a block reads of a unit or of a projection, and which variable there that is."""

from __future__ import annotations

from plasticdsl.check.blocks.block_scope import OUTPUT
from plasticdsl.check.terms.context import Context
from plasticdsl.model import Block, Need
from plasticdsl.syntax import tree


def meant(need: Need, block: Block, context: Context) -> None:
    """Remembers which variable of a block, of a unit or of a connection, another one reads."""
    name = block.output if need.name == OUTPUT else need.name
    variable = None if name is None else block.variable(name)
    if variable is not None:
        context.report.means(tree.Name(need.name, need.symbol, need.span), variable.span)
