"""What has no effect is said: changes that only name a value, and parameters and states that nothing reads.

Comes in: the checked model of a file without errors, and its neurons, synapses and rules. Goes out: findings. They are the last ones, since what reads
a name is known when everything could be read. Where no experiment of the file says what is looked at, a program may look at any state: then only
what has another likely meaning is reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from plasticdsl.check.blocks.triggers import only_named
from plasticdsl.check.networks.resets import check_resets
from plasticdsl.check.report import Reporter
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.graph import reached
from plasticdsl.model import AddTo, Assign, Block, Network, Population, Projection, Role, Threshold, Trigger, Variable
from plasticdsl.model.experiments import Experiment, SweepAxis
from plasticdsl.model.expr import Incoming, Ref, refs, refs_of
from plasticdsl.model.geometry import MEASURED
from plasticdsl.model.mapping import expressions
from plasticdsl.model.module import Module
from plasticdsl.model.owners import OfPopulation, Owner, Whose
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read

_REFRACTORY = "A refractory time is written without ‘=’: ‘refractory 5 ms’."
_THRESHOLD = "A threshold stands in a condition: ‘spike when V > {0}:’."
_RESET = "A reset stands below the condition of a spike: ‘V → {0}’."

#: What a synapse sends is called so elsewhere.
_SENT = "psp"

#: What a parameter of this name was probably meant for, where nothing reads it.
_MEANT: Mapping[str, str] = {
    **dict.fromkeys(("refractory", "t_ref", "tau_ref", "t_refractory", "tau_refractory"), _REFRACTORY),
    **dict.fromkeys(("threshold", "v_th", "v_thresh", "v_threshold", "v_theta", "theta"), _THRESHOLD),
    **dict.fromkeys(("reset", "v_r", "v_reset"), _RESET),
    "delay": "A delay belongs to a projection: ‘a → b: Exc, delay = 5 ms’.",
    "p": "A probability of connection belongs to a projection: ‘a → b: Exc, p = 0.1’.",
    "method": "An integrator is chosen by ‘method: RK4’.",
}


@dataclass(frozen=True, slots=True)
class _Owner:
    """What has variables: a population, a projection, or the network itself. `post`: the names of the unit that a projection reaches; `watched`: whether
    the file says what is looked at."""

    itself: Owner
    block: Block
    watched: bool
    post: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Told:
    """What has been said of a block: what only the statement in question reads is read by nothing, and that need not be said too."""

    place: Span
    names: frozenset[str]

    def covers(self, variable: Variable) -> bool:
        """Whether a variable of the block is read there."""
        return self.place.start <= variable.span.start < self.place.end and variable.name in self.names


def check_effects(module: Module, blocks: Sequence[tree.Block], bases: Collection[str], path: str, report: Reporter) -> None:
    """Reports what has no effect in the networks of a file; what stands in other files is not its business. `bases`: what other blocks are like."""
    own = [b for b in blocks if b.span.path == path]
    _unused_rules(module, own, bases, path, report)
    told = [*_event_values(module, own, report), *_inert_rules(module, own, report)]
    idle: dict[Span, tuple[_Owner, Variable]] = {}
    read: set[Span] = set()
    for network in module.networks:
        experiments = [e for e in module.experiments if e.network == network.name]
        reads = everything_read(network, experiments)
        for owner in _owners(network, any(map(looks, experiments))):
            for variable in owner.block.variables:
                if Ref(owner.itself, variable.name) in reads:
                    read.add(variable.span)
                elif not any(t.covers(variable) for t in told):
                    idle.setdefault(variable.span, (owner, variable))
    written = {s.target.span: s for b in own for s in b.body if isinstance(s, tree.Define)}
    for span in idle.keys() - read:
        if span.path == path:
            _idle(*idle[span], written.get(span), report)
    if not report.failed:  # else the reset may be what is misspelt
        for checked in (b for b in module.blocks if b.span.path == path):
            _check_held(checked, report)
        for network in module.networks:
            check_resets(network, path, report)
            if any(e.dt is not None for e in module.experiments if e.network == network.name):
                _check_endless(network, path, report)


def looks(experiment: Experiment) -> bool:
    """Whether an experiment records, shows or expects anything."""
    return bool(experiment.all_recordings or experiment.plots or experiment.all_expectations)


def _owners(network: Network, watched: bool) -> Iterator[_Owner]:
    yield _Owner(Whose.NETWORK, Block("network", network.name, variables=network.variables), watched)
    sides = {p.name: frozenset(v.name for v in p.block.variables) for p in network.populations}
    yield from (_Owner(p.as_owner, p.block, watched) for p in network.populations)
    yield from (_Owner(p.as_owner, p.connection, watched, sides[p.post]) for p in network.projections)


# --- changes that only name a value ----------------------------------------------------------------------------------


def _event_values(module: Module, blocks: Sequence[tree.Block], report: Reporter) -> Iterator[_Told]:
    """`w = …` under a trigger where the connection has a ‘w’, `dw = …` that nothing reads, and whatever else nothing reads there."""
    sources = [({v.name: v.symbol for v in p.connection.variables}, _sources(p)) for n in module.networks for p in n.projections]
    for block in blocks:
        around = [names for names, used in sources if (block.kind, block.name.name) in used]
        for define, name, is_read in _defined_at_events(block):
            word = name.name if is_read else name.name.removeprefix("d")
            meant = next((names[n] for names in around for n in (name.name, word) if n in names), None)
            if meant is not None:
                only_named(define, name, meant, report)
            elif not is_read:
                report.warning("no-effect", f"‘{name.text} = …’ only names a value, and nothing below it reads that.", define.span)
            if meant is not None or not is_read:
                yield _Told(block.span, frozenset(n.name for n in names_read(define.rhs)))


def _sources(projection: Projection) -> frozenset[tuple[str, str]]:
    """(kind, name) of the blocks whose triggers a projection has."""
    return frozenset(("rule" if h.is_rule else "synapse", h.source) for h in projection.connection.handlers)


def _defined_at_events(block: tree.Block) -> Iterator[tuple[tree.Define, tree.Name, bool]]:
    """The definitions below triggers, their names, and whether a statement after it reads it."""
    for event in block.body:
        if isinstance(event, tree.OnEvent | tree.Every | tree.SpikeWhen | tree.SpikeAtRate):
            later: set[str] = set()
            for statement in reversed(event.body):
                if isinstance(statement, tree.Define) and isinstance(statement.target, tree.Name):
                    yield statement, statement.target, statement.target.name in later
                later |= {n.name for n in names_read(statement)}


def _inert_rules(module: Module, blocks: Sequence[tree.Block], report: Reporter) -> Iterator[_Told]:
    """Rules in use that have definitions alone."""
    used = {rule for network in module.networks for p in network.projections for rule in p.rules}
    rules = {b.name: b for b in module.blocks if b.kind == "rule"}
    for block in blocks:
        if block.kind == "rule" and block.name.name in used:
            rule = rules[block.name.name]
            if not (rule.flows or rule.handlers or rule.pairs or rule.sums or any(v.name.startswith("d") for v in rule.variables)):
                hint = "A change is written ‘Δw = …’, ‘w += …’ or ‘dw/dt = …’."
                report.warning("no-effect", f"The rule ‘{block.name.text}’ changes nothing.", block.name.span, hint)
                yield _Told(block.span, frozenset(v.name for v in rule.variables))


def _unused_rules(module: Module, blocks: Sequence[tree.Block], bases: Collection[str], path: str, report: Reporter) -> None:
    """Warns of rules that no projection carries in a file whose experiments use projections without one: ‘with STDP’ is easily forgotten."""
    done = {e.network for e in module.experiments}
    projections = [p for n in module.networks if n.name in done and n.span.path == path for p in n.projections]
    bare = next((p for p in projections if not p.rules and p.span.path == path), None)
    used = {rule for n in module.networks for p in n.projections for rule in p.rules} | set(bases)
    for block in blocks:
        if bare is not None and block.kind == "rule" and block.name.name not in used:
            name = block.name.text
            message = f"No projection carries the rule ‘{name}’, so it has no effect."
            report.warning(
                "no-effect", message, block.name.span, f"A projection carries rules behind its synapse: ‘a → b: Exc with {name}, …’."
            )


# --- what nothing reads ----------------------------------------------------------------------------------------------


def _idle(owner: _Owner, variable: Variable, written: tree.Define | None, report: Reporter) -> None:
    """One variable that nothing reads but its own changes; `written`: its definition."""
    symbol = variable.symbol
    match variable.role:
        case Role.PARAMETER if owner.block.sections and variable.name in MEASURED:
            pass
        case Role.PARAMETER | Role.GIVEN:
            words = _MEANT.get(variable.name.lower(), "")
            hint = Hint(words.format(symbol))
            if words is _REFRACTORY and written is not None:
                hint = replace(hint, texts=("refractory ",), at=Span(written.span.start, written.rhs.span.start, written.span.path))
            if owner.watched or hint:
                report.warning("no-effect", f"Nothing reads ‘{symbol}’, so it has no effect.", variable.span, hint)
        case Role.DEFINITION if owner.block.kind in ("connection", "neuron"):
            _idle_definition(owner, variable, written, report)
        case Role.STATE:
            _idle_state(owner, variable, report)
        case _:
            pass


#: How programs and papers call the derivative of V where it is no name here: `dV`, `dVdt`, `V_dot` (also V̇).
_DERIVATIVES = (re.compile("d(.+?)_?dt"), re.compile("d(.+)"), re.compile("(.+?)_?dot"))


def _idle_definition(owner: _Owner, variable: Variable, written: tree.Define | None, report: Reporter) -> None:
    """`dw = …` and `V̇ = …` name a value, and `a = Σ w x` fills no input; other definitions may be there to be looked at."""
    flowing = {flow.variable for flow in owner.block.flows}
    named = (match[1] for pattern in _DERIVATIVES if (match := pattern.fullmatch(variable.name)))
    of_connection = owner.block.kind == "connection"  # what it has without a change is a parameter
    known = (v for v in map(owner.block.variable, named) if v is not None)
    changed = next((v for v in known if v.name not in flowing and (of_connection or v.role is Role.STATE)), None)
    if changed is not None:
        message = f"‘{variable.symbol} = …’ only names a value; ‘{changed.symbol}’ does not change."
        flow = f"d{changed.symbol}/dt"
        hint = Hint(f"A derivative is written ‘{flow} = …’.", (flow,), written.target.span if written is not None else variable.span)
        if of_connection:
            hint = replace(hint, words=f"A change is written ‘Δ{changed.symbol} = …’, or ‘{flow} = …’.")
        report.error("only-named", message, variable.span, hint)
    elif owner.block.kind == "neuron":
        return
    elif variable.name in owner.post or variable.name == _SENT or isinstance(variable.value, Incoming):
        hint = Hint(f"To fill an input of the postsynaptic unit write ‘post.{variable.symbol} = Σ …’.")
        report.warning("no-effect", f"Nothing reads ‘{variable.symbol}’, so it reaches no unit.", variable.span, hint)


def _idle_state(owner: _Owner, variable: Variable, report: Reporter) -> None:
    """A state that comes into being by its jumps alone and is spelt nearly as another one is a slip of the pen."""
    symbol = variable.symbol
    jumps = _jumps(owner.block)[variable.name]
    if variable.name in owner.post:
        message = f"Nothing reads ‘{symbol}’ of the connection, so it reaches no unit."
        texts = (f"post.{symbol}",) if jumps == 1 else ()
        report.warning("no-effect", message, variable.span, Hint(f"Did you mean ‘post.{symbol}’?", texts))
        return
    near = did_you_mean(symbol, (v.symbol for v in owner.block.variables if v.name != variable.name), "") if jumps else Hint("")
    if near:
        near = near if jumps == 1 else Hint(near.words)
        report.error("misspelt-target", f"Nothing reads ‘{symbol}’, which is changed here.", variable.span, near)
    elif owner.watched:
        report.warning("no-effect", f"Nothing reads ‘{symbol}’, and no experiment records or shows it.", variable.span)


def _jumps(block: Block) -> Counter[str]:
    """How many jumps the variables have that nothing else brings into being."""
    others = {f.variable for f in block.flows}
    others |= {v.name for v in block.variables if v.initial is not None or v.low is not None or v.values}
    return Counter(s.target.name for s in block.statements() if isinstance(s, Assign) and s.target.name not in others)


# --- neurons that stand still ----------------------------------------------------------------------------------------


def _check_held(block: Block, report: Reporter) -> None:
    """Reports variables that are held because the spike condition reads them, though no spike sets them: it may set others, `V → V_r`, or add to them."""
    rest = block.refractory
    if rest is None or not rest.default:
        return
    jumps = [s for s in block.statements(Trigger.SPIKE) if isinstance(s, Assign)]
    added = {s.target.name for s in jumps if s.target in refs(s.value)}
    reset = {s.target.name for s in jumps} - added
    symbols = {v.name: v.symbol for v in block.variables}
    meant = [symbols[name] for name in rest.held if name in (reset & set(rest.held) or added)]
    idle = [symbols[name] for name in rest.held if symbols[name] not in meant]
    if idle:
        names, still = " and ".join(f"‘{symbol}’" for symbol in idle), "stands" if len(idle) == 1 else "stand"
        message = f"{names} {still} still while ‘{block.name}’ is refractory, because the spike condition reads it, and no spike resets it."
        ways = (f", hold {', '.join(meant) or 'nothing'}", f", hold {', '.join(symbols[name] for name in rest.held)}")
        hint = "After the time write ‘{}’ if it is to go on, ‘{}’ if it is to stand still.".format(*ways)
        report.warning("held-without-reset", message, rest.span, Hint(hint, ways, Span(rest.span.end, rest.span.end, rest.span.path)))


# --- neurons that go on spiking --------------------------------------------------------------------------------------


def _check_endless(network: Network, path: str, report: Reporter) -> None:
    """Reports neurons of the file `path` that go on spiking at every step: a threshold on a variable that flows, which no jump takes back, without
    refractory time."""
    for population in network.populations:
        block, firing = population.block, population.block.spike
        if not isinstance(firing, Threshold) or firing.rising or firing.located or block.refractory is not None or firing.span.path != path:
            continue
        asked = {ref.name for ref in keys(firing.condition, {})}
        behind = reached(asked, _depends(block))
        jumping = {s.target.name for s in block.statements() if isinstance(s, Assign)} | set(_added(network, population.name))
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


def _added(network: Network, population: str) -> Iterator[str]:
    """What connections add to units of the population at their own spikes."""
    for projection in network.projections:
        for trigger, spiking in ((Trigger.PRE, projection.pre), (Trigger.POST, projection.post)):
            if spiking == population:
                targets = [s.target for s in projection.connection.statements(trigger) if isinstance(s, AddTo)]
                yield from (ref.name for ref in projection.of_units(targets) if ref.owner == OfPopulation(population))


# --- what reads what -------------------------------------------------------------------------------------------------

#: Seen from outside: the owners of what a block calls its own, of pre and of post.
Owners = dict[Owner, Owner]


def everything_read(network: Network, experiments: Sequence[Experiment]) -> frozenset[Ref]:
    """Every variable that another one, a connection, the network or an experiment reads."""
    found: set[Ref] = set()
    for population in network.populations:
        owners: Owners = {Whose.OWN: population.as_owner}
        apart = (population.size, population.source, population.values, population.step)
        found.update(_of_block(population.block, owners), keys(apart, owners))
    for projection in network.projections:
        owners = {Whose.OWN: projection.as_owner, **{side: OfPopulation(name) for side, name in projection.ends.items()}}
        found.update(_of_block(projection.connection, owners))
        found.update(keys((projection.connectivity, projection.delays, projection.values, projection.thirds), owners))
    found.update(keys((network.variables, network.patterns, network.proofs), {}))
    for experiment in experiments:
        found.update(keys(_without_targets(experiment), {}))
        if any(until.condition is None for until in experiment.all_awaited):
            found.update(Ref(p.as_owner, v.name) for p in network.populations for v in p.block.variables if v.role is Role.STATE)
    return frozenset(found)


def with_what_is_read(network: Network, experiments: Sequence[Experiment]) -> Network:
    """The network without variables that say whether units are refractory, where nothing reads them."""
    if not any(v.role is Role.REFRACTORY for p in network.populations for v in p.block.variables):
        return network
    read = everything_read(network, experiments)

    def kept(population: Population) -> Population:
        variables = tuple(
            v for v in population.block.variables if v.role is not Role.REFRACTORY or Ref(population.as_owner, v.name) in read
        )
        return replace(population, block=replace(population.block, variables=variables))

    return replace(network, populations=tuple(map(kept, network.populations)))


def _of_block(block: Block, owners: Owners) -> Iterator[Ref]:
    """What a block reads, but for what a variable's own change reads of it."""
    for target, parts in changes(block):
        yield from (key for key in keys(parts, owners) if target is None or key != Ref(owners[Whose.OWN], target))
    if block.output is not None:
        yield Ref(owners[Whose.OWN], block.output)


