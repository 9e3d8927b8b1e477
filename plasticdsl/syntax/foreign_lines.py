"""The lines of other programs that are known here: what they look like, what is said of them, and what is written instead.

The forms are those that the documentation of Brian 2, NESTML, ANNarchy, PyNN and NEST describes, and what people write who come from Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plasticdsl.syntax import foreign_calls as calls
from plasticdsl.syntax.foreign_texts import Where

NEURON = ("neuron",)
CONNECTION = ("synapse", "rule")
DYNAMICS = ("neuron", "synapse", "rule")
NETWORK = ("network",)
EXPERIMENT = ("experiment",)
MARGIN = ("item",)

#: What is written instead: a template, or a function of the groups and the place that may have nothing to say.
Written = str | Callable[[Sequence[str | None], Where], str | None]


@dataclass(frozen=True, slots=True)
class Shape:
    """A line in blocks of these kinds that looks like `pattern` (`foreign.compiled`), and a line `beside` it where there must be one.

    `sentence` says what is wrong, `write` what stands there instead, both with `{1}` for the first group, `{2:unit}` for a converted second one, `{body}`
    for the block below the line; `hint` says it in other words, or where nothing can be written. `codes`: the findings in whose place it speaks; any error
    where none are named. `whole`: what is written replaces the block below the line too. `level`: how deep in its block it stands, where that matters.
    """

    kinds: tuple[str, ...]
    pattern: str
    sentence: str
    write: Written | None = None
    hint: str = ""
    beside: str = ""
    codes: frozenset[str] = frozenset()
    whole: bool = False
    level: int = 0


_NO_UNITS = "A line does not state its unit: units follow from the values."
_THRESHOLD = "A threshold is the condition of a line ‘spike when …’, and what it resets stands below that line."
_HEADINGS = "equations|equation|parameters|parameter|state|states|variables|internals|dynamics|model|constants|initial_values"
_LEVELS = "The lines of a block stand without headings."
_OWN_SPIKES = "A neuron does not wait for its own spikes: what they do stands below the condition under which it spikes."
_PRE = "on_pre|onPre|pre_spike|pre"
_POST = "on_post|onPost|post_spike|post"
_ON_SPIKE = "on_spike|onSpike|on? spike|spikes|spiking? :"
_UNUSED = frozenset(("no-effect",))
_FITS, _GOALS = "fit|optimise|optimize|tune|calibrate", "minimise|minimize|maximise|maximize"
_FITTED = "What is fitted lies ‘in’ a range, between whose ends stands ‘…’."
_RUNS = "Whole runs are repeated in the line ‘sweep’; ‘repeat 3 times:’ repeats the phases below it."

_OF_NEURONS: tuple[Shape, ...] = (
    Shape(NEURON, "threshold|spike :|= …", _THRESHOLD, "spike when {1:plain}:\n{2:changes}", beside="reset :|= …"),
    Shape(NEURON, "threshold|spike :|= …", _THRESHOLD, "spike when {1:plain}:\n{other:changes}", beside="reset :"),
    Shape(NEURON, "threshold|spike :|= …", _THRESHOLD, "spike when {1:plain}:\n{other:deeper}", beside=_ON_SPIKE),
    Shape(NEURON, "reset :|= …", _THRESHOLD, "spike when {2:plain}:\n{1:changes}", beside="threshold|spike :|= …"),
    Shape(NEURON, "reset :", _THRESHOLD, "spike when {1:plain}:\n{body:changes}", beside="threshold|spike :|= …"),
    Shape(NEURON, _ON_SPIKE, _THRESHOLD, "spike when {1:plain}:\n{body:deeper}", beside="threshold|spike :|= …"),
    Shape(NEURON, f"{_ON_SPIKE} …", _THRESHOLD, "spike when {2:plain}:\n{1:changes}", beside="threshold|spike :|= …"),
    Shape(NEURON, _ON_SPIKE, _OWN_SPIKES, "spike when {1}:\n{body:changes}", beside="spike when … :?"),
    Shape(NEURON, f"{_ON_SPIKE} …", _OWN_SPIKES, "spike when {2}:\n{1:changes}", beside="spike when … :?"),
    Shape(NEURON, "reset :|= …", _OWN_SPIKES, "spike when {2}:\n{1:changes}", beside="spike when … :?"),
    Shape(NEURON, "threshold|spikes|spike :|= … >|<|>=|<=|≥|≤ …", _THRESHOLD, calls.threshold),
    Shape(
        NEURON,
        _ON_SPIKE,
        _OWN_SPIKES,
        hint="For example ‘spike when V > V_θ:’, and below it ‘V → V_r’.",
    ),
    Shape(NEURON, f"{_ON_SPIKE} …", _OWN_SPIKES, hint="For example ‘spike when V > V_θ:’, and below it ‘V → V_r’."),
    Shape(
        NEURON,
        "spike when … and (? t - lastspike )? >|>= … :",
        "How long a neuron cannot spike again is a line of its own.",
        "spike when {1}:\n{body:deeper}\nrefractory {2}",
        whole=True,
    ),
    Shape(
        NEURON,
        "spike when … , refractory for|=? … :",
        "How long a neuron cannot spike again is a line of its own.",
        "spike when {1}:\n{body:deeper}\nrefractory {2}",
        whole=True,
    ),
    Shape(NEURON, "spike if|where|: … :?", "A spike is written ‘spike when …’.", "spike when {1:plain}:"),
    Shape(NEURON, "spike when … ,|; reset|then …", _THRESHOLD, "spike when {1}:\n{2:changes}"),
    Shape(
        NEURON,
        "onCondition ( … ) :",
        "A condition under which a neuron spikes is written ‘spike when …’.",
        "spike when {1:plain}:\n{body:changes}",
        whole=True,
    ),
    Shape(NEURON, "emit_spike ( )", "The line ‘spike when …’ says by itself that there is a spike.", ""),
    Shape(NEURON, "update :", "What flows needs no line that moves it.", "", whole=True),
    Shape(DYNAMICS, "integrate_odes ( … )", "What flows needs no line that moves it.", ""),
    Shape(DYNAMICS, "integrate_odes ( )", "What flows needs no line that moves it.", ""),
    Shape(NEURON, "refractory :|= …", "‘refractory’ is a word of its own, without a sign behind it.", "refractory {1:plain}"),
    Shape(
        NEURON,
        "refractory period|time|for|of? for|of|is? NUMBER UNIT",
        "How long a neuron cannot spike again follows the word.",
        "refractory {1} {2}",
    ),
    Shape(NEURON, "(input|output) : NAME", "‘{1}’ is followed by a name.", "{1} {2}"),
    Shape(NEURON, "input NAME = …", "An input is filled by synapses or a phase; what has its value here is a parameter.", "{1} = {2}"),
    Shape(DYNAMICS, "NAME ( 0 ) : …", "An initial value is written ‘V(0) = …’.", "{1}(0) = {2}"),
    Shape(DYNAMICS, "NAME = …", "A derivative is written ‘dV/dt = …’.", calls.dotted, codes=frozenset(("unknown-name",)), level=1),
    Shape(NEURON, "input|inputs :", "Every input is a line of its own.", calls.inputs, whole=True),
    Shape(NEURON, "output|outputs :", "That a neuron spikes is no output: ‘spike when …’ says it.", "", whole=True),
    Shape(DYNAMICS, f"{_HEADINGS}|eqs : … = …", _LEVELS, "{1} = {2}"),
    Shape(DYNAMICS, f"{_HEADINGS} :", _LEVELS, "{body:lines}", whole=True),
    Shape(DYNAMICS, f"{_HEADINGS}|eqs = QUOTED", "The lines of a block stand without quotes.", "{1:lines}"),
    Shape(
        DYNAMICS,
        "kernel NAME = …",
        "What a spike leaves behind is a state that decays, to which synapses add.",
        hint="For example ‘dI/dt = −I/τ’ in the neuron, and ‘on pre: post.I += w’ in the synapse.",
    ),
    Shape(DYNAMICS, "NAME ' = …", "A derivative with respect to time is written ‘dV/dt’.", "d{1}/dt = {2}"),
    Shape(DYNAMICS, "NAME '|′ = …", "A derivative with respect to time is written ‘dV/dt’.", "d{1}/dt = {2}"),
    Shape(DYNAMICS, "NAME = … ? … : …", "Cases stand one below the other.", "{1} = {3} if {2}\n    {4} otherwise"),
    Shape(DYNAMICS, "NAME = … ( summed )", "What a synapse sends is a sum over its connections.", calls.summed),
    Shape(DYNAMICS, "NAME = … : UNIT ( summed )", "What a synapse sends is a sum over its connections.", calls.summed),
    Shape(
        DYNAMICS,
        "… = … : UNIT ( unless refractory )",
        "A line does not state its unit, and what the spike condition reads stands still after a spike where there is a line ‘refractory’.",
        "{1} = {2}",
    ),
    Shape(DYNAMICS, "… = … : UNIT ( … )", _NO_UNITS, "{1} = {2}"),
    Shape(DYNAMICS, "… = … : UNIT", _NO_UNITS, "{1} = {2}"),
    Shape(DYNAMICS, "… = … : …", "Initial values and bounds are lines of their own.", calls.with_flags),
    Shape(NEURON, "NAME : UNIT", "What is given from outside is an input; a parameter has its value here: ‘τ = 20 ms’.", calls.declared),
    Shape(
        NEURON, "NAME : UNIT ( … )", "What is given from outside is an input; a parameter has its value here: ‘τ = 20 ms’.", calls.declared
    ),
    Shape(CONNECTION, "NAME : UNIT", "What a projection gives is not declared: it is there when it is read.", ""),
    Shape(CONNECTION, "NAME : UNIT ( … )", "What a projection gives is not declared: it is there when it is read.", ""),
    Shape(DYNAMICS, "…? FLOW + … = …", "The derivative stands alone on the left.", calls.solved),
    Shape(DYNAMICS, "init|initial NAME = …", "An initial value is written ‘V(0) = …’.", "{1}(0) = {2}"),
    Shape(DYNAMICS, "NAME ( t = 0 ) = …", "An initial value is written ‘V(0) = …’.", "{1}(0) = {2}"),
    Shape(
        DYNAMICS,
        "param|parameter|const|constant|let|var|variable|state|local|global|float|double NAME = …",
        "A parameter is a name with its value, without a word before it.",
        "{1} = {2}",
    ),
    Shape(DYNAMICS, "NAME UNIT = …", "A line does not state its unit: the value does.", calls.typed),
    Shape(
        DYNAMICS, "method =|: QUOTED", "A method is written ‘method: RK4’; without such a line the compiler chooses.", "method: {1:method}"
    ),
    Shape(DYNAMICS, "method =|: QUOTED", "A method is written ‘method: RK4’; without such a line the compiler chooses.", ""),
    Shape(DYNAMICS, "method = NAME", "A method is written ‘method: RK4’; without such a line the compiler chooses.", "method: {1:method}"),
    Shape(DYNAMICS, "NAME = … if … else …", "Cases stand one below the other.", "{1} = {2} if {3}\n    {4} otherwise"),
    Shape(DYNAMICS, "NAME = if … : … else :? …", "Cases stand one below the other.", "{1} = {3} if {2}\n    {4} otherwise"),
    Shape(DYNAMICS, "NAME = where|ite|ifelse ( … , … , … )", "Cases stand one below the other.", "{1} = {3} if {2}\n    {4} otherwise"),
    Shape(DYNAMICS, "NAME ( NAME ) = … if … else …", "Cases stand one below the other.", "{1}({2}) = {3} if {4}\n    {5} otherwise"),
    Shape(DYNAMICS, "… = … if …", "Cases stand one below the other.", calls.cases),
    Shape(DYNAMICS, "NAME = int|float|bool ( … >|<|>=|<=|== … )", "Cases stand one below the other.", calls.truth),
)

_OF_CONNECTIONS: tuple[Shape, ...] = (
    Shape(CONNECTION, f"{_PRE} :|= …", "What presynaptic spikes do stands after ‘on pre:’.", "on pre:\n{1:changes_of_units}"),
    Shape(CONNECTION, f"{_POST} :|= …", "What postsynaptic spikes do stands after ‘on post:’.", "on post:\n{1:changes_of_units}"),
    Shape(CONNECTION, f"{_PRE} :", "What presynaptic spikes do stands after ‘on pre:’.", "on pre:"),
    Shape(CONNECTION, f"{_POST} :", "What postsynaptic spikes do stands after ‘on post:’.", "on post:"),
    Shape(CONNECTION, "onReceive ( pre_spikes|pre_spike|pre|spikes … ) :", "What presynaptic spikes do stands after ‘on pre:’.", "on pre:"),
    Shape(CONNECTION, "onReceive ( pre_spikes|pre_spike|pre|spikes ) :", "What presynaptic spikes do stands after ‘on pre:’.", "on pre:"),
    Shape(CONNECTION, "onReceive ( post_spikes|post_spike|post ) :", "What postsynaptic spikes do stands after ‘on post:’.", "on post:"),
    Shape(CONNECTION, "on|at|when|every (pre|post) spike|spikes :", "A spike is waited for by ‘on {1}:’.", "on {1}:"),
    Shape(
        CONNECTION,
        "for each|every|all? pair|pairs of? spike|spikes? … :",
        "Pairs of spikes are waited for by ‘on all pairs:’.",
        "on all pairs:",
    ),
    Shape(
        CONNECTION,
        "for each|every|all? pair|pairs of? spike|spikes? :",
        "Pairs of spikes are waited for by ‘on all pairs:’.",
        "on all pairs:",
    ),
    Shape(CONNECTION, "on|at|when|every presynaptic spike|spikes|spiking :", "A spike is waited for by ‘on pre:’.", "on pre:"),
    Shape(CONNECTION, "on|at|when|every postsynaptic spike|spikes|spiking :", "A spike is waited for by ‘on post:’.", "on post:"),
    Shape(CONNECTION, "psp = …", "What a synapse sends is a sum over its connections.", calls.sum_of_psp, codes=_UNUSED),
    Shape(
        CONNECTION,
        "post . NAME += …",
        "What flows through a connection all the time is a sum, and no change.",
        calls.sum_of_all,
        level=1,
        codes=frozenset(("not-a-state",)),
    ),
    Shape(
        CONNECTION,
        "NAME = NAME + …",
        "‘=’ says what ‘{1}’ always is; it cannot be what it was before.",
        calls.grown,
        codes=frozenset(("definition-cycle",)),
    ),
    Shape(
        CONNECTION,
        "NAME = NAME - …",
        "‘=’ says what ‘{1}’ always is; it cannot be what it was before.",
        calls.shrunk,
        codes=frozenset(("definition-cycle",)),
    ),
    Shape(DYNAMICS, "… <|<=|≤ NAME <|<=|≤ …", "Bounds are written ‘w ∈ [0, w_max]’.", "{2} ∈ [{1}, {3}]"),
    Shape(CONNECTION, "NAME <|<=|≤ …", "Bounds are written ‘w ∈ [0, w_max]’.", "{1} ∈ [−∞, {2}]"),
    Shape(CONNECTION, "NAME >|>=|≥ …", "Bounds are written ‘w ∈ [0, w_max]’.", "{1} ∈ [{2}, ∞]"),
    Shape(DYNAMICS, "if rand|random ( ) <|<= … : …", "Chance stands behind the change.", calls.by_chance),
    Shape(CONNECTION, "if … : …", "The condition stands behind the change.", calls.with_condition),
    Shape(DYNAMICS, "every NUMBER UNIT NAME …", "A colon stands between how often and what.", "every {1} {2}: {3} {4}"),
    Shape(
        DYNAMICS,
        "NAME . run_regularly ( QUOTED , dt = … )",
        "What happens regularly stands after ‘every 10 ms:’.",
        "every {3:plain}:\n{2:changes_of_units}",
    ),
    Shape(
        DYNAMICS,
        "run_regularly ( QUOTED , dt = … )",
        "What happens regularly stands after ‘every 10 ms:’.",
        "every {2:plain}:\n{1:changes_of_units}",
    ),
)

_POPULATIONS = "A population is how many of which kind: ‘E = 800 LIF’."
_CONNECTIONS = "A projection is ‘A → B: Synapse’, and how it connects follows after commas."

_OF_NETWORKS: tuple[Shape, ...] = (
    Shape(NETWORK, "NAME = NeuronGroup|Population|create|Create ( … )", _POPULATIONS, calls.population),
    Shape(NETWORK, "NAME = NAME . NeuronGroup|Population|create|Create ( … )", _POPULATIONS, calls.population_of_module),
    Shape(
        NETWORK,
        "NAME = PoissonGroup|PoissonPopulation|PoissonInput ( … )",
        "Poisson spikes come from a source: ‘inp = 100 Poisson(rate = 10 Hz)’.",
        calls.poisson,
    ),
    Shape(
        NETWORK,
        "NAME = SpikeGeneratorGroup|SpikeSourceArray ( … )",
        "Given spikes come from a source: ‘inp = 1 SpikeTimes([10, 20] ms)’.",
        calls.spike_times,
    ),
    Shape(NETWORK, "NAME = NAME ( NUMBER )", _POPULATIONS, calls.several),
    Shape(NETWORK, "NAME = NUMBER * NAME", _POPULATIONS, "{1} = {2} {3}", codes=frozenset(("unknown-name",))),
    Shape(NETWORK, "NAME = NAME * NUMBER", _POPULATIONS, "{1} = {3} {2}", codes=frozenset(("unknown-name",))),
    Shape(NETWORK, "population|layer|group NAME =|: …", _POPULATIONS, "{1} = {2}"),
    Shape(NETWORK, "NAME = Synapses|Projection ( … )", _CONNECTIONS, calls.projection_with_connect, beside="{1} . NAME ( … )"),
    Shape(NETWORK, "NAME = Synapses|Projection ( … )", _CONNECTIONS, calls.projection_with_connect, beside="{1} . NAME ( )"),
    Shape(NETWORK, "NAME = Synapses|Projection ( … )", _CONNECTIONS, calls.projection),
    Shape(NETWORK, "NAME . NAME ( … )", _CONNECTIONS, calls.connect_to_projection, beside="{1} = Synapses|Projection ( … )"),
    Shape(NETWORK, "NAME . NAME ( )", _CONNECTIONS, calls.connect_to_projection, beside="{1} = Synapses|Projection ( … )"),
    Shape(
        NETWORK,
        "NAME . NAME = …",
        "What connections have is given where they are made.",
        calls.given_to_connections,
        beside="{1} = … →|-> … : …",
    ),
    Shape(NETWORK, "NAME .? connect|Connect ( NAME , NAME , NAME )", _CONNECTIONS, "{2} → {3}: {4}"),
    Shape(NETWORK, "connect|Connect ( NAME , NAME , NAME )", _CONNECTIONS, "{1} → {2}: {3}"),
)

_RUN = "How long it runs is said by a phase."
_RECORD = "What is kept is said by ‘record’."

_OF_EXPERIMENTS: tuple[Shape, ...] = (
    Shape(EXPERIMENT, "run|simulate|Simulate for? (? NUMBER UNIT )?", _RUN, "phase run for {1} {2}"),
    Shape(EXPERIMENT, "run|simulate|Simulate (? NUMBER )?", _RUN, "phase run for {1} ms"),
    Shape(EXPERIMENT, "run ( … )", _RUN, "phase run for {1:plain}"),
    Shape(EXPERIMENT, "NAME . run|simulate|Simulate ( NUMBER )", _RUN, "phase run for {2} ms"),
    Shape(EXPERIMENT, "NAME . run ( … )", _RUN, "phase run for {2:plain}"),
    Shape(EXPERIMENT, "duration|runtime|simtime|sim_time|t_sim =|: NUMBER UNIT", _RUN, "phase run for {1} {2}", level=1),
    Shape(EXPERIMENT, "defaultclock . dt = …", "The time step is called dt.", "dt = {1:plain}"),
    Shape(EXPERIMENT, "dt : NUMBER UNIT", "The time step is a line ‘dt = …’.", "dt = {1} {2}"),
    Shape(EXPERIMENT, "timestep|time_step|resolution :|= NUMBER UNIT", "The time step is a line ‘dt = …’.", "dt = {1} {2}"),
    Shape(EXPERIMENT, "setup ( dt = NUMBER … )", "The time step is a line ‘dt = …’.", "dt = {1} ms"),
    Shape(EXPERIMENT, "setup ( dt = NUMBER )", "The time step is a line ‘dt = …’.", "dt = {1} ms"),
    Shape(EXPERIMENT, "seed : NUMBER", "The seed is a line ‘seed = …’.", "seed = {1}"),
    Shape(EXPERIMENT, "seed|set_seed (? NUMBER )?", "The seed is a line ‘seed = …’.", "seed = {1}"),
    Shape(EXPERIMENT, "phase NAME : …", "A phase says how long it is.", "phase {1} for {2:length}: {2}"),
    Shape(EXPERIMENT, "phase NAME :", "A phase says how long it is.", "phase {1} for {1:length}:"),
    Shape(EXPERIMENT, "NAME = StateMonitor|Monitor ( NAME , … )", _RECORD, calls.monitor),
    Shape(EXPERIMENT, "NAME = SpikeMonitor ( NAME … )", _RECORD, "record spikes({2})"),
    Shape(EXPERIMENT, "NAME = SpikeMonitor ( NAME )", _RECORD, "record spikes({2})"),
    Shape(EXPERIMENT, "NAME = PopulationRateMonitor ( NAME )", _RECORD, "record rate({2}) every 10 ms"),
    Shape(EXPERIMENT, "repeat|repeats NUMBER times|runs|trials?", _RUNS, "sweep {1} repeats"),
    Shape(EXPERIMENT, "NUMBER repeats|repetitions|runs|trials", _RUNS, "sweep {1} repeats"),
    Shape(EXPERIMENT, "repeats|repetitions|runs|trials|n_runs|n_trials|n_repeats =|: NUMBER", _RUNS, "sweep {1} repeats"),
    Shape(EXPERIMENT, "plot … vs.|versus|against|by|x= time|t", "What a plot is drawn over follows ‘over’.", "plot {1} over time"),
    Shape(EXPERIMENT, "plot … vs.|versus|against …", "What a plot is drawn over follows ‘over’.", "plot {1} over {2}"),
    Shape(EXPERIMENT, "plot ( t|time , … )", "What is plotted stands behind the word, and what over behind ‘over’.", "plot {1} over time"),
    Shape(EXPERIMENT, "plot ( … )", "What is plotted stands behind the word, without brackets.", "plot {1}"),
    Shape(EXPERIMENT, "raster|raster_plot ( … )", "A figure is a line that begins with ‘plot’.", "plot raster({1})"),
    Shape(EXPERIMENT, "raster … of? NAME", "A figure is a line that begins with ‘plot’.", "plot raster({2})"),
    Shape(EXPERIMENT, "print|save ( … )", _RECORD, "record {1}"),
    Shape(EXPERIMENT, "show ( )", "Figures are shown or written by the command, not by the experiment.", ""),
    Shape(EXPERIMENT, "assert|check|require …", "What should come out is said by ‘expect’.", "expect {1}"),
    Shape(EXPERIMENT, "for NAME in range ( NUMBER ) :", "What is done several times stands below ‘repeat 3 times:’.", "repeat {2} times:"),
    Shape(EXPERIMENT, "repeat|loop NUMBER :", "How often is said with ‘times’.", "repeat {1} times:"),
    Shape(EXPERIMENT, "loop NUMBER times :", "What is done several times stands below ‘repeat 3 times:’.", "repeat {1} times:"),
    Shape(EXPERIMENT, "set|let NAME . NAME = …", "A value is set without a word before it.", "{1}.{2} = {3}"),
    Shape(EXPERIMENT, "set|let NAME = …", "A value is set without a word before it.", "{1} = {2}"),
    Shape(EXPERIMENT, f"{_FITS} … from|in|between … to|and … to ({_GOALS}) …", _FITTED, calls.fitted),
    Shape(EXPERIMENT, f"{_FITS} … in [ … , … ] UNIT? to ({_GOALS}) …", _FITTED, calls.fitted_in_list),
    Shape(EXPERIMENT, "sweep … = …", "What is swept lies ‘in’ a list, or goes ‘from’ one value ‘to’ another.", "sweep {1} in {2}"),
)

_OF_FILES: tuple[Shape, ...] = (
    Shape(MARGIN, "model|cell|neuronmodel|celltype|class NAME (? )? :", "A kind of neuron begins with ‘neuron’.", "neuron {1}:"),
    Shape(MARGIN, "(neuron|synapse|rule|network|experiment) NAME ( ) :", "A block without arguments has no brackets.", "{1} {2}:"),
    Shape(
        MARGIN,
        "(synapse|rule) NAME on … :",
        "What a {1} does at spikes stands in lines below its name.",
        "{1} {2}:\n    on {3}:\n{body:indented}",
        whole=True,
    ),
    Shape(MARGIN, "(neuron|network) NAME on …", "What stands ‘on’ a network is an experiment.", "{1} {2}:"),
    Shape(MARGIN, "plasticity|learning|learning_rule|stdp NAME :", "What changes weights is a ‘rule’.", "rule {1}:"),
    Shape(
        MARGIN, "simulation|protocol|sim|run NAME on NAME :", "What is done with a network is an ‘experiment’.", "experiment {1} on {2}:"
    ),
    Shape(MARGIN, "simulation|protocol|sim NAME :", "What is done with a network is an ‘experiment’.", "experiment {1}:"),
    Shape(MARGIN, "end", "A block ends where the lines are no longer indented.", ""),
    Shape(MARGIN, "from … import …", "A model needs nothing of Python; what other files hold is brought in by ‘use’.", ""),
    Shape(MARGIN, "import …", "A model needs nothing of Python; what other files hold is brought in by ‘use’.", ""),
    Shape(MARGIN, "start_scope|clear ( )", "A file is a model by itself; nothing need be started.", ""),
    Shape(MARGIN, "def NAME ( … ) : return …", "A function is written with ‘function’ and ‘=’.", "function {1}({2}) = {3:plain}"),
    Shape(MARGIN, "NAME = lambda … : …", "A function is written with ‘function’ and ‘=’.", "function {1}({2}) = {3:plain}"),
)

LINES: tuple[Shape, ...] = (
    *_OF_NEURONS,
    *_OF_CONNECTIONS,
    *_OF_NETWORKS,
    *_OF_EXPERIMENTS,
    *_OF_FILES,
    Shape(DYNAMICS, "… ; …", "Every statement is a line of its own.", calls.one_by_one),
)
