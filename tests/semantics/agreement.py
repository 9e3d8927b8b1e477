"""Whether two engines do the same with one network.

Comes in: a case (network, numbers, how long, when rules are off) and two ways to make an engine. Both run step by step; after each step every
state of every population and projection is compared, and every spike. The first difference is reported with its step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Assign, AtMost, AtRate, Block, Network, PerUnit, Role, Threshold
from plasticdsl.model.expr import Expr
from plasticdsl.model.owners import OfPopulation
from plasticdsl.model.pretty import pretty
from plasticdsl.model.protocol import NOTHING_ASKED, Asked
from plasticdsl.model.schemes import variables_of
from plasticdsl.runtime.engine.engine import Engine, Feed
from plasticdsl.runtime.instance.instance import Instance
from tests.values import set_value, value_of


class MakeEngine(Protocol):
    """From a checked network with its integrators, its numbers (for this engine alone), its parameters with one value per unit or connection, and what is
    asked of it."""

    def __call__(self, network: Network, instance: Instance, per_unit: PerUnit, asked: Asked = ..., /) -> Engine: ...


@dataclass(frozen=True, repr=False)
class Case:
    """`numbers()` gives a fresh instance. `switches`: step → rules on or off, by projection. `stop_at_spikes`: where the network feeds
    back, rounding may move a spike; then the comparison ends at the first one that differs, which must not come before this step. `writes`: values
    (owner, name) set before the first step. `feeds`: step → what is taken from tables from then on. `orders`: step → in which
    order which populations update unit by unit from then on; `asked`: which may be."""

    network: Network
    numbers: Callable[[], Instance]
    per_unit: PerUnit
    steps: int
    switches: Mapping[int, Mapping[str, bool]] = field(default_factory=dict)
    stop_at_spikes: int | None = None
    writes: Mapping[tuple[str, str], float | NDArray[np.float64]] = field(default_factory=dict)
    feeds: Mapping[int, Sequence[Feed]] = field(default_factory=dict)
    orders: Mapping[int, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    asked: Asked = NOTHING_ASKED

    def __repr__(self) -> str:
        """The model and its numbers in a few lines, for reports of differences."""
        return "\n".join(("Case:", *_described(self)))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The same for hypothesis."""
        printer.text(repr(self))


def _described(case: Case) -> list[str]:
    instance = case.numbers()
    lines = [f"  {case.steps} steps, switches {dict(case.switches)}, feeds {dict(case.feeds)}, orders {dict(case.orders)}"]
    for name, population in instance.populations.items():
        steps, units = population.spike_steps, population.spike_units
        spikes = "" if steps is None or units is None else f", spikes {list(zip(steps.tolist(), units.tolist(), strict=True))}"
        own = f"{_numbers(population.parameters)} refractory {population.refractory_steps}, stride {population.stride}"
        lines.append(f"  {name}: {population.size} units{spikes}, {own}")
        lines += [f"    {line}" for line in _block(next(p.block for p in case.network.populations if p.name == name))]
    for p in case.network.projections:
        drawn = instance.projections[p.name]
        ends = list(zip(drawn.sources().tolist(), drawn.targets.tolist(), strict=True))
        lines.append(
            f"  {p.name}: {p.pre} → {p.post} {ends}, axonal {drawn.axonal}, dendritic {drawn.dendritic}, {_numbers(drawn.parameters)}"
        )
        lines += [f"    {line}" for line in _block(p.connection)]
    return lines


