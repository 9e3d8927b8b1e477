"""What a neuron, synapse or rule says, sorted by name, and in which order it is worked out; nothing is translated yet.

Comes in: a `tree.Block`. Goes out: `Contents`, and findings for names declared twice or declared as two things, and for statements that have
no place in a block of this kind; an order in which each definition and function comes after what it uses, with a finding for a circle; and the set of
names whose value changes during a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from plasticdsl.check.likes import split, subject
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.scope import RENAMED, Scope, check_declarable, known_functions
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.graph import ordered
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read, nodes, of_kind

_Stated = TypeVar("_Stated", bound=tree.Statement)
#: What sets a variable at an event.
Change = tree.Jump | tree.Draw


@dataclass(frozen=True, slots=True)
class Contents:
    """Statements by the canonical name they are about. `changed`: the first jump of each name, or draw under a trigger;
    `symbols`: each declared name as first written.

    `states`: every name with a flow, a jump or an initial value, or taking part in a reaction, unless something else declares it.
    `steps`: jumps outside any trigger; `events`: triggers with their bodies; `sums`: `post.h = …`.
    """

    defines: Mapping[str, tree.Define]
    functions: Mapping[str, tree.Define]
    draws: Mapping[str, tree.Draw]
    inputs: Mapping[str, tree.Input]
    flows: Mapping[str, tree.Flow]
    initials: Mapping[str, tree.Initial]
    bounds: Mapping[str, tree.Bound]
    changed: Mapping[str, Change]
    symbols: Mapping[str, tree.Name]
    states: Mapping[str, tree.Name]
    reactions: Sequence[tree.Reactions]
    sums: Sequence[tree.Define]
    steps: Sequence[tree.Jump]
    events: Sequence[tree.Event]
    truncations: Sequence[tree.Truncate]
    rewiring: Sequence[tree.Prune | tree.Grow]
    output: tree.Output | None
    refractory: tree.Refractory | None
    methods: Sequence[tree.Method]
    conserved: Sequence[tree.Conserved]


_EVERYWHERE = (
    tree.Flow,
    tree.Define,
    tree.Initial,
    tree.Draw,
    tree.Jump,
    tree.Bound,
    tree.Every,
    tree.Method,
    tree.Reactions,
    tree.Conserved,
)
_NEURON = (*_EVERYWHERE, tree.SpikeWhen, tree.SpikeAtRate, tree.Refractory, tree.Input, tree.Output, tree.Section)
_CONNECTION = (*_EVERYWHERE, tree.OnEvent, tree.OnPairs, tree.Truncate, tree.Prune, tree.Grow)

_WORDS: dict[type, str] = {
    tree.SpikeWhen: "spike when", tree.SpikeAtRate: "spike at rate", tree.Refractory: "refractory", tree.Input: "input", tree.Output: "output",
    tree.Section: "… = cylinder(…)",
    tree.OnPairs: "on … pairs", tree.Truncate: "truncate", tree.Prune: "prune", tree.Grow: "grow",
}  # fmt: skip


def collect(block: tree.Block, report: Reporter) -> Contents:
    """The block's statements by name."""
    allowed = _NEURON if block.kind == "neuron" else _CONNECTION
    body = split(s for s in block.body if isinstance(s, allowed))
    for statement in block.body:
        if not isinstance(statement, allowed):
            _wrong_block(block, statement, report)
    own = [d for d in of_kind(body, tree.Define) if not isinstance(d.target, tree.Member)]
    defines = _by_name((d for d in own if not is_function(d)), report)
    draws, inputs = _by_name(of_kind(body, tree.Draw), report), _by_name(of_kind(body, tree.Input), report)
    flows, initials = _by_name(of_kind(body, tree.Flow), report), _by_name(of_kind(body, tree.Initial), report)
    changed: dict[str, Change] = {}
    for jump in (jump for statement in body for jump in _jumps(statement)):
        if isinstance(name := subject(jump), tree.Name):
            changed.setdefault(name.name, jump)
    symbols: dict[str, tree.Name] = {}
    for name in (name for statement in body for name in _names(statement)):
        report.means(name, symbols.setdefault(name.name, name).span)
    species = [name.name for reactions in of_kind(body, tree.Reactions) for name in _names(reactions)]
    moving = dict.fromkeys((*flows, *initials, *changed, *species))
    contents = Contents(
        defines=defines,
        functions=_by_name(filter(is_function, own), report),
        draws=draws,
        inputs=inputs,
        flows=flows,
        initials=initials,
        bounds=_by_name(of_kind(body, tree.Bound), report),
        changed=changed,
        symbols=symbols,
        states={name: symbols[name] for name in moving if not (name in defines or name in draws or name in inputs)},
        reactions=of_kind(body, tree.Reactions),
        sums=[d for d in of_kind(body, tree.Define) if isinstance(d.target, tree.Member)],
        steps=of_kind(body, tree.Jump),
        events=[s for s in body if isinstance(s, tree.Event)],
        truncations=of_kind(body, tree.Truncate),
        rewiring=[s for s in body if isinstance(s, tree.Prune | tree.Grow)],
        output=_only(of_kind(body, tree.Output), "output", report),
        refractory=_only(of_kind(body, tree.Refractory), "refractory", report),
        methods=of_kind(body, tree.Method),
        conserved=of_kind(body, tree.Conserved),
    )
    _two_things(contents, report)
    for symbol in (*block.parameters, *(symbol for name, symbol in symbols.items() if name not in contents.bounds)):
        check_declarable(symbol, report, in_block=True)
    return contents


