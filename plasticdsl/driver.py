"""The way of a model, in order; every arrow is one function.

    text ─ parse → syntax tree ─ check → model ─ integrate → model with integrators ─ lower → plan ─ passes → plan
         ─ build → loop program ─ emit → Python source ─ load → machine code; model and numbers ─ instantiate → instance ─ engine

`load` goes as far as the model with integrators, `artifact` from there to Python source, `workshop` offers what runs it to experiments.
Results are kept in the cache folder, so that a second run needs neither lark nor sympy nor numba.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plasticdsl import cache
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.model import Module, Network
from plasticdsl.options import CompileOptions
from plasticdsl.source import SourceFile

if TYPE_CHECKING:
    from plasticdsl.kernels.artifact import Artifact
    from plasticdsl.kernels.program import Program
    from plasticdsl.plan.plan import Plan
    from plasticdsl.runtime.compiled import Kernels
    from plasticdsl.runtime.engine import Engine
    from plasticdsl.runtime.experiment import Workshop
    from plasticdsl.runtime.instance import Instance
    from plasticdsl.runtime.sides import Settings

Keys = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checked file, its networks with integrators. `warnings`: findings that stop nothing. `sources`: every text read, by path; `digest` of
    them all."""

    module: Module
    warnings: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]
    digest: str


def load(source: SourceFile, folder: Path | None) -> Loaded:
    """The checked model of a text that lies in `folder` (None: nowhere). Raises `PlasError` with all findings, rendered."""
    name = cache.key("model", source.path, folder, source.text)
    known = cache.recall("models", name, Loaded)
    if isinstance(known, Loaded) and all(_unchanged(s) for p, s in known.sources.items() if p != source.path):
        return known
    loaded = _checked(source, folder)
    cache.keep("models", name, loaded)
    return loaded


@contextmanager
def rendered(sources: Mapping[str, SourceFile]) -> Iterator[None]:
    """Gives every `PlasError` raised inside the text that shows the places in these sources."""
    try:
        yield
    except PlasError as error:
        from plasticdsl.diagnostics.render import render_all

        raise PlasError(error.diagnostics, render_all(error.diagnostics, sources)) from None


def _unchanged(source: SourceFile) -> bool:
    try:
        return Path(source.path).read_text(encoding="utf-8") == source.text
    except (OSError, UnicodeDecodeError):
        return False


def _checked(source: SourceFile, folder: Path | None) -> Loaded:
    from plasticdsl.check.module import checked
    from plasticdsl.diagnostics.render import render_all
    from plasticdsl.symbolic.integrate import integrate
    from plasticdsl.syntax.parser import parse

    found = checked(parse(source), source, folder=folder)
    if found.module is None:
        raise PlasError(found.diagnostics, render_all(found.diagnostics, found.sources))
    with rendered(found.sources):
        networks = tuple(integrate(network) for network in found.module.networks)
    texts = "\0".join(f"{path}\0{s.text}" for path, s in sorted(found.sources.items()))
    digest = hashlib.blake2b(texts.encode(), digest_size=16).hexdigest()
    return Loaded(replace(found.module, networks=networks), found.diagnostics, dict(found.sources), digest)


# --- from the model to machine code ----------------------------------------------------------------------------------


def planned(network: Network, per_unit: Keys, options: CompileOptions) -> Plan:
    """The plan after the passes of the chosen level. Raises `PlasError` for what cannot be compiled."""
    from plasticdsl.plan.lower import lower
    from plasticdsl.plan.passes.pipeline import optimise

    return optimise(lower(network, per_unit), options.level, frozenset(options.without))


def artifact(loaded: Loaded, network: Network, per_unit: Keys, options: CompileOptions) -> Artifact:
    """The kernels of a network as text."""
    from plasticdsl.kernels.artifact import Artifact
    from plasticdsl.kernels.load import digest_of

    parallel = options.threads > 1
    name = cache.key("plan", loaded.digest, network.name, sorted(per_unit), options.level, options.without, options.precision, parallel)
    known = cache.recall("plans", name, Artifact)
    if isinstance(known, Artifact):
        return known
    from plasticdsl.kernels.build import build
    from plasticdsl.kernels.emit import emit
    from plasticdsl.kernels.precision import in_single

    with rendered(loaded.sources):
        program = build(planned(network, per_unit, options))
    if options.precision == "single":
        program = in_single(program)
    text = emit(program, parallel=parallel)
    made = Artifact(program, text, digest_of(text))
    cache.keep("plans", name, made)
    return made


# --- what runs it ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Compiler:
    """Machine code of one network, compiled when it is first asked for and once for each set of per-unit values; `seconds` spent so far."""

    loaded: Loaded
    network: Network
    options: CompileOptions
    made: dict[Keys, tuple[Program, Kernels]] = field(default_factory=dict)
    seconds: float = 0.0

    def engine(self, instance: Instance, settings: Settings) -> Engine:
        """An engine that runs this instance, which was made with `settings`."""
        from plasticdsl.kernels.load import load as machine_code
        from plasticdsl.runtime.build import per_unit
        from plasticdsl.runtime.compiled import CompiledEngine

        keys = per_unit(self.network, settings)
        if keys not in self.made:
            begin = time.perf_counter()
            found = artifact(self.loaded, self.network, keys, self.options)
            self.made[keys] = found.program, machine_code(found, self.options.threads)
            self.seconds += time.perf_counter() - begin
        return CompiledEngine(*self.made[keys], instance)


def workshop(loaded: Loaded, network: Network, options: CompileOptions, **given: Any) -> tuple[Workshop, Compiler]:
    """Where instances and engines of `network` come from; `given` are connections and spikes as `build.instantiate` takes them."""
    from plasticdsl.runtime.build import instantiate
    from plasticdsl.runtime.experiment import Workshop

    def instance(dt: float, seed: int, settings: Settings) -> Instance:
        return instantiate(network, dt=dt, seed=seed, settings=settings, **given)

    compiler = Compiler(loaded, network, options)
    return Workshop(network, instance, compiler.engine), compiler
