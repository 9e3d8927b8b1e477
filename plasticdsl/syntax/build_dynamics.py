"""From what the grammar found to the statements of neurons, synapses, rules and to the headers of blocks.

One function per rule of the grammar, as in `build_expressions`. Headers come with an empty body, which the parser fills.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.build_expressions import Parts, count_and_name, name_of, span_of
from plasticdsl.syntax.refusal import Refusal, sum_in_name
from plasticdsl.syntax.tokens import Token
from plasticdsl.syntax.walk import nodes, of_kind


def kinds(parts: Parts) -> list[str]:
    """The kinds of the tokens among the parts; words are given by their text."""
    return [part.text if part.kind.isupper() else part.kind for part in parts if isinstance(part, Token)]


def after(parts: Parts, word: str) -> Any:
    """The part behind the token `word`, or None."""
    for number, part in enumerate(parts[:-1]):
        if isinstance(part, Token) and word in (part.text, part.kind):
            return parts[number + 1]
    return None


def target_of(expression: tree.Expr) -> tree.Expr:
    """What may stand on the left of a change or definition: a name, `post.g`, `w[i, j]`."""
    match expression:
        case tree.Name() | tree.Member() | tree.Indexed():
            return expression
        case _:
            refuse_sum(expression)
            message = "‘{0}’ cannot stand on the left: a statement begins with one name."
            raise Refusal("bad-left-side", expression.span, message, _left_side_hint(expression), quoted=(expression.span,))


def refuse_sum(expression: tree.Expr) -> None:
    """Raises `Refusal` where the sign of sums was meant as a letter of the name that stands on the left: `Σw`, `dΣw/dt`."""
    for found in of_kind(nodes(expression), tree.Sum):
        named = [*found.indices, *of_kind(nodes(found.body), tree.Name)]
        raise sum_in_name(found.span, f"Sigma_{named[0].name}" if named else "Sigma")


def _left_side_hint(expression: tree.Expr) -> Hint:
    match expression:
        case tree.Binary(
            operator="/", left=tree.Binary(implicit=True, left=before, right=tree.Name(text=text)), right=tree.Name(name="dt")
        ):
            letter = before.right if isinstance(before, tree.Binary) and before.implicit else before
            if isinstance(letter, tree.Name) and letter.name == "d":
                return Hint(f"Write ‘d{text}/dt’ without a blank.", (f"d{text}/dt",), letter.span.to(expression.span))
        case tree.Binary(implicit=True, left=tree.Name(text=text) as name, right=tree.Group(span=group)):
            at = Span(name.span.start, group.start + 1, group.path)
            return Hint(f"Write ‘{text}(…)’ without a blank for a function or an initial value.", (f"{text}(",), at)
        case tree.Number(text="0"):
            return Hint(
                "Equations are not solved for a name: solve it for one, ‘y = …’, or let it relax fast, ‘ε dy/dt = …’ with a short time ε, "
                "which gets a method for stiff equations."
            )
        case _:
            pass
    return Hint("Bring everything else to the right; a derivative may have a factor: ‘τ_m dV/dt = …’.")


def _assignment(parts: Parts) -> tree.Statement:
    left, _, right = parts
    span = span_of(parts)
    if isinstance(right, tree.Compare) and right.operators[0] == "=":
        message = "A definition has one ‘=’; a second one would be a comparison."
        raise Refusal(
            "two-equals",
            right.span,
            message,
            "Write two lines that begin in one column (a deeper one continues the first), or put the comparison in brackets.",
        )
    match left:
        case tree.Apply(function=tree.Name() as function, arguments=arguments, primes=0):
            return _of_function(function, arguments, right, span)
        case tree.Apply(function=tree.Member(base=of, attribute=name), arguments=(tree.Argument(value=tree.Number(text="0")),), primes=0):
            return tree.Initial(name, right, False, span, of)
        case _:
            return tree.Define(target_of(left), (), right, span)


def _of_function(function: tree.Name, arguments: tuple[tree.Argument, ...], right: tree.Expr, span: Span) -> tree.Statement:
    """`V(0) = …` is an initial value, `F(Δt) = …` a function of the block."""
    values = tuple(argument.value for argument in arguments)
    match values:
        case (tree.Number(text="0", unit=()),):
            return tree.Initial(function, right, False, span)
        case _ if values and all(isinstance(value, tree.Name) for value in values):
            return tree.Define(function, tuple(value for value in values if isinstance(value, tree.Name)), right, span)
        case _:
            raise Refusal(
                "bad-left-side",
                function.span.to(arguments[-1].span) if arguments else function.span,
                f"The brackets after ‘{function.text}’ hold the names of its arguments, or 0 for its initial value.",
                f"For example ‘{function.text}(0) = 1’ or ‘{function.text}(x) = 2 x’.",
            )


def _flow(parts: Parts) -> tree.Flow:
    derivative: Token = next(p for p in parts if isinstance(p, Token) and p.kind == "DERIVATIVE")
    span = derivative.span
    text = derivative.text[1:-3]
    variable = name_of(Token("NAME", text, Span(span.start + 1, span.end - 3, span.path)))
    coefficient = None if parts[0] is derivative else parts[0]
    if isinstance(coefficient, tree.Binary) and coefficient.operator == "/" and parts[1] is derivative:
        place = coefficient.span
        hint = Hint("Write ‘({0}) {1}’, or multiply the right side.", ("({0})",), place)
        raise Refusal("ambiguous-product", place.to(span), "‘{0} {1}’ can be read in two ways.", hint, quoted=(place, span))
    return tree.Flow(coefficient, variable, parts[-1], span_of(parts))


def drawn(parts: Parts) -> tree.Initial | tree.Draw:
    """`τ ~ N(20 ms, 2 ms)`, `V(0) ~ U(a, b)`."""
    left, _, right = parts
    if not isinstance(right.drawn if isinstance(right, tree.Within) else right, tree.Apply):
        message = "After ‘~’ stands a distribution, not ‘{0}’."
        hint = "For example ‘N(mean, sd)’, ‘U(low, high)’, ‘Gamma(shape, scale)’."
        raise Refusal("not-a-distribution", right.span, message, hint, quoted=(right.span,))
    match left:
        case tree.Apply(function=tree.Name() as function, arguments=(tree.Argument(value=tree.Number(text="0")),)):
            return tree.Initial(function, right, True, span_of(parts))
        case tree.Apply(function=tree.Member(base=of, attribute=name), arguments=(tree.Argument(value=tree.Number(text="0")),)):
            return tree.Initial(name, right, True, span_of(parts), of)
        case _:
            return tree.Draw(target_of(left), right, span_of(parts))


def _domain(parts: Parts) -> tree.Interval | tree.Listing:
    if parts[0].kind == "{":
        return tree.Listing(tuple(parts[1]), span_of(parts))
    return tree.Interval(parts[1], parts[3], span_of(parts))


def _on_pairs(parts: Parts) -> tree.OnPairs:
    words = [word for word in kinds(parts)[1:] if word not in ("pairs", ":")]
    return tree.OnPairs(" ".join(words).replace("centered", "centred"), (), span_of(parts))


def _spike_when(parts: Parts) -> tree.SpikeWhen:
    """`spike when …`, or `event burst when …` with a name."""
    what, span, name = after(parts, "when"), span_of(parts), name_of(parts[1]) if parts[1].kind == "NAME" else None
    found = what if isinstance(what, tree.SpikeWhen) else tree.SpikeWhen(what, False, (), span)
    return replace(found, span=span, name=name, located=_located(parts))


def _located(parts: Parts) -> Span | None:
    """Where the word stands, if it does."""
    return next((p.span for p in parts[2:] if isinstance(p, Token) and p.text == "located"), None)


def _on_event(parts: Parts) -> tree.OnEvent:
    named = "of" in kinds(parts)[2:3]  # an event may be called so
    return tree.OnEvent(name_of(parts[3 if named else 1]), (), span_of(parts), name_of(parts[1]) if named else None)


def _rising(parts: Parts) -> tree.SpikeWhen:
    """`V rises above V_θ`, `V rises above V_θ in soma`, as the condition that holds afterwards."""
    left, verb, _, right, *rest = parts
    condition: tree.Expr = tree.Compare((left, right), (">" if verb.text == "rises" else "<",), span_of(parts))
    if rest:
        section = name_of(rest[1])
        inside = tree.Compare((section, tree.Number("1", (), section.span)), ("=",), section.span)
        condition = tree.Logic("and", (condition, inside), span_of(parts))
    return tree.SpikeWhen(condition, True, (), condition.span)


def unit_of(expression: tree.Expr, sign: int = 1) -> tree.Unit:
    """A unit that stands alone, as in `input I : nS/µm²`; `1` is no unit at all."""
    match expression:
        case tree.Name(text=text):
            return ((text, Fraction(sign)),)
        case tree.Number(text="1", unit=()):
            return ()
        case tree.Group(inner=inner):
            return unit_of(inner, sign)
        case tree.Binary(operator="*", left=left, right=right):
            return unit_of(left, sign) + unit_of(right, sign)
        case tree.Binary(operator="/", left=left, right=right):
            return unit_of(left, sign) + unit_of(right, -sign)
        case tree.Binary(operator="^", left=tree.Name(text=text), right=tree.Number(text=digits, unit=())) if digits.isdigit():
            return ((text, Fraction(sign * int(digits))),)
        case tree.Binary(operator="^", left=base, right=tree.Unary(operator="-", operand=power), span=span):
            return unit_of(tree.Binary("^", base, power, span), -sign)
        case _:
            raise Refusal("not-a-unit", expression.span, "‘{0}’ is not a unit.", "For example ‘pA’, ‘mV/ms’.", quoted=(expression.span,))


def _method(parts: Parts) -> tree.Method:
    words = [part for part in parts[2:] if isinstance(part, str)]
    name = re.sub(" ([-−–]) ", r"\1", " ".join(words))
    options = {word: value for part in parts if isinstance(part, dict) for word, value in part.items()}
    variables = tuple(after(parts, "for") or ())
    return tree.Method(name, options.get("substeps", 1), options.get("tolerance"), variables, parts[0].span)


def _method_option(parts: Parts) -> dict[str, int | float]:
    if isinstance(parts[0], Token):
        return {"tolerance": _tolerance(parts[1])}
    return {"substeps": _substeps(parts[0])}


def _method_word(parts: Parts) -> str:
    if parts[0].unit:
        raise Refusal("unexpected", parts[0].span, "The name of a method has no unit.", "For example ‘method: RK4’.")
    return str(parts[0].text)


def _tolerance(number: tree.Expr) -> float:
    match number:
        case tree.Number(text=text, unit=()) if 1e-12 <= float(text) <= 0.1:
            return float(text)
        case _:
            message = "A tolerance is a number from 1e-12, below which roundings are larger, to 0.1."
            raise Refusal("bad-count", number.span, message, "It is a part of the variables: ‘tolerance 1e-6’.")


def _substeps(count: tree.Expr) -> int:
    match count:
        case tree.Number(text=text, unit=()) if text.isdigit() and 0 < int(text) <= 1000:
            return int(text)
        case _:
            raise Refusal("bad-count", count.span, "The number of substeps is a whole number from 1 to 1000.")


def _reactions(parts: Parts) -> tree.Reactions:
    said = {word: value for part in parts if isinstance(part, dict) for word, value in part.items()}
    tolerance = _tolerance(said["tolerance"]) if "tolerance" in said else None
    if {"stochastic", "deterministic"} <= said.keys():
        raise Refusal(
            "unexpected",
            span_of(parts[:1]),
            "Reactions are either stochastic or deterministic.",
            "A single one may say ‘, deterministic’ itself.",
        )
    stochastic = next((word == "stochastic" for word in said if word in ("stochastic", "deterministic")), None)
    return tree.Reactions((), span_of(parts[:1]), stochastic, said.get("volume"), tolerance)


def _reaction(parts: Parts) -> tree.Reaction:
    left, arrow, right, _, forward, *rest = parts
    said = rest.pop() if rest and isinstance(rest[-1], Token) else None
    backward = rest[1] if len(rest) > 1 else None
    span = forward.span if backward is None else backward.span
    whole = (left or right or [forward])[0].span.to(span)
    if (arrow.kind == "<->") != (backward is not None):
        wanted = "two rates, ‘k_on, k_off’" if arrow.kind == "<->" else "one rate"
        raise Refusal("reaction-rates", span, f"A reaction with ‘{arrow.text}’ has {wanted}.", "‘⇌’ goes both ways, ‘→’ one way.")
    return tree.Reaction(tuple(left), tuple(right), forward, backward, whole, None if said is None else said.text == "stochastic")


def _section(parts: Parts) -> tree.Section:
    name, _, called = parts[:3]
    if not isinstance(name, tree.Name):
        raise Refusal("bad-left-side", name.span, "A section of a neuron has a name.", "For example ‘dendrite = cylinder(…)’.")
    shape = called.text.rstrip("(")
    extents: dict[str, Any] = {}
    for extent in (part for part in parts if isinstance(part, dict)):
        extents |= extent
    wanted = {"cylinder": {"diameter", "length", "segments"}, "sphere": {"diameter"}, "morphology": {"file", "length"}}.get(shape)
    if wanted is None:
        raise Refusal(
            "unknown-shape", called.span, "There is no such shape of a section.", "There is ‘cylinder(…)’, ‘sphere(…)’ and ‘morphology(…)’."
        )
    if extents.keys() - wanted or wanted - extents.keys() - {"segments"}:
        hint = 'For example ‘cylinder(diameter 1 µm, length 300 µm, 100 segments)’, ‘sphere(diameter 20 µm)’, ‘morphology("cell.swc", length 20 µm)’.'
        raise Refusal("unknown-shape", called.span, f"These are not the measures of a {shape}.", hint)
    segments = _segments(extents["segments"]) if "segments" in extents else 1
    parent, place = after(parts, "from"), after(parts, "at")
    origin = None if parent is None else name_of(parent)
    where = None if place is None else name_of(place)
    measures = extents.get("diameter"), extents.get("length")
    return tree.Section(name, shape, *measures, segments, origin, where, span_of(parts), extents.get("file"))


def _extent(parts: Parts) -> dict[str, Any]:
    match parts[0]:
        case Token(kind="STRING") as token:
            return {"file": (token.text[1:-1], token.span)}
        case Token() as word:
            return {word.text: parts[1]}
        case count:
            return {"segments": count}


def _segments(count: tree.Expr) -> int:
    match count:
        case tree.Number(text=text, unit=()) if text.isdigit() and 0 < int(text) <= 100_000:
            return int(text)
        case _:
            raise Refusal("bad-count", count.span, "The number of segments is a whole number from 1 to 100 000.")


def _terms(expression: tree.Expr) -> list[tree.Species]:
    """`CaM0 + 2 Ca` as a list of species."""
    match expression:
        case tree.Binary(operator="+", left=left, right=right):
            return _terms(left) + _terms(right)
        case tree.Name():
            return [tree.Species(1, expression, expression.span)]
        case tree.Number(text="0", unit=()):
            return []
        case tree.Binary(operator="*", left=tree.Number(text=text, unit=()), right=tree.Name() as name) if text.isdigit():
            return [tree.Species(int(text), name, expression.span)]
        case tree.Number(text=text) if text.isdigit() and (counted := count_and_name(expression)) is not None:
            return [tree.Species(int(text), counted[1], expression.span)]
        case _:
            message = "‘{0}’ is no side of a reaction."
            hint = "Write names with whole numbers before them, ‘CaM + 2 Ca’, or ‘∅’ for nothing."
            raise Refusal("not-a-species", expression.span, message, hint, quoted=(expression.span,))


def _block(parts: Parts) -> tree.Block:
    name, parameters = parts[1]
    kind: Token = parts[0]
    base, on = after(parts, "like"), after(parts[2:], "on")
    end = parts[-1].span if isinstance(parts[-1], Token) else name.span
    return tree.Block(
        kind.text,
        name,
        parameters,
        name_of(base) if base else None,
        name_of(on) if on else None,
        "",
        (),
        kind.span.to(end),
    )


def _use(parts: Parts) -> tree.UseFile:
    names = tuple(part for part in parts if isinstance(part, tree.Brought))
    return tree.UseFile(names, parts[-1].text[1:-1], span_of(parts))


def _refractory(parts: Parts) -> tree.Refractory:
    condition = after(parts, "while")
    return tree.Refractory(parts[1] if condition is None else None, condition, tuple(after(parts, "hold") or ()), span_of(parts))


def _grow(parts: Parts) -> tree.Grow:
    chance = after(parts, "=")
    if chance is not None and not (isinstance(parts[1], tree.Name) and parts[1].name == "p"):
        message = "After ‘grow’ stands a probability, ‘p = …’, and not ‘{0} = …’."
        hint = "What a new connection begins with stands behind: ‘grow p = 0.001 every 1 s, w = 0.02’."
        raise Refusal("unknown-option", parts[1].span, message, hint, quoted=(parts[1].span,))
    degrees = tuple(part for part in parts if isinstance(part, tree.Connectivity))
    body = tuple(part for part in parts if isinstance(part, tree.Jump | tree.Draw))
    behind = next((s for s in of_kind(body, tree.Jump) if isinstance(s.target, tree.Name) and s.target.name == "p"), None)
    if chance is None and behind is not None:  # a bare ‘p’ is a probability, wherever it stands
        chance, body = behind.rhs, tuple(s for s in body if s is not behind)
    return tree.Grow(chance, after(parts, "every"), after(parts, "where"), degrees, body, span_of(parts))


def _of_new(parts: Parts) -> tree.Connectivity | tree.Jump | tree.Draw:
    """What a new connection begins with, as a change; or how many there may be."""
    match parts:
        case [Token(text=kind), _, most]:
            return tree.Connectivity(kind, most, span_of(parts))
        case [tree.Define(target=target, rhs=value, span=span)]:
            return tree.Jump(target, "->", value, span)
        case [tree.Draw() as new]:
            return new
        case [other, *_]:
            raise Refusal("bad-left-side", other.span, "What a new connection begins with is written ‘w = …’ here, without ‘(0)’.")
    raise AssertionError(parts)


DYNAMICS: Mapping[str, Callable[[Parts], Any]] = {
    "item": lambda parts: parts[0],
    "names": lambda parts: [name_of(token) for token in parts[::2]],
    "assignment": _assignment,
    "flow": _flow,
    "draw": drawn,
    "jump": lambda parts: tree.Jump(target_of(parts[0]), parts[1].kind, parts[2], span_of(parts)),
    "bound": lambda parts: tree.Bound(target_of(parts[0]), parts[2], span_of(parts)),
    "domain": _domain,
    "on_event": _on_event,
    "on_pairs": _on_pairs,
    "every": lambda parts: tree.Every(parts[1], (), span_of(parts)),
    "spike_when": _spike_when,
    "event_when": _spike_when,
    "rising": _rising,
    "spike_at_rate": lambda parts: tree.SpikeAtRate(parts[3], (), span_of(parts), _located(parts)),
    "refractory": _refractory,
    "input": lambda parts: tree.Input(tuple(parts[1]), unit_of(parts[3]) if len(parts) > 2 else None, span_of(parts)),
    "output": lambda parts: tree.Output(name_of(parts[1]), after(parts, "="), after(parts, "in"), span_of(parts)),
    "method": _method,
    "method_word": _method_word,
    "method_option": _method_option,
    "truncate": lambda parts: tree.Truncate(name_of(parts[1]), parts[3], span_of(parts)),
    "reactions": _reactions,
    "how": lambda parts: {parts[0].text: parts[-1]},
    "reaction": _reaction,
    "species": lambda parts: [] if isinstance(parts[0], Token) else _terms(parts[0]),
    "section": _section,
    "conserved": lambda parts: tree.Conserved(parts[1], span_of(parts)),
    "extent": _extent,
    "prune": lambda parts: tree.Prune(parts[2], after(parts, "every"), span_of(parts)),
    "grow": _grow,
    "of_new": _of_new,
    "block": _block,
    "block_name": lambda parts: (name_of(parts[0]), tuple(parts[2]) if len(parts) > 1 else ()),
    "function": lambda parts: tree.Function(name_of(parts[1]), tuple(parts[3]), parts[6], span_of(parts)),
    "use": _use,
    "brought": lambda parts: tree.Brought(name_of(parts[0]), name_of(parts[-1])),
}
