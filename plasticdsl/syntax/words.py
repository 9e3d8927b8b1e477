"""The words of the language, in one table: the lexer, the names that are refused, hints for misspelt words and the colours of texts all read it.

A word of `RESERVED` is a keyword wherever it stands and cannot be a name. Every other word is a keyword only where the grammar can go on with it
(`grammar`), and a name everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping

_RESERVED = "and or not if otherwise else elif then in to at over every when where with from as for each until Sum"
#: Words that can follow an expression or join two. `else`, `elif` and `then` are no words of the language, but whoever writes them means `otherwise`
#: or `if`.
RESERVED: frozenset[str] = frozenset(_RESERVED.split())

#: Kinds of blocks.
BLOCKS = ("neuron", "synapse", "rule", "network", "experiment")

#: By the start rule of the grammar: the words that begin a statement.
FIRST_WORDS: Mapping[str, tuple[str, ...]] = {
    "item": (*BLOCKS, "function", "use", "table"),
    "dynamics": (
        "on",
        "every",
        "spike",
        "event",
        "refractory",
        "input",
        "output",
        "method",
        "truncate",
        "reactions",
        "conserved",
        "prune",
        "grow",
    ),
    "network": ("expect", "data", "on"),
    "procedure": ("phase", "repeat", "rules", "start", "update", "record", "plot", "expect", "sweep", "data"),
    "unit_value": (),
    "row": ("expect",),
    "reaction": (),
}

#: Names of values that are no value of a block but a clause where a projection gives them bare: `p = 0.1`, `delay = 1 ms`.
CLAUSES = ("p", "delay")

#: Words inside statements that no text uses as a name, so that they can have a colour wherever they stand.
LINKING = ("like", "off", "end", "last")

_INSIDE = """
above again all asynchronously axonal below centered centred connections decreases delay dendritic deterministic diameter
epochs except falls fixed flipped hold
in-degree increases inside length linear logarithmic most nearest never of one order out-degree pairs patterns pause post pre random rate redrawn reduced
repeats rises segments self shuffled stable step stochastic substeps synchronously times tolerance up values volume while within"""
#: All other words inside statements.
INSIDE = frozenset(_INSIDE.split())


def reserved_message(text: str) -> str:
    """The sentence shown when a reserved word is used as a name."""
    words = ", ".join(f"‘{word}’" for word in sorted(RESERVED, key=str.lower))
    return f"‘{text}’ is a reserved word and cannot be a name; the reserved words are {words}."
