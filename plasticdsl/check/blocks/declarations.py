"""What a neuron, synapse or rule says, sorted by name; nothing is translated yet.

Comes in: a `tree.Block`. Goes out: `Contents`, and findings for names declared twice or declared as two things, and for statements that have
no place in a block of this kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.scope import check_declarable
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.syntax import tree

_Single = TypeVar("_Single", tree.Output, tree.Refractory, tree.Method)
_Kept = TypeVar("_Kept", tree.Define, tree.Draw, tree.Input, tree.Flow, tree.Initial, tree.Bound)
Event = tree.OnEvent | tree.OnPairs | tree.Every | tree.SpikeWhen | tree.SpikeAtRate


@dataclass(slots=True)
class Contents:
    """Statements by the canonical name they are about. `changed`: the first jump of each name; `symbols`: each declared name as first written.

    `states`: every name with a flow, a jump or an initial value, or taking part in a reaction, unless something else declares it; filled in last.
    `steps`: jumps outside any trigger; `events`: triggers with their bodies; `sums`: `post.h = …`.
    """

    defines: dict[str, tree.Define] = field(default_factory=dict)
    functions: dict[str, tree.Define] = field(default_factory=dict)
    draws: dict[str, tree.Draw] = field(default_factory=dict)
    inputs: dict[str, tree.Input] = field(default_factory=dict)
    flows: dict[str, tree.Flow] = field(default_factory=dict)
    initials: dict[str, tree.Initial] = field(default_factory=dict)
    bounds: dict[str, tree.Bound] = field(default_factory=dict)
    changed: dict[str, tree.Jump] = field(default_factory=dict)
    species: dict[str, tree.Name] = field(default_factory=dict)
    symbols: dict[str, tree.Name] = field(default_factory=dict)
    states: dict[str, tree.Name] = field(default_factory=dict)
    reactions: list[tree.Reaction] = field(default_factory=list)
    sums: list[tree.Define] = field(default_factory=list)
    steps: list[tree.Jump] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    outputs: list[tree.Output] = field(default_factory=list)
    refractory: list[tree.Refractory] = field(default_factory=list)
    methods: list[tree.Method] = field(default_factory=list)
    truncations: list[tree.Truncate] = field(default_factory=list)


_EVERYWHERE = (tree.Flow, tree.Define, tree.Initial, tree.Draw, tree.Jump, tree.Bound, tree.Every, tree.Method, tree.Reactions)
_NEURON = (*_EVERYWHERE, tree.SpikeWhen, tree.SpikeAtRate, tree.Refractory, tree.Input, tree.Output)
_CONNECTION = (*_EVERYWHERE, tree.OnEvent, tree.OnPairs, tree.Truncate)

_WORDS: dict[type, str] = {
    tree.SpikeWhen: "spike when", tree.SpikeAtRate: "spike at rate", tree.Refractory: "refractory", tree.Input: "input", tree.Output: "output",
    tree.OnPairs: "on … pairs", tree.Truncate: "truncate",
}  # fmt: skip


def collect(block: tree.Block, report: Reporter) -> Contents:
    """The block's statements by name."""
    contents = Contents()
    allowed = _NEURON if block.kind == "neuron" else _CONNECTION
    for statement in block.body:
        if isinstance(statement, allowed):
            _sort(statement, contents, report)
        else:
            _wrong_block(block, statement, report)
    _two_things(contents, report)
    fixed = contents.defines.keys() | contents.draws.keys() | contents.inputs.keys()
    named = [*contents.flows, *contents.initials, *contents.changed, *contents.species]
    contents.states.update((name, contents.symbols[name]) for name in dict.fromkeys(named) if name not in fixed)
    for symbol in (*block.parameters, *(symbol for name, symbol in contents.symbols.items() if name not in contents.bounds)):
        check_declarable(symbol, report, in_block=True)
    return contents


def _wrong_block(block: tree.Block, statement: tree.Statement, report: Reporter) -> None:
    word = f"on {statement.event}" if isinstance(statement, tree.OnEvent) else _WORDS.get(type(statement))
    if word is None:
        report.error("misplaced-statement", f"This statement has no place in a {block.kind}.", statement.span)
    else:
        other = "a synapse or rule" if block.kind == "neuron" else "a neuron"
        report.error("misplaced-statement", f"‘{word}’ has no place in a {block.kind}; it belongs to {other}.", statement.span)


def _sort(statement: tree.Statement, contents: Contents, report: Reporter) -> None:
    match statement:
        case tree.Define():
            _define(statement, contents, report)
        case tree.Draw(target=target):
            _once(contents.draws, target, statement, contents, report)
        case tree.Input(names=names):
            for name in names:
                _once(contents.inputs, name, statement, contents, report)
        case tree.Flow(variable=variable):
            _once(contents.flows, variable, statement, contents, report)
        case tree.Initial(variable=variable):
            _once(contents.initials, variable, statement, contents, report)
        case tree.Bound(target=target):
            _once(contents.bounds, target, statement, contents, report)
        case tree.Output():
            _output(statement, contents, report)
        case _:
            _sort_rest(statement, contents, report)


