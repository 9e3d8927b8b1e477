"""Neurons, synapses and rules: `tree.Block` → `model.Block` with the dimension of every name.

Comes in: one block (with `like` carried out) and the scope around it (`apply.file_scope`). Goes out: a `CheckedBlock`. Dimensions that the
block alone does not settle (a rule has no idea of the unit of w) stay unknown and generic: `Solver.instantiate(checked.dims)` copies them for
one projection, where they are unified with those of the units and the other blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.bounds import check_assigned
from plasticdsl.check.blocks.connection_sums import check_incoming, sums
from plasticdsl.check.blocks.declarations import changing, collect, constant_names, declared_values, working_order
from plasticdsl.check.blocks.firing import named_events, output_name, refractory, spike
from plasticdsl.check.blocks.flows import FlowParts, average_flows, flows_and_pulses, methods, reaction_flows, settled, translate_flow
from plasticdsl.check.blocks.geometry import names_of_sections, sections_written, translated, with_measures
from plasticdsl.check.blocks.index_notation import without_indices
from plasticdsl.check.blocks.located import check_located
from plasticdsl.check.blocks.pairs import pair_rules
from plasticdsl.check.blocks.rewiring import rewiring
from plasticdsl.check.blocks.sliding_rates import check_windows
from plasticdsl.check.blocks.triggers import handlers
from plasticdsl.check.blocks.values import Values, variables
from plasticdsl.check.files import Folders, Morphologies
from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import Identity, Sight, identity
from plasticdsl.check.terms.context import Extension
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.products import settle, with_products
from plasticdsl.check.terms.scope import Scope
from plasticdsl.check.terms.unification import Dim, Solver
from plasticdsl.model import Block, Conserved
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class CheckedBlock:
    """A block and the dimension of each of its names; `dims` has the own variables by name and the needs by `Need.key`.

    A name that is both (a rule's own `w` and the synapse's) has one key, so that blocks of one connection are unified by key.
    `named`: values that are named under triggers. `sound`: no error was found in it; else what it has and needs is not known for certain.
    """

    block: Block
    dims: Mapping[str, Dim]
    named: Mapping[str, tree.Define]
    tree: tree.Block
    sound: bool = True


@dataclass(frozen=True, slots=True)
class CheckedBlocks:
    """Neurons, synapses and rules by their identity, found by a name from where it is written."""

    checked: Mapping[Identity, CheckedBlock]
    sight: Sight

    def find(self, kind: str, name: tree.Name) -> CheckedBlock | None:
        """What the name means there."""
        block = self.sight.block(kind, name)
        return None if block is None else self.checked.get(identity(block))

    def names(self, kinds: Iterable[str], name: tree.Name) -> list[str]:
        """The blocks of these kinds that could have been meant by a name."""
        known = self.sight.blocks(name.span.path)
        return [b.name.text for kind in kinds for b in known if b.kind == kind]


def check_block(
    block: tree.Block,
    outside: Scope,
    report: Reporter,
    solver: Solver | None = None,
    extend: Extension | None = None,
    files: Morphologies | None = None,
) -> CheckedBlock:
    """The meaning of a neuron, synapse or rule; what is wrong goes to `report` and the result is then not to be run. `solver`: that of what is around,
    where names of it are read whose units are not known yet, and `extend` what else can be read there. `files`: of morphologies."""
    before = report.count
    sections = sections_written(block)
    block = with_measures(without_indices(with_products(block, declared_values(block))))
    contents = collect(block, report)
    named = names_of_sections(sections)
    scope = BlockScope(block, contents, outside.child(named) if named else outside, report, solver, extend)
    for called, declared in named.items():
        scope.section(called, declared.span)
    order = working_order(contents, report)
    values = Values(scope, order, changing(contents, order, constant_names(outside, block)))
    values.translate()
    parts = FlowParts()
    for flow in contents.flows.values():
        translate_flow(flow, scope, parts)
    reaction_flows(contents.reactions, scope, parts)
    total = sums(scope)
    on_event = (*handlers(scope), *rewiring(scope))
    pairs = pair_rules(scope)
    firing = spike(scope)
    average_flows(scope, parts)
    flows, pulses = flows_and_pulses(scope, parts)
    held = refractory(scope, firing, values, flows)
    check_windows(scope.rates, values.changing, firing is not None, scope.context)
    settle(scope.context)
    dims = {name: scope.solver.resolve(dim) for name, dim in scope.dims.items()}
    checked = Block(
        kind=block.kind,
        name=block.name.name,
        doc=block.doc,
        variables=variables(scope, values, dims),
        flows=flows,
        transitions=tuple(parts.transitions),
        conserved=tuple(
            Conserved(settled(translate_number(c.value, scope.context).expr, c.value, scope), c.span) for c in contents.conserved
        ),
        handlers=(*pulses, *on_event),
        pairs=pairs,
        sums=total,
        spike=firing,
        events=named_events(scope),
        refractory=held,
        output=output_name(scope),
        methods=methods(contents.methods, flows, report),
        needs=tuple(scope.needs.values()),
        span=block.span,
        sections=translated(sections, scope, report, files or Morphologies(Folders(), {})),
    )
    for name in (name for method in contents.methods for name in method.variables if name.name in contents.symbols):
        report.means(name, contents.symbols[name.name].span)
    check_incoming(checked, report)
    check_located(checked, contents.events, report)
    check_assigned(checked, {name: i.rhs.span for name, i in contents.initials.items()}, report)
    return CheckedBlock(checked, dims, scope.named, block, sound=report.count == before)
