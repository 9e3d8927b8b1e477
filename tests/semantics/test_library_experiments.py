"""Every experiment of the model library, shortened, runs alike in the interpreter and in machine code: what phases hold, show, start from, feed
and update one by one, and which rules they switch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from plasticdsl.driver import prepared, read
from plasticdsl.model import Network, Role
from plasticdsl.model.experiments import Experiment, Phase
from plasticdsl.model.expr import Call, Number, Ref, Special
from plasticdsl.model.module import Module
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.model.patterns import RandomPatterns
from plasticdsl.model.protocol import Asked, Course, Repeat
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.runtime.instance.patterns import all_data
from plasticdsl.runtime.instance.settings import Settings, from_experiment
from plasticdsl.runtime.instance.values import network_value
from plasticdsl.runtime.play.experiment import Order, Run, Workshop
from plasticdsl.runtime.play.once import run_once
from plasticdsl.runtime.play.place import Checkpoints
from plasticdsl.runtime.play.progress import SILENT, Interruption
from plasticdsl.source import SourceFile
from tests.semantics.agreement import MakeEngine
from tests.semantics.engines import LEVELS, in_machine_code, in_python, reference
from tests.semantics.test_library import ADJUSTED, FILES, LIBRARY
from tests.values import value_of

STEPS = 120
UNITS = 120
#: Of what has parts that are shares of it, or units that are named by number.
SIZES = {
    "Cortex": {Ref(Whose.NETWORK, "N"): Number(130.0)},
    "Chain": {Ref(OfPopulation("chain"), ""): Number(1000.0)},
}
#: These show in seconds how phases with items, starts and single updates are carried out.
QUICK = ["networks/pavlov.plas", "networks/hopfield.plas"]


@dataclass
class Kept:
    """The engines of one way to run, in the order made; the last one has gone to the end."""

    make: MakeEngine
    asked: Asked
    engines: list[Engine] = field(default_factory=list)

    def engine(self, network: Network) -> Callable[[Instance, Settings], Engine]:
        def made(instance: Instance, settings: Settings) -> Engine:
            self.engines.append(self.make(network, instance, per_unit(network, settings), self.asked))
            return self.engines[-1]

        return made


def module_of(file: str) -> Module:
    path = LIBRARY / file
    return prepared(read(SourceFile(file, path.read_text(encoding="utf-8")), path.parent))


def shortened(experiment: Experiment, network: Network, settings: Settings) -> Experiment:
    """No phase lasts longer than `STEPS` (one that waits: a sixth of it); each item is shown once, and what is repeated is done twice. One run of a sweep
    is enough."""

    def short(phase: Phase) -> Phase:
        dt = 1.0 if experiment.dt is None else float(network_value(experiment.dt, network, settings))
        most = Number(STEPS * dt)
        long = phase.duration is not None and not _in_steps(phase, STEPS)
        each = None if phase.each is None else replace(phase.each, epochs=None)
        until = None if phase.until is None else replace(phase.until, at_most=Number(STEPS // 6 * dt))
        return replace(phase, duration=most if long else phase.duration, each=each, until=until)

    return replace(experiment, phases=tuple(map(short, experiment.phases)), course=_twice(experiment.course), sweep=(), repeats=None)


def _twice(course: Course) -> Course:
    """What is repeated a number of times."""

    def fewer(repeat: Repeat) -> Repeat:
        times = repeat.times
        return replace(repeat, body=_twice(repeat.body), times=None if times is None else Call("min", (times, Number(2.0))))

    return tuple(part if isinstance(part, str) else fewer(part) for part in course)


def _in_steps(phase: Phase, most: int) -> bool:
    """Whether a phase is written as so few steps."""
    match getattr(phase.duration, "left", None), getattr(phase.duration, "right", None):
        case (Number(count), Special("dt")) | (Special("dt"), Number(count)):
            return count <= most
        case _:
            return False


def small(network: Network, experiment: Experiment) -> Settings:
    """At most about 120 units and five patterns; data that are shown fit all units of what they are shown to. Sizes that are parameters become
    powers of two: weights that are multiples of 1/N have exact sums then, however formed, and units that jump at 0 do not tell roundings apart."""
    found: Settings = dict(ADJUSTED.get(network.name, {}))
    if experiment.data:
        return found
    values = {v.name: v.value.value for v in network.variables if v.role is Role.PARAMETER and isinstance(v.value, Number)}
    sizes: dict[Ref, float] = {}
    for p in network.populations:
        match p.size:
            case Number(count):
                sizes[Ref(p.as_owner, "")] = count
            case Ref(Whose.NETWORK, name) if name in values:
                sizes[Ref(Whose.NETWORK, name)] = values[name]
    share = min(1.0, UNITS / max(1.0, sum(sizes.values())))
    for place, count in sizes.items():
        fewer = max(1, int(count * share))
        found[place] = Number(float(1 << fewer.bit_length() if place.owner is Whose.NETWORK and share < 1 else fewer))
    counts = [p.source.count for p in network.patterns if isinstance(p.source, RandomPatterns)]
    found |= {c: Number(5.0) for c in counts if isinstance(c, Ref)}
    return found | SIZES.get(network.name, {})


def carried_out(
    file: str,
    experiment: Experiment,
    module: Module,
    make: MakeEngine,
    interruption: Interruption | None = None,
    checkpoints: Checkpoints | None = None,
) -> tuple[Run, Engine]:
    network = next(n for n in module.networks if n.name == experiment.network)
    settings = from_experiment(experiment.settings, network, module) | small(network, experiment)
    kept = Kept(make, module.asked_of(network.name))
    workshop = Workshop(network, lambda dt, seed, given: instantiate(network, dt=dt, seed=seed, settings=given), kept.engine(network))
    short = shortened(experiment, network, settings)
    order = Order(3, settings, data=all_data(short.data, {}))
    return run_once(short, workshop, order, SILENT, interruption or Interruption(), None, checkpoints)


def alike(file: str, make: MakeEngine) -> None:
    module = module_of(file)
    for experiment in module.experiments:
        (one, first), (two, second) = (carried_out(file, experiment, module, m) for m in (make, reference))
        label = f"{experiment.name}: "
        assert (one.steps, one.counts) == (two.steps, two.counts), label
        for owner, name in _variables(next(n for n in module.networks if n.name == experiment.network)):
            left, right = value_of(first, owner, name), value_of(second, owner, name)
            np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12, err_msg=f"{label}{owner}.{name}")
        for left, right in zip(one.outcomes, two.outcomes, strict=True):
            assert (left.text, left.passed) == (right.text, right.passed), label


def _variables(network: Network) -> Iterator[tuple[str, str]]:
    for owner, block in [(p.name, p.block) for p in network.populations] + [(p.name, p.connection) for p in network.projections]:
        yield from ((owner, v.name) for v in block.variables if v.role in (Role.STATE, Role.INPUT))


@pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))
@pytest.mark.parametrize("file", QUICK)
def test_phases(file: str, level: int) -> None:
    alike(file, in_python(level))


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("file", FILES)
def test_library_experiments(file: str, level: int) -> None:
    alike(file, in_machine_code(level))
