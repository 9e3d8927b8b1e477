"""Networks: a `network` block → `model.Network`.

Comes in: the block (its `like` carried out) and the checked neurons, synapses and rules. Goes out: populations, projections with composed connections,
parameters, observables and the order of evaluation. One solver holds the dimensions of the whole network: each population's names are a copy of its
neuron's, each projection unifies its parts with those of the units on both sides, and at the end the dimensions are read off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from plasticdsl.check.blocks.block import CheckedBlock, CheckedBlocks
from plasticdsl.check.blocks.bounds import known_values
from plasticdsl.check.experiments.phases import check_places
from plasticdsl.check.experiments.readings import Sources
from plasticdsl.check.files import Folders, read_data
from plasticdsl.check.networks.building import Building
from plasticdsl.check.networks.evaluation_order import evaluation_order
from plasticdsl.check.networks.from_data import arrays_of
from plasticdsl.check.networks.gradients import with_gradients
from plasticdsl.check.networks.held_numbers import as_parameters, held
from plasticdsl.check.networks.moving import check_feeds, check_kicks, check_moving, of_moving, require_settled
from plasticdsl.check.networks.part_values import check_part_values, owner_of
from plasticdsl.check.networks.parts import chosen, declared_parts, named_parts
from plasticdsl.check.networks.patterns import check_patterns
from plasticdsl.check.networks.populations import check_population
from plasticdsl.check.networks.projections import Wanted, check_projection, expand, side
from plasticdsl.check.networks.proofs import equation, with_proofs
from plasticdsl.check.networks.quantities import check_observables, check_parameters, check_signals, names_of, sorted_by_kind
from plasticdsl.check.networks.segments import with_parts
from plasticdsl.check.networks.symmetric_weights import with_symmetry
from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import Identity, Key, group, identity, mentioned, parts_named, that_mention
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.products import settle, with_products
from plasticdsl.check.terms.scope import SET_OF_DATA, Declared, Scope, check_declarable, check_different
from plasticdsl.check.terms.unification import PURE, Dim, Solver
from plasticdsl.check.terms.written_units import with_dimension
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.graph import ordered, reached
from plasticdsl.model import Block, Network, Population, Projection, Role, Variable
from plasticdsl.model.expr import Ref
from plasticdsl.model.mapping import mapped
from plasticdsl.model.owners import Whose
from plasticdsl.model.patterns import DataSet, PatternSet
from plasticdsl.model.presence import absent_is_0
from plasticdsl.names import canonical
from plasticdsl.symbolic.derivative import without_holds
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind

_PLACES = (tree.Data, tree.Flow, tree.OnEvent, tree.Define, tree.Population, tree.Projection, tree.Patterns, tree.Expect)


def check_network(
    block: tree.Block, blocks: CheckedBlocks, outside: Scope, report: Reporter, folders: Folders, sources: Sources
) -> tuple[Network, frozenset[str]]:
    """The network, and the names of what is missing in it because of errors. Findings go to `report`, and with an error among them the result is
    not to be run. `folders`: where its patterns may lie; `sources`: the text of its equations."""
    names: dict[str, Declared] = {}
    building = Building(blocks, Context(outside.child(names), Solver(), report), names)
    block = with_products(with_parts(block, blocks, building.context), _values(block))
    _no_two_of_a_name(block, report)
    _no_two_blocks_of_a_name(block, blocks, report)
    of_units = [s for s in block.body if owner_of(s) is not None]
    check_places([s for s in block.body if s not in of_units and not of_moving(s, block)], _PLACES, "a network", report)
    defines = [s for s in of_kind(block.body, tree.Define) if s not in of_units]
    building.parts = named_parts(defines, (p.name.name for p in of_kind(block.body, tree.Population)))
    parameters, signals, observables = sorted_by_kind(
        [s for s in defines if s.rhs not in building.parts.values()],
        [f.variable.name for f in of_kind(block.body, tree.Flow)],
        [d.name.name for d in of_kind(block.body, tree.Data)],
    )
    _data(of_kind(block.body, tree.Data), building, folders)
    _doubt_unread([s for s in block.body if not isinstance(s, tree.Data)], building)
    variables = check_parameters(parameters, building)
    building.constants = known_values(variables, {}, Whose.NETWORK)
    variables += check_signals(signals, building)
    building.observables = {n: building.context.solver.fresh() for n in names_of(observables)}
    _doubt_unsound(block, building)
    variables += check_moving(block, building)
    _populations(block, building)
    building.named = declared_parts(defines, building)
    statements = of_kind(block.body, tree.Projection)
    check_part_values(of_units, {s.name.name for s in statements if s.name is not None}, building)
    patterns = of_kind(block.body, tree.Patterns)
    check_patterns(patterns, building, folders)
    taken = frozenset((*building.sides, *names))
    report.doubt(that_mention((*patterns, *statements), building.missing))
    _projections(expand(statements, taken, building), building)
    check_kicks(block, building)
    check_feeds(building)
    require_settled(building)
    claims = of_kind(block.body, tree.Expect)
    _missing_projections(statements, building)
    if building.missing:  # names of variables without an owner would be missing too
        report.doubt([*(s.span for s in observables), *(s.span for s in claims)])
    if len(building.patterns) == len(patterns):  # else names would be missing that the file does declare
        variables += check_observables(observables, building)
    settle(building.context)
    equations = tuple(e for s in claims if (e := equation(s, building.projections, sources, building.context)) is not None)
    network = absent_is_0(replace(_finished(block, variables, building), parts=building.named))
    if report.failed:
        return network, frozenset(building.missing | building.missing_rules)
    network = with_proofs(with_symmetry(held(with_gradients(as_parameters(network), report)), report), equations, report)
    return mapped(network, without_holds), frozenset()  # nothing after this makes a difference between hold(y) and y


def _values(block: tree.Block) -> frozenset[str]:
    """The names of parameters, observables and what flows in the network."""
    found = [s for s in block.body if isinstance(s, tree.Define | tree.Flow)]
    if not found:
        return frozenset()
    parts = named_parts(of_kind(found, tree.Define), [p.name.name for p in of_kind(block.body, tree.Population)])
    targets = of_kind([s.target if isinstance(s, tree.Define) else s.variable for s in found], tree.Name)
    return frozenset([t.name for t in targets if t.name not in parts])


def _data(statements: Sequence[tree.Data], building: Building, folders: Folders) -> None:
    """Files of arrays, which values, connections and sources of spikes read."""
    for statement in statements:
        name, report = statement.name, building.context.report
        members: dict[str, Declared] = {}
        building.names[name.name] = Declared(name.name, name.text, SET_OF_DATA, members=Scope(members), span=name.span)
        if not statement.path:
            hint = f"Write ‘data {name.text} from "
            report.error("not-given", "The data of a network are read from a file.", statement.span, f'{hint}"file.npz"’.')
        else:
            path, arrays = read_data(statement.path, statement.place, folders, report) or ("", ())
            building.data[name.name] = DataSet(name.name, name.text, str(path), arrays, statement.span)
            members |= {canonical(array): Declared(canonical(array), array, "an array") for array, _ in arrays}
    if building.data:
        building.context = building.context.extended(arrays_of(building.data))


def _doubt_unread(statements: Sequence[tree.Statement], building: Building) -> None:
    """Without a file nothing can be said of what reads it, nor of what reads quantities that do."""

    def read_by(name: str) -> Iterator[str]:
        for statement in statements:
            if isinstance(statement, tree.Define | tree.Flow) and name in mentioned(statement):
                yield from names_of((statement,)) if isinstance(statement, tree.Define) else (statement.variable.name,)

    lost = reached((each.name for each in building.data.values() if not each.path), read_by)
    building.context.report.doubt(that_mention(statements, lost))
    building.missing |= lost


def _no_two_of_a_name(block: tree.Block, report: Reporter) -> None:
    declaring = [s for s in block.body if isinstance(s, tree.Population | tree.Patterns | tree.Define | tree.Projection | tree.Data)]
    written = [s.target if isinstance(s, tree.Define) else s.name for s in declaring]
    names = [*of_kind(written, tree.Name), *(f.variable for f in of_kind(block.body, tree.Flow))]
    check_different(names, "‘{}’ is declared twice in this network.", report)
    for name in names:
        check_declarable(name, report)


def _no_two_blocks_of_a_name(block: tree.Block, blocks: CheckedBlocks, report: Reporter) -> None:
    """A network that is like one of another file can have parts from both."""
    first: dict[Key, tuple[Identity, tree.Name]] = {}
    for kind, name in parts_named(block):
        found = blocks.sight.find(kind, name)
        if found is not None:
            report.means(name, found.name.span, "a function" if isinstance(found, tree.Function) else f"a {found.kind}")
            known, where = first.setdefault((group(kind), name.name), (identity(found), name))
            if known != identity(found):
                labels = (Label(where.span, "the other"),)
                message = f"‘{name.text}’ is not the same here as in the network that this one is like."
                report.error(
                    "name-clash", message, name.span, f"Give the one in this file another name, or ‘use {name.text} as …’.", labels
                )


def _doubt_unsound(block: tree.Block, building: Building) -> None:
    """What is made of a block with an error in it cannot be judged, nor can what mentions it: the values that it takes, the units, who reads it."""
    for statement in block.body:
        used: tuple[CheckedBlock | None, ...] = ()
        match statement:
            case tree.Population(kind=kind):
                used = (building.blocks.find("neuron", kind),)
            case tree.Projection(uses=uses, with_rules=rules):
                used = tuple(building.blocks.find(k, use.name) for use in (*uses, *rules) for k in ("synapse", "rule"))
            case _:
                continue
        if any(found is not None and not found.sound for found in used):
            building.context.report.doubt((statement.span,))
            building.missing.update((statement.name.name,) if statement.name is not None else ())


def _populations(block: tree.Block, building: Building) -> None:
    for statement in of_kind(block.body, tree.Population):
        side = check_population(statement, building)
        building.add_side(side)
        if side.population.source is None and building.blocks.find("neuron", statement.kind) is None:
            building.missing.add(side.population.name)


def _projections(wanted: Sequence[Wanted], building: Building) -> None:
    """Those first that others read (`forward = second`); a circle of them is read in the order written."""
    by_name = {w.name: w for w in wanted}
    order, _ = ordered(by_name, lambda name: [read for read in sorted(by_name[name].reads) if read in by_name])
    for name in order:
        _add_projection(by_name[name], building)
    building.projections = {name: building.projections[name] for name in by_name if name in building.projections}


def _missing_projections(statements: Sequence[tree.Projection], building: Building) -> None:
    """Adds those that could not be made, and those of populations that are missing."""
    for statement in statements:
        name = statement.name
        ends = [chosen(t, building.parts) for t in statement.targets] if len(statement.targets) > 1 else []
        several = tuple(f"{name.name}_{end.called.name}" for end in ends if name is not None and end is not None)
        known = all(n in building.projections for n in (several or ((name.name,) if name is not None else ())))
        if name is not None and (not known or mentioned(statement) & building.missing):
            building.missing.update((name.name, *several))


def _add_projection(wanted: Wanted, building: Building) -> None:
    post = side(wanted.post, Whose.POST, building)
    if wanted.hidden is not None and post is not None:
        building.add_side(check_population(wanted.hidden, building, post))
    made = check_projection(wanted, post, building)
    if made is None:
        building.missing_rules.update(use.name.name for use in (*wanted.statement.uses, *wanted.statement.with_rules))
    else:
        building.add_projection(*made)


# --- what only the whole network tells -------------------------------------------------------------------------------


def _finished(block: tree.Block, variables: tuple[Variable, ...], building: Building) -> Network:
    """Reads off the dimensions."""
    solver, report = building.context.solver, building.context.report
    projections = tuple(
        replace(p, connection=_dimensioned(p.connection, building.dims[p.name], solver)) for p in building.projections.values()
    )
    units = [replace(s.population, block=_dimensioned(s.block, s.dims, solver)) for s in building.sides.values()]
    populations = tuple(with_open_inputs(p, projections) for p in units)
    order, circle = evaluation_order(populations, projections, variables)
    if circle:
        known = {Ref(p.as_owner, v.name): (f"{p.symbol}.{v.symbol}", v.span) for p in populations for v in p.block.variables}
        hint = "Make one of them a state (a flow or a jump), or give one of the projections a delay."
        report.circle([known[one] for one in circle], hint)
    named = {n: d.dim for n, d in building.names.items() if d.dim is not None}
    declared = _dimensioned(Block("network", block.name.name, variables=variables), named, solver).variables
    sets = tuple(_of_dimension(p, building.pattern_dims[p.name], solver) for p in building.patterns.values())
    data, symbol = tuple(building.data.values()), block.name.text
    return Network(block.name.name, block.doc, declared, populations, projections, order, block.span, sets, data, symbol=symbol)


def _dimensioned(block: Block, dims: Mapping[str, Dim], solver: Solver) -> Block:
    """The block with the dimension and unit of each of its variables; what nothing gives a unit has none."""
    known = [(v, dims.get(v.name)) for v in block.variables]
    for _, dim in known:
        if dim is not None and solver.resolve(dim).unknowns:
            solver.unify(dim, PURE)
    return replace(block, variables=tuple(with_dimension(v, dim, solver) for v, dim in known))


def with_open_inputs(population: Population, projections: Sequence[Projection]) -> Population:
    """The population, where an input that no projection fills keeps the value that a phase or a program gives it, as the output of a `Source` does."""
    filled = {total.target for p in projections if p.post == population.name for total in p.connection.sums}
    variables = tuple(
        replace(v, role=Role.CLAMPED) if v.role is Role.INPUT and v.name not in filled else v for v in population.block.variables
    )
    return replace(population, block=replace(population.block, variables=variables))


def _of_dimension(patterns: PatternSet, dim: Dim, solver: Solver) -> PatternSet:
    known = solver.resolve(dim).known
    return patterns if known is None or known.is_one else replace(patterns, dimension=known)
