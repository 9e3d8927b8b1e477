"""Random programs: whole texts with networks, experiments that repeat, show, wait and go on from each other, tables and sweeps.

`program(number)` writes one, the same for the same number. Sources drive spiking cells that may drive each other, with a unit as an argument of
rules and a quantity of the network beside them. What the blocks hold is drawn: integrators of all kinds, other events, refractoriness that changes,
chance, products of what flows on both sides, windows, sums, connections that come and go, longer steps, parts. Numbers have digits enough that no
comparison is decided by rounding, and values stay of order one. `program_cases()` is their networks alone, with rules off and on again.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random

from hypothesis import strategies as st

from plasticdsl import driver
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.source import SourceFile
from tests.semantics.agreement import Case

CELLS, SOURCES, STEPS = 3, 4, 36


@dataclass(frozen=True)
class Program:
    """`text` of a file; its `features`, in words; `swept`: the parameter that experiment `Swept` sweeps, and its values."""

    text: str
    features: frozenset[str]
    swept: tuple[str, tuple[str, ...]]


@dataclass
class Draw:
    """Choices for the program of a number, and what they came to; `written`: lines that later ones depend on."""

    random: Random
    number: int = 0
    features: set[str] = field(default_factory=set)
    written: list[str] = field(default_factory=list)

    def one(self, *options: str) -> str:
        """One of them."""
        return self.random.choice(options)

    def turn(self, *options: str) -> str:
        """One of them, another one for the next program."""
        return options[self.number % len(options)]

    def maybe(self, feature: str, chance: float = 0.5) -> bool:
        """Whether there is such a thing."""
        found = self.random.random() < chance
        if found:
            self.features.add(feature)
        return found


def block(head: str, lines: Sequence[str]) -> list[str]:
    """Lines below a head."""
    return [f"{head}:", *(f"    {line}" for line in lines)]


def by_cases(head: str, cases: Sequence[tuple[str, str]]) -> list[str]:
    """A value by cases: each with its condition, which the last one, otherwise, has not."""
    first, *others = [f"{value} if {condition}" if condition else f"{value} otherwise" for value, condition in cases]
    return [f"{head} {first}", *(f"    {other}" for other in others)]


# --- cells -----------------------------------------------------------------------------------------------------------

CONDITIONS = ("v > 0.9137", "v > θ", "v + 0.2 u rises above 0.8713", "v rises above θ")
JUMPS = ("u += 0.2137", "g *= 0.5", "u → 0.5 u + 0.1 v + 0.1", "a += 1 if chance(0.4)", "a += 0.1 v", "θ += 0.0531")


#: Every function, of arguments for which it has a value.
FUNCTIONS = (
    *(
        f"{name}(v)"
        for name in ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "expm1", "erf", "abs", "sign", "Θ", "floor", "ceil", "round")
    ),
    *(f"{name}(1.1 + v²)" for name in ("log", "log10", "sqrt", "log1p")),
    *(f"{name}(0.9 tanh(v))" for name in ("arcsin", "arccos", "arctan")),
    *("min(v, u, 0.3)", "max(v, 2 u)", "mod(3 v, 0.7)", "clip(v, 0.1137, 0.5137)", "x_over_expm1(v)", "expm1_over_x(v − u)", "[v − 0.3]₊"),
)


def beside(d: Draw, refractory: bool) -> list[str]:
    """What a cell has beside its potential; `refractory`: whether it is ever so."""
    lines: list[str] = []
    if refractory and d.maybe("refractoriness is read", 0.3):
        lines += ["rest = 0.2 if refractory", "    0 otherwise", d.one("every 3 ms: a += rest", "every 4 ms: u += 0.1 rest")]
    if d.maybe("two values", 0.3):
        lines += [
            "s ∈ {0, 1}",
            *block(f"every {d.one('2 ms', '3 ms')}", by_cases("s →", [("1", d.one("v > 0.4137", "chance(0.3)")), ("0", "")])),
        ]
    if d.maybe("functions", 0.5):
        lines.append(f"every 3 ms: u += 0.02 {d.turn(*FUNCTIONS)}" + d.one("", " if not v > 0.8137 or u < 0.0137"))
    if d.maybe("a mean of the cell", 0.2):
        lines.append(d.one("every 5 ms: u += 0.02 ⟨v⟩_τ", "every 5 ms: u += 0.02 avg(v u, 9 ms)"))
    if d.maybe("a function", 0.2):
        lines.append(d.one("every 4 ms: a → 0.9 a + 0.05 sig(v)", "every 4 ms: a → 0.9 a + 0.1 sig'(v)"))
    return lines


def cell(d: Draw) -> list[str]:
    """A spiking neuron with v, u, g, a, θ and inputs I and z."""
    lines = ["τ = 10 ms", "b = 1.1", "t_r = 2 ms", "input I", "input z", "θ(0) = 0.93", "v(0) ~ U(0, 0.9)", "u(0) = 0.05", "a(0) = 0.1"]
    drive = "b + I + 0.3 tanh(z)"
    kind = d.one("linear", "conductance", "nonlinear", "noise", "time", "tau")
    match kind:
        case "linear":
            flow = f"τ dv/dt = {drive} + g − 0.3 u − v"
        case "conductance":
            flow = f"τ dv/dt = {drive} − v + g (1.7 − v) − 0.2 u"
        case "nonlinear":
            flow = f"τ dv/dt = {drive} − v + 0.4 tanh(2 v − u) + g"
        case "noise":
            flow = f"τ dv/dt = {drive} − v + g − 0.2 u + 0.2 √τ {d.one('', 'step(v − 0.5) ', 'max(u − 0.1, 0) ')}ξ(t)"
        case "time":
            flow = f"τ dv/dt = {drive} − v + 0.3 sin(2 π·70 Hz·t) + g"
        case _:
            flow = f"τ dv/dt = {drive} − v + g Θ(t − 7 ms)"
    d.features.add(f"cells: {kind}")
    lines += [
        flow,
        d.one("30 ms du/dt = 0.4 v − u", "30 ms du/dt = −u", "30 ms du/dt = 0.2 − u"),
        "5 ms dg/dt = −g",
        "40 ms dθ/dt = 0.93 − θ",
    ]
    if kind in ("linear", "conductance", "nonlinear") and d.maybe("method", 0.25):
        lines.append("method: " + d.one("RK4", "Euler", "Euler, 3 substeps", "exponential RK", "Heun", "midpoint", "Rosenbrock"))
    if d.maybe("bounded states", 0.3):
        lines.append(d.one("g ∈ [0, 1.1]", "v ∈ [−0.3, 1.3]", "u ∈ [0.02, 0.6]"))
    if d.maybe("sliding rate of the cell", 0.2):
        lines += ["ν = rate(12 ms)", "every 5 ms: a += ν·1 ms"]
    lines += ["y = tanh(v) + 0.1 a", "output y"]
    jumps = [d.one("v → 0.1", "v → 0.2 u", "v −= 0.8"), *(d.one(*JUMPS) for _ in range(d.random.randint(0, 2)))]
    if d.maybe("drawn local of a cell", 0.4):
        jumps = [
            d.one("q ~ U(0, 0.3)", "q ~ N(0.1, 0.1)", "q ~ Exp(0.1) in [0, 0.4]", "q ~ Bernoulli(0.3 + 0.2 u)"),
            *jumps,
            d.one("u += q", "v += q u", "a → 0.5 a + q"),
        ]
    spike = d.one(*CONDITIONS, *CONDITIONS, "at rate")
    within_steps = kind != "noise" and d.maybe("located events", 0.4)  # then no sum without delay reads what flows
    at = ", located" if within_steps and spike != "at rate" else ""
    lines += block("spike at rate 150 Hz·[v]₊" if spike == "at rate" else f"spike when {spike}{at}", jumps)
    if d.maybe("other event", 0.6):
        flowing, others = ("u rises above 0.2713", "v falls below 0.2137"), ("g > 0.3137", "a rises above 0.4137")
        lines += block(
            "event burst when " + (f"{d.one(*flowing)}, located" if within_steps else d.one(*flowing, *others)),
            [d.one("u *= 0.5", "a → 0.1", "g += 0.1", "u += 0.1 if chance(0.5)")],
        )
    else:
        lines += block("event burst when u rises above 0.2713", ["a += 0.1"])
    if d.maybe("second other event", 0.4):
        lines += block(
            "event late when " + d.one("u + g rises above 0.3317", "v > 0.7713", "mod(t, 7 ms) < 0.5 ms"), [d.one("a *= 0.7", "u += 0.05")]
        )
    if d.maybe("refractory", 0.6):
        while_ = spike != "at rate"
        lines.append(
            "refractory "
            + d.one(
                "2 ms",
                "t_r",
                "t_r, hold v",
                "3 ms, hold nothing",
                "1 ms + 4 ms·[u]₊, hold v",
                "2 ms, hold v, u",
                *(("while u > 0.2137", "while v + g > 0.4137, hold u") if while_ else ()),
            )
        )
    lines += beside(d, any(line.startswith("refractory") for line in lines))
    if d.maybe("cells change without spikes", 0.3):
        lines += [d.one("every 3 ms: a → 0.8 a + 0.02 z", "every 4 ms: u += 0.02 if chance(0.5)", "every 6 ms: g += 0.05 y")]
    return block("neuron Cell", lines)


def third(d: Draw) -> list[str]:
    """What synapses and rules take as an argument."""
    lines = ["τ_D = 20 ms", "τ_D dD/dt = −D", "D(0) = 0.3", "e(0) = 0.1", "50 ms de/dt = 0.3 − e", "y = 0.5 D + e"]
    at = ", located" if d.maybe("located events of the argument", 0.3) else ""
    spike = d.one("D > 0.5137", "D rises above 0.4137", *(("mod(t, 6 ms) < 0.5 ms",) if not at else ()))
    lines += block(f"spike when {spike}{at}", [d.one("D *= 0.5", "D → 0.2", "D −= 0.2")])
    lines += block("event tick when " + d.one(f"e rises above 0.2137{at}", "D < 0.2313"), [d.one("e += 0.05", "e → 0.1")])
    if d.maybe("bounded argument", 0.3):
        lines.append("D ∈ [0, 0.9]")
    if d.maybe("reactions", 0.3):
        lines += [*block("reactions", ["A + C ⇌ B : 90 Hz, 20 Hz", "A → ∅ : 5 Hz"]), "A(0) = 0.4", "C(0) = 0.3"]
        lines = [line.replace("y = 0.5 D + e", "y = 0.5 D + e + 0.2·B") for line in lines]
    if d.maybe("the argument changes without spikes", 0.3):
        lines.append(d.one("every 4 ms: e *= 0.9", "every 5 ms: D += 0.05 if chance(0.5)"))
    return block("neuron Third", lines)


# --- synapses and rules ----------------------------------------------------------------------------------------------


def synapse(d: Draw, name: str, of_cells: bool) -> list[str]:
    """Spikes kick; and it may draw, depress, sum, and act at times."""
    lines, jumps = ["8 ms df/dt = −f", "f(0) = 0.2"], []
    amount = "0.5 w"
    if d.maybe("drawn local of a synapse", 0.3):
        jumps.append(d.one("q ~ U(0.2, 1.4)", "q ~ N(1, 0.3) in [0.1, 2]", "q ~ Binomial(3, 0.4)", "q ~ Gamma(2, 0.4)"))
        amount = "0.4 w q"
    jumps.append(f"post.g += {amount}" + (" if chance(0.7)" if d.maybe("chance at a synapse", 0.3) else ""))
    jumps.append(d.one("f += 0.3", "f → 0.5 f + 0.2", "f += 0.4 (1 − f)", "post.u += 0.03 f", *(("pre.u += 0.02 f",) if of_cells else ())))
    lines += block("on pre", jumps)
    if d.maybe("events that arrive", 0.5):
        lines += block(
            d.one("on burst of post", *(("on burst of pre",) if of_cells else ())), [d.one("post.u += 0.02 w", "f *= 0.7", "f += 0.1")]
        )
    if "located events" not in d.features and d.maybe("sums", 0.4):
        lines.append(
            d.one(
                "post.z = 0.3 Σ w f",
                "post.z = Σ 0.2 f",
                *(("post.z = 0.2 Σ w (pre.v − post.v)", "post.z = 0.2 Σ w x", "post.z = 0.3 Σ w pre.g − 0.1 Σ post.u") if of_cells else ()),
            )
        )
    if d.maybe("noise at connections", 0.15):
        lines.append(f"15 ms dk_s/dt = 0.2 − k_s + 0.1 √(15 ms) {d.one('', 'step(k_s − 0.02) ', 'step(post.v − 0.4) ')}ξ(t)")
        lines.append("every 3 ms: f += 0.1 k_s")
    if of_cells and d.maybe("a synapse waits for its post unit", 0.2):
        lines += block("on post", [d.one("f *= 0.9", "f += 0.1 w", "pre.a += 0.02 w")])
    if d.maybe("a synapse changes without spikes", 0.25):
        lines.append(d.one("every 4 ms: post.u += 0.01 f", "every 5 ms: f += 0.1 if chance(0.4)"))
    return block(f"synapse {name}", lines)


PAIRINGS = ("all pairs", "nearest pairs", "nearest pairs centred on pre", "nearest pairs centred on post", "nearest pairs reduced")
PRODUCTS = (
    "dk/dt = c reward.D·20 Hz",
    "25 ms dk/dt = −k + c reward.D",
    "dk/dt = c post.g·20 Hz",
    "dk/dt = r o·20 Hz",
    "25 ms dk/dt = c reward.D − k + 0.1 reward.y c",
    "dk/dt = c Q·20 Hz",
    "dk/dt = w post.g·10 Hz − k/(40 ms)",
    "dk/dt = w reward.D·10 Hz",
    "dk/dt = w post.u·10 Hz",
    "dk/dt = c reward.D post.g·20 Hz",
)
WEIGHT_FLOWS = (
    "200 ms dw/dt = 0.4 − w",
    "200 ms dw/dt = −w",
    "dw/dt = post.g (0.7 − w)·5 Hz",
    "dw/dt = c (0.7 − w)·5 Hz",
    "dw/dt = 0.2 c reward.D·5 Hz − w·2 Hz",
    "dw/dt = Q (0.6 − w)·5 Hz",
    "dw/dt = (c reward.D − 0.1 w Q)·3 Hz",
    "dw/dt = 0.05 S_post r − 0.04 S_pre o",
    "dw/dt = 0.05 S_post (r − 0.3 Σ r) − w·2 Hz",
    "dw/dt = 0.1 (rate(post, 9 ms) − 40 Hz)·w",
    "dw/dt = (0.9 − 0.4 Σ w)·5 Hz",
    "dw/dt = (r − 0.3 Σ r w)·5 Hz − w·3 Hz",
)


def rule(d: Draw, name: str) -> list[str]:
    """Traces, and what is drawn of everything that rules do. It takes `reward`, a unit, and `Q`, a value."""
    lines = [
        "w ∈ [0, 1.5]" if d.maybe("bounded weight", 0.7) else "η = 0.1",
        "η2 = 0.02",
        "12 ms dr/dt = −r",
        "17 ms do/dt = −o",
        "60 ms dc/dt = −c",
        "R = 0.5 reward.D + 0.1 c",
        "c(0) = 0.2",
    ]
    pre, post = [d.one("r += 1", "r → 1", "r += 0.5 (1 − r)")], [d.one("o += 1", "o → 1", "o += 0.3 Q")]
    pre += [x for x in (d.one("w −= 0.02 o", "w −= 0.02 o⁺", "w *= 0.97", "c += 0.1 o", ""),) if x]
    post += [x for x in (d.one("w += 0.03 r", "w += 0.03 r⁺", "c += 0.2 r", "c += 0.2 r (1 + Q)", ""),) if x]
    if d.maybe("drawn local of a rule", 0.3):
        post += [d.one("n ~ N(0, 0.02)", "n ~ U(−0.02, 0.03)"), d.one("w += n", "c += n r")]
    if d.maybe("sum at a spike", 0.25):
        post.append(d.one("w −= 0.01 Σ w", "w → w (1 − 0.02 Σ w r)", "c −= 0.05 Σ c"))
    lines += block("on pre", pre) + block("on post", post)
    if d.maybe("window", 0.35):
        lines += block("on " + d.one(*PAIRINGS), [d.one("Δw = 0.03 F(t_post − t_pre)", "c += 0.1 F(t_post − t_pre)")])
        lines += [
            "F(Δt) = "
            + d.one("exp(−Δt/(11 ms))", "(1 − w) exp(−Δt/(11 ms))", "(Δt/(9 ms))·exp(−Δt/(9 ms))")
            + d.one("  if Δt > 0", "  if Δt ≥ 0"),
            "        " + d.one("−0.8 exp(Δt/(14 ms))", "−w exp(Δt/(14 ms))", "0") + "  otherwise",
        ]
        if d.maybe("truncated window", 0.3):
            lines.append("truncate F at 12 ms")
    if d.maybe("products of what flows", 0.6):
        lines += [d.one(*PRODUCTS), "k(0) = 0.05"]
        post_of = d.one("", "w += 0.02 k", "c −= 0.1 k")
        lines += block("every 5 ms", [post_of]) if post_of else []
    if d.maybe("the weight flows", 0.5):
        lines.append(d.one(*WEIGHT_FLOWS))
    if d.maybe("events of the argument", 0.5):
        lines += block("on reward", [d.one("w += 0.05 c", "c *= 0.8", "w += 0.02 reward.e", "c += 0.1 if chance(0.5)")])
        if d.maybe("other events of the argument", 0.5):
            lines += block("on tick of reward", [d.one("w *= 0.95", "c += 0.05 reward.D", "reward.D += 0.02", "post.u += 0.01")])
    if d.maybe("events at rules", 0.3):
        lines += block("on burst of post", [d.one("w += 0.01 r", "o += 0.5", "c += 0.1 o⁻")])
    if d.maybe("rules change without spikes", 0.4):
        lines += block(
            "every " + d.one("4 ms", "5 ms"),
            [
                d.one(
                    "w → w/(0.5 + Σ w)",
                    "w *= 0.97",
                    "w += 0.02 if chance(0.3)",
                    "w → 0.9 w + 0.05 ⟨post.v⟩_τ1",
                    "reward.D += 0.02 w",
                    "w += η2 Q",
                )
            ],
        )
        if "τ1" in lines[-1]:
            lines.append("τ1 = 15 ms")
    if d.maybe("prune and grow", 0.35):
        lines.append("prune when w < " + d.one("0.2137", "0.1 + 0.2 Q", "0.3 post.u + 0.1") + d.one("", " every 3 ms"))
        lines.append(
            "grow "
            + d.one("", "p = 0.4 ", "p = 0.3 + 0.1 Q ")
            + "every "
            + d.one("3 ms", "4 ms")
            + d.one("", " where post.g < 0.3317", " where chance(0.5)")
            + d.one("", ", in-degree ≤ 3", ", out-degree ≤ 2", ", in-degree ≤ 2, out-degree ≤ 2")
            + ", w "
            + d.one("= 0.6", "~ U(0.4, 0.9)")
        )
    return block(f"rule {name}(reward, Q)", lines)


# --- networks --------------------------------------------------------------------------------------------------------


def delays(d: Draw, chance: float = 0.4) -> str:
    """Of a projection with a rule."""
    if not d.maybe("delays", chance):
        return ""
    return d.one(
        ", axonal delay = 2 ms",
        ", dendritic delay = 1 ms",
        ", axonal delay = 1 ms, dendritic delay = 2 ms",
        ", axonal delay ~ U(0 ms, 3 ms)",
        ", dendritic delay = 1 ms·mod(i + j, 3)",
    )


def more_blocks(d: Draw) -> list[list[str]]:
    """A second rule, and synapses that only kick, read another projection, or fill an input with what flows on both sides."""
    second = [
        d.one("every 6 ms: w *= 0.98", "every 7 ms: w → w (1 − 0.05 Σ w)"),
        d.one("on post: w −= 0.01 w", "on pre: w += 0.01 (0.5 − w)"),
    ]
    return [
        ["function sig(a) = 1/(1 + exp(−a))"],
        block("rule Slow", second[: d.random.randint(1, 2)]),
        block("synapse Kick", ["on pre: post.g += w"]),
        block("synapse Up", block("on pre", ["post.e += 0.02 w", d.one("w *= 0.99", "w += 0.01 (0.4 − w)")])),
        block("synapse Back(forward)", [d.one("post.z = 0.2 Σ forward.wᵀ pre.D", "post.z = 0.3 Σ forward.wᵀ (pre.y − post.u)")]),
        block("synapse Same(other)", [d.one("post.z = 0.1 Σ other.w pre.v", "on pre: post.g += 0.1 other.w")]),
    ]


def more_projections(d: Draw, one_argument: bool, recurrent: str) -> list[str]:
    """Other ways to connect; `recurrent`: how cells are connected by `rec`, where they are."""
    lines = []
    if d.maybe("one to one", 0.3) and not one_argument:
        lines.append("pairs = cell → da: Release, one to one, w = 0.03")
    if d.maybe("partners by degree", 0.4):
        how = d.one("in-degree 3, with repeats", "out-degree 2, with repeats", "in-degree 2, where i ≠ j + 1")
        lines.append(f"some = src → cell: Kick, {how}, w = 0.05" + d.one("", ", delay ~ U(0 ms, 4 ms)", ", delay = 2 ms"))
    if d.maybe("cells drive themselves", 0.3):
        lines.append(f"own = cell → cell: Kick, in-degree 2, with self, w = {d.one('0.1', '0.02 i')}")
    if d.maybe("places", 0.3):
        lines.append("near = cell → cell: Kick, p = exp(−distance), except self, w = 0.1 exp(−distance), delay = 1 ms + 1 ms·distance")
    if not d.features & {"located events", "located events of the argument"} and d.maybe("transposed weights", 0.4):
        lines += ["up = cell → da: Up, all to all, w ~ U(0.1, 0.5)", "down = da → cell: Back(forward = up), all to all"]
    if recurrent and "located events" not in d.features and d.maybe("weights of another projection", 0.5):
        lines.append(f"peek = cell → cell: Same(other = rec), {recurrent}")
    if d.maybe("a projection to several populations", 0.3):
        lines.append("fan = src → each of cell, part: Kick, w = 0.04" + d.one("", ", p = 0.5"))
    if d.maybe("values by cases", 0.3):
        lines.append("cased = img → cell: Show, w = 0.1 if pre in img[1 to 2], 0.2 if post in part, 0.05 otherwise")
    return lines


def network(d: Draw) -> list[str]:
    """`src` drives `cell` (and `cell` itself), `da` is an argument, `img` a source that phases hold, Q a quantity of the network."""
    rate = d.one("90 Hz", "60 Hz + 20 Hz·i")
    source = d.one(
        f"Poisson(rate = {rate})",
        "SpikeTimes([1, 3, 4, 6, 9, 12, 12, 17, 21, 26, 30, 35] ms)",
        "Regular(rate = [90, 110, 170, 240] Hz)",
        f"Poisson(rate = {rate})",
        "Poisson(rate = 90 Hz·(1 + 0.5 sin(2 π·40 Hz·t)))",
        "Poisson(rate = ν_t)",
        "Poisson, rate ~ Gamma(4, 25 Hz)",
        "Regular(rate = 150 Hz, start = 3 ms, count = 4)",
        "SpikeTimes([2, 5, 5, 8, 14, 20] ms)",
    )
    third_size, argument = ("1", "da") if d.maybe("one argument for all", 0.4) else (str(CELLS), "da")
    if third_size != "1" and d.maybe("a unit as argument", 0.3):
        argument = "da[2]"
    values = [
        d.one(
            "b = 1.15",
            "b = 0.9 + 0.1 i",
            "b ~ U(0.8, 1.3)",
            *(("b = 0.9 + 0.4 Q",) if "located events" not in d.features else ()),
            "b = [0.9, 1.17, 1.31]",
            "b(t) = 1.1 + 0.2 sin(2 π·50 Hz·t)",
            "b ~ Exp(0.2) in [0.7, 1.4]",
        )
    ]
    if "Q" in values[0]:
        d.features.add("cells read a quantity of the network")
    values += [v for v in (d.one("τ = 10 ms", "τ ~ U(8 ms, 14 ms)", "t_r ~ U(1 ms, 4 ms)", ""),) if v]
    step = ", step " + d.one("2 ms", "3 ms") if d.maybe("longer steps of cells", 0.25) else ""
    slow = ", step " + d.one("2 ms", "3 ms", "4 ms") if d.maybe("longer steps of the argument", 0.3) else ""
    lines = [
        "ν_0 = 1",
        "ν_t = 70 Hz·(1 + Θ(t − 11.5 ms))",
        f"src = {SOURCES} {source}",
        "img = 3 Source",
        f"cell = {CELLS} Cell, {', '.join(values)}{step}, φ on a ring",
        f"da = {third_size} Third{slow}",
    ]
    lines += [
        "part = cell[1 to 2]",
        d.one("30 ms dQ/dt = −Q", "30 ms dQ/dt = 0.3 − Q", "30 ms dQ/dt = B − Q"),
        "Q(0) = 0.2",
        "50 ms dB/dt = 0.1 − B",
    ]
    lines += [d.one("on cell: Q += 0.07", "on src: Q += 0.03", "on cell: Q += 0.1 (1 − Q)", "on part: Q += 0.05")]
    if d.maybe("events move quantities of the network", 0.4):
        lines.append(d.one("on burst of cell: B += 0.1", "on burst of cell: Q −= 0.05", "on da: B += 0.1 Q", "on tick of da: Q += 0.03"))
    if d.maybe("bounded quantity", 0.4):
        lines.append(d.one("Q ∈ [0, 0.6]", "Q ∈ [0.05, 0.4]", "B ∈ [0, 0.3]"))
    if d.maybe("values of some units", 0.3):
        lines.append(
            d.one("part.v(0) = 0.31", "cell[3].b = 1.37" if values[0].startswith("b = ") and "Q" not in values[0] else "cell[3].u(0) = 0.2")
        )
    joined = d.one("all to all", "p = 0.7", "in-degree 2", "where mod(i + j, 2) = 0", "out-degree 2")
    post = "part" if (third_size == "1" or argument != "da") and d.maybe("a projection to a part", 0.3) else "cell"
    value, weight = d.one("Q", "2 Q", "Q + B", "ν_0"), d.one("= 0.4", "~ U(0.2, 0.7)", "= 0.3 + 0.05 i")
    slow = " and Slow" if d.maybe("two rules", 0.25) else ""
    lines.append(f"ex = src → {post}: Exc with Learn(reward = {argument}, Q = {value}){slow}, {joined}, w {weight}{delays(d)}")
    lines.append("look = img → cell: Show, w = " + d.one("0.2", "[[0.2, 0.1, 0], [0, 0.3, 0.1], [0.1, 0, 0.2]]"))
    lines.append("to_da = src → da: Release, w = 0.05" + delays(d, 0.2).split(",")[0])
    joined_by = ""
    if d.maybe("recurrent"):
        with_rule = f" with Again(reward = {argument}, Q = Q)" if d.maybe("recurrent plasticity") else ""
        pre = "part" if d.maybe("a projection from a part", 0.3) else "cell"
        joined = d.one("all to all", "all to all except self", "p = 0.6", "in-degree 1")
        lines.append(f"rec = {pre} → cell: Rec{with_rule}, {joined}, w {d.one('= 0.2', '~ U(0.1, 0.4)')}{delays(d)}")
        joined_by = joined if pre == "cell" and joined.startswith("all") else ""
    lines += more_projections(d, third_size == "1", joined_by)
    lines += ["K_i = Σ_j ex.w_ij", "χ = 2 random patterns of {0, 1} over cell, active = 0.4"]
    lines += ["obs = Σ_i cell.v_i + Q", "W = Σ_ij ex.w_ij", "ξ = 3 random patterns of N(0, 1) over img"]
    return block("network Net", lines)


# --- experiments -----------------------------------------------------------------------------------------------------


def held(d: Draw, shown: str | None, in_round: bool) -> list[str]:
    """What a phase does beside going on."""
    found = [f"img = {shown}"] if shown else [x for x in (d.one("img = 0.7", "img = sin(2 π·40 Hz·t)", "img[1 to 2] = 0.4", ""),) if x]
    if d.maybe("parameters change", 0.3):
        found.append(
            d.one(
                "cell.τ = 13 ms",
                "ex.η2 = 0.05",
                "Learn.η2 = 0.05",
                "da.τ_D = 12 ms",
                "cell.t_r = 3 ms",
                "cell.τ = 9 ms + 1 ms·i",
                "cell.t_r = 2 ms if i = 2",
            )
        )
    if in_round and d.maybe("round numbers", 0.5):
        found.append(d.one("ex.η2 = 0.01 round", "start part.v from 0.1 round", "cell.I = 0.1 one_hot(round − 1, 3)"))
    if d.maybe("started", 0.3):
        found.append(
            d.one(
                "start cell.v from 0.21",
                "start part.u from 0.1",
                "start Q from 0.3",
                "start ex.c from 0.35",
                "start cell.u from 0.3 χ_2",
                "start cell.a from 0.1 i",
            )
        )
    if d.maybe("held", 0.3):
        found.append(
            d.one(
                "cell[3].v = 0.4",
                "part.u = 0.15",
                "Q = 0.25",
                "cell.z = 0.2 if i ≤ 2",
                "B = 0.2",
                "da.D = 0.35",
                "cell.u = 0.2 χ_1 + 0.05",
                "cell.a = 0.1 + 0.1 sin(2 π·60 Hz·t)",
            )
        )
    if d.maybe("rules off", 0.2):
        found.append(d.one("rules off", "rules off for ex"))
    if d.maybe("recorded in a phase", 0.4):
        found.append(
            d.one(
                "record ex.w at end",
                "record mean(cell.v) every 2 ms",
                "record spike_count(cell) at end",
                "record spikes of cell",
                "record cell.v at spikes",
                "record Q, da.D",
                "record rate(cell) every 5 ms",
                "record mean(cell.v), cv(cell) at end",
                "record K, rate(cell, each)",
            )
        )
    if d.maybe("expected in a phase", 0.3):
        found.append(
            d.one(
                "expect mean(cell.v) < 9 at end",
                "expect spike_count(cell) < 99",
                "expect sum(ex.w) < 99 at end",
                "expect mean(cell.v) < 9 over last 2 ms",
                "expect max(K) < 99 every 2 ms",
            )
        )
    return found


def phase(d: Draw, number: int, in_round: bool) -> list[str]:
    """A phase of one kind."""
    name = f"phase p{number}"
    match d.one("for", "for", "each", "each", "until"):
        case "each":
            d.features.add("for each")
            for_each = f"{name} for each x in ξ"
            if d.maybe("shuffled", 0.3):
                for_each += ", shuffled"
            if d.maybe("epochs", 0.3):
                for_each += ", 2 epochs"
            for_each += " for " + d.one("2 ms", "3 ms") + " each"
            if d.maybe("pause", 0.4):
                for_each += ", pause 1 ms"
            if d.maybe("shown again", 0.3):
                for_each += (
                    f", again until {d.one('spike_count(cell) ≥ 2', 'mean(cell.v) > 0.4', 'spike_count(cell.burst) ≥ 1')}, at most 3 times"
                )
            return block(for_each, held(d, d.one("x", "0.5 x", "0.3 + x"), in_round))
        case "until":
            d.features.add("until")
            waits = d.one(
                "spike_count(cell) ≥ 4",
                "mean(cell.u) > 0.3137",
                "stable within 1e-4",
                "Q > 0.3137",
                "rate(src) > 85 Hz",
                "spike_count(part) ≥ 3 or mean(ex.w) < 0.2137",
            )
            return block(f"{name} until {waits}, up to {d.one('9', '14')} steps", held(d, None, in_round) or ["img = 0.3"])
        case _:
            return block(f"{name} for {d.one('7 ms', '10 ms', '13 ms')}", held(d, None, in_round) or ["img = 0.3"])


#: One of these for each program.
STATISTICS = (
    "cv(cell), cv2(cell), lv(cell), fano(cell, 4 ms)",
    "count_correlation(cell, 5 ms), spike_time(cell, 1), isi(cell, 1)",
    "correlogram(src, cell, 2 ms, 8 ms), autocorrelogram(cell, 2 ms, 8 ms)",
    "spectrum(cell.v[1], 8 ms), synchrony(cell.v)",
    "sd(cell.v), min(cell.u), max(cell.u), median(cell.v), norm(cell.v), sum(cell.a), argmax(cell.v)",  # and of each unit:
    "mean(cell.v over time), sd(cell.u over time), min(cell.v over time), max(cell.v over time), median(cell.u over time), "
    "fraction(cell.v > 0.4 over time)",
    "correlation(cell.v, cell.u), fraction(cell.v > 0.3137), count(cell.v > cell.u), histogram(ex.w, 3)",
)
PLOTS = (
    "plot cell.v over time",
    "plot raster(cell), isi_histogram(cell)",
    "plot histogram(ex.w) at end",
    "plot contours(obs) over cell.v[1] from 0 to 1, cell.v[2] from 0 to 1",
)

#: And one of these.
PICTURES = (
    "plot ex.w as matrix at end",
    "plot cell.v over time as map",
    'plot cell.v[1] vs cell.u[1] titled "Two variables of a unit"',
)

RECORDS = (
    "record cell.v, cell.u, cell.g, cell.a, cell.θ, cell.z",
    "record ex.w, ex.c, ex.r, ex.o, ex.f",
    "record Q, B, da.D, da.e, obs, W",
    "record spikes of cell, spikes of src, spikes of da",
    "record burst of cell",
    "record mean(cell.u) over last 4 ms",
    "record psth(cell, 2 ms, 6 ms), intervals(cell, 2 ms, 20 ms), rate(cell, 7 ms)",
)


def course(d: Draw) -> list[str]:
    """Phases, some of them repeated."""
    lines, number = [], 0
    for _ in range(d.random.randint(1, 2)):
        match d.one("plain", "repeat", "repeat until", "nested"):
            case "plain":
                lines += phase(d, number, False)
                number += 1
            case "repeat":
                d.features.add("repeat")
                body = phase(d, number, True) + (phase(d, number + 1, True) if d.maybe("two phases in a round") else [])
                lines += block(f"repeat {d.one('2', '3')} times", body)
                number += 2
            case "repeat until":
                d.features.add("repeat until")
                condition = d.one("spike_count(cell) ≥ 4", "mean(cell.v) > 0.5", "mean(ex.w) < 0.3 or t > 1 s", "Q > 0.4")
                lines += block(f"repeat until {condition}, at most 3 times", phase(d, number, True))
                number += 1
            case _:
                d.features.add("nested repeats")
                inner = block("repeat 2 times", phase(d, number, True))
                lines += block("repeat 2 times", phase(d, number + 1, True) + inner)
                number += 2
    return lines


def experiments(d: Draw) -> tuple[list[str], tuple[str, tuple[str, ...]]]:
    """A training, a test that goes on from its end, a table, and a sweep."""
    expected = d.one("expect mean(ex.w) < 99", "expect Q never increases", "expect B never decreases", "expect mean(cell.v) ≈ 0.4 ± 20 %")
    train = [
        "dt = 1 ms",
        f"seed = {d.random.randint(1, 99)}",
        *course(d),
        *RECORDS,
        f"record {d.turn(*STATISTICS)}",
        d.one(*PLOTS),
        d.turn(*PICTURES),
        expected,
    ]
    lines = block("experiment Train on Net", train)
    if d.maybe("start from end of", 0.6):
        settings = [x for x in (d.one("cell.τ = 12 ms", "da.τ_D = 15 ms", "", ""),) if x]
        lines += ["", *block("experiment Test on Net", ["dt = 1 ms", "start from end of Train", *settings, *course(d), *RECORDS])]
    if d.maybe("table", 0.4):
        rows = [
            "da.τ_D, cell.t_r, expect mean(cell.v) ± 99, expect spike_count(cell) ± 9999",
            "15 ms, 2 ms, 0, 0",
            "25 ms, 3 ms, 0, 0 ± 999",
        ]
        lines += ["", *block("table Rows of Train", rows)]
    swept = [("da.τ_D", ("14 ms", "23 ms")), ("ex.η2", ("0.01", "0.04")), ("cell.θ(0)", ("0.8", "1.1"))]
    chosen = swept[d.random.randrange(len(swept))]
    values = d.one(
        f"in [{', '.join(chosen[1])}]",
        "from {} to {} in 2 values".format(*chosen[1]),
        "from {} to {} in 2 values, logarithmic".format(*chosen[1]),
    )
    sweep = [f"sweep {chosen[0]} {values}" + (", 2 repeats" if d.maybe("repeats of a sweep", 0.4) else "")]
    lines += ["", *block("experiment Swept like Train", sweep)]
    return lines, chosen


def program(number: int) -> Program:
    """Program of that number."""
    d = Draw(Random(number), number)
    parts = [
        *more_blocks(d), cell(d), third(d), synapse(d, "Exc", False), synapse(d, "Rec", True), rule(d, "Learn"), rule(d, "Again"),
        block("synapse Show", ["post.I = Σ w x"]),
        block("synapse Release", ["on pre: post.D += w"]),
        network(d),
    ]  # fmt: skip
    run, swept = experiments(d)
    text = "\n\n".join("\n".join(lines) for lines in (*parts, run)) + "\n"
    return Program(text, frozenset(d.features), swept)


@st.composite
def program_cases(draw: st.DrawFn) -> Case:
    """The network of a program, without its experiments."""
    number = draw(st.integers(0, 10**6))
    network = driver.load(SourceFile(f"<program {number}>", program(number).text), None).module.networks[0]
    instance = instantiate(network, dt=1e-3, seed=1 + number % 97, settings={}, horizon=STEPS)
    switches = draw(st.sampled_from([{}, {}, {11: {"ex": False}}, {5: {"ex": False}, 19: {"ex": True}}]))
    return Case(network, lambda: deepcopy(instance), per_unit(network, {}), STEPS, switches, 0)
