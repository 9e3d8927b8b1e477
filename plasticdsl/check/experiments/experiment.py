"""Experiments: an `experiment` block → `model.Experiment`.

Comes in: the block (its `like` carried out) and the checked networks. Goes out: time step, settings, phases, recordings, plots, expectations and
sweep, with every name resolved and every duration in seconds (`5 steps` is 5 `dt`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plasticdsl.check.blocks.bounds import check_held
from plasticdsl.check.data import Folders, check_data
from plasticdsl.check.experiments.network_view import network_scope
from plasticdsl.check.experiments.phases import CheckedPhase, check_phase, misplaced
from plasticdsl.check.experiments.readings import Sources, Taking
from plasticdsl.check.experiments.recordings import expectation, plot, recordings
from plasticdsl.check.experiments.settings import check_set_once, names_set, setting, sweep_axis, without_restated
from plasticdsl.check.intact import mentioned, that_mention
from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import Identity, Sight, identity
from plasticdsl.check.terms.amounts import COUNT, POSITIVE, amount
from plasticdsl.check.terms.constants import constant
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.scope import Declared, Scope, check_declarable
from plasticdsl.check.terms.unification import SECONDS, Dim, Solver
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.experiments import Expectation, Experiment, Phase, PlotSpec, Recording, SweepAxis
from plasticdsl.model.expr import Expr, Number, Ref, Special, substitute, walk
from plasticdsl.model.lookup import Lookup
from plasticdsl.model.model import Distribution, Network, Trigger, Value
from plasticdsl.model.module import Module
from plasticdsl.model.owners import Whose
from plasticdsl.model.patterns import DataSet
from plasticdsl.names import canonical
from plasticdsl.source import Span
from plasticdsl.syntax import tree


def network_of(block: tree.Block, sight: Sight) -> tree.Block | None:
    """The network that an experiment says it is done on, as it is called where the experiment stands."""
    meant = sight.block("network", block.on) if block.on is not None else None
    return None if meant is None else sight.as_seen(meant, block.span.path)


@dataclass(frozen=True, slots=True)
class KnownNetworks:
    """The checked networks, each with the names of what is missing in it because of errors."""

    made: Mapping[Identity, tuple[Network, frozenset[str]]]
    sight: Sight

    def find(self, block: tree.Block, report: Reporter) -> tuple[Network, frozenset[str]] | None:
        """The one that an experiment is done on; None after reporting that there is none, or that its name would mean two."""
        names = [b.name.text for b in self.sight.blocks(block.name.span.path) if b.kind == "network"]
        if block.on is None:
            texts = tuple(f"{block.name.text} on {name}" for name in names[:3])
            shown = " or ".join(f"‘experiment {text}:’" for text in texts)
            hint = Hint(f"Write {shown}." if texts else "There is no network in this file.", texts)
            report.error("missing-network", f"Nothing says on which network ‘{block.name.text}’ is done.", block.name.span, hint)
            return None
        meant = network_of(block, self.sight)
        if meant is None:
            hint = did_you_mean(block.on.text, names, "The networks are")
            report.error("unknown-network", f"There is no network ‘{block.on.text}’.", block.on.span, hint)
            return None
        other = next((i for i, (n, _) in self.made.items() if n.name == meant.name.name and i != identity(meant)), None)
        if other is not None:
            text = meant.name.text
            message = (
                f"‘{block.name.text}’ is done on another network ‘{text}’ than the one in sight here, that of the experiment it is like."
            )
            hint = Hint(f"For the one in sight write ‘experiment {block.name.text} like … on {text}’; else one of them needs another name.")
            report.error("name-clash", message, block.name.span, hint, (Label(meant.name.span, "this network"),))
            return None
        return self.made.get(identity(meant))


@dataclass(slots=True)
class _Parts:
    """What has been read of an experiment so far."""

    dt: Expr | None = None
    phases: list[CheckedPhase] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    plots: list[PlotSpec] = field(default_factory=list)
    sweep: tuple[SweepAxis, ...] = ()
    repeats: Expr | None = None
    settings: list[tuple[str, Value]] = field(default_factory=list)


def check_experiment(
    block: tree.Block, module: Module, networks: KnownNetworks, outside: Scope, sources: Sources, report: Reporter, folders: Folders
) -> Experiment | None:
    """The experiment, or None where its network is not known; findings go to `report`. `folders`: where its data may lie."""
    known = networks.find(block, report)
    if known is None:
        return None
    network, missing = known
    report.doubt(_doubtful(block.body, missing))
    solver, lookup = Solver(), Lookup(network, module)
    block = replace(block, body=without_restated(block, lookup, sources))
    data = {s.name.name: check_data(s, folders, report) for s in block.body if isinstance(s, tree.Data)}
    scope = network_scope(lookup, outside, solver).child(_data_names(block, report))
    taking = _taking(block, network, sources, Context(scope, solver, report), data)
    parts = _Parts()
    for statement in sorted(block.body, key=lambda s: not _is_dt(s)):
        _statement(statement, parts, taking, lookup)
    expecting = replace(taking, context=taking.context.inside(scope.child(_recorded_names(parts, scope, solver))))
    expectations = tuple(expectation(s, expecting) for s in block.body if isinstance(s, tree.Expect))
    phases = tuple(p.whole(expecting) for p in parts.phases)
    check_set_once(block.body, taking, lookup)
    check_held(network, phases, report)
    _check_phases(block, report)
    _check_time(parts.dt, phases, taking)
    _check_reached(parts.dt, phases, expectations, taking)
    return Experiment(
        block.name.name,
        block.doc,
        network.name,
        parts.dt,
        phases,
        tuple(parts.recordings),
        tuple(parts.plots),
        expectations,
        parts.sweep,
        parts.repeats,
        tuple(parts.settings),
        block.span,
        tuple(d for d in data.values() if d is not None),
    )


def _taking(block: tree.Block, network: Network, sources: Sources, context: Context, data: Mapping[str, DataSet | None]) -> Taking:
    resized = names_set(block.body)
    known = (v for v in network.variables if not {v.name, f"{network.name}.{v.name}"} & resized)
    constants = {Ref(Whose.NETWORK, v.name): v.value for v in known if v.value is not None and not isinstance(v.value, Distribution)}
    sizes = {p.name: None if p.name in resized else constant(p.size, constants) for p in network.populations}
    return Taking(
        context,
        network,
        sources,
        tuple(s.name.name for s in block.body if isinstance(s, tree.Phase)),
        resized=resized,
        constants=constants,
        sizes={name: None if size is None else int(size) for name, size in sizes.items()},
        data=data,
    )


def _data_names(block: tree.Block, report: Reporter) -> dict[str, Declared]:
    """The names of data sets, which have no value of their own."""
    names: dict[str, Declared] = {}
    for statement in block.body:
        if isinstance(statement, tree.Data):
            name = statement.name
            check_declarable(name, report)
            if name.name in names:
                report.twice(f"There is data ‘{name.text}’ twice.", name.span, names[name.name].span)
            names.setdefault(name.name, Declared(name.name, name.text, "a data set", span=name.span))
    return names


def _recorded_names(parts: _Parts, scope: Scope, solver: Solver) -> dict[str, Declared]:
    """`correct` after `record … as correct`: everything recorded under that name. What the network declares wins."""
    names: dict[str, Declared] = {}
    for recording in (*parts.recordings, *(r for p in parts.phases for r in p.phase.recordings)):
        name = canonical(recording.alias)
        if recording.alias and scope.find(name) is None:
            dim = solver.fresh() if recording.dimension is None else Dim(recording.dimension)
            expr = Ref(Whose.RECORDED, recording.alias)
            names[name] = Declared(name, recording.alias, "a recording", expr, dim, span=recording.span)
    return names


def _doubtful(body: Iterable[tree.Statement], missing: frozenset[str]) -> Iterator[Span]:
    """The places of what cannot be judged where parts of the network are missing: what mentions them, and names without an owner."""
    if not missing:
        return
    for statement in body:
        match statement:
            case tree.Phase():
                if mentioned(replace(statement, body=())) & missing:
                    yield statement.span
                else:
                    yield from that_mention([s for s in statement.body if not isinstance(s, tree.RulesOff)], missing)
                    yield from (
                        s.span for s in statement.body if isinstance(s, tree.RulesOff)
                    )  # a projection's rules are named by themselves
            case tree.Define(target=tree.Name()) if not _is_dt(statement):
                yield statement.span
            case tree.Sweep():
                yield statement.span
            case _:
                yield from that_mention((statement,), missing)


def _is_dt(statement: tree.Statement) -> bool:
    return isinstance(statement, tree.Define) and isinstance(statement.target, tree.Name) and statement.target.name == "dt"


# --- statements ------------------------------------------------------------------------------------------------------


def _statement(statement: tree.Statement, parts: _Parts, taking: Taking, lookup: Lookup) -> None:
    match statement:
        case tree.Define(rhs=rhs) if _is_dt(statement):
            parts.dt = _time_step(statement, rhs, parts, taking)
        case tree.Define():
            found = setting(statement, taking, lookup)
            if found is not None:
                parts.settings.append(found)
        case tree.Phase():
            checked = check_phase(statement, taking)
            parts.phases.append(checked)
            parts.plots.extend(checked.plots)
        case tree.Record():
            parts.recordings.extend(recordings(statement, taking))
        case tree.Plot():
            parts.plots.append(plot(statement, taking))
        case tree.Expect() | tree.Data():
            pass  # data before everything, expectations after it
        case tree.Sweep(axes=axes, repeats=repeats):
            read = [sweep_axis(axis, taking, lookup) for axis in axes]
            parts.sweep += tuple(axis for axis in read if axis is not None)
            if repeats is not None:
                parts.repeats = amount(repeats, COUNT, "The number of repeats", taking.context, taking.constants)
        case _:
            misplaced(statement, "an experiment", taking.context.report)


def _time_step(statement: tree.Define, rhs: tree.Expr, parts: _Parts, taking: Taking) -> Expr:
    report = taking.context.report
    if parts.dt is not None:
        report.error("duplicate-definition", "‘dt’ is given twice.", statement.span)
    return amount(rhs, POSITIVE, "The time step", taking.context, taking.constants, SECONDS)


# --- what only the whole can tell ------------------------------------------------------------------------------------


def _check_phases(block: tree.Block, report: Reporter) -> None:
    written: dict[str, tree.Phase] = {}
    for statement in block.body:
        if isinstance(statement, tree.Phase):
            first = written.setdefault(statement.name.name, statement)
            if first is not statement:
                report.twice(f"There are two phases ‘{statement.name.text}’.", statement.name.span, first.name.span)
    if not written:
        hint = "For example: ‘phase run for 1 s’."
        report.error("no-phase", f"‘{block.name.text}’ has no phase, so nothing would run.", block.name.span, hint)


def _lengths(phase: Phase) -> Iterator[Expr]:
    for length in (phase.duration, phase.each.each_for if phase.each else None, phase.until.at_most if phase.until else None):
        if length is not None:
            yield length


def _check_time(dt: Expr | None, phases: Sequence[Phase], taking: Taking) -> None:
    """With no `dt`, time is counted in steps: durations must be; with one, nothing may change at every step without saying so."""
    report = taking.context.report
    if dt is None:
        for phase in phases:
            if any(not any(n == Special("dt") for n in walk(e)) and constant(e, {}) != 0.0 for e in _lengths(phase)):
                hint = "Write the time step, for example ‘dt = 0.1 ms’, or the length in steps, for example ‘for 10 steps’."
                message = "This experiment has no time step, so the length of a phase cannot be a time."
                report.error("missing-dt", message, phase.span, hint)
        return
    for projection in taking.network.projections:
        for handler in projection.connection.handlers:
            if handler.trigger is Trigger.STEP and handler.period is None and handler.is_rule:
                hint = "Write ‘every …:’ before it, or a derivative ‘dw/dt = …’; without ‘dt’ in the experiment, time is counted in steps."
                message = f"This change of ‘{handler.source}’ happens at every step, whatever the step is, and the experiment has a ‘dt’."
                report.error("jump-every-step", message, handler.span, hint)


# --- is every expectation looked at ---------------------------------------------------------------------------------


#: Rounding that is forgiven, relative to a length; moments are put on the grid later.
_ROUNDING = 1e-9


def _check_reached(dt: Expr | None, phases: Sequence[Phase], expectations: Sequence[Expectation], taking: Taking) -> None:
    """Reports expectations that no run of this length can look at: their moment lies outside of their phase, or of the run. Lengths that are not known
    before the run (swept ones, phases that show items or wait for something) are left to the run.
    `expectations`: those of the experiment; phases bring their own."""
    step = Number(1.0) if dt is None else dt
    of_phases = (e for p in phases for e in p.expectations)

    def seconds(expr: Expr | None) -> float | None:
        return None if expr is None else constant(substitute(expr, {Special("dt"): step}), taking.constants)

    lengths = {p.name: seconds(p.duration) for p in phases}
    for one in (*of_phases, *expectations):
        length = lengths.get(one.window.during) if one.window.during is not None else _sum(lengths)
        wanted = seconds(one.window.last if one.window.last is not None else one.window.at)
        if length is not None and wanted is not None and wanted > length * (1.0 + _ROUNDING):
            _never_looked_at(one, wanted, length, None if dt is not None else 1.0, taking)


def _sum(lengths: Mapping[str, float | None]) -> float | None:
    known = [length for length in lengths.values() if length is not None]
    return sum(known) if len(known) == len(lengths) else None


def _never_looked_at(expectation: Expectation, wanted: float, length: float, step: float | None, taking: Taking) -> None:
    window = expectation.window
    whole = f"phase ‘{window.during}’" if window.during is not None else "the run"
    there, asked = (f"{t:g} {'s' if step is None else 'steps'}" for t in (length, wanted))
    what = f"looks at the last {asked}" if window.last is not None else f"is looked at at {asked}"
    message = f"This expectation {what}, and {whole} lasts {there}, so it is never looked at."
    taking.context.report.error("never-looked-at", message, expectation.span, "Choose a moment within, or let it last longer.")
