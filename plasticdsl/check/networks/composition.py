"""What a projection's connections do: synapse and rules as one block, bound to the units on both sides, with the values the projection gives.

Comes in: the parts of one projection and the two populations. Goes out: a block without needs. Dimensions are unified with those of the
units (a weight gets its unit from `post.g += w`) and read off when the whole network is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from plasticdsl.check.blocks.block_scope import OUTPUT
from plasticdsl.check.blocks.connection_sums import check_incoming
from plasticdsl.check.experiments.readings import how_to_spike, unknown_event
from plasticdsl.check.networks.building import Ends, Side
from plasticdsl.check.networks.gradients import local_gradients, reads_observable
from plasticdsl.check.networks.merging import Joined, Part, join
from plasticdsl.check.networks.needs import meant
from plasticdsl.check.networks.presence import in_turn, presence_of
from plasticdsl.check.networks.projection_values import GivenValue, give
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import HOW_TO_REST
from plasticdsl.check.terms.mismatch import described
from plasticdsl.check.terms.scope import EVENT
from plasticdsl.check.terms.unification import Dim
from plasticdsl.derive.local_gradient import PARTIAL
from plasticdsl.diagnostics.diagnostic import USED, Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import AddTo, Block, MethodChoice, Need, Presence, Role, Trigger
from plasticdsl.model.dependencies import in_working_order
from plasticdsl.model.expr import SLIDING, Call, Expr, Ref, rebuild, walk
from plasticdsl.model.mapping import expressions, map_block, mapped
from plasticdsl.model.owners import OfArgument, Owner, Whose, owner_text
from plasticdsl.model.schemes import method_named
from plasticdsl.source import Span
from plasticdsl.symbolic.derivative import HOLD
from plasticdsl.syntax import tree


def compose(
    name: str, parts: Sequence[Part], ends: Ends, given: Sequence[GivenValue], span: Span, context: Context
) -> tuple[Block, Joined]:
    """The connection block of projection `name`, and where its variables come from; findings go to the context's reporter."""
    joined = join(parts, context.solver, context.report)
    presence = presence_of(joined, context)
    for part in parts:
        _bind_needs(part, ends, context)
    methods = _methods(parts, context)
    _no_transpose_of_own_kind(parts, ends, context)
    observed = _observed(joined, ends, context)
    read = _binding(ends, observed) if observed or any(map(_has_bindings, parts)) else None
    if read is not None:
        joined.variables = {n: mapped(v, read) for n, v in joined.variables.items()}
    variables = give(joined, parts, given, ends, span, context)
    handlers = tuple(h for b in joined.blocks for h in b.handlers)
    block = Block(
        kind="connection",
        name=name,
        variables=in_working_order(variables),
        flows=tuple(f for b in joined.blocks for f in b.flows),
        transitions=tuple(t for b in joined.blocks for t in b.transitions),
        conserved=tuple(c for b in joined.blocks for c in b.conserved),
        handlers=handlers if presence is Presence.FIXED else tuple(sorted(handlers, key=in_turn)),
        pairs=tuple(p for b in joined.blocks for p in b.pairs),
        sums=tuple(s for b in joined.blocks for s in b.sums),
        methods=methods,
        span=span,
        presence=presence,
    )
    if read is not None:
        block = local_gradients(map_block(block, read), ends, joined.dims, span, context)
    _check_targets(block, parts, ends, context)
    _check_spikes(block, parts, ends, context)
    _no_observables(block, ends, context)
    check_incoming(block, context.report)
    return block, joined


# --- the two units ---------------------------------------------------------------------------------------------------


def _bind_needs(part: Part, ends: Ends, context: Context) -> None:
    """What the part uses of the two units must be there, and of the same dimension."""
    for need in part.block.needs:
        dim, taken = part.dims.get(need.key), part.taken.get(need.owner.name) if isinstance(need.owner, OfArgument) else None
        side = ends.side(need.owner) if taken is None else taken.side
        if dim is not None and side is not None:
            _bind_to_unit(part, need, dim, side, context)
        elif dim is not None and taken is not None:
            _bind_to_projection(part, need, dim, taken.owner.name, taken.dims, context)


