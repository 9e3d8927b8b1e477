"""Phases of an experiment: how long or until when, what is shown, held and started from, which rules are off, in which order units update, and what is
taken in the phase alone; and what all phases together ask of a network (which values are fed to it, which populations update unit by unit)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from plasticdsl.check.experiments.clamps import check_held, check_start, reads_item
from plasticdsl.check.experiments.readings import Taking
from plasticdsl.check.experiments.recordings import recordings
from plasticdsl.check.experiments.shown_items import check_loop
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.amounts import COUNT, LENGTH, POSITIVE, amount
from plasticdsl.check.terms.expressions import translate_condition
from plasticdsl.check.terms.scope import Declared
from plasticdsl.check.terms.unification import PURE, SECONDS
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Network, Role
from plasticdsl.model.experiments import Change, Clamp, Experiment, Phase
from plasticdsl.model.expr import AT_SPIKES, Call, Expr, Ref, Special, is_of_file, is_stored, refs, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Part, Whose, owner_text
from plasticdsl.model.protocol import SHOWING, Asked, Course, Order, Repeat, Until, round_names
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind

_PLACES = (tree.Define, tree.Start, tree.Schedule, tree.RulesOff, tree.Record, tree.Plot, tree.Expect)


def check_phase(phase: tree.Phase, rounds: int, taking: Taking) -> tuple[Phase, Taking]:
    """The phase, which stands in so many repeats, with everything in it but what it expects; and what is in sight of its lines, with the parts of the
    items that it shows."""
    check_places(phase.body, _PLACES, "a phase", taking.context.report)
    inside = replace(taking, phase=phase.name.name)
    each, inside = check_loop(phase.each, inside) if phase.each is not None else (None, inside)
    what, known = "The length of a phase", taking.constants
    again = None if phase.each is None else phase.each.again
    outside, inside = inside, _counting(rounds, again is not None, inside)
    held = [check_held(s, inside) for s in of_kind(phase.body, tree.Define)]
    starts = [check_start(s, inside) for s in of_kind(phase.body, tree.Start)]
    if each is not None and again is not None:
        each = replace(each, again=check_rounds(again, "‘again until …’", SHOWING, outside, inside))
    made = Phase(
        name=phase.name.name,
        duration=None if phase.duration is None else amount(phase.duration, LENGTH, what, outside.context, known, SECONDS),
        clamps=tuple(c for c in held if isinstance(c, Clamp)),
        rules_off=_rules_off(of_kind(phase.body, tree.RulesOff), inside),
        recordings=tuple(r for s in of_kind(phase.body, tree.Record) for r in recordings(s, inside)),
        span=phase.span,
        each=each,
        until=None if phase.until is None else check_until(phase.until, outside, inside),
        starts=tuple(s for s in starts if s is not None),
        asynchronous=_order(of_kind(phase.body, tree.Schedule), inside),
        changes=tuple(c for c in held if isinstance(c, Change)),
    )
    return made, inside


def _counting(rounds: int, again: bool, taking: Taking) -> Taking:
    """What is in sight within so many repeats: also the number of the round, and that of the showing where items are shown `again`, where nothing else
    is called so."""
    whats = dict.fromkeys(round_names(range(rounds)), "the number of the round")
    if again:
        whats[SHOWING] = "for how many times the item is shown"
    counts = {name: Declared(name, name, what, Ref(Whose.ROUND, name), PURE) for name, what in whats.items()}
    return replace(taking, context=taking.context.inside(taking.context.scope.child({}, missing=lambda name: counts.get(name.name))))


def check_course(body: Iterable[tree.Statement], taking: Taking, around: int = 0) -> Course:
    """The phases by name, and what is repeated of them; `around`: how many repeats it stands in."""
    course: list[str | Repeat] = []
    for statement in body:
        match statement:
            case tree.Phase(name=name):
                course.append(name.name)
            case tree.Repeat():
                course.append(_repeat(statement, taking, around + 1))
    return tuple(course)


def _repeat(statement: tree.Repeat, taking: Taking, depth: int) -> Repeat:
    check_places(statement.body, (tree.Phase, tree.Repeat), "what is repeated", taking.context.report)
    known, times = taking.constants, statement.times
    count = None if times is None else amount(times, COUNT, "The number of rounds", taking.context, known)
    own, inside = round_names(range(depth))[-1], _counting(depth, False, taking)
    until = None if statement.until is None else check_rounds(statement.until, "‘repeat until …’", own, taking, inside)
    return Repeat(check_course(statement.body, taking, depth), count, until, statement.span)


def _order(schedules: Sequence[tree.Schedule], taking: Taking) -> Order | None:
    for statement in schedules[1:]:
        taking.context.report.error("twice", "This phase says twice how its units update.", statement.span, "Keep one of them.")
    orders = [check_schedule(s, taking) for s in schedules]
    return orders[-1] if orders else None


# --- rules off -------------------------------------------------------------------------------------------------------


def _rules_off(statements: Sequence[tree.RulesOff], taking: Taking) -> tuple[str, ...] | None:
    """Names of rules, or of projections that carry some; none of them for all."""
    plastic = [p for p in taking.network.projections if p.rules]
    known = {p.name for p in plastic} | {rule for p in plastic for rule in p.rules}
    off: tuple[str, ...] | None = None
    for statement in statements:
        off = tuple(name.name for name in statement.names if name.name in known)
        for name in statement.names:
            for projection in plastic:
                if projection.name == name.name:
                    taking.context.report.means(name, projection.span, "a projection")
                if name.name in projection.rules:
                    for block in (b for b in taking.lookup.module.blocks if b.kind == "rule" and b.name == name.name):
                        taking.context.report.means(name, block.span, "a rule")
            if name.name not in known:
                message = f"‘{name.text}’ is neither a rule nor a projection with one."
                taking.context.report.error("unknown-rule", message, name.span, did_you_mean(name.name, sorted(known)))
        _check_all_rules(statement.names, off, taking)
    return off


def _check_all_rules(names: Sequence[tree.Name], off: Sequence[str], taking: Taking) -> None:
    """The rules of one projection are on or off together."""
    for p in taking.network.projections:
        left = [rule for rule in p.rules if rule not in off]
        if p.name not in off and left and len(left) < len(p.rules):
            message = f"The rules of ‘{p.symbol}’ can only be off together, and {' and '.join(f'‘{r}’' for r in left)} would stay on."
            hint = Hint(f"Name the projection: ‘rules off for {p.symbol}’.", (p.symbol,), names[0].span.to(names[-1].span))
            taking.context.report.error("unsupported", message, names[0].span, hint)


# --- what has no place -----------------------------------------------------------------------------------------------


def check_places(body: Iterable[tree.Statement], places: tuple[type, ...], where: str, report: Reporter) -> None:
    """Reports the statements that have no place in `where`, which takes those of `places`."""
    for statement in body:
        if not isinstance(statement, places):
            hint = "Write it in a phase, or outside of what is repeated." if where == "what is repeated" else ""
            report.error("misplaced-statement", f"This statement has no place in {where}.", statement.span, hint)


# --- until, update, and what both ask of a network -------------------------------------------------------------------


_FIXED = (Role.PARAMETER, Role.GIVEN)


def check_until(node: tree.Until, taking: Taking, inside: Taking) -> Until:
    """`until stable within 1 %, up to 200 steps`, `until mean(cell.V) > −50 mV`; `inside`: what the condition sees."""
    if node.times is not None:
        message = "A phase lasts for a time; only what is carried out in rounds lasts ‘at most … times’."
        taking.context.report.error("unknown-option", message, node.times.span, "For example ‘up to 200 steps’.")
    what = "The longest length of a phase"
    at_most = None if node.at_most is None else amount(node.at_most, POSITIVE, what, taking.context, taking.constants, SECONDS)
    return replace(_awaited(node, taking, inside), at_most=at_most)


def check_rounds(node: tree.Until, what: str, counted: str, taking: Taking, inside: Taking) -> Until:
    """`until mean(ex.w) > 0.9, at most 100 times`, after `repeat` or `again`; `what` it is, for messages, and what the rounds are `counted` by;
    `inside`: what the condition sees."""
    context = taking.context
    if node.at_most is not None:
        message = f"{what} counts rounds, which have no length of their own."
        context.report.error("unknown-option", message, node.at_most.span, "For example ‘at most 10 times’.")
    times = None if node.times is None else amount(node.times, COUNT, "The largest number of rounds", context, taking.constants)
    return replace(_awaited(node, taking, inside, counted), at_most=times)


def _awaited(node: tree.Until, taking: Taking, inside: Taking, counted: str = "") -> Until:
    """What is waited for, without the longest time."""
    context, report = taking.context, taking.context.report
    before = report.count
    condition = None
    if node.condition is not None:
        (condition,) = inside.placed((translate_condition(node.condition, inside.reading("until")),), node.condition.span)
    relative = "A tolerance, relative to the largest value,"
    within = None if node.within is None else amount(node.within, POSITIVE, relative, context, taking.constants)
    if node.within is not None and condition is not None:
        report.error(
            "unknown-option", "‘within’ belongs to ‘until stable’; a condition says itself how close is close enough.", node.within.span
        )
    if condition is None and within is None and not any(p.block.stepping for p in taking.network.populations):
        message = f"No unit of {taking.network.name} changes by jumps at each step, so it would be stable at once."
        report.error(
            "stable-at-once", message, node.span, "For variables that flow say how little change counts: ‘until stable within 1e-4’."
        )
    if node.condition is not None and condition is not None and report.count == before and not _changes(condition, taking.network, counted):
        message = "This condition reads nothing that changes during a phase, so the phase would end at once or never."
        report.error(
            "nothing-to-wait-for", message, node.condition.span, "Wait for a state, an observable, a statistic of spikes, or the time ‘t’."
        )
    return Until(condition, within, None, node.span)


def _changes(condition: Expr, network: Network, counted: str) -> bool:
    """Whether it reads anything but parameters and the rounds around: a variable, an observable, spikes, the time, or what is `counted`."""
    fixed = {Ref(Whose.NETWORK, v.name) for v in network.variables if v.role in _FIXED}
    fixed |= {Ref(owner, v.name) for owner, block in network.blocks.items() for v in block.variables if v.role in _FIXED}
    fixed |= {r for r in refs(condition) if r.owner is Whose.ROUND and r.name != counted}
    return any(r not in fixed and not is_of_file(r) for r in refs(condition)) or any(node == Special("t") for node in walk(condition))


def check_schedule(statement: tree.Schedule, taking: Taking) -> Order | None:
    """The order in which units update one by one; None for all at once."""
    if not statement.asynchronous:
        return None
    network = taking.network
    if not any(p.block.stepping for p in network.populations):
        message = f"No unit of {network.name} changes by jumps at each step, so there is nothing to update one unit after the other."
        flowing = next((p.block for p in network.populations if p.block.flows), None)
        hint = "A jump at each step is a line such as ‘x → +1 if h > 0’."
        if flowing is not None:
            hint = f"{flowing.name} flows in time (‘d{flowing.flows[0].variable}/dt’), and a flow moves all units together. {hint}"
        taking.context.report.error("nothing-to-update", message, statement.span, hint)
        return None
    return "fixed" if statement.order == "fixed" else "random"


# --- what experiments ask of a network ---------------------------------------------------------------------------------


def asked(network: Network, experiments: Sequence[Experiment]) -> Asked:
    """What some phase of an experiment on the network takes item by item, or updates unit by unit, and what is kept at spikes.

    Inputs that a phase holds at one value are fed too: nothing else can stand in for the sum that they are.
    """
    phases = [phase for e in experiments if e.network == network.name for phase in e.phases]
    roles = {Ref(p.as_owner, v.name): v.role for p in network.populations for v in p.block.variables}
    clamps = [c for phase in phases for c in phase.clamps]
    fed = {c.target for c in clamps if reads_item(c.value) or roles.get(c.target) is Role.INPUT}
    swept = any(phase.asynchronous is not None for phase in phases)
    one_by_one = tuple(p.name for p in network.populations if swept and p.block.stepping)
    per_unit = [c for phase in phases for c in phase.changes if c.those.are_some or _differs(c.value)]
    spread = {t for c in per_unit for t in c.targets if t.owner is not Whose.NETWORK}
    found = [node for e in experiments if e.network == network.name for node in _read_at_spikes(e)]
    kept = {Ref(p.as_owner, r.name) for p in network.populations for node in found for r in refs(node) if r.owner == p.as_owner and r.name}
    expressions_of = (expr for e in experiments if e.network == network.name for expr in expressions(e))
    files = {owner_text(r.owner) for expr in expressions_of for r in refs(expr) if is_of_file(r)}
    return Asked(
        tuple(key for key in roles if key in fed),
        one_by_one,
        tuple(sorted(spread, key=lambda r: r.order)),
        tuple(key for key in roles if key in kept),
        tuple(d.name for d in network.data if d.name in files),
    )


def _read_at_spikes(experiment: Experiment) -> Iterator[Expr]:
    """Everything that is recorded, plotted, expected or waited for at spikes."""
    taken = [r.item for r in (*experiment.all_recordings, *(r for p in experiment.plots for r in p.items))]
    taken += [e for x in experiment.all_expectations for e in x.compared]
    taken += [u.condition for u in experiment.all_awaited if u.condition is not None]
    yield from (node for expr in taken for node in walk(expr) if isinstance(node, Call) and node.function == AT_SPIKES)


def _differs(value: Expr) -> bool:
    """Whether it may have one value for each unit: it reads their numbers, items, patterns, arrays of files, or variables of the network's parts."""
    return Special("i") in walk(value) or any(isinstance(r.owner, Part) or r.owner is Whose.ITEM or is_stored(r) for r in refs(value))
