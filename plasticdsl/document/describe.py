"""A file becomes a methods section.

Comes in: the checked module, and the texts that it was read from, which are parsed once more: what is shown is what was written. Goes out: a `Document`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from plasticdsl.check.blocks.declarations import declared_values
from plasticdsl.check.terms.products import with_products
from plasticdsl.document.describe_blocks import block_section, functions_section, paragraphs
from plasticdsl.document.describe_experiments import experiment_sections
from plasticdsl.document.describe_networks import network_section
from plasticdsl.document.description import Cell, Document, Inline, Section, Table, Words, cell
from plasticdsl.document.references import references
from plasticdsl.document.symbols import symbol
from plasticdsl.document.typeset import separated, typeset
from plasticdsl.document.written import Written, written
from plasticdsl.library import SUFFIX
from plasticdsl.model import Block, Network
from plasticdsl.model.module import Module
from plasticdsl.model.schemes import variables_of
from plasticdsl.plan.explain import method
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse
from plasticdsl.syntax.walk import nodes


def describe(module: Module, sources: Mapping[str, SourceFile]) -> Document:
    """The document of a file: its networks, the blocks that it declares or uses, how they are integrated, and its experiments."""
    texts = _Texts(sources, module.path)
    own = texts.files[module.path]
    blocks = [b for b in module.blocks if b.span.path == module.path or b.name in _used(module)]
    of_blocks = list(_with_bases([(found, b) for b in blocks if (found := texts.block(b.span)) is not None], module, texts))
    of_networks = [(found, n) for n in module.networks if (found := texts.block(n.span)) is not None]
    experiments = [item for item in own.items if isinstance(item, tree.Block) and item.kind == "experiment"]
    sections = [network_section(found, n, texts.written(n.span)) for found, n in of_networks]
    sections += [block_section(found, b, texts.written(found.span)) for found, b in of_blocks]
    functions = list(_functions(texts, module.path, [b for b, _ in of_blocks]))
    sections += [functions_section(functions)] if functions else []
    sections += [_numerics(found, n, experiments) for found, n in of_networks]
    sections += experiment_sections(experiments, texts.of(module.path))
    shown = [b for b, _ in (*of_blocks, *of_networks)]
    docs = [module.doc, *(texts.files[b.span.path].doc for b in shown), *(b.doc for b in shown), *(e.doc for e in experiments)]
    title, *rest = paragraphs(own.doc) or ((Words(Path(module.path).stem),),)
    return Document(_title(module.path), (title, *rest), tuple(sections), references(docs))


def _title(path: str) -> str:
    return "Model" if path.startswith("<") else Path(path).name.removesuffix(SUFFIX)


def _meant(file: tree.File) -> tree.File:
    """The file with `0.062 V` as a product where it is one."""

    def meant(item: Any) -> Any:
        return with_products(item, declared_values(item) if isinstance(item, tree.Block) else frozenset())

    return replace(file, items=tuple(map(meant, file.items)))


#: A block as it was written, and what the checker made of it, where that is known.
Found = tuple[tree.Block, Block | None]


class _Texts:
    """The texts that were read, parsed."""

    def __init__(self, sources: Mapping[str, SourceFile], main: str) -> None:
        self.files = {path: _meant(parse(source)) for path, source in sources.items() if path == main or path.endswith(SUFFIX)}
        self.known = {path: written(sources[path]) for path in self.files}

    def of(self, path: str) -> Written:
        """The text of that path."""
        return self.known[path]

    def written(self, span: Span) -> Written:
        """The text that a place is in."""
        return self.known[span.path]

    def block(self, span: Span) -> tree.Block | None:
        """The block at a place."""
        items = self.files[span.path].items if span.path in self.files else ()
        return next((b for b in items if isinstance(b, tree.Block) and b.span.start <= span.start < b.span.end), None)

    def named(self, name: str, path: str) -> tree.Block | None:
        """The block of that name, in that file or in one that it uses."""
        files = (self.files[path], *(file for where, file in self.files.items() if where != path))
        return next((b for file in files for b in file.items if isinstance(b, tree.Block) and b.name.name == name), None)


def _used(module: Module) -> set[str]:
    """The names of blocks that networks are made of."""
    units = {p.block.name for n in module.networks for p in n.populations}
    origins = {block for n in module.networks for p in n.projections for _, (block, _) in p.origins}
    return units | origins | {rule for n in module.networks for p in n.projections for rule in p.rules}


def _with_bases(blocks: list[Found], module: Module, texts: _Texts) -> Iterator[Found]:
    """Blocks, and before each what it is like, of other files too: without that nobody reads what it does."""
    meant = {(b.span.path, b.span.start): b for b in module.blocks}
    done: set[Span] = set()

    def line_of(found: tree.Block) -> Iterator[tree.Block]:
        base = texts.named(found.base.name, found.span.path) if found.base is not None else None
        yield from line_of(base) if base is not None else ()
        yield found

    for block, known in blocks:
        for one in line_of(block):
            if one.span not in done:
                done.add(one.span)
                yield one, known if one is block else meant.get((one.span.path, one.span.start))


def _functions(texts: _Texts, path: str, blocks: Iterable[tree.Block]) -> Iterator[tuple[tree.Function, Written]]:
    """Those of the file, and of other files those that blocks apply."""
    applied = {n.function.name for n in nodes(tuple(blocks)) if isinstance(n, tree.Apply) and isinstance(n.function, tree.Name)}
    done: set[str] = set()
    for where, file in texts.files.items():
        for item in file.items:
            if isinstance(item, tree.Function) and (where == path or item.name.name in applied):
                said = texts.of(where).text(item.span)
                if said not in done:  # files that say the same say it once
                    done.add(said)
                    yield item, texts.of(where)


# --- how it is integrated --------------------------------------------------------------------------------------------


def _numerics(block: tree.Block, network: Network, experiments: Iterable[tree.Block]) -> Section:
    """Integrators and steps."""
    rows: list[tuple[Cell, ...]] = []
    owners = [(p.symbol, p.block) for p in network.populations] + [(p.symbol, p.connection) for p in network.projections]
    for owner, made in owners:
        for scheme in made.schemes:
            names = separated([symbol(_symbol(made, name)) for name in variables_of(scheme)])
            rows.append((cell((symbol(owner),)), cell((names,)), cell(method(scheme))))
    steps = list(_steps(block.name.name, experiments))
    if steps:
        rows.append((cell("time step"), cell(), tuple(steps)))
    title = f"Numerics of {block.name.text}"
    return Section("numerics", title, (), None, (Table(title, ("of", "variables", "integrator"), tuple(rows)),) if rows else ())


def _symbol(block: Block, name: str) -> str:
    found = block.variable(name)
    return name if found is None else found.symbol


def _steps(network: str, experiments: Iterable[tree.Block]) -> Iterator[tuple[Inline, ...]]:
    for experiment in experiments:
        for s in experiment.body:
            of_this = experiment.on is None or experiment.on.name == network
            if isinstance(s, tree.Define) and isinstance(s.target, tree.Name) and s.target.name == "dt" and of_this:
                yield typeset(s.rhs), Words(f" in {experiment.name.text}")
