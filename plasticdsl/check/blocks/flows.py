"""Flows: `τ_m dV/dt = rhs` → rate, noise, and jumps at the pulses of spike trains.

Comes in: `tree.Flow`s, kinetic schemes and averages, with the scope of their block. Goes out: model `Flow`s with the coefficient divided out, and
for S_pre and S_post the `simultaneous` handlers they mean: where `dw/dt = … + a S_pre`, each presynaptic spike adds a (Dirac pulse), with a as it
was just before the spike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Typed
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.mismatch import Placed, described, require_same
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.model import Assign, Flow, Handler, MethodChoice, Transition, Trigger
from plasticdsl.model.expr import Binary, Call, Expr, Number, Ref, refs, substitute
from plasticdsl.model.owners import StandIn, Whose
from plasticdsl.source import Span
from plasticdsl.symbolic.algebra import ONE, ZERO, add, div, is_number, mul, sub
from plasticdsl.symbolic.linear import LinearForm, NotLinear, linear_form
from plasticdsl.syntax import tree
from plasticdsl.units.table import AMOUNT

#: Molecules in a mol (exactly; BIPM 2019).
AVOGADRO = 6.02214076e23


@dataclass(slots=True)
class FlowParts:
    """The flows of a block so far: rates, noise amplitudes, and what each pulse adds, by variable."""

    rates: dict[str, Expr] = field(default_factory=dict)
    noises: dict[str, Expr] = field(default_factory=dict)
    pulses: dict[str, dict[str, Expr]] = field(default_factory=lambda: {"pre": {}, "post": {}})
    spans: dict[str, Span] = field(default_factory=dict)
    noise_used: dict[str, Span] = field(default_factory=dict)
    means: dict[str, Expr] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)

    def add(self, name: str, rate: Expr, span: Span) -> None:
        """Adds `rate` to what changes `name`."""
        self.rates[name] = add(self.rates[name], rate) if name in self.rates else rate
        self.spans.setdefault(name, span)

    def add_mean(self, name: str, rate: Expr, span: Span) -> None:
        """Adds `rate` to the mean of what changes `name` by chance."""
        self.means[name] = add(self.means[name], rate) if name in self.means else rate
        self.spans.setdefault(name, span)


def translate_flow(flow: tree.Flow, scope: BlockScope, parts: FlowParts) -> None:
    """One flow; its left side must have the dimension of its right side."""
    context = scope.context
    name = flow.variable.name
    coefficient = translate_number(flow.coefficient, context) if flow.coefficient is not None else Typed(ONE, PURE)
    rhs = translate_number(flow.rhs, context)
    variable = context.scope.find(name)
    if variable is None or variable.dim is None:
        return
    left = coefficient.dim * (variable.dim / SECONDS)
    end = min(flow.variable.span.end + len("/dt"), flow.rhs.span.start)
    left_side = replace(flow, span=Span(flow.span.start, end, flow.span.path))
    per_time = context.solver.resolve(rhs.dim / left).known == SECONDS.constant
    hint = Hint("The right side is not ‘per time’: a time is missing on the left." if per_time else "")
    if per_time and flow.coefficient is None:
        words = f"The right side is not ‘per time’. If time is counted in ms, write ‘1 ms d{flow.variable.text}/dt = …’."
        hint = Hint(words, ("1 ms ",), Span(flow.span.start, flow.span.start, flow.span.path))
    require_same(left_side, left, flow.rhs, rhs.dim, context, hint=hint)
    parts.spans[name] = flow.span
    split(name, rhs.expr, coefficient.expr, flow.rhs, scope, parts)


def split(name: str, rhs: Expr, coefficient: Expr, at: Placed, scope: BlockScope, parts: FlowParts) -> None:
    """Takes pulses and noise out of a right side and divides what is left by the coefficient."""
    marked = frozenset(r for r in refs(rhs) if r.owner in (StandIn.PULSE, StandIn.NOISE))
    no_pair_times(rhs, at, scope)
    form = LinearForm({}, rhs)
    if marked:
        try:
            form = linear_form(rhs, marked)
        except NotLinear:
            _not_linear(marked, at, scope)
            return
    divided = {r: div(c, coefficient) for r, c in form.coefficients.items()}
    for ref, amount in divided.items():
        if ref.owner is StandIn.PULSE:
            previous = parts.pulses[ref.name].get(name, ZERO)
            parts.pulses[ref.name][name] = add(previous, amount)
    noises = {ref.name: amount for ref, amount in divided.items() if ref.owner is StandIn.NOISE}
    if noises:
        _use_noises(noises, at, scope, parts)
        parts.noises[name] = _amplitude(list(noises.values()))
    if noises or not marked or not is_number(form.offset, 0.0):
        parts.add(name, div(form.offset, coefficient), at.span)
    parts.spans.setdefault(name, at.span)


def _amplitude(noises: list[Expr]) -> Expr:
    """Independent noises add as their variances: a ξ₁ + b ξ₂ is √(a² + b²) ξ."""
    if len(noises) == 1:
        return noises[0]
    return Call("sqrt", (reduce(add, (mul(n, n) for n in noises)),))


def _use_noises(noises: Iterable[str], at: Placed, scope: BlockScope, parts: FlowParts) -> None:
    """Each ξ drives one flow: the same ξ(t) in two would be one noise that drives both, which the integrators do not have."""
    for noise in noises:
        if noise in parts.noise_used and parts.noise_used[noise] != at.span:
            message = "The same noise ξ(t) drives two flows, which is not supported."
            hint = "For independent noises write different names: ξ_1(t), ξ_2(t)."
            labels = (Label(parts.noise_used[noise], "used here first"),)
            scope.context.report.error("noise-not-linear", message, at.span, hint, labels)
        parts.noise_used.setdefault(noise, at.span)


def _not_linear(marked: frozenset[Ref], at: Placed, scope: BlockScope) -> None:
    pulses = sorted(r.name for r in marked if r.owner is StandIn.PULSE)
    if pulses:
        message = "A spike train is a sum of Dirac pulses: it can only be multiplied by values without pulses, and added."
        hint = "Write for example ‘S_pre r − S_post o’; products, powers and functions of S_pre and S_post have no meaning."
        scope.context.report.error("pulse-not-linear", message, at.span, hint)
    else:
        message = "White noise ξ(t) can only be multiplied by values without noise, and added."
        scope.context.report.error("noise-not-linear", message, at.span, "Write for example ‘σ √(2/τ) ξ(t)’.")


def no_pair_times(expr: Expr, at: Placed, scope: BlockScope) -> None:
    """Reports t_pre or t_post where there is no pair."""
    if any(r.owner is StandIn.PAIR for r in refs(expr)):
        message = "‘t_pre’ and ‘t_post’ are the times of a pair of spikes, and there is no pair here."
        scope.context.report.error("pair-time-outside", message, at.span, "Use them as a difference inside ‘on all pairs:’.")


def settled(expr: Expr, at: Placed, scope: BlockScope) -> Expr:
    """An expression in which spike trains, noise and pair times have no place; reports them and puts 0 in their stead."""
    no_pair_times(expr, at, scope)
    found = [r for r in refs(expr) if isinstance(r.owner, StandIn)]
    for ref in found:
        if ref.owner is StandIn.PULSE:
            message = f"The spike train ‘S_{ref.name}’ has a meaning only in a flow, ‘dw/dt = …’."
            hint = f"Jumps at each spike stand under ‘on {ref.name}:’."
            scope.context.report.error("pulse-not-linear", message, at.span, hint)
        elif ref.owner is StandIn.NOISE:
            message = "White noise ξ(t) has a meaning only in a flow, ‘dV/dt = …’."
            scope.context.report.error("noise-not-linear", message, at.span)
    return substitute(expr, dict.fromkeys(found, ZERO)) if found else expr


# --- averages and kinetic schemes ------------------------------------------------------------------------------------


def average_flows(scope: BlockScope, parts: FlowParts) -> None:
    """dm/dt = (x − m)/τ for each average ⟨x⟩_τ."""
    for average in scope.averages.values():
        difference = Binary("-", average.body.expr, Ref(Whose.OWN, average.name.name))
        split(average.name.name, Binary("/", difference, average.constant), ONE, average.name, scope, parts)


def reaction_flows(schemes: Iterable[tree.Reactions], scope: BlockScope, parts: FlowParts) -> None:
    """Mass action: a + 2 b → c at rate k changes each species by its net count times k a b² (no factor ½ for pairs of one kind).

    A species that the block declares as a parameter, input or definition takes part but is not changed. What is stochastic becomes a `Transition` for each
    direction, whose mean is a part of the rates.
    """
    changed = scope.contents.states.keys()
    for scheme in schemes:
        for reaction in scheme.body:
            stochastic = bool(scheme.stochastic) if reaction.stochastic is None else reaction.stochastic
            before = scope.context.report.count
            flux = _mass_action(reaction.forward, reaction.reactants, reaction, scope)
            both = [(reaction.forward, reaction.reactants, 1, flux)]
            if reaction.backward is not None:
                back = _mass_action(reaction.backward, reaction.products, reaction, scope)
                if scope.context.report.count == before:
                    both_ways = "be the two directions of one reaction"
                    require_same(reaction.forward, flux.dim, reaction.backward, back.dim, scope.context, both_ways)
                both.append((reaction.backward, reaction.products, -1, back))
            net = {name: count for name, count in _net(reaction).items() if count and name in changed}
            mean = flux.expr if reaction.backward is None else Binary("-", flux.expr, both[1][3].expr)
            for name, count in net.items():
                (parts.add_mean if stochastic else parts.add)(name, mul(Number(float(count)), mean), reaction.span)
            if stochastic and scope.block.kind == "rule":
                hint = "Let the synapse or a neuron have them."
                scope.context.report.error("unsupported", "A rule cannot have reactions by chance.", reaction.span, hint)
            elif stochastic and net:
                grain = _grain(scheme, reaction, scope)
                for rate, side, way, _ in both:
                    k = settled(translate_number(rate, scope.context).expr, rate, scope)
                    counts = tuple((name, way * count) for name, count in net.items())
                    reactants = tuple((s.name.name, s.count) for s in side if s.name.name in changed)
                    propensity = _propensity(k, side, grain, scope)
                    parts.transitions.append(Transition(propensity, counts, grain, scheme.tolerance, reaction.span, reactants, k))


def _net(reaction: tree.Reaction) -> dict[str, int]:
    net: dict[str, int] = {}
    for sign, side in ((-1, reaction.reactants), (1, reaction.products)):
        for species in side:
            net[species.name.name] = net.get(species.name.name, 0) + sign * species.count
    return net


def _grain(scheme: tree.Reactions, reaction: tree.Reaction, scope: BlockScope) -> Expr:
    """What one molecule makes of a species: 1 of a number, 1/(N_A V) of a concentration in a volume."""
    first = (*reaction.reactants, *reaction.products)[0].name
    concentration = translate_number(first, scope.context)
    if scheme.volume is None:
        what = "counts molecules; of concentrations it does in a volume, ‘reactions stochastic, volume V:’"
        require_same(first, concentration.dim, first, PURE, scope.context, f"react by chance, which {what}")
        return ONE
    volume = translate_number(scheme.volume, scope.context)
    require_same(first, concentration.dim * volume.dim, scheme.volume, Dim(AMOUNT), scope.context, "make an amount of substance")
    return div(ONE, mul(Number(AVOGADRO), settled(volume.expr, scheme.volume, scope)))


def _propensity(rate: Expr, side: tuple[tree.Species, ...], grain: Expr, scope: BlockScope) -> Expr:
    """How often it happens in a second: k a (a − g) b/g for a pair of a and one of b, with g for one molecule. Each pair counts in both
    orders, so that without a factor ½ the mean is that of mass action."""
    result = rate
    for species in side:
        value = translate_number(species.name, scope.context).expr
        for already in range(species.count):
            result = mul(result, sub(value, mul(Number(float(already)), grain)))
    return div(result, grain)


def _mass_action(rate: tree.Expr, side: tuple[tree.Species, ...], reaction: tree.Reaction, scope: BlockScope) -> Typed:
    """k times the product of the concentrations; its dimension is that of a concentration per time."""
    context = scope.context
    result = constant = translate_number(rate, context)
    for species in side:
        value = translate_number(species.name, context)
        power = value.expr if species.count == 1 else Binary("^", value.expr, Number(float(species.count)))
        result = Typed(Binary("*", result.expr, power), result.dim * value.dim**species.count)
    every = (*reaction.reactants, *reaction.products)
    if every:
        value = translate_number(every[0].name, context)
        for other in every[1:]:
            hint = f"What is counted in another unit stands in the rate: ‘… : k {other.name.text}’."
            dim = translate_number(other.name, context).dim
            require_same(every[0].name, value.dim, other.name, dim, context, "react with each other", hint)
        wanted = context.solver.resolve(value.dim / SECONDS / result.dim * constant.dim).known
        hint = "" if wanted is None else f"A rate constant with these species before the arrow is {described(Dim(wanted), context)}."
        require_same(rate, result.dim, every[0].name, value.dim / SECONDS, context, "be a rate of this reaction", hint)
    return Typed(settled(result.expr, rate, scope), result.dim)


# --- results ---------------------------------------------------------------------------------------------------------


def flows_and_pulses(scope: BlockScope, parts: FlowParts) -> tuple[tuple[Flow, ...], tuple[Handler, ...]]:
    """The block's flows, and one simultaneous handler for each side whose pulses occur."""
    is_rule = scope.block.kind == "rule"
    flows = tuple(_flow(name, scope, parts) for name in dict.fromkeys((*parts.rates, *parts.means)))
    handlers = []
    for side, changes in parts.pulses.items():
        own = {Ref(Whose.OWN, name): amount for name, amount in changes.items()}
        statements = tuple(Assign(ref, Binary("+", ref, amount), parts.spans[ref.name]) for ref, amount in own.items())
        if statements:
            handlers.append(Handler(Trigger(side), statements, True, None, scope.source, is_rule, statements[0].span))
    return flows, tuple(handlers)


