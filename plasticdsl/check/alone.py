"""A network around blocks that have none, so that a rule, a synapse or a neuron can be compiled by itself.

Comes in: a checked module without a network. Goes out: the text of a network in which every neuron is a population and every synapse and
rule is on one connection between two populations that offer what it asks of its sides. A side that is only asked for spikes is a source
without any, whose buffer the surrounding program fills; one whose variables are read or changed has them as states that the surrounding program
sets, and spikes where `fires` is set to 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.model.model import AddTo, Block, Module, Role

NETWORK = "Kernels"


def network_around(module: Module) -> str:
    """The text to put after the module's own; empty where it has a network, or nothing to put into one."""
    blocks = [b for b in module.blocks if b.kind in ("neuron", "synapse", "rule")]
    if module.networks or not blocks:
        return ""
    taken = {b.name for b in module.blocks}
    single = sum(b.kind != "neuron" for b in blocks) == 1
    neurons: list[str] = []
    lines: list[str] = []
    for block in blocks:
        name = _fresh(block.name.lower(), taken)
        if block.kind == "neuron":
            lines.append(f"    {name} = 1 {block.name}")
            continue
        for side in ("pre", "post"):
            kind, text = _side(block, side, taken)
            neurons += text
            lines.append(f"    {side}{'' if single else '_' + name} = 1 {kind}")
        given = "".join(f", {n} = 0" for n in _given(block))
        ends = "pre → post" if single else f"pre_{name} → post_{name}"
        lines.append(f"    {name} = {ends}: {block.name}, one to one{given}")
    return "\n".join(["", *neurons, f"network {_fresh(NETWORK, taken)}:", *lines, ""])


def _fresh(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_1"
    taken.add(name)
    return name


def _given(block: Block) -> Iterator[str]:
    """What the projection has to give: values without a default, and names the block neither declares nor takes from its sides."""
    yield from (v.name for v in block.variables if v.role is Role.GIVEN)
    declared = {v.name for v in block.variables}
    yield from (n.name for n in block.needs if n.owner == "" and n.name not in declared)


def _side(block: Block, side: str, taken: set[str]) -> tuple[str, list[str]]:
    """What stands on a side: the kind of population, and the lines that declare it."""
    names = {n.name for n in block.needs if n.owner == side}
    names |= {s.target.name for h in block.handlers for s in h.statements if isinstance(s, AddTo) and s.target.owner == side}
    inputs = {s.target for s in block.sums} if side == "post" else set()
    if not names and not inputs:
        return "Regular(rate = 1 Hz, count = 0)", []
    kind = _fresh(f"{side.capitalize()}{block.name}", taken)
    lines = [f"neuron {kind}:"]
    lines += [f"    input {n}" for n in sorted(inputs)]
    lines += [f"    {n}(0) = 0" for n in sorted(names - inputs) if not n.startswith("#")]
    if "#output" in names:
        lines += ["    activity(0) = 0", "    output activity"]
    lines += ["    fires(0) = 0", "    spike when fires > 0.5", ""]
    return kind, lines
