"""Which passes run at which level, in order, and what each promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from plasticdsl.plan.passes.blocks import in_blocks
from plasticdsl.plan.passes.calendar import look_ahead
from plasticdsl.plan.passes.defer import defer
from plasticdsl.plan.passes.drive import drive
from plasticdsl.plan.passes.fetch import fetch
from plasticdsl.plan.passes.frames import in_frames
from plasticdsl.plan.passes.hoist import hoist
from plasticdsl.plan.passes.keep import keep_sums
from plasticdsl.plan.passes.layout import lay_out
from plasticdsl.plan.passes.lazy import postpone
from plasticdsl.plan.passes.narrow import narrow
from plasticdsl.plan.passes.reciprocals import multiply
from plasticdsl.plan.passes.replay import replay
from plasticdsl.plan.passes.settle import settle
from plasticdsl.plan.passes.superpose import superpose
from plasticdsl.plan.passes.windows import in_windows
from plasticdsl.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class Pass:
    """A rewrite of the plan that changes no result but by rounding; it runs from optimisation level `level` on. What it cannot take it leaves as it is.

    `takes`: what it is exact for. `rewrites`: which parts of the plan become others. `found`: where the values that the author's names mean are
    afterwards, for results, findings and editors. `here`: why it stands at its place.
    """

    name: str
    level: int
    run: Callable[[Plan], Plan]
    takes: str
    rewrites: str
    found: str
    here: str


PASSES = (
    Pass(
        "hoist",
        1,
        hoist,
        takes="variables of connections that change through one side alone and start alike at all connections of a unit",
        rewrites="Placed.place, PlacedScheme.place, Event.once; a Flow becomes one for each place",
        found="ProjectionPlan.variable(name).place; Array.per says it to the engine, which gives each connection the value of its unit",
        here="first: where a variable lives decides which loops there are",
    ),
    Pass(
        "superpose",
        1,
        superpose,
        takes="variables of connections that flow linearly, alike at all connections, and to which each side adds what its unit knows",
        rewrites="the variable becomes one of each side and a rest (ProjectionPlan.superposed); what reads it reads their sum",
        found="Program.superposed says which arrays to add, and the engine gives each connection the sum, or keeps a rest for what is none",
        here="after hoist, which takes what one side changes, and before what asks which variables flow in connections",
    ),
    Pass(
        "lazy",
        1,
        postpone,
        takes="changes of weights at postsynaptic spikes by traces of the pre unit times values of the post unit, of one sign where there are bounds",
        rewrites="Assign at postsynaptic spikes becomes a Postpone for each trace; Connections that end frames and leave out ties",
        found="Program.postponed says which arrays hold less than the value, and the engine what is missing",
        here="after hoist: it needs traces that live with the units",
    ),
    Pass(
        "replay",
        1,
        replay,
        takes="all that statements at postsynaptic spikes do to variables of connections, by traces of the pre unit and whatever the post unit knows then",
        rewrites="these statements go to ProjectionPlan.replayed, a Note of what they read of the post unit takes their place; Connections that make room",
        found="Program.postponed says which arrays are those of the last visit, and the engine what is missing",
        here="after hoist, whose traces it needs, and lazy, whose sums take less time",
    ),
    Pass(
        "settle",
        1,
        settle,
        takes="variables of connections that decay, or that drift by products of these and values of a unit, and that are read at events alone",
        rewrites="ProjectionPlan.settled; Connections that bring all up to date where frames end",
        found="Program.postponed says which arrays hold something else than the value, and the engine what is missing",
        here="after hoist, which leaves what is no unit’s, and before reciprocals, which writes rates in another form",
    ),
    Pass(
        "frames",
        1,
        in_frames,
        takes="traces of units that decay by a factor that all of them share, have no bounds, and are read and changed at events alone",
        rewrites="ProjectionPlan.framed",
        found="Program.postponed says which arrays hold something else than the value, and the engine what is missing",
        here="after hoist, which finds what is a unit’s, and settle, which may want traces in every step",
    ),
    Pass(
        "layout",
        1,
        lay_out,
        takes="projections between all pairs of units, or all but those of a unit with itself",
        rewrites="ProjectionPlan.layout",
        found="where they were: connections keep their numbers",
        here="anywhere: it changes how connections are walked, and nothing that another pass asks for",
    ),
    Pass(
        "blocks",
        1,
        in_blocks,
        takes="sums of weights times what a source shows, and rules that change the weights by products of a value of each side",
        rewrites="AddSum and AtStep come under conditions (InBlock); Connections that begin, keep and end blocks stand beside them; ProjectionPlan.block",
        found="Program.postponed says which arrays lack changes of a block, and the engine what is missing",
        here="after layout, whose numbers of connections make rows and columns of a matrix of them",
    ),
    Pass(
        "defer",
        1,
        defer,
        takes="rules that change connections at every step by what these and their units are, where sums alone read what they change",
        rewrites="AtStep becomes Connections that keep the changes; the next AddSum carries them out; ProjectionPlan.deferred",
        found="Program.deferred says which arrays may lack the changes of the last step; the engine has them carried out before it looks",
        here="after hoist, which leaves what is no unit’s, and blocks, before which what waits is carried out",
    ),
    Pass(
        "narrow",
        1,
        narrow,
        takes="projections whose connections are listed, in networks of at most 65 536 units in each connected population",
        rewrites="ProjectionPlan.narrow",
        found="where they were: what people see of units is of the same type as ever",
        here="after layout: it concerns lists alone",
    ),
    Pass(
        "fetch",
        1,
        fetch,
        takes="presynaptic spikes that reach all connections of a unit at once",
        rewrites="ProjectionPlan.fetches",
        found="where they were",
        here="after layout: rows that are computed are walked in one stride, which the processor foresees",
    ),
    Pass(
        "reciprocals",
        1,
        multiply,
        takes="divisions by numbers and shared parameters in flows and definitions",
        rewrites="expressions in PopulationPlan.schemes, PlacedScheme.scheme and Define.value",
        found="where they were",
        here="after hoist and lazy, which compare expressions as the author wrote them",
    ),
    Pass(
        "calendar",
        1,
        look_ahead,
        takes="units that spike at rates made of parameters, which no phase takes from patterns or data, and that are never refractory",
        rewrites="ByHazard.ahead",
        found="where they were",
        here="anywhere: what other passes ask of spikes stays as it is",
    ),
    Pass(
        "drive",
        1,
        drive,
        takes="a source that draws numbers of spikes, whose one projection adds to the unit of the same number, without a delay",
        rewrites="ProjectionPlan.driven, ByHazard.unlisted",
        found="where they were; spikes are listed while somebody asks for them",
        here="anywhere: it asks what the connections do, and no other pass has a use for such projections",
    ),
    Pass(
        "windows",
        1,
        in_windows,
        takes="networks of neurons with thresholds whose spikes all take an axonal delay, and in which connections change at presynaptic spikes alone",
        rewrites="Plan.step becomes one Window; a Meet for each projection with statements at presynaptic spikes",
        found="where they were: results are the same to the bit",
        here="after lazy and replay, which leave nothing for connections to do at postsynaptic spikes, and drive",
    ),
    Pass(
        "keep",
        1,
        keep_sums,
        takes="sums that units read which update one by one, as long as nothing else changes their terms",
        rewrites="EvaluateInput comes under a condition (Due, RulesOn), a Keep for each such sum ends the step",
        found="where they were; Program.kept names what has to be forgotten when something is changed from outside",
        here="last: it puts conditions around operations that others may still replace",
    ),
)


def optimise(plan: Plan, level: int, without: frozenset[str] = frozenset()) -> Plan:
    """The plan after all passes of `level` (0: none) but those named in `without`; what each of them noted is under its name.

    Raises `ValueError` for an unknown pass.
    """
    unknown = without - {p.name for p in PASSES}
    if unknown:
        raise ValueError(f"no pass is called {', '.join(sorted(unknown))}; the passes are {', '.join(p.name for p in PASSES)}")
    for step in PASSES:
        if step.level <= level and step.name not in without:
            before, plan = plan.notes, step.run(plan)
            plan = replace(plan, notes=(*before, *(f"{step.name}: {note}" for note in plan.notes[len(before) :])))
    return plan