def _flow(name: str, scope: BlockScope, parts: FlowParts) -> Flow:
    smooth, mean = parts.rates.get(name, ZERO), parts.means.get(name)
    whole = smooth if mean is None else add(smooth, mean)
    is_rule = scope.block.kind == "rule"
    return Flow(name, whole, parts.noises.get(name), scope.source, is_rule, parts.spans[name], None if mean is None else smooth)


# --- integrators -----------------------------------------------------------------------------------------------------


def methods(found: Sequence[tree.Method], flows: Sequence[Flow], report: Reporter) -> tuple[MethodChoice, ...]:
    """The integrators that the author names, one for each variable at most."""
    flowing = {flow.variable for flow in flows}
    first: dict[str, Span] = {}
    for method in found:
        if not method.variables:
            _once("", method.span, first, "A block has only one ‘method’ for all its variables.", report)
        for name in method.variables:
            _once(name.name, name.span, first, f"‘{name.text}’ has a method already.", report)
            if name.name not in flowing:
                hint = "A method is for variables with flows, ‘dV/dt = …’."
                report.error("method-impossible", f"‘{name.text}’ has no flow that could be integrated.", name.span, hint)
    return tuple(MethodChoice(m.name, m.substeps, m.span, m.tolerance, tuple(v.name for v in m.variables)) for m in found)


def _once(name: str, span: Span, first: dict[str, Span], message: str, report: Reporter) -> None:
    if first.setdefault(name, span) is not span:
        report.twice(message, span, first[name])