def changes(block: Block) -> Iterator[tuple[str | None, object]]:
    """What each variable of a block's own is computed from: (its name, parts of the model); None for what is no change of one."""
    for variable in block.variables:
        yield variable.name, variable
    for flow in block.flows:
        yield flow.variable, flow
    for statement in block.statements():
        yield (statement.target.name if isinstance(statement, Assign) else None), statement.value
    for pair in block.pairs:
        yield pair.target.name, (pair.increment, pair.truncate)
    yield None, (tuple(h.period for h in block.handlers), block.sums, block.spike, block.events, block.refractory)


def keys(node: object, owners: Owners) -> Iterator[Ref]:
    """Every variable that stands anywhere in a part of the model."""
    return (Ref(owners.get(ref.owner, ref.owner), ref.name) for ref in refs_of(expressions(node)))


def _without_targets(experiment: Experiment) -> Experiment:
    fit = None if experiment.fit is None else replace(experiment.fit, searched=tuple(map(_without_target, experiment.fit.searched)))
    return replace(experiment, sweep=tuple(map(_without_target, experiment.sweep)), fit=fit)


def _without_target(axis: SweepAxis) -> SweepAxis:
    """What is swept or searched is no reading of it."""
    return replace(axis, target=Ref(Whose.NETWORK, ""), together=tuple(map(_without_target, axis.together)))
