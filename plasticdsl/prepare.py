"""Models and their kernels, ready to run and kept between runs.

Comes in: a text. Goes out: `Loaded`, its checked model with integrators, and for each network a `Workshop`, where experiments get instances and
engines. Both the model and the kernels are cached, so that a second run needs neither lark nor sympy nor numba.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from plasticdsl import cache, driver
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.model import Connectivity, Network, PerUnit
from plasticdsl.model.module import Module
from plasticdsl.options import CompileOptions
from plasticdsl.source import SourceFile

if TYPE_CHECKING:
    from plasticdsl.kernels.artifact import Artifact
    from plasticdsl.kernels.program import Program
    from plasticdsl.runtime.engine.compiled import Kernels
    from plasticdsl.runtime.engine.engine import Engine
    from plasticdsl.runtime.instance.instance import Instance
    from plasticdsl.runtime.instance.right_sides import Settings
    from plasticdsl.runtime.play.experiment import Workshop


_log = logging.getLogger(__name__)

_DEFAULT_DT = 1e-4


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


class Rejected(PlasError):
    """A model with errors; `sources` are the texts they are in, by path."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], text: str, sources: Mapping[str, SourceFile]) -> None:
        super().__init__(diagnostics, text)
        self.sources = sources


@contextmanager
def rendered(sources: Mapping[str, SourceFile]) -> Iterator[None]:
    """Gives every `PlasError` raised inside the text that shows the places in these sources."""
    try:
        yield
    except PlasError as error:
        raise Rejected(error.diagnostics, text_of(error.diagnostics, sources), sources) from None


def text_of(found: tuple[Diagnostic, ...], sources: Mapping[str, SourceFile]) -> str:
    """Findings with the places in these sources."""
    from plasticdsl.diagnostics.render import render_all

    return render_all(found, sources)


def _unchanged(source: SourceFile) -> bool:
    try:
        return Path(source.path).read_text(encoding="utf-8") == source.text
    except (OSError, UnicodeDecodeError):
        return False


def _checked(source: SourceFile, folder: Path | None) -> Loaded:
    from plasticdsl.diagnostics.render import render_all

    found = driver.read(source, folder)
    if found.module is None:
        raise Rejected(found.diagnostics, render_all(found.diagnostics, found.sources), found.sources)
    with rendered(found.sources):
        module = driver.integrated(found).module
    assert module is not None, "integrating keeps the model"
    texts = "\0".join(f"{path}\0{s.text}" for path, s in sorted(found.sources.items()))
    digest = hashlib.blake2b(texts.encode(), digest_size=16).hexdigest()
    return Loaded(module, found.diagnostics, dict(found.sources), digest)


# --- kernels ---------------------------------------------------------------------------------------------------------


def kernels(loaded: Loaded, network: Network, per_unit: PerUnit, options: CompileOptions) -> Artifact:
    """The kernels of a network as text. Raises `PlasError` for what cannot be compiled."""
    from plasticdsl.kernels.artifact import Artifact

    choices = (options.level, sorted(options.without), options.precision, options.threads > 1)
    listed = sorted(p.name for p in network.projections if p.connectivity.kind == "listed")
    name = cache.key("plan", loaded.digest, network.name, sorted(r.order for r in per_unit), listed, *choices)
    known = cache.recall("plans", name, Artifact)
    if isinstance(known, Artifact):
        return known
    with rendered(loaded.sources):
        made = driver.artifact_of(driver.plan_of(network, per_unit, options), options)
    cache.keep("plans", name, made)
    return made


def module_text(loaded: Loaded, options: CompileOptions) -> str:
    """The kernels of a file as one module for other people's programs: of its first network, or of its blocks where there is none.

    Raises ValueError where there is nothing to compile, `PlasError` for what cannot be compiled.
    """
    from plasticdsl.kernels.embed import embed
    from plasticdsl.runtime.instance.dependence import per_unit

    module = loaded.module
    with rendered(loaded.sources):
        network = module.networks[0] if module.networks else _blocks_alone(module)
        network = replace(network, fed=(), asynchronous=())  # what experiments do is no part of such a module
        listed = replace(options, without=options.without | {"layout"})  # its users may give other connections
        program = driver.program_of(driver.plan_of(network, per_unit(network), listed), listed)
    dt, in_steps = default_step(module, network)
    return embed(program, network, dt, in_steps)


def _blocks_alone(module: Module) -> Network:
    from plasticdsl.check.networks.alone import alone

    if not module.blocks:
        raise ValueError(f"{module.path} holds nothing to compile")
    return driver.ready(alone(Path(module.path).stem, module.doc, module.blocks))


def default_step(module: Module, network: Network) -> tuple[float, bool]:
    """The step (s) of the first experiment on the network, else 0.1 ms, and whether time is counted in steps."""
    from plasticdsl.runtime.instance import settings

    for experiment in module.experiments:
        if experiment.network == network.name:
            in_steps = experiment.dt is None
            return (1.0 if experiment.dt is None else float(settings.network_value(experiment.dt, network, {}))), in_steps
    moving = any(p.block.flows or p.block.spike for p in network.populations)
    moving = moving or any(p.connection.flows or p.connection.pairs for p in network.projections)
    return (_DEFAULT_DT, False) if moving else (1.0, True)