def declared_values(block: tree.Block) -> frozenset[str]:
    """The names with a value that a block declares or takes as arguments; not its functions, nor what is named under one trigger alone."""
    body = split(s for s in block.body if isinstance(s, _NEURON if block.kind == "neuron" else _CONNECTION))
    functions = {s.target.name for s in of_kind(body, tree.Define) if s.arguments and is_function(s) and isinstance(s.target, tree.Name)}
    names = {name.name for statement in body for name in _names(statement)} - functions
    if not block.parameters:
        return frozenset(names)
    found = list(nodes(block.body))
    whole = {n.base.name for n in found if isinstance(n, tree.Member) and isinstance(n.base, tree.Name)}
    whole |= {n.event.name for n in found if isinstance(n, tree.OnEvent)}
    return frozenset(names | ({p.name for p in block.parameters} - whole))


def _wrong_block(block: tree.Block, statement: tree.Statement, report: Reporter) -> None:
    match statement:
        case tree.OnEvent(event=side, name=name):
            word: str | None = f"on {side.text}" if name is None else f"on {name.text} of {side.text}"
        case tree.SpikeWhen(name=tree.Name(text=text)):
            word = f"event {text} when"
        case _:
            word = _WORDS.get(type(statement))
    if word is None:
        report.error("misplaced-statement", f"This statement has no place in a {block.kind}.", statement.span)
    else:
        other = "a synapse or rule" if block.kind == "neuron" else "a neuron"
        report.error("misplaced-statement", f"‘{word}’ has no place in a {block.kind}; it belongs to {other}.", statement.span)


def is_function(define: tree.Define) -> bool:
    """Whether it is applied to arguments; `I(t) = …` is a value that changes with time."""
    return bool(define.arguments) and [a.name for a in define.arguments] != ["t"]


def _jumps(statement: tree.Statement) -> Iterator[Change]:
    """The jump that a statement is, or the jumps and draws below a trigger."""
    if not isinstance(statement, tree.Event | tree.Grow):
        return iter((statement,) if isinstance(statement, tree.Jump) else ())
    return (s for s in statement.body if isinstance(s, Change))


def _names(statement: tree.Statement) -> Iterator[tree.Name]:
    """The names that a statement declares, in the order of the text."""
    match statement:
        case tree.Reactions(body=body):
            yield from (term.name for reaction in body for term in (*reaction.reactants, *reaction.products))
        case _:
            about = (subject(s) for s in (_jumps(statement) if isinstance(statement, tree.Event | tree.Grow) else (statement,)))
            yield from (name for name in about if isinstance(name, tree.Name))


def _by_name(statements: Iterable[_Stated], report: Reporter) -> dict[str, _Stated]:
    """The statements by what they are about; a second one about the same name is an error."""
    kept: dict[str, _Stated] = {}
    for statement in statements:
        match subject(statement):
            case tree.Name(name=name, text=text):
                first = kept.setdefault(name, statement)
                if first is not statement:
                    report.twice(f"‘{text}’ is defined twice.", statement.span, first.span)
            case tree.Member(span=span):
                hint = "A block sets only its own variables; it may add to ‘post.’ at an event."
                report.error("not-owned", "This belongs to another unit and cannot be set here.", span, hint)
            case target:
                report.error("bad-left-side", "Only a name can stand on this side.", (target or statement).span)
    return kept


def _only(found: Sequence[_Stated], word: str, report: Reporter) -> _Stated | None:
    for other in found[1:]:
        report.twice(f"A block has only one ‘{word}’.", other.span, found[0].span)
    return found[0] if found else None


