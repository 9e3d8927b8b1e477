"""Experiments: an `experiment` block → `model.Experiment`.

Comes in: the block (its `like` carried out) and the checked networks. Goes out: time step, settings, phases, recordings, plots, expectations and
sweep, with every name resolved and every duration in seconds (`5 steps` is 5 `dt`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plasticdsl.check.blocks.bounds import known_values
from plasticdsl.check.experiments.fits import fit
from plasticdsl.check.experiments.network_names import is_free, names_of, undeclared_names, with_told
from plasticdsl.check.experiments.phases import check_course, check_phase, check_places
from plasticdsl.check.experiments.plots import plot
from plasticdsl.check.experiments.readings import Sources, Taking
from plasticdsl.check.experiments.recordings import expectation, recordings, with_recorded
from plasticdsl.check.experiments.settings import (
    OWN_LINES,
    check_set_once,
    names_set,
    setting,
    settings_told,
    sweep_axis,
    with_initial_values,
    without_restated,
)
from plasticdsl.check.files import Folders, check_data
from plasticdsl.check.networks.from_data import arrays_of
from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import Identity, Sight, identity, mentioned, that_mention
from plasticdsl.check.terms.amounts import COUNT, COUNT_OR_NONE, POSITIVE, amount, constant
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.products import settle, with_products
from plasticdsl.check.terms.scope import Declared, Scope, check_declarable, check_different
from plasticdsl.check.terms.unification import SECONDS, Solver
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Network, Trigger
from plasticdsl.model.experiments import Expectation, Experiment, Phase, PlotSpec, Recording
from plasticdsl.model.expr import Expr, Number, Ref, Special, substitute, walk
from plasticdsl.model.lookup import Lookup
from plasticdsl.model.module import Module
from plasticdsl.model.owners import OfTable, Whose
from plasticdsl.model.patterns import DataSet
from plasticdsl.model.protocol import Begin, Course, Repeat
from plasticdsl.names import canonical
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind, phases_of


def network_of(block: tree.Block, sight: Sight) -> tree.Block | None:
    """The network that an experiment says it is done on, as it is called where the experiment stands."""
    meant = sight.block("network", block.on) if block.on is not None else None
    return None if meant is None else sight.as_seen(meant, block.span.path)


@dataclass(frozen=True, slots=True)
class KnownNetworks:
    """The checked networks, each with the names of what is missing in it because of errors."""

    made: Mapping[Identity, tuple[Network, frozenset[str]]]
    sight: Sight
    _lookups: dict[str, Lookup] = field(default_factory=dict)
    _names: dict[str, Mapping[str, Declared]] = field(default_factory=dict)

    def lookup(self, network: Network, module: Module) -> Lookup:
        """The settings of a network, which are the same for all experiments on it."""
        if network.name not in self._lookups:
            self._lookups[network.name] = Lookup(network, module)
        return self._lookups[network.name]

    def names(self, lookup: Lookup, solver: Solver) -> Mapping[str, Declared]:
        """What experiments on a network can name: the same for all of them, but where it is free of units and they find out what fits there."""
        network = lookup.network
        if is_free(network):
            return names_of(lookup, solver)
        if network.name not in self._names:
            self._names[network.name] = names_of(lookup, solver)
        return self._names[network.name]

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


_PLACES = (tree.Begin, tree.Define, tree.Phase, tree.Repeat, tree.Record, tree.Plot, tree.Expect, tree.Data, tree.Sweep, tree.Fit)


def check_experiment(
    block: tree.Block, module: Module, networks: KnownNetworks, outside: Scope, sources: Sources, report: Reporter, folders: Folders
) -> Experiment | None:
    """The experiment, or None where its network is not known; findings go to `report`. `folders`: where its data may lie."""
    known = networks.find(block, report)
    if known is None:
        return None
    network, missing = known
    block = with_products(with_initial_values(block), frozenset([v.name for v in network.variables]))
    lookup = networks.lookup(network, module)
    body = without_restated(block, lookup, sources)
    sets = of_kind(body, tree.Data)
    data = {s.name.name: check_data(s, folders, report) for s in sets}
    report.doubt(_doubtful((s for s in block.body if s not in sets), missing | {name for name, found in data.items() if found is None}))
    check_places(body, _PLACES, "an experiment", report)
    solver = Solver()
    told = settings_told(body, lookup, sources)
    names = with_told(networks.names(lookup, solver), told, lookup, solver)
    scope = outside.child(names, undeclared_names(lookup, solver, told)).child(_data_names(sets, report))
    files = {d.name: d for d in network.data if d.name not in data}
    context = Context(scope, solver, report).extended(arrays_of(files, single=True))
    taking = replace(_taking(body, lookup, sources, context, data), files=files)
    settings = [setting(s, taking, lookup) for s in of_kind(body, tree.Define) if _own_line(s) is None]
    sweeps = of_kind(body, tree.Sweep)
    axes = [sweep_axis(axis, taking, lookup) for s in sweeps for axis in s.axes]
    repeats = [amount(s.repeats, COUNT, "The number of repeats", taking.context, taking.constants) for s in sweeps if s.repeats is not None]
    phases, plots = _phases_and_plots(body, taking)
    own = tuple(r for s in of_kind(body, tree.Record) for r in recordings(s, taking))
    recorded = _recorded_names((*own, *(r for phase, _, _ in phases for r in phase.recordings)), _aliases(body), solver)
    whole = tuple(replace(phase, expectations=_expectations(s.body, recorded, inside)) for phase, s, inside in phases)
    check_set_once(body, taking, lookup)
    _check_phases(block, report)
    made = Experiment(
        name=block.name.name,
        symbol=block.name.text,
        doc=block.doc,
        network=network.name,
        dt=_time_step(body, taking),
        seed=_seed(body, taking),
        phases=whole,
        course=check_course(body, taking),
        begin=_begin(body),
        recordings=own,
        plots=plots,
        expectations=_expectations(body, recorded, taking),
        sweep=tuple(axis for axis in axes if axis is not None),
        repeats=repeats[-1] if repeats else None,
        fit=fit(of_kind(body, tree.Fit), recorded, taking, lookup),
        settings=tuple(s for s in settings if s is not None),
        span=block.span,
        data=tuple(d for d in data.values() if d is not None),
    )
    settle(context)
    _check_time(made, taking)
    _check_reached(made, taking)
    return made


def _taking(
    body: Sequence[tree.Statement], lookup: Lookup, sources: Sources, context: Context, data: Mapping[str, DataSet | None]
) -> Taking:
    network = lookup.network
    written = names_set(body)
    resized = written | {p.name for p in network.populations if p.as_many_as in written}
    known = [v for v in network.variables if not {v.name, f"{network.name}.{v.name}"} & resized]
    constants = known_values(known, {}, Whose.NETWORK)
    sizes = {p.name: None if p.name in resized else constant(p.size, constants) for p in network.populations}
    phases = {s.name.name: s.name.span for s in phases_of(body)}
    whole = {name: None if size is None else int(size) for name, size in sizes.items()}
    records = of_kind((*body, *(s for phase in phases_of(body) for s in phase.body)), tree.Record)
    aliases = {s.alias.name: s.items[0] for s in records if s.alias is not None and len(s.items) == 1}
    return Taking(context, network, lookup, sources, phases, None, resized, constants, whole, data, aliases=aliases)


def _data_names(sets: Sequence[tree.Data], report: Reporter) -> dict[str, Declared]:
    """The names of data sets, which have no value of their own."""
    names = [s.name for s in sets]
    check_different(names, "There is data ‘{}’ twice.", report)
    for name in names:
        check_declarable(name, report)
    return {n.name: Declared(n.name, n.text, "a data set", span=n.span) for n in reversed(names)}


def _phases_and_plots(
    body: Sequence[tree.Statement], taking: Taking
) -> tuple[list[tuple[Phase, tree.Phase, Taking]], tuple[PlotSpec, ...]]:
    """The phases but for what they expect, which may read what other phases record, each with what is in sight in it; and all plots, as they stand."""
    phases: list[tuple[Phase, tree.Phase, Taking]] = []
    plots: list[PlotSpec] = []
    for statement, rounds in _with_rounds(body):
        if isinstance(statement, tree.Phase):
            phase, inside = check_phase(statement, rounds, taking)
            phases.append((phase, statement, inside))
            plots += [plot(s, inside) for s in of_kind(statement.body, tree.Plot)]
        else:
            plots.append(plot(statement, taking))
    return phases, tuple(plots)


def _with_rounds(body: Iterable[tree.Statement], around: int = 0) -> Iterator[tuple[tree.Phase | tree.Plot, int]]:
    """Phases, and what is plotted beside them, each with the number of repeats around it."""
    for statement in body:
        match statement:
            case tree.Phase():
                yield statement, around
            case tree.Repeat(body=inner):
                yield from _with_rounds(inner, around + 1)
            case tree.Plot() if not around:
                yield statement, around


def _aliases(body: Sequence[tree.Statement]) -> dict[str, Span]:
    """Where the names stand that something is recorded as."""
    records = of_kind((*body, *(s for phase in phases_of(body) for s in phase.body)), tree.Record)
    return {s.alias.name: s.alias.span for s in records if s.alias is not None}


def _recorded_names(recorded: Iterable[Recording], places: Mapping[str, Span], solver: Solver) -> dict[str, Declared]:
    """`correct` after `record … as correct`: everything recorded under that name."""
    named = {canonical(r.alias): r for r in recorded if r.alias}
    return {
        name: Declared(name, r.alias, "a recording", Ref(Whose.RECORDED, r.alias), solver.of(r.dimension), span=places.get(name, r.span))
        for name, r in named.items()
    }


def _expectations(body: Iterable[tree.Statement], recorded: Mapping[str, Declared], taking: Taking) -> tuple[Expectation, ...]:
    """What the lines of an experiment or of a phase expect, with what is recorded in sight; anything else of such a name wins."""
    expecting = with_recorded(recorded, taking)
    return tuple(expectation(s, expecting) for s in of_kind(body, tree.Expect))


def _doubtful(body: Iterable[tree.Statement], missing: frozenset[str]) -> Iterator[Span]:
    """The places of what cannot be judged where parts of the network or files are missing: what mentions them, and names without an owner."""
    if not missing:
        return
    for statement in body:
        match statement:
            case tree.Phase():
                if mentioned(replace(statement, body=())) & missing:
                    yield statement.span
                else:
                    off = of_kind(statement.body, tree.RulesOff)  # a projection's rules are named by themselves
                    yield from (s.span for s in off)
                    yield from that_mention([s for s in statement.body if s not in off], missing)
            case tree.Define(target=tree.Name()) if _own_line(statement) is None:
                yield statement.span
            case tree.Repeat(body=inner):
                yield from _doubtful(inner, missing)
                if mentioned(replace(statement, body=())) & missing:
                    yield statement.span
            case tree.Sweep() | tree.Fit():
                yield statement.span
            case _:
                yield from that_mention((statement,), missing)


def _own_line(statement: tree.Statement) -> str | None:
    """`dt` or `seed`, which are the experiment's own and no parameters; None for all else."""
    name = statement.target.name if isinstance(statement, tree.Define) and isinstance(statement.target, tree.Name) else None
    return name if name in OWN_LINES else None


