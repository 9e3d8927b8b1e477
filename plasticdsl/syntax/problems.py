"""What to say when a token does not fit: the tokens, the place and what the grammar accepts there come in, a `Refusal` goes out.

Each function below knows one mistake that people make; the first one that recognises it speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean, nearest
from plasticdsl.source import Span
from plasticdsl.syntax.operands import number_after_value, second_power
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tokens import TERMINALS, Token
from plasticdsl.syntax.words import FIRST_WORDS, RESERVED, reserved_message

#: The start rule that reads the statements of each kind of block.
BLOCK_RULES: Mapping[str, str] = {
    "neuron": "dynamics",
    "synapse": "dynamics",
    "rule": "dynamics",
    "network": "network",
    "experiment": "procedure",
}

_HOME: Mapping[str, str] = {
    **dict.fromkeys(("on", "every"), "a synapse or a rule"),
    **dict.fromkeys(("spike", "refractory", "input", "output", "reactions"), "a neuron"),
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
    "use": 'use LIF from "neurons"',
    "on": "on pre:’ or ‘on all pairs:",
    "every": "every 10 ms:",
    "spike": "spike when V > V_θ:’ or ‘spike at rate r",
    "refractory": "refractory 2 ms",
    "input": "input I : pA",
    "output": "output y = f(a)",
    "method": "method: RK4",
    "truncate": "truncate F at 200 ms",
    "reactions": "reactions:",
    "phase": "phase learning for 10 s:’ or ‘phase p for each x in data:",
    "rules": "rules off’ or ‘rules off for EE",
    "start": "start units.x from ξ_1",
    "update": "update asynchronously",
    "record": "record V every 1 ms",
    "plot": "plot mean(w) over time",
    "expect": "expect rate(E) ≈ 8 Hz ± 1 Hz over last 5 s",
    "sweep": "sweep a in [1, 2], b from 0 to 1 in 5 values",
    "data": 'data d from "file.npz"',
}

_LOOP_OPTIONS = ("shuffled", "epochs", "where")

_ALIKE = 0.7  # first words are short, and a wrong guess is worse than none
_ASSIGNS = frozenset(("=", "->", "<->", "+=", "-=", "*=", "/=", "~", "in"))

_SHOWN = {
    **{name: f"‘{sign}’" for sign, name in TERMINALS.items()},
    "PLUS_MINUS": "‘±’",
    "ARROW": "‘→’",
    "STRING": 'a text in quotes, ‘"file.npz"’',
    "NAME": "a name",
    "NEXT_CASE": "the end of the line",
    "$END": "the end of the statement",
    "CALLED": "a name with its arguments in brackets",
}

# What may follow any value says nothing about what is missing.
_FOLLOW_VALUES = frozenset(
    TERMINALS[sign] for sign in ("+", "-", "*", "/", "^", ".", "ᵀ", "<", "<=", ">", ">=", "!=", "and", "or", "⟨", "∂", "√", "(", "[", "{")
) | {"POWER", "LIMIT", "INDEX", "BAR_OPEN", "CALLED", "NAME", "NUMBER", "SUM", "SUM_OVER", "SUM_BRACE"}


def body_rule(header: str) -> str:
    """The start rule for the body of a block whose header could not be read."""
    words = header.split(maxsplit=1)
    kind = nearest(words[0], BLOCK_RULES) if words else None
    return "dynamics" if kind is None else BLOCK_RULES[kind]


def home_rule(statement: str, rule: str) -> str:
    """The start rule for the block below a statement that could not be read, perhaps because it belongs elsewhere."""
    word = statement.split(maxsplit=1)[0]
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
    def before(self) -> Token | None:
        return self.tokens[self.number - 1] if self.number else None

    @property
    def first(self) -> Token:
        return self.tokens[0]

    @property
    def wants_value(self) -> bool:
        return "NAME" in self.choices and "LPAR" in self.choices

    @property
    def span(self) -> Span:
        if self.token is not None:
            return self.token.span
        end = self.tokens[-1].span
        return Span(max(end.end - 1, end.start), end.end, end.path)


def unexpected(tokens: Sequence[Token], number: int, choices: Mapping[str, object], rule: str) -> Refusal:
    """The refusal for the token at `number` (the end of the statement where there is none)."""
    place = _Place(tokens, number, frozenset(name for name in choices if name.isupper() or name == "$END"), rule)
    for recognise in _MISTAKES:
        refusal = recognise(place)
        if refusal is not None:
            return refusal
    return _anything(place)


def _unknown_block(place: _Place) -> Refusal | None:
    """`nueron LIF:`, or a statement at the left margin."""
    if place.rule != "item" or place.first.text in FIRST_WORDS["item"]:
        return None
    span = place.first.span
    elsewhere = place.first.text in _HOME
    if elsewhere or any(token.kind in ("=", "->", "~", "in") for token in place.tokens):
        message = "A statement stands inside a block, indented."
        return Refusal("outside-block", span, message, "Begin a block above it, for example ‘rule STDP:’, and indent the statement.")
    word = place.first.text
    hint = did_you_mean(word, FIRST_WORDS["item"], "") or Hint(f"A file consists of {', '.join(FIRST_WORDS['item'])}.")
    return Refusal("unknown-block", span, f"‘{word}’ begins no block.", hint)


def _inside_block(place: _Place) -> Refusal | None:
    """An indented block header."""
    if place.rule == "item" or place.number == 0 or place.first.text not in FIRST_WORDS["item"] or place.first.kind != "NAME":
        return None
    message = f"‘{place.first.text}’ begins a block, and blocks do not stand inside each other."
    return Refusal("nested-block", place.first.span, message, "Move it to the left margin.")


def _misplaced(place: _Place) -> Refusal | None:
    """`phase …` in a neuron: a statement that exists, but elsewhere."""
    word = place.first.text
    if word in FIRST_WORDS[place.rule] or word not in _HOME or place.number == 0 or place.first.kind not in ("NAME", *RESERVED):
        return None
    where = {"dynamics": "here", "network": "in a network", "procedure": "in an experiment"}.get(place.rule, "here")
    message = f"‘{word} …’ does not stand {where}; it belongs in {_HOME[word]}."
    return Refusal("misplaced-statement", place.first.span, message, f"For example ‘{_EXAMPLES[word]}’.")


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
    return Refusal("unknown-statement", place.first.span, f"‘{word}’ begins no statement.", hint)


def _condition_first(place: _Place) -> Refusal | None:
    """`if V > θ: V → V_r`."""
    if place.number or place.first.kind not in ("if", "when", "for", "where"):
        return None
    hint = "Write the value first: ‘x → +1 if h > θ’; for spikes ‘spike when V > V_θ:’."
    return Refusal("condition-first", place.span, f"No statement begins with ‘{place.first.text}’.", hint)


def _else(place: _Place) -> Refusal | None:
    if place.token is None or place.token.kind not in ("else", "elif", "then"):
        return None
    message = f"‘{place.token.text}’ is not used in this language."
    return Refusal("no-else", place.token.span, message, "Write one case per line, ‘value if condition’, and last ‘value otherwise’.")


def _reserved(place: _Place) -> Refusal | None:
    """A reserved word where a value is read."""
    token = place.token
    return _is_reserved(token) if token is not None and token.text in RESERVED and place.wants_value else None


def _reserved_name(place: _Place) -> Refusal | None:
    """The same where only a name can stand, or on the left of what can only be a definition, where other words would have a meaning of their own."""
    token, first = place.token, place.first
    if token is None:
        return None
    if first.text in RESERVED and ((place.number == 0 and _defines(place.tokens)) or (place.number and token.kind in _ASSIGNS)):
        return _is_reserved(first)
    only_name = bool({"NAME", "CALLED"} & place.choices) and not {"LPAR", "STAR"} & place.choices
    return _is_reserved(token) if only_name and token.text in RESERVED else None


def _defines(tokens: Sequence[Token]) -> bool:
    """`if = 3`, `if(0) = 3`."""
    after = [token.kind for token in tokens[1:5]]
    return bool(after) and (after[0] in _ASSIGNS or (after[0] == "(" and after[2:3] == [")"] and after[3:] in (["="], ["~"])))


def _is_reserved(token: Token) -> Refusal:
    return Refusal("reserved-word", token.span, reserved_message(token.text), "Choose another name.")


def _number_after_value(place: _Place) -> Refusal | None:
    """`x 2`; `run 10 s`, where the first word was meant to begin a statement."""
    if place.token is None or place.token.kind != "NUMBER" or place.before is None or "STAR" not in place.choices:
        return None
    left, right = place.before.text, place.token.text
    words = FIRST_WORDS[place.rule]
    if place.number == 1 and words and not any(token.kind in _ASSIGNS for token in place.tokens):
        hint = f"Definitions have a ‘=’; other statements begin with {', '.join(words)}."
        return Refusal("unknown-statement", place.first.span, f"‘{left}’ begins no statement.", hint)
    if place.rule == "network" and any(token.kind == "->" for token in place.tokens) and place.before.kind == "NAME":
        message = f"The number ‘{right}’ cannot follow ‘{left}’ without a sign between."
        option = f"{left} {right}" if "-" in left else f"{left} = {right}"
        last = place.tokens[place.number - 2]
        text = option
        advice, at = f"Write ‘{option}’.", place.before.span.to(place.token.span)
        if last.kind != ",":
            text = f", {option}"
            advice, at = f"Options follow commas: ‘{text}’.", Span(last.span.end, at.end, at.path)
        return Refusal("number-after-value", place.token.span, message, Hint(advice, (text,), at))
    return number_after_value(place.tokens, place.number)


def _targets(place: _Place) -> Refusal | None:
    """`A → B, C: …`, `each of A, B → C: …`."""
    if place.rule != "network" or place.token is None or not any(token.kind == "->" for token in place.tokens):
        return None
    if place.token.kind in (",", "[") and ("COLON" in place.choices or "EACH" in place.choices):
        first = next(after for sign, after in zip(place.tokens, place.tokens[1:], strict=False) if sign.kind == "->")
        hint = Hint(f"For several write ‘→ each of {first.text}, …’.", (f"each of {first.text}",), first.span)
        return Refusal("several-targets", place.token.span, "A projection has one target.", hint)
    if place.token.kind == "each":
        return Refusal("several-targets", place.token.span, "A projection has one source.", "Write a line for each source.")
    return None


def _values(place: _Place) -> Refusal | None:
    """`E = 800 LIF with a = 1`."""
    if place.rule != "network" or place.token is None or place.token.kind != "with" or place.number < 3:
        return None
    at = Span(place.tokens[place.number - 1].span.end, place.token.span.end, place.token.span.path)
    hint = Hint("Values follow a comma: ‘E = 800 LIF, V(0) = 3 mV’.", (",",), at)
    return Refusal("unexpected", place.token.span, "‘with’ does not fit here.", hint)


def _unknown_option(place: _Place) -> Refusal | None:
    """`phase p for each x in data, shufled`: after an expression that is only a name nothing is left but its word, `epochs`."""
    in_loop = place.first.text == "phase" and any(token.kind == "each" for token in place.tokens[: place.number])
    if not in_loop or "EPOCHS" not in place.choices or place.before is None or place.before.kind != "NAME":
        return None
    word = place.before.text
    hint = did_you_mean(word, _LOOP_OPTIONS, "") or Hint("Options are ‘shuffled’, ‘5 epochs’ and ‘for 100 ms each’.")
    return Refusal("unknown-option", place.before.span, f"‘{word}’ is no option of a loop.", hint)


def _set_of_patterns(place: _Place) -> Refusal | None:
    """`5 random patterns of [−1, 1] over E`."""
    before = [token.text for token in place.tokens[max(0, place.number - 3) : place.number]]
    if place.rule != "network" or place.token is None or before != ["random", "patterns", "of"]:
        return None
    message = "Random patterns take their values from a set or a distribution."
    return Refusal("not-a-set", place.token.span, message, "For example ‘{−1, +1}’ or ‘U(−1, 1)’.")


def _second_power(place: _Place) -> Refusal | None:
    if place.token is None or place.token.kind not in ("^", "POWER") or "STAR" not in place.choices:
        return None
    return second_power(place.tokens, place.number)


def _second_equals(place: _Place) -> Refusal | None:
    if place.token is None or place.token.kind != "=" or place.wants_value:
        return None
    message = "A second ‘=’ in one statement."
    return Refusal("two-equals", place.token.span, message, "A comma may be missing before the name, or a line break.")


def _tolerance(place: _Place) -> Refusal | None:
    if place.token is None or place.token.kind not in ("+-", "~="):
        return None
    if place.first.text == "expect":
        message = f"‘{place.token.text}’ does not fit here: tolerances have the form ‘a ≈ b ± c’."
        equals = next((token.span for token in reversed(place.tokens[: place.number]) if token.kind == "="), None)
        hint = Hint("Write ‘≈’ in place of ‘=’.", ("≈",), equals) if equals is not None else ""
        return Refusal("misplaced-tolerance", place.token.span, message, hint)
    message = f"‘{place.token.text}’ belongs to an expectation."
    return Refusal("misplaced-tolerance", place.token.span, message, "For example ‘expect rate(E) ≈ 8 Hz ± 1 Hz’.")


def _comparison_statement(place: _Place) -> Refusal | None:
    """`w ≤ w_max` as a statement."""
    if place.token is None or place.token.kind not in ("<", "<=", ">", ">=", "!=") or "EQUAL" not in place.choices:
        return None
    hint = "For example ‘w ∈ [0, w_max]’ for bounds, ‘spike when V > V_θ:’ for a threshold."
    return Refusal("comparison-statement", place.token.span, "A comparison is not a statement.", hint)


def _derivative(place: _Place) -> Refusal | None:
    derivative = next((token for token in (place.token, place.before) if token is not None and token.kind == "DERIVATIVE"), None)
    if place.token is None or derivative is None:
        return None
    message = "A derivative stands alone on the left of ‘=’, with a factor before it at most."
    return Refusal("misplaced-derivative", derivative.span, message, "For example ‘τ_m dV/dt = E_L − V’.")


def _case_line(place: _Place) -> Refusal | None:
    if (place.token is not None and place.token.kind != "NEXT_CASE") or "IF" not in place.choices or "NEXT_CASE" in place.choices:
        return None
    if not any(token.kind == "NEXT_CASE" for token in place.tokens):
        return None
    message = "Each line of a case distinction ends in ‘if …’, the last one may end in ‘otherwise’."
    return Refusal("incomplete-case", place.span, message, "Add the condition of this case.")


def _early_otherwise(place: _Place) -> Refusal | None:
    if place.token is None or place.token.kind not in ("otherwise", "if", "NEXT_CASE"):
        return None
    message = "‘otherwise’ stands on the last of several lines, each of the others has an ‘if’."
    return Refusal("incomplete-case", place.token.span, message, "Write one case per line, indented deeper than the first.")


def _needs_value(place: _Place) -> Refusal | None:
    """`a + * b`, `a = `."""
    if not place.wants_value or place.number == 0:
        return None
    before = place.tokens[place.number - 1]
    if place.token is None:
        return Refusal("missing-value", before.span, f"A value is missing after ‘{before.text}’.")
    shown = "the end of the line" if place.token.kind == "NEXT_CASE" else f"‘{place.token.text}’"
    return Refusal("missing-value", place.token.span, f"A value is missing between ‘{before.text}’ and {shown}.")


def _anything(place: _Place) -> Refusal:
    """The last resort: what stands there, and what could."""
    choices = place.choices - _FOLLOW_VALUES if "STAR" in place.choices or "PLUS" in place.choices else place.choices
    expected = sorted(_SHOWN.get(name, f"‘{name.lower().replace('_', '-')}’") for name in choices)
    hint = f"Here stands {' or '.join(expected)}." if 0 < len(expected) <= 4 else ""
    if place.first.text in _EXAMPLES and place.first.kind != "CALLED":
        hint = f"{hint} For example ‘{_EXAMPLES[place.first.text]}’.".lstrip()
    if place.token is None:
        lone = place.number == 1 and place.rule != "item"
        message = f"‘{place.first.text}’ alone is not a statement." if lone else "The statement ends too early."
        return Refusal("incomplete", place.span, message, hint or "For example ‘τ = 20 ms’.")
    if place.token.kind == "NEXT_CASE":
        return Refusal("unexpected", place.before.span if place.before else place.span, "The line ends too early.", hint)
    if place.token.kind == "STRING" and place.number == 0:
        hint = 'A text about a block stands in three quotes: """…""".'
    return Refusal("unexpected", place.token.span, f"‘{place.token.text}’ does not fit here.", hint)


_MISTAKES: tuple[Callable[[_Place], Refusal | None], ...] = (
    _reserved_name,
    _unknown_block,
    _inside_block,
    _misplaced,
    _condition_first,
    _else,
    _misspelled_first_word,
    _derivative,
    _tolerance,
    _targets,
    _values,
    _set_of_patterns,
    _unknown_option,
    _number_after_value,
    _second_power,
    _reserved,
    _case_line,
    _needs_value,
    _second_equals,
    _comparison_statement,
    _early_otherwise,
)
