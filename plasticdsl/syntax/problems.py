"""What to say when a token does not fit: the tokens, the place and what the grammar accepts there come in, a `Refusal` goes out.

Each function below knows one mistake that people make; the first one that recognises it speaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean, nearest
from plasticdsl.source import Span
from plasticdsl.syntax.operands import number_after_value, second_power
from plasticdsl.syntax.refusal import Refusal, sum_in_name
from plasticdsl.syntax.tokens import CLOSING, OPENING, Token, begins_with_name
from plasticdsl.syntax.words import FIRST_WORDS, RESERVED, likely_block, reserved_message
from plasticdsl.units.display import unit_text

#: The start rule that reads the statements of each kind of block.
BLOCK_RULES: Mapping[str, str] = {
    "neuron": "dynamics",
    "synapse": "dynamics",
    "rule": "dynamics",
    "network": "network",
    "experiment": "procedure",
}

_HOME: Mapping[str, str] = {
    **dict.fromkeys(("on", "every", "prune", "grow"), "a synapse or a rule"),
    **dict.fromkeys(("spike", "event", "refractory", "input", "output", "reactions"), "a neuron"),
    **dict.fromkeys(("method", "truncate"), "a neuron, a synapse or a rule"),
    **dict.fromkeys(FIRST_WORDS["procedure"], "an experiment"),
}

_EXAMPLES: Mapping[str, str] = {
    "neuron": "neuron LIF:",
    "synapse": "synapse Excitation:",
    "rule": "rule STDP:",
    "network": "network Net:",
    "experiment": "experiment Run on Net:",
    "function": "function f(x) = 1/(1 + exp(−x))",
    "table": "table Frequencies of Pairing:",
    "use": 'use LIF from "neurons"',
    "on": "on pre:’ or ‘on all pairs:",
    "every": "every 10 ms:",
    "spike": "spike when V > V_θ:’ or ‘spike at rate r",
    "event": "event burst when g rises above 1:",
    "refractory": "refractory 2 ms’ or ‘refractory while V > −40 mV",
    "input": "input I : pA",
    "output": "output y = f(a)",
    "method": "method: RK4",
    "truncate": "truncate F at 200 ms",
    "prune": "prune when w < 0.01",
    "grow": "grow p = 0.001 every 1 s, in-degree ≤ 20, w = 0.02",
    "reactions": "reactions:",
    "conserved": "conserved A + B",
    "phase": "phase learning for 10 s:’ or ‘phase p for each x in data:",
    "repeat": "repeat 60 times:’ or ‘repeat until mean(w) > 0.9, at most 100 times:",
    "rules": "rules off’ or ‘rules off for EE",
    "start": "start units.x from ξ_1",
    "update": "update asynchronously",
    "record": "record V every 1 ms",
    "plot": "plot mean(w) over time",
    "expect": "expect rate(E) ≈ 8 Hz ± 1 Hz over last 5 s",
    "sweep": "sweep a in [1, 2], b from 0 to 1 in 5 values",
    "fit": "fit τ in 10 ms … 40 ms to minimise (rate(E) − 8 Hz)²",
    "data": 'data d from "file.npz"',
}

_LOOP_OPTIONS = ("shuffled", "epochs", "where", "pause", "again")

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


def body_rule(header: str) -> str:
    """The start rule for the body of a block whose header could not be read."""
    kind = likely_block(header)
    return "dynamics" if kind is None else BLOCK_RULES[kind]


def home_rule(statement: str, rule: str) -> str:
    """The start rule for the block below a statement that could not be read, perhaps because it belongs elsewhere."""
    words = statement.split(maxsplit=1)  # none where it is nothing but a sign that Python takes for a blank
    word = words[0] if words else ""
    return next((home for home in ("dynamics", "procedure") if word in FIRST_WORDS[home]), rule)


@dataclass(frozen=True, slots=True)
class _Place:
    """The token at `number` of `tokens` does not fit; `choices` are the terminals that would."""

    tokens: Sequence[Token]
    number: int
    choices: frozenset[str]
    rule: str

    @property
    def token(self) -> Token | None:
        return self.tokens[self.number] if self.number < len(self.tokens) else None

    @property
    def kind(self) -> str:
        """Of the token; empty at the end of the statement."""
        return self.token.kind if self.token is not None else ""

    @property
    def text(self) -> str:
        return self.token.text if self.token is not None else ""

    @property
    def before(self) -> Token:
        """The token before it, or the first one."""
        return self.tokens[max(self.number - 1, 0)]

    @property
    def first(self) -> Token:
        return self.tokens[0]

    @property
    def wants_value(self) -> bool:
        return "NAME" in self.choices and "(" in self.choices

    @property
    def span(self) -> Span:
        if self.token is not None:
            return self.token.span
        end = self.tokens[-1].span
        return Span(max(end.end - 1, end.start), end.end, end.path)

    def has(self, *kinds: str) -> bool:
        """Whether a token of one of these kinds stands anywhere in the statement."""
        return any(token.kind in kinds for token in self.tokens)

    def refusal(self, code: str, message: str, hint: Hint | str = "", at: Span | None = None) -> Refusal:
        """What to say of the token, or of another place."""
        return Refusal(code, at or self.span, message, hint)


def unexpected(tokens: Sequence[Token], number: int, choices: Mapping[str, object], rule: str) -> Refusal:
    """The refusal for the token at `number` (the end of the statement where there is none)."""
    place = _Place(tokens, number, frozenset(name for name in choices if not name.islower()), rule)
    return next(filter(None, (recognise(place) for recognise in _MISTAKES)))


def _first_word(place: _Place) -> Refusal | None:
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
    if (
        word in FIRST_WORDS[place.rule]
        or word not in _HOME
        or place.first.kind not in ("NAME", *RESERVED)
        or begins_with_name(place.tokens)
    ):
        return None
    where = {"network": "in a network", "procedure": "in an experiment"}.get(place.rule, "here")
    message = f"‘{word} …’ does not stand {where}; it belongs in {_HOME[word]}."
    return place.refusal("misplaced-statement", message, f"For example ‘{_EXAMPLES[word]}’.", at)


def _unknown_block(place: _Place) -> Refusal:
    """`nueron LIF:`, or a statement at the left margin."""
    word, at = place.first.text, place.first.span
    if word in _HOME or place.has("=", "->", "~", "in"):
        hint = "Begin a block above it, for example ‘rule STDP:’, and indent the statement."
        return place.refusal("outside-block", "A statement stands inside a block, indented.", hint, at)
    near = did_you_mean(word, FIRST_WORDS["item"], "") or Hint(f"A file consists of {', '.join(FIRST_WORDS['item'])}.")
    return place.refusal("unknown-block", f"‘{word}’ begins no block.", near, at)


def _misspelled_first_word(place: _Place) -> Refusal | None:
    """`recrod V`: the second word cannot follow a name."""
    word = place.first.text
    if place.first.kind != "NAME" or place.number == 0 or word in FIRST_WORDS[place.rule]:
        return None
    if any(token.kind in ("=", "->", "~") for token in place.tokens[1:3]):
        return None
    near = nearest(word, FIRST_WORDS[place.rule], _ALIKE)
    if near is None:
        return None
    hint = Hint(f"Did you mean ‘{near}’? For example ‘{_EXAMPLES[near]}’.", (near,))
    return place.refusal("unknown-statement", f"‘{word}’ begins no statement.", hint, place.first.span)


def _else(place: _Place) -> Refusal | None:
    if place.kind not in ("else", "elif", "then"):
        return None
    hint = "Write one case per line, ‘value if condition’, and last ‘value otherwise’."
    return place.refusal("no-else", f"‘{place.text}’ is not used in this language.", hint)


def _reserved(place: _Place) -> Refusal | None:
    """A reserved word where a value is read."""
    return _is_reserved(place.token) if place.token is not None and place.text in RESERVED and place.wants_value else None


def _reserved_name(place: _Place) -> Refusal | None:
    """The same where only a name can stand, or on the left of what can only be a definition, where other words would have a meaning of their own."""
    token, first = place.token, place.first
    if token is None:
        return None
    if first.text in RESERVED and ((place.number == 0 and _defines(place.tokens)) or (place.number and token.kind in _ASSIGNS)):
        return _is_reserved(first)
    only_name = bool({"NAME", "CALLED"} & place.choices) and not {"(", "*"} & place.choices
    return _is_reserved(token) if only_name and token.text in RESERVED else None


def _sum_in_name(place: _Place) -> Refusal | None:
    """`Σ_w = 1`, `w_Σ = 1`, where the sum lacks what is summed; `record x as Σx`, where only a name can stand."""
    if place.kind in _ASSIGNS and place.before.kind in _SUMS and not any(token.kind in _ASSIGNS for token in place.tokens[: place.number]):
        first = place.number - 1
    elif place.kind in _SUMS and "NAME" in place.choices and "(" not in place.choices:
        first = place.number
    else:
        return None
    last = first
    while first and place.tokens[first - 1].kind == "NAME" and _touch(place.tokens, first):
        first -= 1
    while last + 1 < len(place.tokens) and place.tokens[last + 1].kind == "NAME" and _touch(place.tokens, last + 1):
        last += 1
    text = "".join(token.text for token in place.tokens[first : last + 1])
    name = re.sub("_*[Σ∑]_?", "_Sigma_", text).strip("_")
    return sum_in_name(place.tokens[first].span.to(place.tokens[last].span), name)


def _touch(tokens: Sequence[Token], number: int) -> bool:
    """Whether a token follows the one before it without a blank."""
    return tokens[number - 1].span.end == tokens[number].span.start


def _defines(tokens: Sequence[Token]) -> bool:
    """`if = 3`, `if(0) = 3`."""
    after = [token.kind for token in tokens[1:5]]
    return bool(after) and (after[0] in _ASSIGNS or (after[0] == "(" and after[2:3] == [")"] and after[3:] in (["="], ["~"])))


def _is_reserved(token: Token) -> Refusal:
    return Refusal("reserved-word", token.span, reserved_message(token.text), "Choose another name.")


def _number_after_value(place: _Place) -> Refusal | None:
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
    option = f"{left} {_number(token)}" if "-" in left else f"{left} = {_number(token)}"
    hint = Hint(f"Write ‘{option}’.", (option,), place.before.span.to(place.span))
    last = place.tokens[place.number - 2]
    if last.kind != ",":
        hint = Hint(f"Options follow commas: ‘, {option}’.", (f", {option}",), Span(last.span.end, place.span.end, place.span.path))
    return place.refusal("number-after-value", f"The number ‘{_number(token)}’ cannot follow ‘{left}’ without a sign between.", hint)


def _in_network(place: _Place) -> Refusal | None:
    """`A → B, C: …`, `each of A, B → C: …`, `E = 800 LIF with a = 1`, `5 random patterns of [−1, 1] over E`."""
    if place.rule != "network":
        return None
    match place.kind:
        case "," | "[" if place.has("->") and {":", "EACH"} & place.choices:
            first = next(after for sign, after in pairwise(place.tokens) if sign.kind == "->")
            hint = Hint(f"For several write ‘→ each of {first.text}, …’.", (f"each of {first.text}",), first.span)
            return place.refusal("several-targets", "A projection has one target.", hint)
        case "each" if place.has("->"):
            return place.refusal("several-targets", "A projection has one source.", "Write a line for each source.")
        case "at" | "NUMBER" if any(token.text == "on" for token in place.tokens[2 : place.number]):
            example = "A population is, for example, ‘on a ring of 1 mm’, or ‘at random on a sheet of 1 mm × 1 mm’."
            return place.refusal("bad-place", f"‘{place.text}’ does not fit here.", example)
        case "with" if place.number >= 3:
            at = Span(place.before.span.end, place.span.end, place.span.path)
            return place.refusal(
                "unexpected", "‘with’ does not fit here.", Hint("Values follow a comma: ‘E = 800 LIF, V(0) = 3 mV’.", (",",), at)
            )
    if place.kind and [token.text for token in place.tokens[: place.number][-3:]] == ["random", "patterns", "of"]:
        message = "Random patterns take their values from a set or a distribution."
        return place.refusal("not-a-set", message, "For example ‘{−1, +1}’ or ‘U(−1, 1)’.")
    return None


def _rewiring(place: _Place) -> Refusal | None:
    """`prune if w < 0.01`, `grow … if c`, `…, up to 20 per unit`, and either as a clause of a projection."""
    word = next((b.text for a, b in pairwise(place.tokens[: place.number]) if a.kind == "," and b.text in ("prune", "grow")), "")
    if place.rule == "network" and word:
        return misplaced_line(word, place.before.span if place.before.text == word else place.span)
    begins = place.first.text if place.rule == "dynamics" else ""
    wanted = {"prune": "when", "grow": "where"}.get(begins)
    if wanted is not None and place.kind in ("if", "when", "where") and wanted.upper() in place.choices:
        return place.refusal("unexpected", f"‘{place.text}’ does not fit here.", Hint(f"Write ‘{wanted}’.", (wanted,)))
    if begins == "grow" and place.before.text in ("up", "in-degree", "out-degree") and place.number > 1:
        hint = "How many connections a unit may have is written ‘in-degree ≤ 20’, or ‘out-degree ≤ 20’ for a presynaptic unit."
        return place.refusal("unexpected", f"‘{place.text}’ does not fit here.", hint)
    return None


#: In which order the parts of ‘grow’ stand.
_GROW = "‘grow p = 0.001 every 1 s where post.c < 1, in-degree ≤ 20, w = 0.02’"


def _order_of_rewiring(place: _Place) -> Refusal | None:
    """`grow every 1 s p = 0.1`, `grow where … every 1 s`, `prune every 1 s when …`."""
    if place.rule != "dynamics" or place.first.text not in ("grow", "prune") or place.number == 0:
        return None
    if place.first.text == "prune" and place.text == "every" and place.number == 1:
        return place.refusal(
            "unexpected", "‘every’ does not fit here.", "‘every’ stands behind the condition, as in ‘prune when w < 0.01 every 1 s’."
        )
    if place.first.text == "grow" and place.number == 1 and place.text in ("where", "with", "when", "if"):
        return place.refusal("unexpected", f"‘{place.text}’ does not fit here.", f"The parts of the line stand in this order: {_GROW}.")
    words = [token.text for token in place.tokens[: place.number]]
    if place.first.text == "grow" and place.kind == "=" and "every" in words and "," not in words and "=" not in words:
        hint: Hint | str = f"What comes before ‘every’ is the probability: {_GROW}."
        begin, end = words.index("every"), place.number + 1
        if (begin, place.number) == (1, 4) and (end + 1 == len(place.tokens) or place.tokens[end + 1].kind == ","):
            text = f"{words[3]} = {_number(place.tokens[end])} every {_number(place.tokens[2])}"
            at = Span(place.tokens[1].span.start, place.tokens[end].span.end, place.span.path)
            hint = Hint(f"The probability stands first: write ‘grow {text}’.", (text,), at)
        return place.refusal("unexpected", "The probability does not fit here.", hint, place.before.span)
    return None


def _number(token: Token) -> str:
    """A number as it is written, with its unit; any other word."""
    return f"{token.text} {unit_text(token.unit)}" if token.unit else token.text


def _waiting(place: _Place) -> Refusal | None:
    """`on post.burst:`, `on reward burst:`, `on E[2]:`."""
    if place.first.text != "on" or place.number < 2:
        return None
    side, token = place.before, place.token
    following = place.tokens[place.number + 1] if place.kind == "." and place.number + 1 < len(place.tokens) else token
    if place.kind in (".", "NAME") and following is not None and following.kind == "NAME" and place.number == 2:
        at = Span(side.span.start, following.span.end, side.span.path)
        if following.text in ("spike", "spikes"):
            return place.refusal("unexpected", f"‘{following.text}’ does not fit here.", Hint(f"Write ‘on {side.text}’.", (side.text,), at))
        text = f"{following.text} of {side.text}"
        return place.refusal("unexpected", f"‘{following.text}’ does not fit here.", Hint(f"Write ‘on {text}’.", (text,), at))
    if place.kind == "INDEX":
        name = f"part = {side.text}[…]"
        hint = f"Give these units a name in the network, ‘{name}’, and wait for it: ‘on part:’."
        return place.refusal("unexpected", "What ‘on’ waits for is a name, without numbers of units.", hint)
    return None


def _chance(place: _Place) -> Refusal | None:
    """`post.V += w with probability 0.5`, `on pre with probability 0.5:`."""
    words = [token.text for token in place.tokens[place.number : place.number + 2]]
    if place.rule != "dynamics" or words not in (["with", "probability"], ["with", "chance"]):
        return None
    last = place.tokens[-1]
    ends = place.number + 3 == len(place.tokens) and last.kind == "NUMBER" and "IF" in place.choices
    text = f"if chance({_number(last)})"
    hint = Hint(f"Write ‘{text}’.", (text,), Span(place.span.start, last.span.end, place.span.path))
    return place.refusal(
        "unexpected",
        f"‘{' '.join(words)}’ does not fit here.",
        hint if ends else "Chance stands behind a change: ‘post.V += w if chance(0.5)’.",
    )


def misplaced_line(word: str, span: Span) -> Refusal:
    """A line of rules as a clause of a projection."""
    message = f"‘{word} …’ does not stand here; it belongs in {_HOME[word]}."
    hint = f"Write a rule with the line ‘{_EXAMPLES[word]}’, and here ‘with’ its name."
    return Refusal("misplaced-statement", span, message, hint)


def _unknown_option(place: _Place) -> Refusal | None:
    """`phase p for each x in data, shufled`: after an expression that is only a name nothing is left but its word, `epochs`."""
    in_loop = place.first.text == "phase" and any(token.kind == "each" for token in place.tokens[: place.number])
    if not in_loop or "EPOCHS" not in place.choices or place.before.kind != "NAME":
        return None
    word = place.before.text
    hint = did_you_mean(word, _LOOP_OPTIONS, "") or "Options are ‘shuffled’, ‘5 epochs’ and ‘for 100 ms each’."
    return place.refusal("unknown-option", f"‘{word}’ is no option of a loop.", hint, place.before.span)


def _second_power(place: _Place) -> Refusal | None:
    return second_power(place.tokens, place.number) if place.kind in ("^", "POWER") and "*" in place.choices else None


def _tolerance(place: _Place) -> Refusal | None:
    if place.kind not in ("+-", "~="):
        return None
    if place.first.text != "expect":
        example = "For example ‘expect rate(E) ≈ 8 Hz ± 1 Hz’."
        return place.refusal("misplaced-tolerance", f"‘{place.text}’ belongs to an expectation.", example)
    equals = next((token.span for token in reversed(place.tokens[: place.number]) if token.kind == "="), None)
    hint = Hint("Write ‘≈’ in place of ‘=’.", ("≈",), equals) if equals is not None else ""
    return place.refusal("misplaced-tolerance", f"‘{place.text}’ does not fit here: tolerances have the form ‘a ≈ b ± c’.", hint)


def _derivative(place: _Place) -> Refusal | None:
    derivative = next((token for token in (place.token, place.before) if token is not None and token.kind == "DERIVATIVE"), None)
    if place.token is None or derivative is None:
        return None
    message = "A derivative stands alone on the left of ‘=’, with a factor before it at most."
    return place.refusal("misplaced-derivative", message, "For example ‘τ_m dV/dt = E_L − V’.", derivative.span)


def _case_line(place: _Place) -> Refusal | None:
    if place.kind not in ("", "NEXT_CASE") or "IF" not in place.choices or "NEXT_CASE" in place.choices or not place.has("NEXT_CASE"):
        return None
    message = "Each line of a case distinction ends in ‘if …’, the last one may end in ‘otherwise’."
    return place.refusal("incomplete-case", message, "Add the condition of this case.")


def _needs_value(place: _Place) -> Refusal | None:
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


def _second_over(place: _Place) -> Refusal | None:
    """`plot V over time, rate(E) over time`."""
    before = place.tokens[: place.number]
    places = [number for number, token in enumerate(before) if token.text == "over" and not _depth(before[:number])]
    if place.first.text != "plot" or len(places) < 2 or places[-1] != place.number - 1:
        return None
    hint = "Items stand side by side before it, ‘plot E.V[1], rate(E) over time’; what has another axis has a ‘plot’ line of its own."
    return place.refusal("unexpected", "A plot line has one ‘over’.", hint, place.before.span)


def _depth(tokens: Sequence[Token]) -> int:
    """How many brackets are open."""
    return sum((token.kind in OPENING) - (token.kind in CLOSING) for token in tokens)


def _sign(place: _Place) -> Refusal | None:
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


def _touches_minus(place: _Place) -> bool:
    """`V <- V_r`."""
    after = place.number + 1
    return after < len(place.tokens) and place.tokens[after].kind == "-" and _touch(place.tokens, after)


def _anything(place: _Place) -> Refusal:
    """The last resort: what stands there, and what could."""
    choices = place.choices - (_FOLLOW_VALUES if "*" in place.choices or "+" in place.choices else {"INDEX"})
    expected = sorted(_SHOWN.get(name, f"‘{name.lower().replace('_', '-')}’") for name in choices)
    hint = f"Here stands {' or '.join(expected)}." if 0 < len(expected) <= 4 else ""
    if place.first.text in _EXAMPLES and place.first.kind != "CALLED":
        hint = f"{hint} For example ‘{_EXAMPLES[place.first.text]}’.".lstrip()
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
_MISTAKES: tuple[Callable[[_Place], Refusal | None], ...] = (
    _order_of_rewiring,
    _chance,
    _waiting,
    _reserved_name,
    _sum_in_name,
    _first_word,
    _else,
    _misspelled_first_word,
    _derivative,
    _tolerance,
    _rewiring,
    _in_network,
    _unknown_option,
    _number_after_value,
    _second_power,
    _reserved,
    _case_line,
    _second_over,
    _needs_value,
    _sign,
    _anything,
)