def _own(name: str, body: Iterable[tree.Statement], taking: Taking) -> tree.Define | None:
    """The line `dt = …` or `seed = …`."""
    found = [s for s in of_kind(body, tree.Define) if _own_line(s) == name]
    for statement in found[1:]:
        taking.context.report.error("duplicate-definition", f"‘{name}’ is given twice.", statement.span)
    return found[-1] if found else None


def _time_step(body: Iterable[tree.Statement], taking: Taking) -> Expr | None:
    line = _own("dt", body, taking)
    found = None if line is None else amount(line.rhs, POSITIVE, "The time step", taking.context, taking.constants, SECONDS)
    if line is not None and found is not None and not _is_known_early(found, taking.network):
        hint = "For example ‘dt = 0.1 ms’, or a parameter of the network; without such a line, time is counted in steps."
        taking.context.report.error(
            "missing-dt", "The time step cannot be counted in steps, nor read units and connections.", line.rhs.span, hint
        )
        return Number(1e-4)  # so that nothing else is said of it
    return found


def _is_known_early(expr: Expr, network: Network) -> bool:
    """Whether a value can be worked out before there is a time step and anything is built: from parameters of the network and numbers of files."""
    sides = {v.name: v.value for v in network.variables}
    waiting: list[Expr] = [expr]
    known: set[str] = set()
    while waiting:
        for node in walk(waiting.pop()):
            if node == Special("dt") or (isinstance(node, Ref) and not isinstance(node.owner, OfTable) and node.name not in sides):
                return False
            if isinstance(node, Ref) and node.name not in known:
                known.add(node.name)
                side = sides.get(node.name)
                waiting += [side] if isinstance(side, Expr) else []
    return True


