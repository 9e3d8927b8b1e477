"""Neurons that go on spiking at every step: a threshold on a variable that flows, which no jump takes back, without refractory time.

Comes in: a checked network. Goes out: a warning for each such neuron.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from plasticdsl.check.networks.reads import changes, keys
from plasticdsl.check.report import Reporter
from plasticdsl.graph import reached
from plasticdsl.model.model import AddTo, Assign, Block, Network, Threshold, Trigger


def check_endless(network: Network, path: str, report: Reporter) -> None:
    """Reports those of the file `path`."""
    for population in network.populations:
        block, firing = population.block, population.block.spike
        if not isinstance(firing, Threshold) or firing.rising or block.refractory is not None or firing.span.path != path:
            continue
        asked = {ref.name for ref in keys(firing.condition, {})}
        behind = reached(asked, _depends(block))
        jumping = {*_jumping(block), *_added(network, population.name)}
        if behind & {f.variable for f in block.flows} and not behind & jumping:
            names = " and ".join(f"‘{v.symbol}’" for v in block.variables if v.name in asked & behind)
            message = (
                f"‘{block.name}’ spikes at every step as long as this holds: no spike changes {names}, and there is no refractory time."
            )
            hint = "Write the reset below it, ‘V → …’, or a line ‘refractory 2 ms’; ‘spike when … rises above …’ is one spike for each crossing."
            report.warning("spikes-every-step", message, firing.span, hint)


def _depends(block: Block) -> Callable[[str], Iterable[str]]:
    """What a variable depends on, by its definition or its flow."""
    found: dict[str, set[str]] = {}
    for target, parts in changes(block):
        if target is not None:
            found.setdefault(target, set()).update(ref.name for ref in keys(parts, {}))
    return lambda name: found.get(name, ())


def _jumping(block: Block) -> Iterator[str]:
    yield from (s.target.name for h in block.handlers for s in h.statements if isinstance(s, Assign))


def _added(network: Network, population: str) -> Iterator[str]:
    """What connections add to units of the population at their own spikes."""
    for projection in network.projections:
        ends, spiking = projection.ends, {Trigger.PRE: projection.pre, Trigger.POST: projection.post}
        for handler in projection.connection.handlers:
            for statement in handler.statements:
                if isinstance(statement, AddTo) and ends.get(statement.target.owner) == population == spiking.get(handler.trigger):
                    yield statement.target.name