def _sort_rest(statement: tree.Statement, contents: Contents, report: Reporter) -> None:
    """Statements that are about no single name, or that may stand several times for one."""
    match statement:
        case tree.Jump():
            contents.steps.append(statement)
            _changes(statement, contents)
        case tree.Reactions(body=body):
            contents.reactions.extend(body)
            for term in (term for reaction in body for term in (*reaction.reactants, *reaction.products)):
                _note(term.name, contents)
                contents.species.setdefault(term.name.name, term.name)
        case tree.OnEvent() | tree.OnPairs() | tree.Every() | tree.SpikeWhen() | tree.SpikeAtRate():
            contents.events.append(statement)
            for inner in statement.body:
                if isinstance(inner, tree.Jump):
                    _changes(inner, contents)
        case tree.Refractory():
            _only(contents.refractory, statement, "refractory", report)
        case tree.Method():
            _only(contents.methods, statement, "method", report)
        case tree.Truncate():
            contents.truncations.append(statement)
        case _:
            pass


def _define(statement: tree.Define, contents: Contents, report: Reporter) -> None:
    if isinstance(statement.target, tree.Member):
        contents.sums.append(statement)
        return
    of_time = len(statement.arguments) == 1 and statement.arguments[0].name == "t"
    kept = contents.functions if statement.arguments and not of_time else contents.defines
    _once(kept, statement.target, statement, contents, report)


def _output(statement: tree.Output, contents: Contents, report: Reporter) -> None:
    _only(contents.outputs, statement, "output", report)
    variable = statement.variable
    if statement.rhs is not None:
        _once(contents.defines, variable, tree.Define(variable, (), statement.rhs, statement.span), contents, report)
    if statement.domain is not None:
        _once(contents.bounds, variable, tree.Bound(variable, statement.domain, statement.span), contents, report)


def _only(kept: list[_Single], statement: _Single, word: str, report: Reporter) -> None:
    if kept:
        report.twice(f"A block has only one ‘{word}’.", statement.span, kept[0].span)
    kept.append(statement)


def _note(name: tree.Name, contents: Contents) -> None:
    contents.symbols.setdefault(name.name, name)


def _changes(jump: tree.Jump, contents: Contents) -> None:
    name = jump.target.whole if isinstance(jump.target, tree.Limit) else jump.target
    if isinstance(name, tree.Name):
        _note(name, contents)
        contents.changed.setdefault(name.name, jump)


def _once(kept: dict[str, _Kept], target: tree.Expr, statement: _Kept, contents: Contents, report: Reporter) -> None:
    """Keeps the statement under its name; a second one about the same name is an error."""
    target = target.whole if isinstance(target, tree.Limit) else target
    if isinstance(target, tree.Member):
        hint = "A block sets only its own variables; it may add to ‘post.’ at an event."
        report.error("not-owned", "This belongs to another unit and cannot be set here.", target.span, hint)
        return
    if not isinstance(target, tree.Name):
        report.error("bad-left-side", "Only a name can stand on this side.", target.span)
        return
    _note(target, contents)
    if target.name not in kept:
        kept[target.name] = statement
        return
    report.twice(f"‘{target.text}’ is defined twice.", statement.span, kept[target.name].span)


def _declarations(contents: Contents) -> Iterator[tuple[str, str, tree.Statement]]:
    """(name, how it is declared, where) of everything that settles a name's value once and for all."""
    for kept in (contents.defines, contents.functions, contents.draws, contents.inputs):
        for name, statement in kept.items():
            yield name, "an input" if kept is contents.inputs else "defined", statement


def _two_things(contents: Contents, report: Reporter) -> None:
    """A name cannot be a definition twice over, nor a definition and a state."""
    first: dict[str, tree.Statement] = {}
    for name, how, statement in _declarations(contents):
        symbol = contents.symbols[name].text
        if name in first:
            report.twice(f"‘{symbol}’ is declared twice.", statement.span, first[name].span)
        first.setdefault(name, statement)
        for states, what in ((contents.flows, "a flow"), (contents.initials, "an initial value"), (contents.changed, "a jump")):
            if name in states and not (how == "an input" and states is contents.changed):
                message = f"‘{symbol}’ is {how} here and has {what} elsewhere; it cannot be both fixed and a state."
                report.error("fixed-and-state", message, statement.span, _start_hint(statement), (Label(states[name].span, what),))
                break


def _start_hint(statement: tree.Statement) -> Hint | str:
    """For a definition that was meant as an initial value."""
    match statement:
        case tree.Define(target=tree.Name(text=text, span=at), arguments=()) | tree.Draw(target=tree.Name(text=text, span=at)):
            sign = "~" if isinstance(statement, tree.Draw) else "="
            return Hint(f"If this is its value at the beginning, write ‘{text}(0) {sign} …’.", (f"{text}(0)",), at)
        case _:
            return ""