def _begin(body: Iterable[tree.Statement]) -> Begin | None:
    """What it goes on from; whether there is such an experiment is known when all are read."""
    lines = of_kind(body, tree.Begin)
    return Begin(lines[-1].name.name, lines[-1].span) if lines else None


def _seed(body: Iterable[tree.Statement], taking: Taking) -> int | None:
    """All draws come from it, those of parameters too, so it is a number that is known here."""
    line, report = _own("seed", body, taking), taking.context.report
    if line is None:
        return None
    before = report.count
    value = constant(amount(line.rhs, COUNT_OR_NONE, "The seed", taking.context, taking.constants), taking.constants)
    if value is None and report.count == before:
        report.error("not-whole", "The seed must be a whole number that is known before the run.", line.rhs.span, "For example ‘seed = 3’.")
    return None if value is None else int(value)


# --- what only the whole can tell ------------------------------------------------------------------------------------


def _check_phases(block: tree.Block, report: Reporter) -> None:
    names = [s.name for s in phases_of(block.body)]
    check_different(names, "There are two phases ‘{}’.", report)
    if not names:
        hint = "For example: ‘phase run for 1 s’."
        report.error("no-phase", f"‘{block.name.text}’ has no phase, so nothing would run.", block.name.span, hint)


def _check_time(experiment: Experiment, taking: Taking) -> None:
    """With no `dt`, time is counted in steps: durations must be; with one, nothing may change at every step without saying so."""
    report = taking.context.report
    if experiment.dt is None:
        if experiment.begin is None:  # else the one that it goes on from is looked at first
            check_lengths(experiment, report)
        return
    for projection in taking.network.projections:
        for handler in projection.connection.handlers:
            if handler.trigger is Trigger.STEP and handler.period is None and handler.is_rule:
                hint = "Write ‘every …:’ before it, or a derivative ‘dw/dt = …’; without ‘dt’ in the experiment, time is counted in steps."
                message = f"This change of ‘{handler.source}’ happens at every step, whatever the step is, and the experiment has a ‘dt’."
                report.error("jump-every-step", message, handler.span, hint)