def explanation(loaded: Loaded, options: CompileOptions) -> str:
    """What the compiler derived and decided for every network of a file, or for its blocks where there is none, in words.

    Raises `PlasError` for what cannot be compiled, ValueError where there is nothing.
    """
    from plasticdsl.plan.explain import explain
    from plasticdsl.runtime.instance.dependence import per_unit

    with rendered(loaded.sources):
        networks = loaded.module.networks or (_blocks_alone(loaded.module),)
        return "\n".join(explain(driver.plan_of(network, per_unit(network), options)) for network in networks)


def stage(loaded: Loaded, name: Literal["tree", "model", "plan", "program", "kernels"], options: CompileOptions) -> str:
    """A stage of the compiler as text: of the whole file, or for each of its networks (its blocks where there is none).

    Raises `PlasError` for what cannot be compiled, ValueError where there is nothing.
    """
    from plasticdsl.outline import outline
    from plasticdsl.runtime.instance.dependence import per_unit

    if name == "tree":
        from plasticdsl.syntax.parser import parse

        return outline(parse(loaded.sources[loaded.module.path]))
    if name == "model":
        return outline(loaded.module)
    texts = []
    with rendered(loaded.sources):
        for network in loaded.module.networks or (_blocks_alone(loaded.module),):
            plan = driver.plan_of(network, per_unit(network), options)
            match name:
                case "plan":
                    texts.append(outline(plan))
                case "program":
                    texts.append(outline(driver.program_of(plan, options)))
                case "kernels":
                    texts.append(driver.artifact_of(plan, options).source)
    return "\n\n".join(texts)


def require_compilable(loaded: Loaded) -> None:
    """Raises `PlasError` with what is wrong with networks that only shows when they are lowered."""
    from plasticdsl.runtime.instance.dependence import per_unit

    findings: list[Diagnostic] = []
    for network in loaded.module.networks:
        try:
            driver.plan_of(network, per_unit(network), CompileOptions())
        except PlasError as error:
            findings.extend(error.diagnostics)
    if findings:
        with rendered(loaded.sources):
            raise PlasError(tuple(dict.fromkeys(findings)))


# --- what runs it ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Compiler:
    """Machine code of one network, compiled when it is first asked for and once for each set of per-unit values; `seconds` spent so far."""

    loaded: Loaded
    network: Network
    options: CompileOptions
    made: dict[PerUnit, tuple[Program, Kernels]] = field(default_factory=dict)
    seconds: float = 0.0

    def engine(self, instance: Instance, settings: Settings) -> Engine:
        """An engine that runs this instance, which was made with `settings`."""
        from plasticdsl.runtime.engine.compiled import CompiledEngine
        from plasticdsl.runtime.instance.dependence import per_unit

        if self.options.engine == "reference":
            from plasticdsl.reference.interpreter import ReferenceEngine

            return ReferenceEngine(self.network, instance)
        keys = per_unit(self.network, settings)
        if keys not in self.made:
            begin = time.perf_counter()
            found = kernels(self.loaded, self.network, keys, self.options)
            self.made[keys] = found.program, self._kernels(found)
            self.seconds += time.perf_counter() - begin
        return CompiledEngine(*self.made[keys], instance)

    def _kernels(self, artifact: Artifact) -> Kernels:
        """Machine code, or (where it is wanted, or nothing can make machine code) plain Python."""
        from plasticdsl.runtime.engine.plain import Plain

        if self.options.engine == "python":
            return Plain(artifact)
        try:
            from plasticdsl.runtime.engine.load import load as machine_code

            return machine_code(artifact, self.options.threads)
        except ModuleNotFoundError as missing:
            if missing.name not in ("numba", "llvmlite"):
                raise
            _log.warning(
                "%s is not installed, so the kernels run as plain Python, some hundred times slower; ‘pip install numba’", missing.name
            )
            return Plain(artifact)


def workshop(loaded: Loaded, network: Network, options: CompileOptions, **given: Any) -> tuple[Workshop, Compiler]:
    """Where instances and engines of `network` come from; `given` are connections and spikes as `build.instantiate` takes them."""
    from plasticdsl.runtime.instance.build import FIRST_STEPS, instantiate
    from plasticdsl.runtime.instance.timestep import require_small_step
    from plasticdsl.runtime.play.experiment import Workshop

    def instance(dt: float, seed: int, settings: Settings) -> Instance:
        made = instantiate(network, dt=dt, seed=seed, settings=settings, horizon=FIRST_STEPS, **given)
        require_small_step(network, made)
        return made

    compiler = Compiler(loaded, with_listed(network, given.get("connections") or {}), options)
    return Workshop(network, instance, compiler.engine), compiler


def with_listed(network: Network, connections: Mapping[str, object]) -> Network:
    """The network as it is compiled where some connections are given: nothing is known of them beforehand."""
    listed = Connectivity("listed")
    return replace(network, projections=tuple(replace(p, connectivity=listed) if p.name in connections else p for p in network.projections))