def _bind_to_unit(part: Part, need: Need, dim: Dim, side: Side, context: Context) -> None:
    name = side.block.output if need.name == OUTPUT else need.name
    labels = (Label(need.span, USED), Label(side.population.span, f"‘{side.population.symbol}’"))
    kind = f"‘{side.population.symbol}’ ({side.block.name})"
    meant(need, side.block, context)
    if name is None:
        letter = "x" if need.owner is Whose.PRE else "y"
        message = f"‘{part.name}’ uses ‘{letter}’, the output of the {owner_text(need.owner)}synaptic unit, but {kind} has no output."
        hint = f"Write ‘output …’ in {side.block.name}." if side.population.source is None else "Spikes have no value; use ‘on pre:’."
        context.report.error("no-output", message, part.use.span, hint, labels)
    elif name not in side.dims:
        near = did_you_mean(name, [v.symbol for v in side.block.variables], "It has")
        near = near if name != "refractory" or near.texts else Hint(HOW_TO_REST)
        fix = Hint(near.words, tuple(f"{owner_text(need.owner)}.{text}" for text in near.texts), need.span)
        message = f"‘{part.name}’ uses ‘{owner_text(need.owner)}.{need.name}’, but {kind} has no ‘{need.name}’."
        context.report.error("unknown-name", message, part.use.span, fix, labels)
    elif not context.solver.unify(side.dims[name], dim, part.use.span):
        here, there = described(dim, context), described(side.dims[name], context)
        message = f"‘{part.name}’ takes ‘{owner_text(need.owner)}.{name}’ to be {here}, but in {kind} it is {there}."
        context.report.error("inconsistent-units", message, part.use.span, "", labels)


def _bind_to_projection(part: Part, need: Need, dim: Dim, projection: str, dims: Mapping[str, Dim], context: Context) -> None:
    if need.name not in dims:
        message = f"‘{part.name}’ uses ‘{need.name}’ of ‘{projection}’, which has no such variable."
        hint = f"It has: {', '.join(dims)}." if dims else ""
        context.report.error("unknown-name", message, part.use.span, hint, (Label(need.span, USED),))
    elif not context.solver.unify(dims[need.name], dim, part.use.span):
        message = f"‘{need.name}’ of ‘{projection}’ has another unit than ‘{part.name}’ needs."
        context.report.error("inconsistent-units", message, part.use.span, "", (Label(need.span, USED),))


def _has_bindings(part: Part) -> bool:
    """Whether anything has to be replaced once the two units are known: an output, a transpose, what gradients take."""
    if any(n.name == OUTPUT for n in part.block.needs):
        return True
    return any(isinstance(n, Call) and n.function in ("transposed", HOLD, PARTIAL) for e in expressions(part.block) for n in walk(e))


def _observed(joined: Joined, ends: Ends, context: Context) -> frozenset[str]:
    """Names that no part has and that the network observes."""
    found = frozenset(name for name in joined.open if name in ends.observables and name not in joined.variables)
    for name in found:
        part, need = joined.open.pop(name)
        if not context.solver.unify(ends.observables[name], part.dims[name], need.span):
            message = f"‘{name}’ of the network has another unit than ‘{part.name}’ needs."
            context.report.error("inconsistent-units", message, part.use.span, "", (Label(need.span, USED),))
    return found


def _no_transpose_of_own_kind(parts: Sequence[Part], ends: Ends, context: Context) -> None:
    """Within one population `w` and `wᵀ` of another projection are both there, and only one of them can be meant."""
    if ends.pre.population.name != ends.post.population.name:
        return
    for part in parts:
        if any(isinstance(n, Call) and n.function == "transposed" for e in expressions(part.block) for n in walk(e)):
            message = f"‘{part.name}’ reads a transpose, and both its units are of ‘{ends.pre.population.symbol}’."
            hint = "Between two different populations, ‘wᵀ’ is the value of the connection in the opposite direction."
            context.report.error("unsupported", message, part.use.span, hint)


def _binding(ends: Ends, observed: frozenset[str]) -> Callable[[Expr], Expr]:
    """Outputs by their names, observables as the network's. `wᵀ` of another projection is its value for the same
    pair of units, so the mark goes.
    """

    def read(expr: Expr) -> Expr:
        match expr:
            case Ref(Whose.PRE | Whose.POST as owner, "#output", limit):
                side = ends.pre if owner is Whose.PRE else ends.post
                return Ref(owner, side.block.output or OUTPUT, limit)
            case Ref(Whose.OWN, name, limit) if name in observed:
                return Ref(Whose.NETWORK, name, limit)
            case Call("transposed", (inner,)):
                return read(inner)
            case _:
                return rebuild(expr, read)

    return read


# --- what does not fit together --------------------------------------------------------------------------------------


def _check_targets(block: Block, parts: Sequence[Part], ends: Ends, context: Context) -> None:
    """`post.g += …` needs a state there, `post.h = Σ …` an input."""
    for handler in block.handlers:
        for statement in handler.statements:
            if isinstance(statement, AddTo):
                _check_target(statement.target, Role.STATE, statement.span, parts, ends, context, handler.trigger is Trigger.STEP)
    for total in block.sums:
        _check_target(Ref(Whose.POST, total.target), Role.INPUT, total.span, parts, ends, context)