def _numbers(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _block(block: Block) -> list[str]:
    lines = []
    for v in block.variables:
        if v.low is not None or v.high is not None:
            low, high = ("" if b is None else pretty(b) for b in (v.low, v.high))
            lines.append(f"{v.name} in [{low}, {high}]")
        if v.role is Role.DEFINITION:
            lines.append(f"{v.name} = {v.value if not isinstance(v.value, Expr) else pretty(v.value)}")
    for h in block.handlers:
        kind = f"on {h.event} {h.trigger}{' together' if h.simultaneous else ''} ({'rule' if h.is_rule else 'synapse'})"
        signs = {Assign: ":=", AtMost: "until at most"}
        said = [f"{s.target.path} {signs.get(type(s), '+=')} {pretty(s.value)}" for s in h.statements]
        lines.append(f"{kind}: {'; '.join(said)}")
    for pair in block.pairs:
        limit = "" if pair.truncate is None else f", up to {pretty(pair.truncate)}"
        lines.append(f"on {pair.pairing} pairs{limit}: {pair.target.name} += {pretty(pair.increment)}")
    lines += [f"d{f.variable}/dt = {pretty(f.rate)}" for f in block.flows]
    lines += [f"post.{total.target} = sum of {pretty(total.body)}" for total in block.sums]
    lines += [f"{type(s).__name__} of {', '.join(variables_of(s))}" for s in block.schemes]
    lines += [f"{event.name} when {pretty(event.when.condition)}{' rises' if event.when.rising else ''}" for event in block.events]
    match block.spike:
        case Threshold(condition, rising):
            lines.append(f"spike when {pretty(condition)}{' rises' if rising else ''}")
        case AtRate(rate):
            lines.append(f"spike at rate {pretty(rate)}")
    if block.refractory is not None:
        rest = block.refractory
        lasts = [pretty(part) for part in (rest.duration, rest.condition) if part is not None]
        lines.append(f"refractory {lasts}, at the spike {rest.at_spike}, holds {rest.held}")
    return lines


def assert_agree(
    case: Case, first: MakeEngine, second: MakeEngine, *more: MakeEngine, rtol: float = 1e-9, atol: float = 1e-12, every: int = 1
) -> int:
    """Runs all and compares them with the second after every `every` steps; returns the step reached. Raises `AssertionError` at the first difference."""
    two, *ones = (make(case.network, case.numbers(), case.per_unit, case.asked) for make in (second, first, *more))
    for engine in (*ones, two):
        engine.log_spikes([one for p in case.network.populations for one in p.emits])
        for (owner, name), value in case.writes.items():
            set_value(engine, owner, name, value)
    done = 0
    while done < case.steps:
        for engine in (*ones, two):
            engine.switch_rules(case.switches.get(done, {}))
            if done in case.feeds:
                engine.feed(case.feeds[done])
            if done in case.orders:
                engine.visit({name: np.array(order) for name, order in case.orders[done].items()})
        following = min([case.steps, done + every, *(s for s in (*case.switches, *case.feeds, *case.orders) if s > done)])
        for engine in (*ones, two):
            engine.advance(following - done)
        differing = _spikes(case.network, ones, two)
        if differing is not None:
            assert case.stop_at_spikes is not None and differing[1] >= case.stop_at_spikes, (
                f"spikes of {differing[0]} differ at step {differing[1]}"
            )
            return differing[1]
        done = following
        for one in ones:
            _kept(case, one, two, done, rtol, atol)
            _states(case.network, one, two, done, rtol, atol)
    for engine in (*ones, two):
        engine.restore(engine.snapshot(), foreign=True)  # nothing that a run leaves counts as made up
    return done


def _spikes(network: Network, ones: Sequence[Engine], two: Engine) -> tuple[str, int] | None:
    """The population and step of the first spike, or other event, that the second and one of the others do not both have."""
    found: list[tuple[int, str]] = []
    for emitted in (one for p in network.populations for one in p.emits):
        right, *lefts = (sorted(zip(*map(np.ndarray.tolist, e.drain(*emitted)), strict=True)) for e in (two, *ones))
        for left in (left for left in lefts if left != right):
            both = set(left) ^ set(right) or {s for s in left if left.count(s) != right.count(s)}
            found.append((min(step for step, _ in both), ".".join(filter(None, emitted))))
    return (min(found)[1], min(found)[0]) if found else None


def _kept(case: Case, one: Engine, two: Engine, step: int, rtol: float, atol: float) -> None:
    """The values at the spikes that were drained last; both have those of a step in the order of the units."""
    for ref in case.asked.at_spikes:
        assert isinstance(ref.owner, OfPopulation)
        left, right = (e.values_at_spikes(ref.owner.name)[ref.name] for e in (one, two))
        np.testing.assert_allclose(left, right, rtol=rtol, atol=atol, err_msg=f"{ref.path} at spikes before step {step}")


def _states(network: Network, one: Engine, two: Engine, step: int, rtol: float, atol: float) -> None:
    for owner, block in [(p.name, p.block) for p in network.populations] + [(p.name, p.connection) for p in network.projections]:
        for variable in block.variables:
            if variable.role in (Role.STATE, Role.INPUT):
                left, right = value_of(one, owner, variable.name), value_of(two, owner, variable.name)
                if not (np.abs(left - right) <= atol + rtol * np.abs(right)).all():  # where one has no value, or they differ
                    message = f"{owner}.{variable.name} after {step} steps"
                    np.testing.assert_allclose(left, right, rtol=rtol, atol=atol, err_msg=message)
