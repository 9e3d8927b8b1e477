"""A whole file: what it uses, what is like what, its blocks, networks and experiments, in this order.

Comes in: a `tree.File`, and what could not be read. Goes out: `Checked`, the model with every warning, or without model and with every error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plasticdsl.check.apply import file_scope
from plasticdsl.check.blocks import CheckedBlock, check_block
from plasticdsl.check.builtins import constants
from plasticdsl.check.data import Folders
from plasticdsl.check.effects import check_effects
from plasticdsl.check.experiments import Missing, check_experiment
from plasticdsl.check.intact import known_items
from plasticdsl.check.library import Gathered, gather
from plasticdsl.check.likes import resolve_likes
from plasticdsl.check.networks import check_network
from plasticdsl.check.protocol import asked
from plasticdsl.check.report import Reporter
from plasticdsl.check.scope import Scope
from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.module import Module
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree
from plasticdsl.syntax.reading import Reading


@dataclass(frozen=True, slots=True)
class Checked:
    """`module` is None when there are errors. `sources`: every text read, by path, to render findings with."""

    module: Module | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]


def checked(file: tree.File, source: SourceFile, *, folder: Path | None = None) -> Checked:
    """Everything there is to say about a file that could be read."""
    return checked_reading(Reading(file), source, folder=folder)


def checked_reading(read: Reading, source: SourceFile, *, folder: Path | None = None) -> Checked:
    """Everything there is to say about a file: what could not be read, and what is wrong with blocks that depend on none of it."""
    report = Reporter()
    gathered = gather(read.file, folder)
    sources = {**gathered.sources, source.path: source}
    for found in (*read.findings, *gathered.diagnostics):
        report.add(found)
    if read.lost is None or gathered.lost is None:
        return Checked(None, report.diagnostics, sources)
    intact = known_items((*gathered.blocks, *gathered.functions), read.lost | gathered.lost)
    blocks, findings = resolve_likes([i for i in intact if isinstance(i, tree.Block)])
    for found in findings:
        report.add(found)
    scope = file_scope(tuple(i for i in intact if isinstance(i, tree.Function)), constants())
    module = _module(read.file, blocks, gathered, scope, sources, report, Folders(source.path, folder))
    if not report.failed:
        check_effects(module, blocks, source.path, report)
    # the functions of a file come along with whatever is used from it
    certain = (d for d in report.diagnostics if not gathered.lost or d.code != "unknown-function")
    return Checked(None if report.failed else module, tuple(certain), sources)


def _module(
    file: tree.File,
    blocks: Sequence[tree.Block],
    gathered: Gathered,
    scope: Scope,
    sources: Mapping[str, SourceFile],
    report: Reporter,
    folders: Folders,
) -> Module:
    by_kind: dict[str, dict[str, CheckedBlock]] = {"neuron": {}, "synapse": {}, "rule": {}}
    for block in blocks:
        if block.kind in by_kind:
            by_kind[block.kind].setdefault(block.name.name, check_block(block, scope, report))
    all_blocks = tuple(c.block for kind in by_kind.values() for c in kind.values())
    made = [check_network(b, by_kind, scope, report, folders, sources) for b in blocks if b.kind == "network"]
    networks = tuple(network for network, _ in made)
    module = Module(file.span.path, file.doc, all_blocks, networks, ())
    if any(d.code == "unsupported" for d in report.diagnostics):
        return module  # names would be missing that the file does declare
    missing = {network.name: names for network, names in made}
    experiments = tuple(_experiments(blocks, gathered, module, missing, scope, sources, report, folders))
    return replace(module, networks=tuple(asked(n, experiments) for n in networks), experiments=experiments)


def _experiments(
    blocks: Sequence[tree.Block],
    gathered: Gathered,
    module: Module,
    missing: Missing,
    scope: Scope,
    sources: Mapping[str, SourceFile],
    report: Reporter,
    folders: Folders,
) -> Iterator[Experiment]:
    """The file's own; those of files it uses are there to be built on."""
    for block in blocks:
        if block.kind == "experiment" and ("experiment", block.name.name) not in gathered.used:
            made = check_experiment(block, module, missing, scope, sources, report, folders)
            if made is not None:
                yield made