def check_lengths(experiment: Experiment, report: Reporter) -> None:
    """Reports phases that last for a time where time is counted in steps."""
    for phase in experiment.phases:
        shown = (phase.each.each_for, phase.each.pause) if phase.each else ()
        lengths = (phase.duration, *shown, phase.until.at_most if phase.until else None)
        if any(e is not None and Special("dt") not in walk(e) and constant(e, {}) != 0.0 for e in lengths):
            hint = "Write the time step, for example ‘dt = 0.1 ms’, or the length in steps, for example ‘for 10 steps’."
            message = "This experiment has no time step, so the length of a phase cannot be a time."
            report.error("missing-dt", message, phase.span, hint)


# --- is every expectation looked at ---------------------------------------------------------------------------------


#: Rounding that is forgiven, relative to a length; moments are put on the grid later.
_ROUNDING = 1e-9


def _check_reached(experiment: Experiment, taking: Taking) -> None:
    """Reports expectations that no run of this length can look at: their moment lies outside of their phase, or of the run. Lengths that are not known
    before the run (swept ones, phases that show items or wait for something) are left to the run."""
    step = Number(1.0) if experiment.dt is None else experiment.dt

    def seconds(expr: Expr | None) -> float | None:
        return None if expr is None else constant(substitute(expr, {Special("dt"): step}), taking.constants)

    lengths = {p.name: seconds(p.duration) for p in experiment.phases}
    whole = _length(experiment.course, lengths, taking)
    for one in experiment.all_expectations:
        length = lengths.get(one.window.during) if one.window.during is not None else whole
        wanted = seconds(next((t for t in (one.window.last, one.window.stop) if t is not None), one.window.at))
        if length is not None and wanted is not None and wanted > length * (1.0 + _ROUNDING):
            _never_looked_at(one, wanted, length, "steps" if experiment.dt is None else "s", taking)
        last, short = seconds(one.window.last), seconds(step)
        if last is not None and short is not None and last < 0.5 * short * (1.0 - _ROUNDING):
            unit = "steps" if experiment.dt is None else "s"
            message = f"This expectation looks at the last {last:g} {unit}, and a step is {short:g} {unit}, so it looks at nothing."
            taking.context.report.error("never-looked-at", message, one.span, "Let it last a step at least.")


def _length(course: Course, lengths: Mapping[str, float | None], taking: Taking) -> float | None:
    """Of all that is carried out, in s; None where it is not known before the run."""
    total = 0.0
    for part in course:
        match part:
            case str():
                length = lengths.get(part)
            case Repeat(body=body, times=times):
                one, count = _length(body, lengths, taking), None if times is None else constant(times, taking.constants)
                length = None if one is None or count is None else count * one
        if length is None:
            return None
        total += length
    return total


def _never_looked_at(expectation: Expectation, wanted: float, length: float, unit: str, taking: Taking) -> None:
    window = expectation.window
    whole = f"phase ‘{window.during}’" if window.during is not None else "the run"
    there, asked = (f"{t:g} {unit}" for t in (length, wanted))
    what = (
        f"looks at the last {asked}" if window.last is not None else f"is looked at {'until' if window.stop is not None else 'at'} {asked}"
    )
    message = f"This expectation {what}, and {whole} lasts {there}, so it is never looked at."
    taking.context.report.error("never-looked-at", message, expectation.span, "Choose a moment within, or let it last longer.")
