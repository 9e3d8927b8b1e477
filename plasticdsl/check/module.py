"""A whole file: what it uses, what is like what, its blocks, networks and experiments, in this order.

Comes in: a `tree.File`. Goes out: `Checked`, the model with every warning, or without model and with every error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plasticdsl.check.apply import file_scope
from plasticdsl.check.blocks import CheckedBlock, check_block
from plasticdsl.check.builtins import constants
from plasticdsl.check.data import Folders
from plasticdsl.check.experiments import check_experiment
from plasticdsl.check.library import Gathered, gather
from plasticdsl.check.likes import resolve_likes
from plasticdsl.check.networks import check_network
from plasticdsl.check.protocol import asked
from plasticdsl.check.report import Reporter
from plasticdsl.check.scope import Scope
from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.model.model import Experiment, Module, Network
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Checked:
    """`module` is None when there are errors. `sources`: every text read, by path, to render findings with."""

    module: Module | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]


def checked(file: tree.File, source: SourceFile, *, folder: Path | None = None) -> Checked:
    """Everything there is to say about a file."""
    gathered = gather(file, folder)
    sources = {**gathered.sources, source.path: source}
    report = Reporter()
    blocks, findings = resolve_likes(gathered.blocks)
    for found in (*gathered.diagnostics, *findings):
        report.add(found)
    scope = file_scope(gathered.functions, constants())
    module = _module(file, blocks, gathered, scope, sources, report, Folders(source.path, folder))
    return Checked(None if report.failed else module, report.diagnostics, sources)


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
    networks: list[Network] = [check_network(b, by_kind, scope, report, folders, sources) for b in blocks if b.kind == "network"]
    module = Module(file.span.path, file.doc, all_blocks, tuple(networks), ())
    if any(d.code == "unsupported" for d in report.diagnostics):
        return module  # names would be missing that the file does declare
    experiments = tuple(_experiments(blocks, gathered, module, scope, sources, report, folders))
    return replace(module, networks=tuple(asked(n, experiments) for n in networks), experiments=experiments)


def _experiments(
    blocks: Sequence[tree.Block],
    gathered: Gathered,
    module: Module,
    scope: Scope,
    sources: Mapping[str, SourceFile],
    report: Reporter,
    folders: Folders,
) -> Iterator[Experiment]:
    """The file's own; those of files it uses are there to be built on."""
    for block in blocks:
        if block.kind == "experiment" and ("experiment", block.name.name) not in gathered.used:
            made = check_experiment(block, module, scope, sources, report, folders)
            if made is not None:
                yield made
