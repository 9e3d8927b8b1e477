"""Every code that a finding can have, with a title and what to do about it; documentation and `explain` read this list.

A new code gets its entry here, in alphabetical order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding: its name (kebab-case), a title without full stop, and a paragraph for who meets it first."""

    name: str
    title: str
    explanation: str


_CODES: tuple[Code, ...] = (
    Code("ambiguous-power", "a power of a power without brackets",
         "`a^b^c` is read one way by mathematicians and another by some programs. Write `(a^b)^c` or `a^(b^c)`."),
    Code("ambiguous-product", "a product without a sign after a division",
         "`a / b c` can be `(a / b) c` or `a / (b c)`. Write the brackets, or `a c / b`; `a b / c` has one reading."),
    Code("ambiguous-unit", "a word that can be a unit or a variable",
         "A unit stands after a number and a blank: `20 ms`. `20·ms` is a product with a variable `ms`."),
    Code("bad-count", "a count that is no whole number",
         "Counts, for example of substeps, are whole numbers from 1 up."),
    Code("bad-indentation", "a line that is not indented like its neighbours",
         "The lines of one block begin in one column. A deeper line continues the one before, unless that ends in `:`."),
    Code("bad-left-side", "something that cannot stand on the left of a statement",
         "A statement begins with what it determines: a name, `post.g`, `w[i, j]`, `V(0)`, `F(x)` or `τ dV/dt`."),
    Code("comparison-statement", "a comparison where a statement is expected",
         "A comparison determines nothing. Bounds are written `w ∈ [0, w_max]`, thresholds `spike when V > V_θ:`."),
    Code("condition-first", "a statement that begins with its condition",
         "The value comes first, as in a paper: `x → +1 if h > θ`, and `otherwise` on the last line."),
    Code("empty-block", "a header with nothing below it",
         "A header that ends in `:` is followed by its statements, indented deeper."),
    Code("file-too-large", "a file beyond what is read",
         "Files up to 1 MB and 100 000 words and signs are read. Large data belongs into .npz or .csv files."),
    Code("foreign-sign", "a sign of another language",
         "`==` is written `=`, `**` is `^`, `:=` is `=`, `&&` is `and`."),
    Code("incomplete", "a statement that ends too early",
         "Something that the statement needs is missing at its end."),
    Code("incomplete-case", "a line of a case distinction without its condition",
         "Every case stands on a line of its own and ends in `if …`; the last may end in `otherwise`."),
    Code("misplaced-derivative", "a derivative that does not stand alone on the left",
         "`τ dV/dt = …` is the only place for a derivative; solve the equation for it."),
    Code("misplaced-docstring", "a docstring in the middle of a block",
         "A text in three quotes describes a file or a block and is the first thing in it. Use `#` elsewhere."),
    Code("misplaced-prime", "a prime without an argument",
         "`σ'(a)` is the derivative of the function σ at a. A derivative with respect to time is `dV/dt`."),
    Code("misplaced-statement", "a statement in a block of the wrong kind",
         "`spike` belongs in a neuron, `on pre` in a synapse or rule, `phase` in an experiment, and so on."),
    Code("misplaced-tolerance", "`≈` or `±` outside an expectation",
         "Tolerances belong to `expect a ≈ b ± c`."),
    Code("missing-bracket", "a bracket without a partner",
         "Every bracket is closed in the same statement by one of its kind."),
    Code("missing-colon", "a header without its colon",
         "A line with an indented block below ends in `:`."),
    Code("missing-tolerance", "`≈` without `±`",
         "An expectation says how close is close enough, in absolute terms or in percent."),
    Code("missing-value", "an operator without one of its operands",
         "Something is missing before or after a sign."),
    Code("nested-block", "a block inside a block",
         "neuron, synapse, rule, network, experiment, function and use stand at the left margin."),
    Code("no-else", "`else`, `elif` or `then`",
         "Cases are written one per line, `value if condition`, and the last may say `value otherwise`."),
    Code("not-a-distribution", "something after `~` that is no distribution",
         "For example `N(mean, sd)`, `U(low, high)`, `Gamma(shape, scale)`."),
    Code("not-a-population", "a population without a number or kind",
         "A population is a number and a neuron or source: `E = 8000 LIF`."),
    Code("not-a-set", "something that should be a set of values",
         "Patterns take their values from a set such as `{−1, +1}`."),
    Code("not-a-species", "a side of a reaction that is no sum of names",
         "Write `A + 2 B ⇌ C : k_on, k_off`, or `∅` for nothing."),
    Code("not-a-unit", "something that should be a unit",
         "Units are products of powers of unit words: `pA`, `mV/ms`, `µM⁻¹·ms⁻¹`."),
    Code("number-after-value", "a number after a value without a sign between",
         "`x 2` is written `2 x`, `x·2` or `x^2`, whichever is meant."),
    Code("number-out-of-range", "a number that no double holds, or that nobody means",
         "Numbers lie between about 1e-308 and 1e308, exponents between −1000 and 1000."),
    Code("open-docstring", "a docstring that is never closed",
         "A text that begins with three quotes ends with three quotes."),
    Code("outside-block", "a statement at the left margin",
         "Statements stand in a block, indented; only blocks, functions and `use` stand at the margin."),
    Code("reaction-rates", "a reaction with the wrong number of rates",
         "`⇌` has a rate for each direction, `→` has one."),
    Code("reserved-word", "a reserved word used as a name",
         "A few words can follow any expression (`at`, `over`, `if`, …) and so cannot be names."),
    Code("statement-too-long", "a statement beyond what is read",
         "Statements up to 20 000 characters are read. Name parts of it by definitions of their own."),
    Code("tab-indentation", "a tab or special blank at the beginning of a line",
         "Lines are indented with spaces, four per level."),
    Code("too-deep", "brackets, operations or blocks nested too deep",
         "Expressions up to 200 brackets and 250 operations deep are read, blocks up to 20 deep."),
    Code("too-many-errors", "more errors than are shown",
         "The first hundred are shown."),
    Code("twice", "an option that is given twice",
         "Keep one of them."),
    Code("two-equals", "a second `=` in one statement",
         "A definition has one `=`. A comma between options or a line break may be missing."),
    Code("unexpected", "something that does not fit where it stands",
         "The hint names what the statement could go on with."),
    Code("unexpected-block", "lines below a statement that has no block",
         "A statement that ends in `:` by accident, or lines that are indented too deep."),
    Code("unexpected-character", "a character that the language does not use",
         "The hint names what is written instead, where there is something."),
    Code("unknown-block", "a word at the margin that begins no block",
         "A file consists of neuron, synapse, rule, network, experiment, function and use."),
    Code("unknown-option", "an option that a statement does not have",
         "The message names the options there are."),
    Code("unknown-statement", "a first word that begins no statement",
         "The hint names the nearest statement."),
)  # fmt: skip

CODES: Mapping[str, Code] = {code.name: code for code in _CODES}