def _check_target(target: Ref, role: Role, span: Span, parts: Sequence[Part], ends: Ends, context: Context, always: bool = False) -> None:
    """`always`: the statement stands below no trigger."""
    side = ends.side(target.owner)
    if side is None:
        message = f"‘{target.path}’ belongs to another projection and cannot be changed here."
        context.report.error("not-owned", message, span)
    variable = side.block.variable(target.name) if side is not None else None
    if side is None or variable is None or variable.role is role:
        return
    text = f"{owner_text(target.owner)}.{variable.symbol}"
    place, neuron = parts[0].use.span, side.block.name
    labels = (Label(span, "here"), Label(variable.span, f"‘{variable.symbol}’ of {neuron}"))
    if role is Role.INPUT:
        message = f"A sum can fill an input only, and ‘{variable.symbol}’ of {neuron} is {_a(variable.role)}."
        context.report.error("not-an-input", message, place, f"Declare ‘input {variable.symbol}’ in {neuron}.", labels)
    elif always and variable.role is Role.INPUT:
        message = f"What flows through a connection all the time is a sum, and no change of the input ‘{text}’ of {neuron}."
        context.report.error("not-a-state", message, span, f"Write ‘{text} = Σ …’; a spike adds to a state, below ‘on pre:’.", labels[1:])
    else:
        message = f"A spike can add to a state only, and ‘{text}’ is {_a(variable.role)} of {neuron}."
        hint = f"Write a flow for it in {neuron}, for example ‘τ d{variable.symbol}/dt = −{variable.symbol}’."
        context.report.error("not-a-state", message, place, hint, labels)


def _a(role: Role) -> str:
    others = {Role.INPUT: "an input", Role.CLAMPED: "the output of a source", Role.REFRACTORY: "the refractoriness"}
    return others.get(role, f"a {role.value}")


def _spiking(block: Block) -> Iterator[tuple[Owner, str, Span | None]]:
    """The units that may have to spike, what they are called, and where pairs of spikes need them."""
    pairs = block.pairs[0].span if block.pairs else None
    yield from ((side, f"the {side.value}synaptic unit", pairs) for side in (Whose.PRE, Whose.POST))
    yield from ((unit, f"‘{unit.name}’", None) for unit in dict.fromkeys(h.unit for h in block.handlers if h.unit is not None))


def _check_spikes(block: Block, parts: Sequence[Part], ends: Ends, context: Context) -> None:
    """Spikes of a unit that makes none would never come, nor would its other events."""
    for owner, who, of_pairs in _spiking(block):
        side, of_unit = ends.side(owner), [h for h in block.handlers if h.awaited == owner]
        for h in of_unit:
            for event in side.block.events if side is not None and h.event else ():
                if event.name == h.event:
                    context.report.means(tree.Name(event.name, event.symbol, h.span), event.when.span, EVENT)
            if side is not None and h.event and all(e.name != h.event for e in side.block.events):
                unknown_event(h.event, parts[0].use.span, side.population, context, h.span)
        if side is not None and side.population.spikes:
            continue
        used = next((h.span for h in of_unit if not h.event or side is None), of_pairs)
        rates = (n for e in expressions(block) for n in walk(e) if isinstance(n, Call))
        if used is None and all(SLIDING.get(n.function) != owner for n in rates):
            continue
        what = "waits for spikes" if used is not None else "reads the rate"
        whose = "it is no population" if side is None else f"‘{side.population.symbol}’ ({side.block.name}) makes none"
        hint = "Spikes are those of a population." if side is None else how_to_spike(side.population)
        labels = () if used is None else (Label(used, what),)
        context.report.error("no-spikes", f"This {what} of {who}, and {whose}.", parts[0].use.span, hint, labels)


def _methods(parts: Sequence[Part], context: Context) -> tuple[MethodChoice, ...]:
    """The integrators that parts ask for: one for a variable, and one for all that none names."""
    found: dict[tuple[str, ...], MethodChoice] = {}
    for asked in (m for p in parts for m in p.block.methods):
        known = found.setdefault(asked.variables, asked)
        if (_as_meant(known), known.substeps, known.tolerance) != (_as_meant(asked), asked.substeps, asked.tolerance):
            labels = (Label(known.span, known.name), Label(asked.span, asked.name))
            context.report.error("two-methods", "The parts of this projection ask for different methods.", parts[0].use.span, labels=labels)
    return tuple(found.values())


def _as_meant(asked: MethodChoice) -> str:
    return method_named(asked.name) or asked.name


def _no_observables(block: Block, ends: Ends, context: Context) -> None:
    """A connection knows its two units; of an observable of the network it can have a derivative, not the value."""
    name = reads_observable(block, ends.observables)
    if name is not None:
        message = f"‘{name}’ is an observable of the network, and no connection knows its value; only its derivatives reach them."
        context.report.error("not-local", message, block.span, f"Write ‘∂{name}/∂w’, or let a neuron compute what the rule needs.")
