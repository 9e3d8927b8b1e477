"""A whole file: what it uses, what is like what, its blocks, networks and experiments, in this order.

Comes in: a `tree.File`, and what could not be read. Goes out: `Checked`, the model with every warning, or without model and with every error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from plasticdsl.check.blocks.block import CheckedBlocks
from plasticdsl.check.blocks.declarations import declared_values
from plasticdsl.check.blocks.kept import checked_once
from plasticdsl.check.blocks.never_made import check_changes_are_made
from plasticdsl.check.experiments.beginnings import with_beginnings
from plasticdsl.check.experiments.experiment import KnownNetworks, check_experiment, network_of
from plasticdsl.check.experiments.phases import asked
from plasticdsl.check.files import Folders, Morphologies, read_used
from plasticdsl.check.likes import resolve_likes
from plasticdsl.check.mentions import Mention
from plasticdsl.check.networks.effects import check_effects, with_what_is_read
from plasticdsl.check.networks.network import check_network
from plasticdsl.check.networks.open_inputs import check_open_inputs
from plasticdsl.check.offers import with_offer
from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import Sight, identity, in_sight, known, mention_headers, needed, on_the_only_network
from plasticdsl.check.terms.applications import file_scope
from plasticdsl.check.terms.celsius import check_temperatures, with_kelvin
from plasticdsl.check.terms.fractions import with_fractions
from plasticdsl.check.terms.products import with_quantities
from plasticdsl.check.terms.scope import constants
from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.model.module import Module
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree
from plasticdsl.syntax.foreign import told
from plasticdsl.syntax.reading import Reading
from plasticdsl.units.display import display_unit


@dataclass(frozen=True, slots=True)
class Checked:
    """`module` is None when there are errors. `sources`: every text read, by path, to render findings with. `known`: the model as far as it could be
    made, errors or not, for those who look something up in it and run nothing; `mentions`: what names stand for."""

    module: Module | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]
    known: Module | None = None
    mentions: tuple[Mention, ...] = ()


def checked(read: Reading, source: SourceFile, *, folder: Path | None = None, texts: Mapping[Path, str] = MappingProxyType({})) -> Checked:
    """Everything there is to say about a file: what could not be read, and what is wrong with blocks that depend on none of it. `texts`: what stands for
    the files at these absolute paths, where editors have them open."""
    report = Reporter()
    for found in read.findings:
        report.add(found)
    used = read_used(read.file, folder, report, texts)
    sight = in_sight(used, report)
    sources = {**used.sources, source.path: source}
    morphologies: dict[str, SourceFile] = {}
    if read.lost is None or sight.lost is None:
        return Checked(None, told(source, report.diagnostics), sources)
    module = _module(read.file, known(sight, read.file.span.path, read.lost), sources, report, Folders(source.path, folder), morphologies)
    report.revise(lambda found: with_offer(found, source))
    blocks = [item for item in read.file.items if isinstance(item, tree.Block)]
    report.revise(lambda found: with_fractions(found, blocks))
    report.revise(lambda found: with_quantities(found, blocks, declared_values))
    report.revise(lambda found: with_kelvin(found, blocks, declared_values))
    check_temperatures(blocks, declared_values, report)
    units = _units(module) if report.diagnostics else {}
    return Checked(
        None if report.failed else module, told(source, report.diagnostics, units), {**sources, **morphologies}, module, report.mentions
    )


def _units(module: Module) -> dict[str, str]:
    """The units of variables by their names, where all that have the name have one."""
    populations = (population.block for network in module.networks for population in network.populations)
    projections = (projection.connection for network in module.networks for projection in network.projections)
    blocks = (*module.blocks, *populations, *projections)
    found: dict[str, set[str]] = {}
    for variable in (v for block in blocks for v in block.variables if v.dimension is not None):
        found.setdefault(variable.name, set()).add(display_unit(variable.dimension)[0] if variable.dimension is not None else "")
    return {name: next(iter(units)) for name, units in found.items() if len(units) == 1}


def _module(
    file: tree.File, sight: Sight, sources: Mapping[str, SourceFile], report: Reporter, folders: Folders, read: dict[str, SourceFile]
) -> Module:
    """The blocks and networks in sight of the file, and its own experiments; those of files it uses are there to be built on."""
    path, functions = file.span.path, sight.functions()
    scope = file_scope(functions, constants())
    in_need = needed(sight, path)
    mention_headers(in_need, sight, report)
    whole = resolve_likes(in_need, sight, report)
    by_identity = {identity(b): on_the_only_network(b, sight) for b in whole}
    files = Morphologies(folders, read)
    units = {i: b for i, b in by_identity.items() if b.kind in ("neuron", "synapse", "rule")}
    parts = {i: checked_once(b, functions, scope, report, files) for i, b in units.items()}
    blocks = CheckedBlocks(parts, sight)
    check_changes_are_made(by_identity, sight, report)
    here = [identity(b) for b in sight.blocks(path)]
    own = {identity(item) for item in file.items if isinstance(item, tree.Block)}
    experiments = [by_identity[i] for i in here if i in own and by_identity[i].kind == "experiment"]
    asked_for = [i for i in here if by_identity[i].kind == "network"]
    done_on = [identity(b) for e in experiments if (b := network_of(e, sight)) is not None]
    made = {i: check_network(by_identity[i], blocks, scope, report, folders, sources) for i in dict.fromkeys((*asked_for, *done_on))}
    module = Module(path, file.doc, tuple(parts[i].block for i in here if i in parts), tuple(n for n, _ in made.values()), ())
    if any(d.code == "unsupported" for d in report.diagnostics):
        return module  # names would be missing that the file does declare
    networks = KnownNetworks(made, sight)
    found = (check_experiment(e, module, networks, scope, sources, report, folders) for e in experiments)
    kept = with_beginnings([e for e in found if e is not None], report)
    module = replace(module, experiments=kept, asked=tuple((n.name, asked(n, kept)) for n in module.networks))
    if not report.failed:
        written, bases = tuple(by_identity.values()), frozenset(b.base.name for b in in_need if b.base is not None)
        check_effects(module, written, bases, path, report)
        check_open_inputs(module, written, bases, path, report)
    seen = (with_what_is_read(n, [e for e in kept if e.network == n.name]) for n in module.networks)
    return replace(module, networks=tuple(seen))
