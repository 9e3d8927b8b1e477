"""The pipeline, played from top to bottom. Every stage is a function from one immutable value to the next.

text      ──parse──▶      syntax.tree.File    what was written
File      ──check──▶      model.Module        what it means: names, units, roles
Network   ──prepare──▶    model.Network       with starts of means, repaired singularities, an integrator for every flow, time on the grid
Network   ──lower──▶      plan.Plan           what happens when; learning windows become traces
Plan      ──optimise──▶   plan.Plan           moved to where it is cheapest
Plan      ──build──▶      kernels.Program     loops over arrays
Program   ──emit──▶       kernels.Artifact    Python text, in which the model's numbers are no part of it (`without_numbers`)
Artifact  ──load──▶       machine code        or the same text as plain Python
Network   ──instantiate─▶ Instance            sizes, draws, connections
Instance  ──run──▶        Study               what an experiment recorded

`load` plays the first three for a file, `compile` those down to the kernels' text, `simulate` the rest. Models, kernels and machine code are kept
between runs (`cache`), so that a second run needs neither sympy nor a compiler; what they are kept under is everything that they depend on.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from plasticdsl import cache
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.diagnostics.render import rendered
from plasticdsl.model import Network, PerUnit
from plasticdsl.model.module import Module
from plasticdsl.model.protocol import NOTHING_ASKED, Asked
from plasticdsl.options import FOR_FEW_UNITS, FOR_LARGE, FOR_THREADS, CompileOptions
from plasticdsl.source import SourceFile

if TYPE_CHECKING:
    from plasticdsl.check.module import Checked
    from plasticdsl.document.description import Document
    from plasticdsl.kernels.program import Artifact, Program
    from plasticdsl.model.experiments import Experiment
    from plasticdsl.plan.plan import Plan
    from plasticdsl.runtime.engine.company import Company
    from plasticdsl.runtime.engine.engine import Engine
    from plasticdsl.runtime.engine.load import Kernels
    from plasticdsl.runtime.instance.instance import Instance
    from plasticdsl.runtime.instance.settings import Settings
    from plasticdsl.runtime.play.experiment import Order, Workshop
    from plasticdsl.runtime.play.progress import Progress
    from plasticdsl.runtime.play.sweep import Hands, Keeper, Study

#: What lies between the stages of the compiler.
Stage = Literal["tree", "model", "plan", "program", "kernels"]

_log = logging.getLogger(__name__)


# --- a file: text ▶ tree ▶ model, ready to run -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checked file, its networks ready to run. `warnings`: findings that stop nothing. `sources`: every text read, by path; `data`: size and time of
    every file of data that it names; `digest` of all texts, and of what is in these files but their numbers."""

    module: Module
    warnings: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]
    digest: str
    data: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)

    def is_unchanged(self, path: str) -> bool:
        """Whether all that was read beside the text of that path is still the same."""
        same = all(s.is_unchanged() for p, s in self.sources.items() if p != path)
        return same and all(stamp(p) == then for p, then in self.data.items())


