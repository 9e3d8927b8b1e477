"""Statements of neurons, synapses and rules as formulas and lines.

Comes in: a statement of the syntax tree. Goes out: how it is set; what happens at an event is given line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from plasticdsl.document.description import Inline, Line, Words
from plasticdsl.document.formula import Digits, Fenced, Formula, Fraction, Letter, Measure, Row, Sign, Upright
from plasticdsl.document.symbols import symbol
from plasticdsl.document.typeset import COMMA, THIN, bare, interval, is_sum, operator, relation, separated, typeset, words
from plasticdsl.syntax import tree

_CHANGES = {"+=": "+", "-=": "−", "*=": "·"}
_DELTA = Letter("Δ")


def assigned(left: Formula, sign: str, right: Formula) -> Formula:
    """`left = right`."""
    return Row((left, relation(sign), right))


def setting(statement: tree.Setting) -> Formula:
    """`τ = 10 ms`, `τ ~ N(…)`, `V(0) = −70 mV`."""
    match statement:
        case tree.Define():
            return defined(statement)
        case tree.Draw(target=target, distribution=distribution):
            return assigned(typeset(target), "∼", typeset(distribution))
        case tree.Initial():
            return initial(statement)


def defined(statement: tree.Define) -> Formula:
    """`F(Δt) = …`."""
    target = typeset(statement.target)
    if statement.arguments:
        target = Row((target, Fenced("(", separated([symbol(a.text) for a in statement.arguments]), ")")))
    elif isinstance(statement.rhs, tree.OverTime):
        target = Row((target, Fenced("(", Letter("t"), ")")))
    return assigned(target, "=", typeset(statement.rhs))


def initial(statement: tree.Initial) -> Formula:
    """`V(0) = …`; of some units with whose it is."""
    name = symbol(statement.variable.text)
    if statement.of is not None:
        name = Row((typeset(statement.of), Sign("."), name))
    return assigned(Row((name, Fenced("(", Digits("0"), ")"))), "∼" if statement.drawn else "=", typeset(statement.rhs))


def flow(statement: tree.Flow) -> Formula:
    """`τ dV/dt = …`."""
    rate = Fraction(Row((Upright("d"), symbol(statement.variable.text))), Row((Upright("d"), Letter("t"))))
    left = rate if statement.coefficient is None else Row((typeset(statement.coefficient), THIN, rate))
    return assigned(left, "=", typeset(statement.rhs))


def jump(statement: tree.Jump) -> Formula:
    """`g → g + w`: what it was, and what it becomes."""
    target, right = typeset(statement.target), typeset(statement.rhs)
    match statement.operator:
        case "->":
            return assigned(target, "→", right)
        case "Delta":
            return assigned(Row((_DELTA, target)), "=", right)
        case "/=":
            return assigned(target, "→", Fraction(target, bare(statement.rhs)))
        case change:
            grouped = is_sum(statement.rhs) and (change != "+=" or isinstance(statement.rhs, tree.Cases))
            return assigned(target, "→", Row((target, operator(_CHANGES[change]), Fenced("(", right, ")") if grouped else right)))


def domain(written: tree.Interval | tree.Listing) -> Formula:
    """`[0, w_max]`, `{−1, +1}`."""
    if isinstance(written, tree.Interval):
        return interval(written.low, written.high)
    return Fenced("{", separated([typeset(item) for item in written.items]), "}")


def bound(statement: tree.Bound) -> Formula:
    """`w ∈ [0, w_max]`."""
    return assigned(typeset(statement.target), "∈", domain(statement.domain))


def reaction(statement: tree.Reaction) -> Formula:
    """`Ca + B ⇌ CaB`, with its rates."""
    sign = "→" if statement.backward is None else "⇌"
    rates = [typeset(statement.forward), *(() if statement.backward is None else (typeset(statement.backward),))]
    chance = (words("by chance" if statement.stochastic else "deterministic"),) if statement.stochastic is not None else ()
    sides = Row((_side(statement.reactants), relation(sign), _side(statement.products)))
    return Row((sides, Sign(":"), THIN, separated(rates), *chance))


def _side(species: Sequence[tree.Species]) -> Formula:
    if not species:
        return Sign("∅")
    terms = [symbol(s.name.text) if s.count == 1 else Row((Digits(str(s.count)), THIN, symbol(s.name.text))) for s in species]
    return separated(terms, operator("+"))


def output(statement: tree.Output) -> Formula:
    """`y = …`, `x ∈ {−1, +1}`, or a name alone."""
    name = symbol(statement.variable.text)
    if statement.rhs is not None:
        return assigned(name, "=", typeset(statement.rhs))
    return name if statement.domain is None else assigned(name, "∈", domain(statement.domain))


def taken(statement: tree.Input) -> Formula:
    """`I (pA)`."""
    names = separated([symbol(name.text) for name in statement.names])
    return names if not statement.unit else Row((names, THIN, Fenced("(", Measure(statement.unit), ")")))


def section(statement: tree.Section) -> Formula:
    """`axon = cylinder(…)`, with what it hangs on."""
    parts: list[Formula] = []
    if statement.diameter is not None:
        parts += [Row((Upright("diameter"), THIN, typeset(statement.diameter)))]
    if statement.length is not None:
        parts += [Row((Upright("length"), THIN, typeset(statement.length)))]
    if statement.file is None and statement.shape != "sphere":
        parts += [Row((Digits(str(statement.segments)), THIN, Upright("segments")))]
    if statement.file is not None:
        parts = [Upright(statement.file[0]), *parts]
    made: list[Formula] = [Upright(statement.shape), Fenced("(", separated(parts), ")")]
    if statement.parent is not None:
        made += [words("from"), symbol(statement.parent.text)]
    if statement.place is not None:
        made += [words("at"), symbol(statement.place.text)]
    return assigned(symbol(statement.name.text), "=", Row(tuple(made)))


def happens(body: Iterable[tree.Statement | tree.Reaction]) -> Iterator[Line]:
    """What a body does, statement by statement."""
    for statement in body:
        match statement:
            case tree.Jump():
                yield (jump(statement),)
            case tree.Define() | tree.Draw() | tree.Initial():
                yield (setting(statement),)
            case tree.Bound():
                yield (bound(statement),)
            case tree.Flow():
                yield (flow(statement),)
            case tree.Reaction():
                yield (reaction(statement),)
            case tree.OnEvent() | tree.OnPairs() | tree.Every():
                yield ((Words(when(statement)),) if not isinstance(statement, tree.Every) else every(statement))
                yield from happens(statement.body)
            case _:
                pass


def every(statement: tree.Every) -> Line:
    """`every 10 ms`."""
    return Words("every "), typeset(statement.period)


_SIDES = {"pre": "presynaptic", "post": "postsynaptic"}
_PAIRINGS = {
    "all": "for all pairs of spikes",
    "nearest": "for nearest pairs of spikes",
    "nearest centred on pre": "for nearest pairs of spikes, centred on the presynaptic one",
    "nearest centred on post": "for nearest pairs of spikes, centred on the postsynaptic one",
    "nearest reduced": "for immediate pairs of spikes",
}


def when(statement: tree.OnEvent | tree.OnPairs) -> str:
    """In words: `at presynaptic spikes`."""
    if isinstance(statement, tree.OnPairs):
        return _PAIRINGS.get(statement.pairing, f"for pairs of spikes, {statement.pairing}")
    whose = statement.event.text
    if statement.name is not None:
        return f"at each {statement.name.text} of {f'the {_SIDES[whose]} unit' if whose in _SIDES else whose}"
    return f"at {_SIDES[whose]} spikes" if whose in _SIDES else f"at spikes of {whose}"


def condition(statement: tree.SpikeWhen) -> Line:
    """When it spikes, or the event happens."""
    found: Line = (typeset(statement.condition),)
    crossing: Line = (Words(" begins to hold"),) if statement.rising else ()
    located: Line = (Words(", located within steps"),) if statement.located is not None else ()
    return (*found, *crossing, *located)


def refractory(statement: tree.Refractory) -> Line:
    """How long, and what is held."""
    lasts: Line = ()
    if statement.duration is not None:
        lasts = (typeset(statement.duration),)
    elif statement.condition is not None:
        lasts = (Words("while "), typeset(statement.condition))
    return (*lasts, Words("; held: "), separated([symbol(n.text) for n in statement.held])) if statement.held else lasts


def prune(statement: tree.Prune) -> Line:
    """When a connection vanishes."""
    found: Line = (Words("a connection vanishes when "), typeset(statement.condition))
    return found if statement.period is None else (*found, Words(", looked at every "), typeset(statement.period))


def grow(statement: tree.Grow) -> Line:
    """How connections arise."""
    found: list[Inline] = [Words("every "), typeset(statement.period), Words(" connections arise")]
    if statement.probability is not None:
        found += [Words(" with probability "), typeset(statement.probability)]
    if statement.condition is not None:
        found += [Words(" where "), typeset(statement.condition)]
    for degree in statement.degrees:
        if degree.value is not None:
            found += [Words(f", {degree.kind} at most "), typeset(degree.value)]
    for line in happens(statement.body):
        found += [Words(", with "), *(part for part in line if not isinstance(part, Words))]
    return tuple(found)


def method(statement: tree.Method) -> Line:
    """The integrator that was chosen."""
    found: list[Inline] = [Words(statement.name)]
    if statement.substeps != 1:
        found += [Words(", "), Digits(str(statement.substeps)), Words(" substeps")]
    if statement.tolerance is not None:
        found += [Words(", tolerance "), Digits(f"{statement.tolerance:g}")]
    if statement.variables:
        found += [Words(" for "), separated([symbol(v.text) for v in statement.variables], COMMA)]
    return tuple(found)


def reactions(statement: tree.Reactions) -> Line:
    """How the lines below it are meant."""
    found: list[Inline] = [Words("by chance, molecule by molecule" if statement.stochastic else "")]
    if statement.volume is not None:
        found += [Words(", in the volume "), typeset(statement.volume)]
    if statement.tolerance is not None:
        found += [Words(", tolerance "), Digits(f"{statement.tolerance:g}")]
    return tuple(part for part in found if part != Words(""))


def truncated(statement: tree.Truncate) -> Formula:
    """`F = 0` from a lag on."""
    name = symbol(statement.function.text)
    lag = Row((Sign("|"), Letter("Δ"), Letter("t"), Sign("|")))
    return Row((name, relation("="), Upright("0"), words("for"), lag, relation(">"), typeset(statement.at)))
