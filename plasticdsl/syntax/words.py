"""The words of the language, in one table: the lexer, the names that are refused, hints for misspelt words, what editors offer and say, and the colours
of texts all read it.

A word of `RESERVED` is a keyword wherever it stands and cannot be a name. Every other word is a keyword only where the grammar can go on with it
(`grammar`), and a name everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping

from plasticdsl.diagnostics.suggest import nearest

_RESERVED = "and or not if otherwise else elif then in to at over every when where with from as for each until Sum"
#: Words that can follow an expression or join two. `else`, `elif` and `then` are no words of the language, but whoever writes them means `otherwise`
#: or `if`.
RESERVED: frozenset[str] = frozenset(_RESERVED.split())
#: Those that are refused wherever they stand.
FOREIGN = frozenset(("else", "elif", "then"))

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
    "procedure": ("phase", "repeat", "rules", "start", "update", "record", "plot", "expect", "sweep", "fit", "data"),
    "unit_value": (),
    "row": ("expect",),
    "reaction": (),
}

#: Names of values that are no value of a block but a clause where a projection gives them bare: `p = 0.1`, `delay = 1 ms`.
CLAUSES = ("p", "delay")

#: How all other words are written: `…` stands for a value or name, a phrase that begins with `,` follows a comma, one that begins with
#: `:` begins a line, what follows `[` or `"` at its end is told by these.
PHRASES = (
    "rises above", "falls below", ": refractory while", ", hold …", ", located",
    ": on pre", ": on post", ": on … of pre", ": on … of post", ": on all pairs", ": on nearest pairs", ": on nearest pairs reduced",
    ": on nearest pairs centred on pre", ": on nearest pairs centred on post",
    ": on nearest pairs centered on pre", ": on nearest pairs centered on post",
    ": on … of …", ": spike at rate", "… substeps", ", tolerance …", ": reactions tolerance …", ", volume …", ": reactions volume …",
    ": reactions stochastic", ": reactions deterministic", ", stochastic", ", deterministic", "(diameter …", ", length …", "… segments", "… inside [",
    "all to all", "one to one", ", in-degree …", ", out-degree …", "connections from", "except self", "with self", "with repeats",
    "axonal delay", "dendritic delay", "each of", "at random on … …", "at random on … … of", "on … …", "on … … of", ", step …", ": step …",
    "random patterns of", "= patterns [", "patterns from", "every … linear", ": table … of", "… like …", ": rules off", "at end",
    "from end of", "over last …", ", shuffled", "… epochs", ", pause …", ", again until", "… times", ": repeat … times", "at most",
    "until stable", "within …", "up to",
    ": update asynchronously", ": update synchronously", "in fixed order", "in random order", "… flipped", "… redrawn", "at spikes", "at spikes of",
    "in phase …", "never increases", "never decreases", ": record … of …", ", … of …", "… values", "in … values", ", logarithmic", "… repeats",
    "… trials", "to minimise", "to minimize", "to maximise", "to maximize",
    "as matrix", "as map", "as image", 'titled "', "… vs …", "with log", ", log …",
)  # fmt: skip

#: What each word says, for people who ask an editor.
MEANINGS: Mapping[str, str] = {
    # --- words that are reserved
    "and": "Both conditions hold.",
    "or": "At least one of the conditions holds.",
    "not": "The condition does not hold.",
    "if": "The value before it is taken where the condition behind it holds.",
    "otherwise": "The value where no condition of the lines above holds.",
    "else": "No word of the language: write ‘value otherwise’ on a line of its own.",
    "elif": "No word of the language: write one case per line, ‘value if condition’.",
    "then": "No word of the language: write the value first, ‘value if condition’.",
    "in": "Belongs to: a set, an interval, a population, a phase.",
    "to": "From one unit to another: ‘E[1 to 100]’, ‘all to all’, ‘from 0 to 1’.",
    "at": "A moment, a place or a rate: ‘at end’, ‘at 2 s’, ‘at spikes’, ‘at random on’, ‘spike at rate r’.",
    "over": "A stretch of time, or what something is drawn or taken over: ‘over last 5 s’, ‘over time’, ‘patterns … over units’.",
    "every": "Again after each such time: ‘every 10 ms:’ in a block, ‘record V every 1 ms’ in an experiment.",
    "when": "At the moment at which the condition becomes true; behind ‘expect’, for which values of a sweep it is meant.",
    "where": "Only those for which the condition holds: connections of a projection, items of a loop, new connections.",
    "with": "Together with: rules on a synapse, values behind a use, ‘with self’, ‘with 20 % flipped’.",
    "from": "Where something comes from: a file, a set of data, the beginning of a range, the section it is attached to.",
    "as": "Under another name.",
    "for": "How long, or for which: ‘phase learning for 10 s’, ‘for each item in data’, ‘method: Euler for V’.",
    "each": "One after the other, or one for each: ‘for each p in data’, ‘each of E, I’, ‘rate(E, each)’.",
    "until": "As long as it takes until a condition holds, or nothing changes any more.",
    "Sum": "A sum over index letters: ‘Sum[i,j] …’, in Unicode ‘Σ_ij …’.",
    # --- blocks
    "neuron": "A block of equations of one unit: its states, its inputs, when it spikes.",
    "synapse": "A block that says what a connection does to the unit that it leads to, at spikes or as a sum.",
    "rule": "A block that says how a connection changes: a learning rule. It is put on a synapse by ‘with’.",
    "network": "A block of populations and the projections between them.",
    "experiment": "A block that says what is done with a network: phases, what is recorded and shown, what is expected.",
    "function": "A function of its arguments, for every block of the file.",
    "use": "Brings blocks and functions of another file, or of the library, into sight.",
    "table": "An experiment for each row: settings, and what is expected of it.",
    # --- statements
    "on": "What happens at spikes or other events: ‘on pre:’, ‘on post:’, ‘on burst of pre:’, ‘on all pairs:’. Of an experiment, the network.",
    "spike": "When the unit spikes, ‘spike when V > V_θ:’, or how often by chance, ‘spike at rate r’; below it, what jumps then.",
    "event": "An event of the unit beside its spikes, with a name that synapses and rules can wait for.",
    "refractory": "After a spike the unit does not spike for this time, or while a condition holds; what is held stands still.",
    "input": "A sum that synapses fill; 0 where none does, unless phases or populations give it.",
    "output": "What other units read where they write ‘x’ or ‘y’.",
    "method": "The integrator of the equations, in place of the one that the compiler chooses.",
    "truncate": "Where a learning window ends.",
    "reactions": "Chemical reactions: each line adds its rates to the equations of its species.",
    "conserved": "A total that no equation and no reaction changes; it is checked.",
    "prune": "Connections for which the condition holds disappear.",
    "grow": "New connections appear with a probability.",
    "expect": "What must come out; experiments with such lines are tests.",
    "data": "Arrays of a file, or given from Python.",
    "phase": "A part of an experiment: how long, for which items or until when; below it, what is set in it.",
    "repeat": "The phases below, several times.",
    "rules": "‘rules off’: connections do not learn in this phase.",
    "start": "Where states begin: ‘start units.x from ξ_1’, ‘start from end of Training’.",
    "update": "Whether units of discrete time change all at once or one after the other.",
    "record": "What is kept of a run, and when it is taken.",
    "plot": "A figure of the run.",
    "sweep": "The experiment is done for each of these values.",
    "fit": "Finds the values of parameters, each between two ends, for which something comes out smallest or largest.",
    # --- inside statements
    "like": "The block takes over everything of another of its kind, but for what it says itself.",
    "off": "‘rules off’: connections do not learn.",
    "end": "When the phase or the experiment ends; of a section, its far end.",
    "last": "The end of the run: ‘over last 5 s’.",
    "above": "‘rises above’: at the moment at which it crosses this value upwards.",
    "again": "An item is shown again until the condition holds.",
    "all": "‘all to all’: every unit is connected with every other. ‘on all pairs’: every pair of spikes counts.",
    "asynchronously": "Units change one after the other.",
    "synchronously": "All units change at once.",
    "axonal": "The delay before the synapse.",
    "dendritic": "The delay behind the synapse.",
    "delay": "How long a spike takes.",
    "below": "‘falls below’: at the moment at which it crosses this value downwards.",
    "centered": "Each spike of that side is paired with the last before and the next after it.",
    "centred": "Each spike of that side is paired with the last before and the next after it.",
    "connections": "The connections themselves come from a set of data or a matrix.",
    "decreases": "‘never decreases’: it is nowhere less than before.",
    "increases": "‘never increases’: it is nowhere more than before.",
    "deterministic": "These reactions happen continuously, at their mean rates.",
    "stochastic": "These reactions happen one by one, by chance.",
    "volume": "The volume in which concentrations are numbers of molecules.",
    "tolerance": "How exact an adaptive method is; of reactions by chance, how much a rate may change in one leap.",
    "diameter": "The diameter of a section.",
    "length": "The length of a section, or of the longest segment of a morphology.",
    "segments": "Into how many parts a section is cut.",
    "epochs": "How often all items are shown.",
    "except": "‘except self’: no unit is connected with itself.",
    "self": "Whether a unit may be connected with itself.",
    "falls": "‘falls below’: at the moment at which it crosses this value downwards.",
    "rises": "‘rises above’: at the moment at which it crosses this value upwards.",
    "fixed": "Units change in the order of their numbers.",
    "random": "At random: places, patterns, the order in which units change.",
    "order": "In which order units change.",
    "flipped": "This part of the units starts with the opposite value.",
    "redrawn": "This part of the units starts with a value drawn anew.",
    "hold": "What stands still while the unit is refractory.",
    "located": "At the time within the step at which the condition comes to hold, not at the next grid time.",
    "in-degree": "How many connections arrive at each unit.",
    "out-degree": "How many connections leave each unit.",
    "image": "The values are drawn as an image, in rows and columns.",
    "inside": "Whether a point lies in a polygon.",
    "linear": "Between samples the value changes linearly; without it, it stays.",
    "log": "The axis is logarithmic: ‘with log x’.",
    "logarithmic": "The values are spaced evenly in their logarithm.",
    "map": "A row for each unit or connection, time from left to right, values in colours.",
    "matrix": "A row for each postsynaptic unit, a column for each presynaptic one, values in colours.",
    "maximise": "What should come out as large as it can: the goal of a fit.",
    "maximize": "What should come out as large as it can: the goal of a fit.",
    "minimise": "What should come out as small as it can: the goal of a fit.",
    "minimize": "What should come out as small as it can: the goal of a fit.",
    "most": "‘at most’: a limit that ends a repetition.",
    "nearest": "‘on nearest pairs’: each spike is paired with the nearest of the other side alone.",
    "never": "‘never increases’, ‘never decreases’: of a quantity through the whole phase.",
    "of": "Belongs to: ‘on burst of pre’, ‘patterns of’, ‘each of’, ‘spikes of E’.",
    "one": "‘one to one’: each unit is connected with the one of the same number.",
    "pairs": "A spike before and one behind the synapse: ‘on all pairs:’, ‘on nearest pairs:’.",
    "patterns": "Values for the units of a population, several sets of them.",
    "pause": "A time without items after each one.",
    "pre": "The presynaptic unit, or its spikes.",
    "post": "The postsynaptic unit, or its spikes.",
    "rate": "‘spike at rate r’: the unit spikes by chance, so often on average.",
    "reduced": "Each spike is paired with the nearest of the other side, in both directions.",
    "repeats": "The experiment is done so often with other random numbers; ‘with repeats’: two units may be connected twice.",
    "shuffled": "The items come in another order in each epoch.",
    "stable": "Until nothing changes any more.",
    "step": "The length of a step of these units.",
    "substeps": "How many steps of the method make one time step.",
    "times": "How often.",
    "titled": "The title of a figure.",
    "trials": "How many values of its parameters a fit tries.",
    "up": "‘up to’: not longer than this.",
    "values": "How many values a range is swept in.",
    "vs": "The same as ‘over’ in a plot line.",
    "while": "As long as the condition holds.",
    "within": "How little it may change to be stable.",
}

#: All words inside statements that are not reserved and begin no statement.
INSIDE = frozenset(MEANINGS) - RESERVED - {word for first in FIRST_WORDS.values() for word in first}


#: What blocks are called elsewhere.
_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("model", "cell", "class", "neuronmodel", "celltype"), "neuron"),
    **dict.fromkeys(("plasticity", "learning", "learning_rule", "stdp"), "rule"),
    **dict.fromkeys(("simulation", "sim", "protocol"), "experiment"),
}


def likely_block(header: str) -> str | None:
    """The kind of block that a line at the left margin begins, or was meant to."""
    words = header.split(maxsplit=1)
    return (_ELSEWHERE.get(words[0]) or nearest(words[0], BLOCKS)) if words else None


def reserved_message(text: str) -> str:
    """The sentence shown when a reserved word is used as a name."""
    words = ", ".join(f"‘{word}’" for word in sorted(RESERVED, key=str.lower))
    return f"‘{text}’ is a reserved word and cannot be a name; the reserved words are {words}."