def stamp(path: str) -> tuple[int, int] | None:
    """Size and time of a file; None where there is none."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def load(source: SourceFile, folder: Path | None, texts: Mapping[Path, str] = MappingProxyType({})) -> Loaded:
    """The checked model of a text that lies in `folder` (None: nowhere). `texts`: what stands for the files at these absolute paths, where editors have
    them open. Raises `PlasError` with all findings, rendered."""
    if texts:
        return examined(read(source, folder, texts))
    name = cache.key("model", source.path, folder, source.text)
    known = cache.recall("models", name, Loaded)
    if isinstance(known, Loaded) and known.is_unchanged(source.path):
        return known

    loaded = examined(read(source, folder))
    cache.keep("models", name, loaded)
    return loaded


def examined(found: Checked) -> Loaded:
    """What a checked file is when it is ready to run. Raises `PlasError` with all findings, rendered."""
    from plasticdsl.derive.products import held_products

    with rendered(found.sources):
        module = prepared(found)
    sets = [d for d in (*(d for n in module.networks for d in n.data), *(d for e in module.experiments for d in e.data)) if d.path]
    texts = "\0".join((*(f"{path}\0{s.text}" for path, s in sorted(found.sources.items())), *(f"{d.path} {d.arrays}" for d in sets)))
    held = (warning for network in module.networks for warning in held_products(network))
    digest = hashlib.blake2b(texts.encode(), digest_size=16).hexdigest()
    warnings = (*found.diagnostics, *dict.fromkeys(held))
    return Loaded(module, warnings, dict(found.sources), digest, {d.path: stamp(d.path) for d in sets})


def read(source: SourceFile, folder: Path | None = None, texts: Mapping[Path, str] = MappingProxyType({})) -> Checked:
    """Text to checked model. What is wrong is among the findings, and where an error is among them there is no model."""
    from plasticdsl.check.module import checked
    from plasticdsl.syntax.parser import reading

    return checked(reading(source), source, folder=folder, texts=texts)


def prepared(found: Checked) -> Module:
    """The networks and experiments of a checked file as both engines carry them out. Raises `PlasError` with the findings where there is no model,
    and for a method that does not suit its equations."""
    from plasticdsl.runtime.instance.timestep import longest_step

    if found.module is None:
        raise PlasError(found.diagnostics)
    networks = {network.name: ready(network, longest_step(found.module, network)) for network in found.module.networks}
    experiments = tuple(prepared_experiment(e, networks[e.network]) for e in found.module.experiments)
    return replace(found.module, networks=tuple(networks.values()), experiments=experiments)


def prepared_experiment(experiment: Experiment, network: Network) -> Experiment:
    """A checked experiment as both engines carry it out on its network, which is ready."""
    from plasticdsl.derive.grid import experiment_on_grid
    from plasticdsl.symbolic.singular import repaired_experiment

    return experiment_on_grid(repaired_experiment(experiment), network)


def ready(network: Network, step: float | None = None) -> Network:
    """A checked network as both engines carry it out with steps of this length (s) at most: sliding rates are counts, what was some time ago comes with a
    delay, running means start at what they average, removable singularities are repaired, every flow has an integrator, what jumps with time is decided
    on the grid, and a condition without an answer gives no value."""
    from plasticdsl.derive.answers import answered
    from plasticdsl.derive.coupling import located
    from plasticdsl.derive.grid import on_grid
    from plasticdsl.derive.integrate import integrate
    from plasticdsl.derive.means import with_starts
    from plasticdsl.derive.past import with_past
    from plasticdsl.derive.sliding_rates import with_sliding_rates
    from plasticdsl.symbolic.singular import repaired

    return answered(on_grid(located(integrate(repaired(with_starts(with_past(with_sliding_rates(network)))), step))))


# --- kernels: network ▶ plan ▶ program ▶ text ------------------------------------------------------------------------


def compile(  # noqa: A001
    loaded: Loaded, network: Network, per_unit: PerUnit, options: CompileOptions, at_once: bool = False
) -> Artifact:
    """The kernels of a network. `per_unit`: values that differ from unit to unit. `at_once`: spikes reach synapses in less than a step, which several
    processes have to know. Raises `PlasError` for what cannot be compiled."""
    from plasticdsl.kernels.program import Artifact

    choices = (
        options.level,
        sorted(options.without),
        options.precision,
        options.threads > 1,
        options.engine,
        options.processes > 1,
        at_once,
    )
    listed = sorted(p.name for p in network.projections if p.connectivity.kind == "listed")
    name = cache.key("plan", loaded.digest, network.name, sorted(r.order for r in per_unit), listed, *choices)
    known = cache.recall("plans", name, Artifact)
    if isinstance(known, Artifact):
        return known

    from plasticdsl.kernels.emit import emit
    from plasticdsl.kernels.numbers import without_numbers
    from plasticdsl.kernels.store import digest_of

    with rendered(loaded.sources):
        asked = loaded.module.asked_of(network.name)
        plan = plan_of(network, per_unit, options, asked) if options.processes == 1 else _shared(network, per_unit, options, asked, at_once)
        program = program_of(plan, options)
    if options.engine == "compiled":
        program = without_numbers(program)
    text = emit(program, parallel=options.threads > 1 and not program.windowed)
    made = Artifact(program, text, digest_of(text))
    cache.keep("plans", name, made)
    return made


def plan_of(network: Network, per_unit: PerUnit, options: CompileOptions, asked: Asked = NOTHING_ASKED) -> Plan:
    """What happens when, after all passes. `asked`: what experiments ask of the network."""
    from plasticdsl.plan.lower import lower
    from plasticdsl.plan.passes.pipeline import optimise

    return optimise(lower(network, per_unit, asked), options.level, options.without)


def _shared(network: Network, per_unit: PerUnit, options: CompileOptions, asked: Asked, at_once: bool) -> Plan:
    """The same for several processes. Raises `PlasError` where they cannot share it, or would not have the bits of one."""
    from plasticdsl.plan.spread import FOR_WHOLE, refusal, spread_out

    one = plan_of(network, per_unit, options, asked)
    for projection in (p for p in one.projections if p.block is not None):
        hint = "‘--without blocks’, in one process as in several, takes one step after the other."
        raise refusal(f"‘{projection.label}’ takes several steps at once as products of matrices", projection.projection.span, hint)
    return spread_out(plan_of(network, per_unit, replace(options, without=options.without | FOR_WHOLE), asked), at_once)


def program_of(plan: Plan, options: CompileOptions) -> Program:
    """Loops over arrays."""
    from plasticdsl.kernels.build import build
    from plasticdsl.kernels.widths import in_single

    return build(plan) if options.precision == "double" else in_single(build(replace(plan, single=True)))


# --- runs: network, numbers and kernels ▶ what was recorded ----------------------------------------------------------


def simulate(
    loaded: Loaded,
    experiment: Experiment,
    options: CompileOptions,
    order: Order,
    progress: Progress,
    hands: Hands | None = None,
    keeper: Keeper | None = None,
    company: Company | None = None,
    **given: Any,
) -> tuple[Study, float]:
    """Carries out an experiment: what its runs recorded, and the seconds that compiling took. `hands`: what carries out several runs (`crew`);
    `keeper`: what knows finished ones (`kept_runs`); `company`: the processes that share the network; `given`:
    connections, spikes and patterns (`runtime.instance.build.instantiate`). Raises `PlasError`."""
    from plasticdsl.runtime.play import fitting, sweep

    run = sweep.run if experiment.fit is None else fitting.run
    network = next(n for n in loaded.module.networks if n.name == experiment.network)
    workshop, compiler = workshop_of(loaded, network, options, None, company, **given)
    return run(experiment, loaded.module, workshop, order, progress, hands, keeper), compiler.seconds


def workshop_of(
    loaded: Loaded,
    network: Network,
    options: CompileOptions,
    told: Progress | None = None,
    company: Company | None = None,
    **given: Any,
) -> tuple[Workshop, Compiler]:
    """Where instances and engines of `network` come from; the compiler tells how long compiling took. `told`: what is being done. `company`: the processes
    that share it."""
    from plasticdsl.runtime.instance.build import instantiate
    from plasticdsl.runtime.instance.divided import Division
    from plasticdsl.runtime.instance.pairing import with_listed
    from plasticdsl.runtime.instance.sources import FIRST_STEPS
    from plasticdsl.runtime.instance.timestep import require_small_step
    from plasticdsl.runtime.play.experiment import Workshop

    asked = loaded.module.asked_of(network.name)

    def instance(dt: float, seed: int, settings: Settings) -> Instance:
        if told is not None:
            told.show(0.0, "building")
        division = None if company is None else Division(company.rank, company.size, company)
        more = {"horizon": FIRST_STEPS, "spread": asked.spread, "files": asked.files, "division": division, **given}
        made = instantiate(network, dt=dt, seed=seed, settings=settings, **more)
        require_small_step(network, made)
        return made

    compiler = Compiler(loaded, with_listed(network, given.get("connections") or {}), options, told, company)
    return Workshop(network, instance, compiler.engine, asked.spread, compiler.kind), compiler


@dataclass(slots=True)
class Compiler:
    """Kernels of one network, made when they are first asked for and once for each set of per-unit values and of passes; `seconds` spent so far."""

    loaded: Loaded
    network: Network
    options: CompileOptions
    told: Progress | None = None
    company: Company | None = None
    made: dict[tuple[PerUnit, frozenset[str], bool], tuple[Program, Kernels]] = field(default_factory=dict)
    seconds: float = 0.0

    def kind(self, instance: Instance) -> str:
        """What the states of an engine for this instance depend on beside it, to their bits: where they lie and how they are rounded."""
        options = _of_size(self.network, self.options, instance)
        return repr((options.engine, options.level, sorted(options.without), options.precision))

    def engine(self, instance: Instance, settings: Settings) -> Engine:
        """An engine that runs this instance, which was made with `settings`."""
        from plasticdsl.runtime.engine.compiled import CompiledEngine
        from plasticdsl.runtime.instance.dependence import per_unit

        asked = self.loaded.module.asked_of(self.network.name)
        if self.options.engine == "reference":
            from plasticdsl.reference.interpreter import ReferenceEngine

            return ReferenceEngine(self.network, instance, asked)
        keys, options = per_unit(self.network, settings, asked.spread), _of_size(self.network, self.options, instance)
        key = keys, options.without, self.company is not None and _at_once(self.network, instance)
        if key not in self.made:
            begin = time.perf_counter()
            if self.told is not None:
                self.told.show(0.0, "compiling")
            artifact = compile(self.loaded, self.network, keys, options, key[-1])
            self.made[key] = artifact.program, _kernels(artifact, options)
            self.seconds += time.perf_counter() - begin
        if self.company is not None:
            from plasticdsl.runtime.engine.ranks import SharedEngine

            return SharedEngine(*self.made[key], instance, self.company)
        return CompiledEngine(*self.made[key], instance)


def _at_once(network: Network, instance: Instance) -> bool:
    """Whether some delay is less than a step."""
    delayed = (instance.projections[p.name].axonal for p in network.projections if p.delays.axonal is not None)
    return any(delay < 1 for delay in delayed if isinstance(delay, int))


def _of_size(network: Network, options: CompileOptions, instance: Instance) -> CompileOptions:
    """Without the passes that pay for large projections or several threads alone, where there are none: they would only take time to compile. And
    without those that are not exact for these numbers."""
    largest = max((p.count_of_all for p in instance.projections.values()), default=0)
    too_small = frozenset(name for name, least in FOR_LARGE.items() if largest < least)
    single = frozenset() if options.threads > 1 else FOR_THREADS
    return replace(options, without=options.without | too_small | single | not_exact(network, instance))


def not_exact(network: Network, instance: Instance) -> frozenset[str]:
    """Passes that a network with these sizes and delays has to do without."""
    from plasticdsl.support.arrays import MOST_UNITS_IN_16_BITS

    projections = instance.projections.values()
    many = any(instance.populations[name].size > MOST_UNITS_IN_16_BITS for p in projections for name in (p.pre, p.post))
    neurons = {p.name for p in network.populations if p.source is None}
    delays = [p.axonal for p in projections if p.pre in neurons]
    at_once = any(delay < 1 for delay in delays if isinstance(delay, int))
    return (FOR_FEW_UNITS if many else frozenset()) | (frozenset({"windows"}) if at_once else frozenset())


def _kernels(artifact: Artifact, options: CompileOptions) -> Kernels:
    """Machine code, or (where it is wanted, or nothing can make machine code) plain Python."""
    if options.engine != "python":
        try:
            from plasticdsl.runtime.engine.load import load as machine_code

            return machine_code(artifact, options.threads)
        except ModuleNotFoundError as missing:
            if (missing.name or "").split(".")[0] != "llvmlite":
                raise
            _log.warning("llvmlite is not installed, so the kernels run as plain Python, some hundred times slower; ‘pip install llvmlite’")
    from plasticdsl.runtime.engine.plain import Plain

    return Plain(artifact)


# --- texts for people ------------------------------------------------------------------------------------------------


def export(loaded: Loaded, options: CompileOptions) -> str:
    """The kernels of a file as one module for other people's programs: of its first network, or of its blocks where there is none.

    Raises ValueError where there is nothing to compile, `PlasError` for what cannot be compiled.
    """
    from plasticdsl.kernels.embed import embed
    from plasticdsl.runtime.instance.dependence import per_unit
    from plasticdsl.runtime.instance.settings import defaults
    from plasticdsl.runtime.instance.timestep import default_step

    with rendered(loaded.sources):
        network = _networks(loaded)[0]  # what experiments ask of it is no part of such a module
        listed = replace(
            options, without=options.without | FOR_LARGE.keys() | FOR_FEW_UNITS | {"layout", "superpose"}
        )  # its users give other connections, and read weights at any time
        program = program_of(plan_of(network, per_unit(network), listed), listed)
    dt, in_steps = default_step(loaded.module, network)
    return embed(program, network, defaults(network), dt, in_steps=in_steps, alone=not loaded.module.networks)


def document(loaded: Loaded) -> Document:
    """The file as a methods section."""
    from plasticdsl.document.describe import describe

    return describe(loaded.module, loaded.sources)


def explain(loaded: Loaded, options: CompileOptions) -> str:
    """What the compiler derived and decided for every network of a file, in words. Raises as `export`."""
    from plasticdsl.plan.explain import explain as in_words

    return "\n".join(in_words(plan) for plan in plans(loaded, options))


def stage(loaded: Loaded, name: Stage, options: CompileOptions) -> str:
    """A stage of the compiler as text: of the whole file, or for each of its networks. Raises as `export`."""
    from plasticdsl.kernels.emit import emit
    from plasticdsl.outline import outline
    from plasticdsl.syntax.parser import parse

    match name:
        case "tree":
            return outline(parse(loaded.sources[loaded.module.path]))
        case "model":
            return outline(loaded.module)
        case "plan":
            return "\n\n".join(outline(plan) for plan in plans(loaded, options))
        case "program":
            return "\n\n".join(outline(program_of(plan, options)) for plan in plans(loaded, options))
        case "kernels":
            return "\n\n".join(emit(program_of(plan, options)) for plan in plans(loaded, options))


def plans(loaded: Loaded, options: CompileOptions) -> tuple[Plan, ...]:
    """The plan of every network of a file, or of its blocks where there is none. Raises `PlasError` with what is wrong with all of them."""
    from plasticdsl.runtime.instance.dependence import per_unit

    found: list[Plan] = []
    wrong: list[Diagnostic] = []
    with rendered(loaded.sources):
        for network in _networks(loaded):
            try:
                asked = loaded.module.asked_of(network.name)
                found.append(plan_of(network, per_unit(network, {}, asked.spread), options, asked))
            except PlasError as error:
                wrong += error.diagnostics
        if wrong:
            raise PlasError(tuple(dict.fromkeys(wrong)))
    return tuple(found)


def _networks(loaded: Loaded) -> tuple[Network, ...]:
    from plasticdsl.check.networks.alone import alone

    module = loaded.module
    if not module.networks and not module.blocks:
        raise ValueError(f"{module.path} holds nothing to compile")
    return module.networks or (ready(alone(Path(module.path).stem, module.doc, module.blocks)),)
