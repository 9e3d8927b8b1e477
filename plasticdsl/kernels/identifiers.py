"""What a loop program calls things: values, not text.

A `Field` is an array, scalar or size of one group of things that kernels work on; a `Local` lives inside one kernel; a `Kernel` is a function. What a
user called something never decides what it is; `spelling` gives each the text by which generated modules know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation, OfProjection, Owner, Whose


@dataclass(frozen=True, slots=True)
class Group:
    """Whom a field belongs to: the run, the network as a whole, one population, event of a population, projection or file of arrays."""

    kind: Literal["run", "network", "population", "event", "projection", "data"]
    name: str = ""
    event: str = ""

    @property
    def called(self) -> str:
        """`E`, or `E.burst`."""
        return f"{self.name}.{self.event}" if self.event else self.name

    def field(self, part: Part, *of: str) -> Field:
        """One of its fields."""
        return Field(self, part, of)

    def variable(self, name: str) -> Field:
        """A variable, parameter or trace under the name the model has for it."""
        return Field(self, Part.VARIABLE, (name,))


RUN, NETWORK = Group("run"), Group("network", "network")


def of_population(name: str) -> Group:
    """The group of a population."""
    return Group("population", name)


def of_emitted(population: str, event: str = "") -> Group:
    """The group that has the spikes of a population, or another event of it."""
    return Group("event", population, event) if event else of_population(population)


def of_projection(name: str) -> Group:
    """The group of a projection."""
    return Group("projection", name)


def group_of(owner: Owner) -> Group:
    """The group of a population or projection, or of the network. Raises KeyError for what has none."""
    match owner:
        case OfPopulation(name):
            return of_population(name)
        case OfProjection(name):
            return of_projection(name)
        case Whose.NETWORK:
            return NETWORK
        case _:
            raise KeyError(owner)


def field_of(ref: Ref) -> Field:
    """Where a variable of the model is, seen from outside of blocks."""
    return group_of(ref.owner).variable(ref.name)


def of_data(name: str) -> Group:
    """The group of a file of arrays."""
    return Group("data", name)


class Part(Enum):
    """What of its group a field is: how it is called, and what it means (`{}` stand for the names in `Field.of`).

    `VARIABLE` is a variable, parameter or trace of the model, under the name it has there; all others are the compiler's own.
    """

    __hash__ = object.__hash__  # each is one object, and fields are keys of many mappings

    VARIABLE = "{}", "a variable"
    # of the run
    DT = "dt", "step"
    SEED = "seed", "seed of all random draws"
    ONE = "one", "1"
    NUMBERS = "numbers", "the numbers in the model's statements"
    NUMBERS_LENGTH = "numbers_length", "how many numbers"
    SHARES = "shares", "into how many shares the units are divided"
    SHARE_ENDS = "share_ends", "shares, plus one"
    WINDOW = "window", "for how many steps units go on without hearing of each other"
    WINDOW_ENDS = "window_ends", "steps of a window, plus one"
    COUNTS_LENGTH = "counts_length", "steps of a window, and more, so that what shares count is not in one line of memory"
    THREAD = "thread", "which of the threads this is, from 0"
    THREADS = "threads", "how many threads there are"
    BARRIER = "barrier", "how many threads have come to where all wait, and how often all had"
    HERALD = "herald", "first step of the window, and the one after its last; no window follows where they are the same"
    SEGMENT = "segment", "which part of a step is carried out, between two exchanges with other processes"
    BARRIER_LENGTH = "barrier_length", "length of barrier and herald, a line of memory"
    PROCESSES = "processes", "how many processes share the network"
    HALVES = "halves", "2: what is listed, and what others may be telling meanwhile"
    EXCHANGE = (
        "exchange",
        "steps of others to be listed, the first of them, in which half they are, when this stretch began, and how much was listed",
    )
    EXCHANGE_LENGTH = "exchange_length", "length of exchange"
    MESSAGE = "message", "how many spikes others are to be told of, and each: step of the stretch and event, times 2³², and unit"
    MESSAGE_LENGTH = "message_length", "room in a message"
    HEARD = "heard", "messages of all processes"
    HEARD_LENGTH = "heard_length", "room in each of them"
    HEARD_PLACES = "heard_places", "how far each of them has been listed"
    LISTED = "listed", "what has been listed, in order"
    LISTED_LENGTH = "listed_length", "room for it"
    # of a population
    UNITS = "units", "number of units of {group}"
    SLOTS = "slots", "largest delay of spikes of {group} in steps, plus one"
    CAPACITY = "capacity", "spikes of {group} that one step can hold"
    LOG = "log", "spikes that the log of {group} can hold"
    GIVEN = "given", "number of given spikes of {group}"
    SPIKES = "spikes", "units of {group} that spiked, by step modulo slots"
    SPIKE_COUNT = "spike_count", "number of spikes in each slot"
    SPIKE_TOTAL = "total", "all spikes of {group} so far"
    LOG_STEPS = "log_steps", "step of each logged spike"
    LOG_UNITS = "log_units", "unit of each logged spike"
    LOG_VALUES = "log_{}", "{} at each logged spike"
    LOG_COUNT = "log_count", "number of logged spikes"
    RECORDING = "recording", "1 where spikes of {group} are logged, else 0"
    STRIDE = "stride", "from one step of {group} to the next, in steps of the network"
    REFRACTORY_UNTIL = "refractory_until", "first step at which the unit may spike again"
    FREE_BEFORE = "free_before", "how long before the step in refractory_until the unit is free again, in s"
    ON_WAY = "on_way", "1 where something happens to the unit on its way through the step"
    LOCATED = "located", "how often an event that is located within steps may happen to a unit in one step"
    LOCATED_COUNT = "located_count", "how often it happened in the step that has ended"
    LOCATED_AT = "located_at", "when, in steps"
    LOCATED_VALUES = "located_{}", "{} at these spikes"
    LOG_TIMES = "log_times", "time of each logged spike, in steps"
    RATE = "rate_{}", "how fast {} and what goes with it changes at most, in 1/s"
    REFRACTORY_STEPS = "refractory_steps", "refractory time in steps"
    BEGINS = "begins", "first unit of each share of {group}, and how many units there are"
    SHARE_SPIKES = "spikes_of_shares", "units of {group} that spiked, by step of the window, each share from where its units begin"
    SHARE_COUNT = "spike_count_of_shares", "how many of each share did, in each step of the window"
    SHARE_TOTAL = "total_of_shares", "spikes of {group} that each share has drawn in the window, first in its row"
    WAS_TRUE = "was_true", "whether the spike condition held at the previous step"
    UNDECIDED = "undecided", "1 where the spike condition has once been no number"
    HAZARD = "hazard", "what is left of the hazard until the next spike"
    DRAWS = "draws", "number of the unit's last random draw"
    DUE = "due", "step of the unit's next spike"
    PLANNED = "planned", "mean number of spikes in a step for which that was worked out"
    LISTS = "lists", "number of lists of units of {group}, by step of their next spike modulo it"
    IN_LISTS = "in_lists", "1 where units stand in these lists, else 0"
    FIRST_DUE = "first_due", "first unit of each list, −1 where there is none"
    DUE_AFTER = "due_after", "unit that follows in the list of each unit, −1 after the last"
    DUE_NOW = "due_now", "units whose next spike is at this step"
    WORDS = "words", "a random number of 32 bits for each unit of {group}, made anew in each step"
    WORDS_LENGTH = "words_length", "units of {group}, rounded up to a multiple of 4"
    STREAM = "stream", "random stream of {group}"
    GIVEN_STEPS = "given_steps", "steps of the given spikes, sorted"
    GIVEN_UNITS = "given_units", "units of the given spikes"
    GIVEN_NEXT = "given_next", "position of the next given spike"
    DELAYED = "{}_delayed", "what arrives at {} of {group} late"
    STAGE = "{}_stage", "{} of {group} at an integrator's stage"
    STAGE_SLOPE = "{}_slope", "slope of {} at the last stage"
    STAGE_SLOPES = "{}_slopes", "weighted sum of the slopes of {}"
    STAGE_GROWTH = "{}_growth", "factor of {} in a sixth of a step"
    STAGE_PUSH = "{}_push", "what a sixth of a step adds to {}"
    STAGE_MOVED = "{}_moved", "{} of {group} on its way through the stages"
    VISITING = "visiting", "1 while the units of {group} update one after the other, 2 where each step has an order of its own, else 0"
    ORDER = "order", "units of {group} in the order in which they update"
    ORDER_WORDS = "order_words", "two random numbers of 32 bits for each unit of {group}"
    ORDER_WORDS_LENGTH = "order_words_length", "how many"
    ORDER_STREAM = "order_stream", "random stream of the orders"
    KEPT = "{}_kept", "changes of single units that {} of {group} has followed, plus one; 0: it is to be summed anew"
    FEED = "{}_feed", "values of {} of {group}, one row per item"
    FEED_ITEMS = "{}_feed_items", "row of each item shown, in order"
    FEED_ACTIVE = "{}_feed_active", "1 while {} of {group} is fed, else 0"
    FEED_FIRST = "{}_feed_first", "step at which the first item is shown"
    FEED_HOLD = "{}_feed_hold", "for how many steps each item is shown"
    FEED_ACROSS = "{}_feed_across", "1 where rows have a value for each unit, 0 where all units share one"
    FEED_ROWS = "{}_feed_rows", "length of a table for {group}"
    FEED_WIDTH = "{}_feed_width", "length of a table for {group}"
    FEED_COUNT = "{}_feed_count", "length of a table for {group}"
    NEURONS = "neurons", "how many neurons the segments of {group} belong to"
    POINTS = "points", "points of the tree of segments of {group}: their middles, and where more than two meet"
    ALL_POINTS = "all_points", "points of all neurons of {group}"
    PARENTS = "parents", "point before each point of the tree, on the way to the first"
    SEGMENTS = "segments", "segment of each point of the tree, from 0; -1 where several meet"
    PASSING = "passing_{}", "how much of {} passes between a point and its parent, for each unit of difference"
    CABLE_WEIGHTS = "cable_weights", "what passes, times this, is a rate of the unit"
    CABLE_DIAGONAL = "cable_diagonal", "the unit's own entry of the linear system"
    CABLE_RIGHT = "cable_right", "the right side of the linear system"
    CABLE_FOUND = "cable_found", "the solution, in the middle of the step"
    CABLE_PIVOTS = "cable_pivots", "entries of the diagonal as they are eliminated"
    CABLE_SUMS = "cable_sums", "right sides as they are eliminated"
    # of a file of arrays
    SERIES = "{}", "samples of {} over time, one row for each, with a column for each unit or one for all"
    SAMPLES = "{}_samples", "number of samples of {}"
    WIDTH = "{}_width", "columns of {}"
    # of a population or a projection
    PROPAGATOR = "P_{}_{}", "entry ({}, {}) of exp(A dt)"
    PROPAGATOR_HELD = "P_held_{}_{}", "entry ({}, {}) of exp(A dt) while refractory"
    INTEGRAL = "Q_{}_{}", "entry ({}, {}) of the integral of exp(A s) over the step"
    INTEGRAL_HELD = "Q_held_{}_{}", "entry ({}, {}) of the integral of exp(A s) over the step while refractory"
    EVENT_STREAM = "draw_{}", "random stream of draw {} at events"
    NOISE = "noise_{}", "random stream of the noise of {}"
    LENGTHS = "step_length_{}", "how long a step of {}, and of what goes with it, may be next (s); 0: none has been made"
    AMPLITUDE = "{}_amplitudes", "amplitude of the noise of {} in this step"
    DRAWN = "{}_drawn", "a normal number, drawn in this step where that is not 0"
    ACTIVE = "active", "units of a group in which a noise is not 0"
    FOUND = "found", "the normal numbers of these"
    TOGETHER = "together", "connections of {group} that are looked at together"
    JUMPS = "jumps_{}", "random stream of the reactions of {}"
    PERIOD = "period_{}", "period in steps"
    # of a projection
    CONNECTIONS = "connections", "number of connections of {group}"
    AXONAL_SLOTS = "axonal_slots", "largest axonal delay of {group} in steps, plus one"
    DENDRITIC_SLOTS = "dendritic_slots", "largest dendritic delay of {group} in steps, plus one"
    ROW_ENDS = "row_ends", "number of pre units of {group}, plus one"
    COLUMN_ENDS = "column_ends", "number of post units of {group}, plus one"
    DELAYED_ROW_ENDS = "delayed_row_ends", "number of pre units of {group} times axonal slots, plus one"
    DELAYED_COLUMN_ENDS = "delayed_column_ends", "number of post units of {group} times dendritic slots, plus one"
    HISTORY_LENGTH = "{}_length", "spikes that are remembered of each unit of {group}"
    SHADOW = "{}_shadow", "a variable before the events of this step"
    FORECAST = "{}_forecast", "a variable after the events of this step"
    SUM = "{0}", "a sum over the connections of each post unit"
    HISTORY = "{0:}", "times of the last spikes of each unit"
    HISTORY_COUNT = "{}_count", "how many there have been"
    PENDING = "pending_{}", "what is on its way to {}, by step of arrival modulo slots"
    ADDS = "adds_{}_{}", "what is added to {}.{} now"
    THEN = "{}_{}_then", "{1} of the pre units in the terms of {0} as it is"
    PAST = "past_{}", "{} of the pre units at the last steps, by step modulo slots"
    COMING = "coming_{}", "sums on their way to {}, by step of arrival modulo slots"
    ROWS = "rows", "connections of pre unit j are rows[j] to rows[j + 1]"
    TARGETS = "targets", "post unit of each connection"
    SOURCES = "sources", "pre unit of each connection"
    COLUMNS = "columns", "positions of post unit i in column_connections"
    COLUMN_CONNECTIONS = "column_connections", "connections sorted by post unit"
    COLUMN_SOURCES = "column_sources", "pre unit of each connection, in the order of column_connections"
    DELAYED_ROWS = "delayed_rows", "positions by pre unit and axonal delay in delayed_row_connections"
    DELAYED_ROW_CONNECTIONS = "delayed_row_connections", "connections sorted by pre unit, then axonal delay"
    DELAYED_COLUMNS = "delayed_columns", "positions by post unit and dendritic delay in delayed_column_connections"
    DELAYED_COLUMN_CONNECTIONS = "delayed_column_connections", "connections sorted by post unit, then dendritic delay"
    DELAYED_COLUMN_SOURCES = "delayed_column_sources", "pre unit of each connection, in the order of delayed_column_connections"
    FRAMES = "frames", "how many frames of time changes that wait are summed for"
    FRAME_STEPS = "frame_steps", "steps of a frame"
    DECAY_RATE = "{}_decay", "by how much the logarithm of {} falls in a step"
    FRAME = "frame", "frame of now"
    VISITED = "visited", "frame in which the connections of each pre unit were visited last"
    LIFTED = "{}_lifted", "{} of each pre unit, as large as it would have been when the frame of its last visit began"
    WAITING = "{}_{}_waiting", "what post spikes have multiplied {1} by for {0}, in all since each frame began"
    SETTLE_STEPS = "settle_steps", "steps after which connections that flow when something comes to them are brought up to date"
    SETTLING = "settling", "1 while connections flow so"
    FRAME_BEGIN = "frame_begin", "step at which the present frame began"
    FRAME_LENGTH = "frame_length", "steps for which traces are kept as large as they would have been at the beginning"
    FRAMED = "framed", "1 while traces are kept so"
    LEFT = "{}_left", "what is left of {} after so many steps of a frame"
    LEFT_LENGTH = "left_length", "steps of such a frame, plus one"
    DRIFTED = "{}_{}_drifted", "by what term {1} of its rate has moved {0} since the frame began, for what it multiplies as it was then"
    SPIKES_KEPT = "spikes_kept", "spikes that post units of {group} keep for their connections"
    PATIENCE = "patience", "steps after which connections are brought up to date, so that no number becomes too large"
    SPIKED = "spiked", "step, plus one, of the last spikes of each post unit, the newest first; 0: none"
    FALLEN = "{}_fallen", "what is left of {} at each of them since the present frame began"
    NOTED = "{}_noted", "what connections will read of the post unit at each of them"
    SCALE_PRE = "{}_scale", "what {} of the pre units is divided by in the present frame, and what is left of it multiplied"
    SCALE_POST = "{}_scale_post", "the same, where it is multiplied"
    SPIKED_LATELY = "spiked_{}", "step, plus one, of the last spike of each post unit but {}"
    FALLEN_LATELY = "{}_fallen_{}", "what is left of {} at that spike since the present frame began"
    NOTED_LATELY = "{}_noted_{}", "what connections will read of the post unit at that spike"
    SEEN = "seen", "step from which on connections of each pre unit have not carried out spikes"
    ALL_SEEN = "all_seen", "step before which all connections have carried out all spikes"
    CROWDED = "crowded", "1 where a post unit might forget a spike that some of its connections have not carried out"
    MET = "met", "step of the last presynaptic spike"
    TIED_TO = "{}_tied", "{} of each pre unit before its last spike"
    TIED = "{}_{}_tied", "what post spikes of now multiply {1} by for {0}"
    BLOCK_STEPS = "block_steps", "steps of the present block of {group}; 0: steps are taken one by one"
    BLOCK_FIRST = "block_first", "first step of the present block"
    BLOCK_NEXT = "block_next", "first step at which a block may begin"
    BLOCK_LENGTH = "block_length", "steps of a block of {group} at most"
    BLOCK_TERMS = "block_terms", "outer products in a block of {group} at most"
    BLOCK_WIDTH = "block_width", "pre units of {group}, rounded up to whole groups of rows"
    BLOCK_SHOWN = "block_{}", "{} of the pre units in each step of the block"
    BLOCK_SUMS = "block_sums", "sums of each step of the block with the weights from before it"
    BLOCK_FACTORS = "block_factors", "what each change takes of the pre units"
    BLOCK_CHANGES = "block_changes", "what each change takes of the post units, as it is now"
    BLOCK_OVERLAPS = "block_overlaps", "what each change adds to the sums of a later step, in units of what it takes of the post unit"
    BLOCK_KEPT = "block_kept", "what is left of the weights from before the block"
    BLOCK_LEFT = "block_left", "what this step leaves of them"
    BLOCK_LEAST = "block_least", "no weight is less"
    BLOCK_MOST = "block_most", "no weight is larger"
    BLOCK_TILE = "block_tile", "part of the sums or changes that is worked on"
    BLOCK_TILE_LENGTH = "block_tile_length", "length of such a part"
    BLOCK_ROWS = "block_rows", "rows of weights that are worked on"
    BLOCK_ROWS_LENGTH = "block_rows_length", "length of these rows"
    AT_ONCE = "at_once", "1 for pre units for whose connections nothing waits"
    ANY_AT_ONCE = "any_at_once", "1 where there is one"
    BEGUN = "begun", "1 once the frames have begun"
    OF_PRE = "of_pre_{}", "value {} of the pre units, kept for changes that wait"
    OF_POST = "of_post_{}", "value {} of the post units, kept for changes that wait"
    GATHERED = "gathered", "sums of the last few rows"
    CHANGES_WAIT = "changes_wait", "1 while changes at the connections of {group} wait for the next sum"
    BROUGHT = "{}_now", "{} with all changes that wait"
    BROUGHT_LENGTH = "{}_now_length", "length of {}_now"
    REST_LENGTH = "{}_length", "length of {}, which is kept once values have been written that units do not share"
    CUTS = "cuts", "connections of pre unit j to units of a share are cuts[j, share] to cuts[j, share + 1]"
    VISITS = "visits", "presynaptic spikes that can reach synapses in a window"
    VISIT_UNITS = "visit_units", "pre unit of each of them"
    VISIT_ENDS = "visit_ends", "those that arrive in a step of the window are visit_ends[step] to visit_ends[step + 1]"
    VISIT = "visit_{}", "{} at each of them"
    BEFORE = "{}_before", "{} before the events of this step, where something does not wait"
    NOW_PRE = "now_pre", "spikes of the pre unit that reach synapses now"
    NOW_POST = "now_post", "spikes of the post unit that reach synapses now"
    LEARNING = "learning", "0 while the rules of {group} are off"
    AXONAL = "axonal", "axonal delay in steps"
    DENDRITIC = "dendritic", "dendritic delay in steps"
    THIRD = "unit_{}", "number of the unit that is {} (each: less that of the post unit)"
    NUMBER = "number", "number of each connection of {group} among those of all processes"
    COUNTERPART = "in_{}", "connection of {} between the same two units"

    @property
    def pattern(self) -> str:
        """How it is called."""
        return self.value[0]


#: `Part.VISITING` of units whose order is drawn in each step.
AT_RANDOM = 2


@dataclass(frozen=True, slots=True)
class Field:
    """One array, scalar or size of a group. `of`: the names in it, of variables or of other things (`P_V_g` is of `V` and `g`)."""

    group: Group
    part: Part
    of: tuple[str, ...] = ()

    def __str__(self) -> str:
        """A key that no other field of a network has: `cells.V`, `cells/spikes`."""
        owner = f"{self.group.called}{'.' if self.part is Part.VARIABLE else '/'}" if self.group.name else ""
        return owner + self.text

    @property
    def text(self) -> str:
        """What it would be called if nothing else were."""
        return self.part.pattern.format(*self.of)

    @property
    def is_decay(self) -> bool:
        """Whether it is what is left of a variable after a step."""
        return self.part in (Part.PROPAGATOR, Part.PROPAGATOR_HELD) and self.of[0] == self.of[1]

    @property
    def meaning(self) -> str:
        """What it is."""
        words: str = self.part.value[1]
        return words.format(*self.of, group=self.group.called)


@dataclass(frozen=True, slots=True)
class Local:
    """A name inside one kernel. `pattern`: how it is called, `{}` standing for the names in `of`, in order."""

    pattern: str
    of: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What it would be called if nothing else were."""
        return self.pattern.format(*self.of)


@dataclass(frozen=True, slots=True)
class Kernel(Local):
    """A function of the program."""


ADVANCE = Kernel("advance")
