"""What to say when a token does not fit: the tokens, the place and what the grammar accepts there come in, a `Refusal` goes out.

Each function below, and of `problems_of_statements`, knows one mistake that people make; the first one that recognises it speaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean, nearest
from plasticdsl.source import Span
from plasticdsl.syntax import problems_of_statements as statements
from plasticdsl.syntax.homes import EXAMPLES, HOME
from plasticdsl.syntax.operands import number_after_value, second_power
from plasticdsl.syntax.place import Place, number_text, touch
from plasticdsl.syntax.refusal import Refusal, sum_in_name
from plasticdsl.syntax.tokens import Token, begins_with_name
from plasticdsl.syntax.words import FIRST_WORDS, RESERVED, reserved_message

_SUMS = frozenset(("SUM", "SUM_OVER"))
_ALIKE = 0.7  # first words are short, and a wrong guess is worse than none
_ASSIGNS = frozenset(("=", "->", "<->", "+=", "-=", "*=", "/=", "~", "in"))

_SHOWN = {
    "+-": "‘±’",
    "...": "‘…’",
    "->": "‘→’",
    "STRING": 'a text in quotes, ‘"file.npz"’',
    "NAME": "a name",
    "NEXT_CASE": "the end of the line",
    "$END": "the end of the statement",
    "CALLED": "a name with its arguments in brackets",
}

# What may follow any value says nothing about what is missing.
_FOLLOW_VALUES = frozenset(("+", "-", "*", "/", "^", ".", "ᵀ", "<", "<=", ">", ">=", "!=", "AND", "OR", "⟨", "∂", "√", "(", "[", "{")) | {
    *("POWER", "LIMIT", "INDEX", "BAR_OPEN", "CALLED", "NAME", "NUMBER", "SUM", "SUM_OVER", "SUM_BRACE")
}


def unexpected(tokens: Sequence[Token], number: int, choices: Mapping[str, object], rule: str) -> Refusal:
    """The refusal for the token at `number` (the end of the statement where there is none)."""
    place = Place(tokens, number, frozenset(name for name in choices if not name.islower()), rule)
    return next(filter(None, (recognise(place) for recognise in _MISTAKES)))


def _first_word(place: Place) -> Refusal | None:
    """A statement or block at the wrong place, and one that begins with its condition."""
    word, at = place.first.text, place.first.span
    if place.rule == "item":
        return _unknown_block(place) if word not in FIRST_WORDS["item"] else None
    if place.number == 0:
        if place.kind not in ("if", "when", "for", "where"):
            return None
        hint = "Write the value first: ‘x → +1 if h > θ’; for spikes ‘spike when V > V_θ:’."
        if place.rule == "procedure":
            hint = "What is done several times stands below ‘repeat 3 times:’; items are shown by ‘phase p for each x in data:’."
        elif word == "if":
            hint = "Write the value first: ‘x → +1 if h > θ’, below triggers ‘w += η if c > 0’ or ‘… if chance(0.5)’; for spikes ‘spike when V > V_θ:’."
        return place.refusal("condition-first", f"No statement begins with ‘{word}’.", hint)
    if word in FIRST_WORDS["item"] and place.first.kind == "NAME":
        message = f"‘{word}’ begins a block, and blocks do not stand inside each other."
        return place.refusal("nested-block", message, "Move it to the left margin.", at)
    if word in FIRST_WORDS[place.rule] or word not in HOME or place.first.kind not in ("NAME", *RESERVED) or begins_with_name(place.tokens):
        return None
    where = {"network": "in a network", "procedure": "in an experiment"}.get(place.rule, "here")
    message = f"‘{word} …’ does not stand {where}; it belongs in {HOME[word]}."
    return place.refusal("misplaced-statement", message, f"For example ‘{EXAMPLES[word]}’.", at)


def _unknown_block(place: Place) -> Refusal:
    """`nueron LIF:`, or a statement at the left margin."""
    word, at = place.first.text, place.first.span
    if word in HOME or place.has("=", "->", "~", "in"):
        hint = "Begin a block above it, for example ‘rule STDP:’, and indent the statement."
        return place.refusal("outside-block", "A statement stands inside a block, indented.", hint, at)
    near = did_you_mean(word, FIRST_WORDS["item"], "") or Hint(f"A file consists of {', '.join(FIRST_WORDS['item'])}.")
    return place.refusal("unknown-block", f"‘{word}’ begins no block.", near, at)


def _misspelled_first_word(place: Place) -> Refusal | None:
    """`recrod V`: the second word cannot follow a name."""
    word = place.first.text
    if place.first.kind != "NAME" or place.number == 0 or word in FIRST_WORDS[place.rule]:
        return None
    if any(token.kind in ("=", "->", "~") for token in place.tokens[1:3]):
        return None
    near = nearest(word, FIRST_WORDS[place.rule], _ALIKE)
    if near is None:
        return None
    hint = Hint(f"Did you mean ‘{near}’? For example ‘{EXAMPLES[near]}’.", (near,))
    return place.refusal("unknown-statement", f"‘{word}’ begins no statement.", hint, place.first.span)


def _else(place: Place) -> Refusal | None:
    if place.kind not in ("else", "elif", "then"):
        return None
    hint = "Write one case per line, ‘value if condition’, and last ‘value otherwise’."
    return place.refusal("no-else", f"‘{place.text}’ is not used in this language.", hint)


def _reserved(place: Place) -> Refusal | None:
    """A reserved word where a value is read."""
    return _is_reserved(place.token) if place.token is not None and place.text in RESERVED and place.wants_value else None


def _reserved_name(place: Place) -> Refusal | None:
    """The same where only a name can stand, or on the left of what can only be a definition, where other words would have a meaning of their own."""
    token, first = place.token, place.first
    if token is None:
        return None
    if first.text in RESERVED and ((place.number == 0 and _defines(place.tokens)) or (place.number and token.kind in _ASSIGNS)):
        return _is_reserved(first)
    only_name = bool({"NAME", "CALLED"} & place.choices) and not {"(", "*"} & place.choices
    return _is_reserved(token) if only_name and token.text in RESERVED else None


def _sum_in_name(place: Place) -> Refusal | None:
    """`Σ_w = 1`, `w_Σ = 1`, where the sum lacks what is summed; `record x as Σx`, where only a name can stand."""
    if place.kind in _ASSIGNS and place.before.kind in _SUMS and not any(token.kind in _ASSIGNS for token in place.tokens[: place.number]):
        first = place.number - 1
    elif place.kind in _SUMS and "NAME" in place.choices and "(" not in place.choices:
        first = place.number
    else:
        return None
    last = first
    while first and place.tokens[first - 1].kind == "NAME" and touch(place.tokens, first):
        first -= 1
    while last + 1 < len(place.tokens) and place.tokens[last + 1].kind == "NAME" and touch(place.tokens, last + 1):
        last += 1
    text = "".join(token.text for token in place.tokens[first : last + 1])
    name = re.sub("_*[Σ∑]_?", "_Sigma_", text).strip("_")
    return sum_in_name(place.tokens[first].span.to(place.tokens[last].span), name)


def _defines(tokens: Sequence[Token]) -> bool:
    """`if = 3`, `if(0) = 3`."""
    after = [token.kind for token in tokens[1:5]]
    return bool(after) and (after[0] in _ASSIGNS or (after[0] == "(" and after[2:3] == [")"] and after[3:] in (["="], ["~"])))


def _is_reserved(token: Token) -> Refusal:
    return Refusal("reserved-word", token.span, reserved_message(token.text), "Choose another name.")


def _number_after_value(place: Place) -> Refusal | None:
    """`x 2`; `run 10 s`, where the first word was meant to begin a statement."""
    token = place.token
    if token is None or token.kind != "NUMBER" or place.number == 0 or "*" not in place.choices:
        return None
    left, words = place.before.text, FIRST_WORDS[place.rule]
    if place.number == 1 and words and not place.has(*_ASSIGNS):
        known = f"Definitions have a ‘=’; other statements begin with {', '.join(words)}."
        return place.refusal("unknown-statement", f"‘{left}’ begins no statement.", known, place.first.span)
    if place.rule != "network" or not place.has("->") or place.before.kind != "NAME":
        return number_after_value(place.tokens, place.number)
    option = f"{left} {number_text(token)}" if "-" in left else f"{left} = {number_text(token)}"
    hint = Hint(f"Write ‘{option}’.", (option,), place.before.span.to(place.span))
    last = place.tokens[place.number - 2]
    if last.kind != ",":
        hint = Hint(f"Options follow commas: ‘, {option}’.", (f", {option}",), Span(last.span.end, place.span.end, place.span.path))
    return place.refusal("number-after-value", f"The number ‘{number_text(token)}’ cannot follow ‘{left}’ without a sign between.", hint)


def _second_power(place: Place) -> Refusal | None:
    return second_power(place.tokens, place.number) if place.kind in ("^", "POWER") and "*" in place.choices else None


def _derivative(place: Place) -> Refusal | None:
    derivative = next((token for token in (place.token, place.before) if token is not None and token.kind == "DERIVATIVE"), None)
    if place.token is None or derivative is None:
        return None
    message = "A derivative stands alone on the left of ‘=’, with a factor before it at most."
    return place.refusal("misplaced-derivative", message, "For example ‘τ_m dV/dt = E_L − V’.", derivative.span)


def _case_line(place: Place) -> Refusal | None:
    if place.kind not in ("", "NEXT_CASE") or "IF" not in place.choices or "NEXT_CASE" in place.choices or not place.has("NEXT_CASE"):
        return None
    message = "Each line of a case distinction ends in ‘if …’, the last one may end in ‘otherwise’."
    return place.refusal("incomplete-case", message, "Add the condition of this case.")


def _needs_value(place: Place) -> Refusal | None:
    """`a + * b`, `a = `."""
    if not place.wants_value or place.number == 0:
        return None
    before = place.before
    if place.token is None:
        return place.refusal("missing-value", f"A value is missing after ‘{before.text}’.", at=before.span)
    if place.kind == "STRING":
        hint = f"A file gets a name in the network or experiment, ‘data d from {place.text}’; its arrays are read by theirs, ‘w = d.w’."
        return place.refusal("unexpected", f"The file {place.text} is no value.", hint)
    shown = "the end of the line" if place.kind == "NEXT_CASE" else f"‘{place.text}’"
    return place.refusal("missing-value", f"A value is missing between ‘{before.text}’ and {shown}.")


def _sign(place: Place) -> Refusal | None:
    """A second `=`, `w ≤ w_max` as a statement, and an `otherwise` with cases after it."""
    match place.kind:
        case "=" if "FROM" in place.choices and place.first.text == "start":
            return place.refusal(
                "unexpected", "‘=’ does not fit here.", Hint("What a variable begins with is written ‘start V from 1’.", (" from ",))
            )
        case "=" if place.first.text == "data":
            return place.refusal("unexpected", "‘=’ does not fit here.", Hint('Write ‘data d from "file.npz"’.', (" from ",)))
        case "=" if not place.wants_value:
            return place.refusal("two-equals", "A second ‘=’ in one statement.", "A comma may be missing before the name, or a line break.")
        case "<" if "=" in place.choices and _touches_minus(place):
            at = place.span.to(place.tokens[place.number + 1].span)
            arrow = Hint("Write the arrow from the name to its new value: ‘V -> …’.", ("->",), at)
            return place.refusal("comparison-statement", "‘<-’ is a comparison with something negative here.", arrow)
        case "<" | "<=" | ">" | ">=" | "!=" if "=" in place.choices:
            hint = "For example ‘w ∈ [0, w_max]’ for bounds, ‘spike when V > V_θ:’ for a threshold."
            return place.refusal("comparison-statement", "A comparison is not a statement.", hint)
        case "," if place.has("if") and "NEXT_CASE" in place.choices:
            return place.refusal("unexpected", "‘,’ does not fit here.", "Write one case per line, indented deeper than the first.")
        case ":" if "TO" in place.choices and "]" in place.choices:
            return place.refusal("unexpected", "‘:’ does not fit here.", Hint("Units from one to another are ‘E[1 to 50]’.", (" to ",)))
        case "AT_SPIKES":
            example = "For example ‘record E.V at spikes’, ‘expect mean(E.V at spikes) < −50 mV’."
            return place.refusal("unexpected", "‘at spikes’ stands behind what is recorded or plotted, or within a statistic.", example)
        case "otherwise" | "if" | "NEXT_CASE":
            message = "‘otherwise’ stands on the last of several lines, each of the others has an ‘if’."
            return place.refusal("incomplete-case", message, "Write one case per line, indented deeper than the first.")
        case _:
            return None


def _touches_minus(place: Place) -> bool:
    """`V <- V_r`."""
    after = place.number + 1
    return after < len(place.tokens) and place.tokens[after].kind == "-" and touch(place.tokens, after)


def _anything(place: Place) -> Refusal:
    """The last resort: what stands there, and what could."""
    choices = place.choices - (_FOLLOW_VALUES if "*" in place.choices or "+" in place.choices else {"INDEX"})
    expected = sorted(_SHOWN.get(name, f"‘{name.lower().replace('_', '-')}’") for name in choices)
    hint = f"Here stands {' or '.join(expected)}." if 0 < len(expected) <= 4 else ""
    if place.first.text in EXAMPLES and place.first.kind != "CALLED":
        hint = f"{hint} For example ‘{EXAMPLES[place.first.text]}’.".lstrip()
    if place.token is None:
        lone = place.number == 1 and place.rule != "item"
        message = f"‘{place.first.text}’ alone is not a statement." if lone else "The statement ends too early."
        return place.refusal("incomplete", message, hint or "For example ‘τ = 20 ms’.")
    if place.kind == "NEXT_CASE":
        return place.refusal("unexpected", "The line ends too early.", hint, place.before.span)
    if place.kind == "STRING" and place.number == 0:
        hint = 'A text about a block stands in three quotes: """…""".'
    return place.refusal("unexpected", f"‘{place.text}’ does not fit here.", hint)


#: In the order in which they are asked.
_MISTAKES: tuple[Callable[[Place], Refusal | None], ...] = (
    statements.order_of_rewiring,
    statements.chance,
    statements.waiting,
    _reserved_name,
    _sum_in_name,
    _first_word,
    _else,
    _misspelled_first_word,
    _derivative,
    statements.tolerance,
    statements.rewiring,
    statements.in_network,
    statements.unknown_option,
    _number_after_value,
    _second_power,
    _reserved,
    _case_line,
    statements.second_over,
    _needs_value,
    _sign,
    _anything,
)