def _two_things(contents: Contents, report: Reporter) -> None:
    """A name cannot be a definition twice over, nor a definition and a state."""
    first: dict[str, tree.Statement] = {}
    starts: list[tuple[Mapping[str, tree.Statement], str]] = [(contents.flows, "a flow"), (contents.initials, "an initial value")]
    changes = [*starts, (contents.changed, "a jump")]
    for kept, how, others in (
        *((defined, "defined", changes) for defined in (contents.defines, contents.functions, contents.draws)),
        (contents.inputs, "an input", starts),
    ):
        for name, statement in kept.items():
            symbol = contents.symbols[name].text
            if first.setdefault(name, statement) is not statement:
                report.twice(f"‘{symbol}’ is declared twice.", statement.span, first[name].span)
            other = next(((moving[name], what) for moving, what in others if name in moving), None)
            if other is not None:
                message = f"‘{symbol}’ is {how} here and has {other[1]} elsewhere; it cannot be both fixed and a state."
                report.error("fixed-and-state", message, statement.span, _start_hint(statement), (Label(other[0].span, other[1]),))


def _start_hint(statement: tree.Statement) -> Hint | str:
    """For a definition that was meant as an initial value."""
    match statement:
        case tree.Define(target=tree.Name(text=text, span=at), arguments=()) | tree.Draw(target=tree.Name(text=text, span=at)):
            sign = "~" if isinstance(statement, tree.Draw) else "="
            return Hint(f"If this is its value at the beginning, write ‘{text}(0) {sign} …’.", (f"{text}(0)",), at)
        case _:
            return ""


# --- working order, and what changes ---------------------------------------------------------------------------------


#: Notation whose value is never a constant of the block.
_CHANGING = (tree.Member, tree.Average, tree.Partial, tree.Sum, tree.Transposed)


def working_order(contents: Contents, report: Reporter) -> tuple[str, ...]:
    """The names of definitions and functions, each after those it uses; those on a circle are reported and left out."""
    formulas = _formulas(contents)  # an average is a state, so what it averages is no part of a circle
    uses = {name: [n.name for n in _read(formula, averages=False) if n.name in formulas] for name, formula in formulas.items()}
    order, circles = ordered(uses, uses.__getitem__)
    for circle in circles:
        hint = "What depends on its own past needs a derivative or a jump; what is to settle at once relaxes fast, ‘ε dy/dt = … − y’ with a short time ε."
        report.circle([(contents.symbols[name].text, formulas[name].span) for name in circle], hint)
    unsound = {name for circle in circles for name in circle}
    return tuple(name for name in order if name not in unsound)


def _formulas(contents: Contents) -> dict[str, tree.Define | tree.Draw]:
    return {**contents.draws, **contents.functions, **contents.defines}


def _right_side(formula: tree.Define | tree.Draw) -> tuple[tree.Expr, ...]:
    """What a definition or function is, or the arguments of a distribution."""
    if isinstance(formula, tree.Define):
        return (formula.rhs,)
    match formula.distribution:
        case tree.Within(drawn=drawn, low=low, high=high):
            return (*(a.value for a in drawn.arguments), low, high)
        case drawn:
            return tuple(a.value for a in drawn.arguments)


def _read(formula: tree.Define | tree.Draw, averages: bool = True) -> list[tree.Name]:
    """The names that a right side reads, without the arguments of a function; `t` is one of the time everywhere."""
    own = {a.name for a in formula.arguments} - {"t"} if isinstance(formula, tree.Define) else ()
    return [name for name in names_read(_right_side(formula), averages) if name.name not in own]


def changing(contents: Contents, order: tuple[str, ...], constant: Callable[[tree.Name], bool]) -> frozenset[str]:
    """The names whose value is not a constant of the block: states, inputs, and every definition that reads one of them, the time, another
    unit, an average, or a name that the block does not declare (unless `constant` says so: π, functions, arguments)."""
    found = set(contents.states) | set(contents.inputs)
    formulas = _formulas(contents)

    def changes(name: tree.Name) -> bool:
        return name.name in found or name.name == "t" or not (name.name in formulas or constant(name))

    for name in order:
        parts = nodes(_right_side(formulas[name]))
        if any(isinstance(n, _CHANGING) for n in parts) or any(map(changes, _read(formulas[name]))):
            found.add(name)
    return frozenset(found)


def constant_names(outside: Scope, block: tree.Block) -> Callable[[tree.Name], bool]:
    """Whether a name from around a block never changes: constants, functions, the block's own parameters, unit counts."""
    known = known_functions() | frozenset(RENAMED) | {p.name for p in block.parameters} | {"N_pre", "N_post"}
    return lambda name: name.name in known or (name.name != "t" and outside.find(name) is not None)
