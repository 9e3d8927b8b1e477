"""Projections that read variables of other projections, connection by connection.

A connection from j to i reads the other projection's connection between the same two units: from j to i, or from i to j (its transpose). Comes in: a
network. Goes out: for each projection what it reads and how its connections meet those of the other, or an error where they cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.graph import backwards, ordered
from plasticdsl.model import Block, Network, Projection, SumInto, Trigger
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.inline import turned
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfArgument, OfProjection, Owner, Whose
from plasticdsl.source import Span
from plasticdsl.symbolic.block_contents import definitions_with_sums


@dataclass(frozen=True, slots=True)
class Other:
    """A projection that another one reads. `transposed`: its connections go from the reader's post to its pre units. `exact`: the connections of
    both are the same pairs for any sizes, known from the text."""

    name: str
    transposed: bool
    exact: bool


def read_by(projection: Projection, network: Network) -> tuple[Other, ...]:
    """The projections that `projection` reads, in the order of their names. Raises `PlasError` where one connects other populations."""
    places: dict[str, Span] = {}
    for name, span in _read(projection.connection):
        places.setdefault(name, span)
    if not places:  # nearly all
        return ()
    by_name = {p.name: p for p in network.projections}
    for name in places:
        _require_no_sums(projection, by_name[name])
    return tuple(_other(projection, by_name[name], places[name]) for name in sorted(places))


def _require_no_sums(projection: Projection, other: Projection) -> None:
    """A sum over the connections of the other is none over those of the reader."""
    summing = definitions_with_sums(other.connection)
    for expr, span in _expressions(projection.connection):
        for name in sorted(r.name for r in refs(expr) if r.owner == other.as_owner and r.name in summing):
            message = (
                f"‘{projection.symbol}’ reads ‘{name}’ of ‘{other.symbol}’, which holds a sum over the connections of that projection."
            )
            raise PlasError((Diagnostic("unsupported", message, span, "Let a synapse fill an input of the unit with this sum."),))
        for ref in sorted((r for r in refs(expr) if r.owner == other.as_owner), key=lambda r: r.order):
            if any(isinstance(r.owner, OfArgument) for r in _behind(other, ref.name)):
                message = (
                    f"‘{projection.symbol}’ reads ‘{ref.name}’ of ‘{other.symbol}’, which follows from a unit that it takes as an argument."
                )
                raise PlasError((Diagnostic("unsupported", message, span, "Let this projection take the unit as an argument itself."),))


def _behind(other: Projection, name: str) -> set[Ref]:
    """What a definition of a projection reads."""
    formula = other.connection.definition(Ref(Whose.OWN, name))
    return set() if formula is None else other.connection.read_through([formula])


def _read(block: Block) -> Iterator[tuple[str, Span]]:
    """The projections that are read, with the place where each is."""
    for expr, span in _expressions(block):
        yield from ((r.owner.name, span) for r in refs(expr) if isinstance(r.owner, OfProjection))


def _expressions(block: Block) -> Iterator[tuple[Expr, Span]]:
    yield from ((v.value, v.span) for v in block.variables if isinstance(v.value, Expr))
    yield from ((t.value, block.span) for t in block.totals)
    for part in (*block.flows, *block.sums, *block.pairs, *block.statements()):
        yield from ((expr, part.span) for expr in expressions(part))


def _other(projection: Projection, other: Projection, span: Span) -> Other:
    if other.connectivity.repeats or projection.connectivity.repeats:
        twice = (other if other.connectivity.repeats else projection).symbol
        message = (
            f"‘{projection.symbol}’ reads ‘{other.symbol}’ between the same two units, but ‘{twice}’ may connect two units more than once."
        )
        raise PlasError((Diagnostic("unsupported", message, span, "Connect without repeats."),))
    ends = (projection.pre, projection.post)
    if (other.pre, other.post) == ends:
        return Other(other.name, False, _same_pairs(projection, other))
    if (other.post, other.pre) == ends:
        mirrored = projection.connectivity.kind == "transposed" and projection.connectivity.of == other.name
        return Other(other.name, True, mirrored or _same_pairs(projection, other))
    message = f"‘{projection.symbol}’ reads a value of ‘{other.symbol}’, but the two do not connect the same populations."
    hint = "A connection can read another projection between the same two units, in the same direction or the opposite one."
    raise PlasError((Diagnostic("unsupported", message, span, hint),))


def _same_pairs(one: Projection, two: Projection) -> bool:
    """Whether both connect everything to everything, by the same rule for self-connections."""
    if not (one.connectivity.is_full and two.connectivity.is_full):
        return False
    return one.pre != one.post or one.connectivity.self_connections == two.connectivity.self_connections


def readers_first(network: Network) -> tuple[str, ...]:
    """The projections in an order in which what each changes at steps and by flows is read by others before. Raises `PlasError` for a circle."""
    reads = {p.name: _read_for_changes(p.connection) - {p.name} for p in network.projections}
    readers = backwards(reads)
    order, circles = ordered(reads, lambda name: readers.get(name, ()))
    if circles:
        first = next(p for p in network.projections if p.name in circles[0])
        message = f"What ‘{first.symbol}’ changes depends on other projections that in turn read ‘{first.symbol}’ for what they change."
        raise PlasError((Diagnostic("unsupported", message, first.span, "Let one of them read units instead."),))
    return order


def _read_for_changes(block: Block) -> frozenset[str]:
    changes = [*(f.rate for f in block.flows), *(s.value for s in block.statements(Trigger.STEP, Trigger.EVERY))]
    return frozenset(ref.owner.name for ref in block.read_through(changes) if isinstance(ref.owner, OfProjection))


def other_definitions(network: Network, others: tuple[Other, ...]) -> dict[Owner, Mapping[str, Expr]]:
    """What definitions of the other projections stand for, in the reader's terms: own names stay own (`inline` gives them the owner)."""
    by_name = {p.name: p for p in network.projections} if others else {}
    return {
        OfProjection(o.name): {n: turned(e) if o.transposed else e for n, e in by_name[o.name].connection.definitions.items()}
        for o in others
    }


def walks_other(projection: Projection, totals: tuple[SumInto, ...], others: tuple[Other, ...]) -> Other | None:
    """The one projection along whose own connections these sums can run: its transpose, and nothing in them is a connection's own."""
    own = {v.name for v in projection.connection.variables}
    read = {r.owner.name for s in totals for r in refs(s.body) if isinstance(r.owner, OfProjection)}
    if len(read) != 1 or any(r.owner is Whose.OWN and r.name in own for s in totals for r in refs(s.body)):
        return None
    return next((o for o in others if o.name in read and o.transposed and o.exact), None)
