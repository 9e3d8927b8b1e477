"""Where statements belong: which rule of the grammar reads the body of a block, in which kind of block a statement stands, and an example of each."""

from __future__ import annotations

from collections.abc import Mapping

from plasticdsl.source import Span
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.words import FIRST_WORDS, likely_block

#: The start rule that reads the statements of each kind of block.
BLOCK_RULES: Mapping[str, str] = {
    "neuron": "dynamics",
    "synapse": "dynamics",
    "rule": "dynamics",
    "network": "network",
    "experiment": "procedure",
}

#: In which kind of block a statement stands that begins with a word.
HOME: Mapping[str, str] = {
    **dict.fromkeys(("on", "every", "prune", "grow"), "a synapse or a rule"),
    **dict.fromkeys(("spike", "event", "refractory", "input", "output", "reactions"), "a neuron"),
    **dict.fromkeys(("method", "truncate"), "a neuron, a synapse or a rule"),
    **dict.fromkeys(FIRST_WORDS["procedure"], "an experiment"),
}

#: A statement or block that begins with a word.
EXAMPLES: Mapping[str, str] = {
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


def body_rule(header: str) -> str:
    """The start rule for the body of a block whose header could not be read."""
    kind = likely_block(header)
    return "dynamics" if kind is None else BLOCK_RULES[kind]


def home_rule(statement: str, rule: str) -> str:
    """The start rule for the block below a statement that could not be read, perhaps because it belongs elsewhere."""
    words = statement.split(maxsplit=1)  # none where it is nothing but a sign that Python takes for a blank
    word = words[0] if words else ""
    return next((home for home in ("dynamics", "procedure") if word in FIRST_WORDS[home]), rule)


def misplaced_line(word: str, span: Span) -> Refusal:
    """A line of rules as a clause of a projection."""
    message = f"‘{word} …’ does not stand here; it belongs in {HOME[word]}."
    hint = f"Write a rule with the line ‘{EXAMPLES[word]}’, and here ‘with’ its name."
    return Refusal("misplaced-statement", span, message, hint)
