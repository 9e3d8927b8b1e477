"""Events that are to be located within a step: `spike when V > V_θ, located:`.

Comes in: a checked neuron and its statements. Reports those of which nothing can be located. (What units are connected with may stand in the way too:
`derive.located`.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plasticdsl.check.report import Reporter
from plasticdsl.model import Assign, Block, Threshold, Trigger
from plasticdsl.model.expr import Compare, Expr, walk
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span
from plasticdsl.syntax import tree

_DROP = "Leave out ‘located’: it is then looked for at grid times."


def check_located(block: Block, written: Iterable[tree.Statement], report: Reporter) -> None:
    """Reports located events that have no crossing, or whose neuron has no course between two grid times."""
    for event in written:
        if isinstance(event, tree.SpikeAtRate) and event.located is not None:
            message = "Spikes at a rate come by chance: there is no condition whose crossing could be located."
            report.error("not-located", message, event.located, _DROP)
    places = {("" if w.name is None else w.name.name): w.located for w in written if isinstance(w, tree.SpikeWhen)}
    for event_name, when in _located(block):
        at = places.get(event_name) or when.span
        if message := _obstacle(block):
            report.error("not-located", message, at, _DROP)
        else:
            _check_condition(block, event_name, when, at, report)


def _located(block: Block) -> Iterator[tuple[str, Threshold]]:
    """What is located, by its name; spikes have none."""
    if isinstance(block.spike, Threshold) and block.spike.located:
        yield "", block.spike
    yield from ((e.name, e.when) for e in block.events if e.when.located)


def _obstacle(block: Block) -> str:
    """Why the units have no course of their own between two grid times; empty where they have one."""
    symbols = {v.name: v.symbol for v in block.variables}
    noisy = next((symbols.get(f.variable, f.variable) for f in block.flows if f.noise is not None), None)
    if noisy is not None:
        return f"‘{noisy}’ has noise: what it does between two grid times is not known, so no crossing can be located."
    if block.transitions:
        return "Reactions by chance happen at times of their own within a step, together with what flows, and no crossing is looked for among them."
    if block.sections:
        return "Segments of a neuron with a shape move together along their cable, by whole steps: none of them has a course of its own within one."
    return ""


def _check_condition(block: Block, event: str, when: Threshold, at: Span, report: Reporter) -> None:
    flowing = {f.variable for f in block.flows}
    read = _own_names(block, [when.condition])
    if not read & flowing:
        message = "Nothing is to be located: what this condition reads does not flow, and so changes at grid times alone."
        report.error("not-located", message, at, _DROP)
        return
    equal = next((n for n in walk(when.condition) if isinstance(n, Compare) and n.operator in ("==", "!=")), None)
    if equal is not None and _own_names(block, [equal]) & flowing:
        message = "Two values that flow are equal for no length of time, so there is no time from which on this holds."
        report.error("not-located", message, at, "Write ‘… rises above …’ or ‘… falls below …’.")
        return
    jumps = [s for s in block.statements(Trigger.SPIKE) if isinstance(s, Assign)]
    rests = not event and block.refractory is not None
    if not (when.rising or rests or read & {s.target.name for s in jumps}):
        what = f"‘{next(e.symbol for e in block.events if e.name == event)}’" if event else "a spike"
        message = (
            f"This goes on holding after {what}, since no event makes a jump of what it reads: there is no single time at which it happens."
        )
        report.error("not-located", message, at, "Write ‘… rises above …’ or ‘… falls below …’: that happens at the crossing alone.")


def _own_names(block: Block, exprs: Iterable[Expr]) -> set[str]:
    """The variables that expressions read, through definitions."""
    return {r.name for r in block.read_through(exprs) if r.owner is Whose.OWN}
