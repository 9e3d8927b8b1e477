"""Units that update one after the other: what one unit's update changes for those that follow.

Comes in: a network and the populations that some phase updates unit by unit. Goes out: a `Sweep` for each of them, or an error that says
why its sums cannot be kept up to date while the units change.

A sum h_i = Σ_j f(w_ij, x_j) stays right if f(w_ij, x_j new) − f(w_ij, x_j old) is added to it whenever x_j changes. That needs terms that depend on
what changes through unit j alone: not through other sums, not through unit i, and not with a delay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.graph import backwards, reachable
from plasticdsl.model import Network, Population, Projection, Role, Trigger
from plasticdsl.model.dependencies import read_by_units
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.inline import inline, scope_of
from plasticdsl.model.owners import OfProjection, Whose
from plasticdsl.source import Span


@dataclass(frozen=True, slots=True)
class Update:
    """A sum that a changed unit changes: `target` of the post units of `projection`; `body` in terms of states, inputs and parameters alone."""

    projection: str
    target: str
    body: Expr


@dataclass(frozen=True, slots=True)
class Sweep:
    """A population whose units update one after the other. `inputs`: sums that an update reads; `changed`: states that it changes; `updates`: the
    sums, of this and other such populations, that follow these states. `anew`: inputs to be summed again first, since rules change their terms."""

    population: str
    inputs: tuple[str, ...]
    changed: tuple[str, ...]
    updates: tuple[Update, ...]
    anew: tuple[str, ...]


def sweeps(network: Network, one_by_one: Iterable[str]) -> tuple[Sweep, ...]:
    """One for each population of `one_by_one` that changes at steps. Raises `PlasError` (`unsupported`)."""
    by_name = {p.name: p for p in network.populations}
    swept = [by_name[name] for name in one_by_one if by_name[name].block.stepping]
    for population in swept:
        _require_steps_alone(population)
    names = {p.name for p in swept}
    readers = backwards(read_by_units(network, delayed=True))
    moving = reachable({Ref(p.as_owner, v) for p in swept for v in p.block.stepping}, readers)
    found = [u for p in network.projections if p.post in names for u in _updates(p, by_name, moving, names)]
    return tuple(
        Sweep(
            p.name,
            p.block.stepping_inputs,
            p.block.stepping,
            tuple(u for pre, u in found if pre == p.name),
            tuple(h for h in p.block.stepping_inputs if any(_learns(q) for q, _ in network.sums_into(p.name, h))),
        )
        for p in swept
    )


def _learns(projection: Projection) -> bool:
    """Whether its connections change between the sums of a step and a sweep."""
    return any(h.trigger in (Trigger.STEP, Trigger.EVERY) for h in projection.connection.handlers)


def _updates(projection: Projection, by_name: Mapping[str, Population], moving: set[Ref], swept: set[str]) -> Iterator[tuple[str, Update]]:
    """What `projection` adds to sums that a sweep reads, under the name of the population whose changes it follows."""
    post = by_name[projection.post]
    scope = scope_of(projection, by_name)
    for total in (s for s in projection.connection.sums if s.target in post.block.stepping_inputs):
        body = inline(total.body, scope)
        _require_plain(projection, body, by_name, moving, total.span)
        if projection.pre in swept and any(r.owner is Whose.PRE and projection.from_outside(r) in moving for r in refs(body)):
            yield projection.pre, Update(projection.name, total.target, body)


# --- what cannot be swept --------------------------------------------------------------------------------------------


def _require_steps_alone(population: Population) -> None:
    block, symbol = population.block, population.symbol
    if population.step is not None:
        _refuse(f"‘{symbol}’ updates unit by unit, but has steps of its own", population.span)
    if block.flows:
        _refuse(f"‘{symbol}’ updates unit by unit, but its units flow in time ({block.flows[0].variable})", block.flows[0].span)
    for handler in block.handlers:
        if handler.trigger is Trigger.EVERY:
            _refuse(f"‘{symbol}’ updates unit by unit, but its units also change periodically", handler.span)


def _require_plain(projection: Projection, body: Expr, by_name: Mapping[str, Population], moving: set[Ref], span: Span) -> None:
    symbol, post = projection.symbol, by_name[projection.post]
    if projection.delays:
        _refuse(f"‘{post.symbol}’ updates unit by unit from sums over ‘{symbol}’, which has a delay", projection.span)
    for ref in sorted(refs(body), key=lambda r: r.order):
        if isinstance(ref.owner, OfProjection):
            _refuse(f"‘{post.symbol}’ updates unit by unit from sums over ‘{symbol}’, which reads another projection", span)
        if ref.owner is not Whose.PRE and projection.of_units([ref]) & moving:
            _refuse(f"‘{post.symbol}’ updates unit by unit, and the sum over ‘{symbol}’ reads ‘{ref.path}’, which changes with it", span)
        variable = by_name[projection.pre].block.variable(ref.name) if ref.owner is Whose.PRE else None
        if variable is not None and variable.role is Role.INPUT and projection.from_outside(ref) in moving:
            pre = by_name[projection.pre].symbol
            message = (
                f"‘{post.symbol}’ updates unit by unit from sums over ‘{pre}’, whose own sum ‘{variable.symbol}’ changes with each unit"
            )
            _refuse(message, span)


def _refuse(message: str, span: Span) -> NoReturn:
    hint = (
        "Sums can follow single units where their terms are states of the presynaptic units, at once and at steps; else update all at once."
    )
    raise PlasError((Diagnostic("unsupported", f"{message}; this is not available in this version.", span, hint),))
