"""Inputs that stay 0 because the synapse that fills them has been forgotten: `inhibitory → cells: Exc` beside a synapse `Inh` that no projection uses.

Comes in: the checked model of a file, its blocks, and which of them others are like. Warnings go out. Many neurons have inputs that are open on purpose:
one for a current, one for a target. So an input is told only where the file itself has a synapse for it that no projection uses, and where neither
populations nor experiments set it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from plasticdsl.check.networks.effects import everything_read, keys, looks
from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import parts_named
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model import Network, Population, Role, Variable
from plasticdsl.model.expr import Ref
from plasticdsl.model.module import Module
from plasticdsl.syntax import tree


def check_open_inputs(module: Module, blocks: Sequence[tree.Block], bases: Collection[str], path: str, report: Reporter) -> None:
    """Reports synapses of the file `path` that no projection uses, where an input stays 0 without them. `bases`: the blocks that others are like."""
    used = {name.name for block in blocks if block.kind == "network" for _, name in parts_named(block)} | set(bases)
    written = {b.name.name: b for b in blocks if b.kind == "synapse" and b.span.path == path}
    idle = [b for b in module.blocks if b.kind == "synapse" and b.sums and b.name in written and b.name not in used]
    if not idle:
        return
    networks = [n for n in module.networks if n.span.path == path]
    filled = {(p.post, t.target) for n in networks for p in n.projections for t in p.connection.sums}
    open_ones = [one for network in networks for one in _open(network, module)]
    for synapse in idle:
        for population, variable in open_ones:
            if any(total.target == variable.name and (population.name, variable.name) not in filled for total in synapse.sums):
                name = written[synapse.name].name
                message = f"No projection uses the synapse ‘{name.text}’, so nothing fills ‘{variable.symbol}’ of ‘{population.symbol}’: it stays 0."
                hint = f"Write ‘… → {population.symbol}: {name.text}’; where it is to be 0, say so behind the neurons, ‘{variable.symbol}(t) = 0’."
                report.warning("no-effect", message, name.span, hint, (Label(population.span, "its input stays 0"),))
                break


def _open(network: Network, module: Module) -> Iterator[tuple[Population, Variable]]:
    """The inputs that something reads and nothing sets, where experiments look at the network."""
    experiments = [e for e in module.experiments if e.network == network.name]
    if not any(map(looks, experiments)):
        return
    reads, settled = everything_read(network, experiments), {ref for e in experiments for ref in keys(e, {})}
    for population in (p for p in network.populations if p.source is None):
        given = {name for name, _ in population.values}
        for variable in (v for v in population.block.variables if v.role is Role.CLAMPED and v.name not in given):
            ref = Ref(population.as_owner, variable.name)
            if ref in reads and ref not in settled:
                yield population, variable
