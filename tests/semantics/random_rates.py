"""Random programs in which time is counted in steps: layers of rates that learn, units of two values that update one by one, patterns that are shown.

`program(number)` writes one, the same for the same number, as `random_programs` does for spikes. What is drawn: outputs and what they are made of, rules
of every step with means, sums and gradients, connections that read others or are alike in both directions, delays, kinds of patterns, and what phases do.
"""

from __future__ import annotations

from random import Random

from tests.semantics.random_programs import Draw, Program, block, by_cases

UNITS, HIDDEN, BINARY = 4, 3, 6

OUTPUTS = ("tanh(a − θ)", "σ(a − θ)", "a − θ + 0.1 a²", "max(a − θ, 0.1 a)")
RULES = (
    ["Δw = η x y"],
    ["Δw = η y (x − y w)"],
    ["τ = 4 steps", "Δw = η y (y − ⟨y²⟩_τ) x"],
    ["τ = 5 steps", "Δw_ij = η (y_i − ⟨y_i⟩_τ) (x_j − ⟨x_j⟩_τ)"],
    ["Δw = η x y", "w → w/√(0.1 + Σ w²)"],
    ["Δw = η y (x − (1/N_pre) Σ x)", "w ∈ [−2.3, 2.1]"],
    ["Δw = −η ∂L/∂w"],
    ["Δw = −η ∂L/∂w", "w *= 0.99"],
    ["E = ½ (x − hold(y) w)²", "Δw = −η ∂E/∂w"],
    ["Δw = η x y if chance(0.6)"],
    ["q ~ N(0, 0.02)", "Δw = η x y", "w += 0.1 q"],
    ["c(0) = 0.1", "c → 0.5 c + 0.5 x y", "w += η c"],
    ["every 2 steps: w += η x y"],
    ["prune when |w| < 0.0537 every 2 steps", "grow p = 0.5 every 3 steps, in-degree ≤ 2, w = 0.2137", "Δw = η x y"],
    ["τ = 6 steps", "τ dw/dt = 0.1 x y − w"],
)


def layers(d: Draw) -> list[list[str]]:
    """Neurons, synapses and rules."""
    hidden = ["θ = 0.0313", "input a", "input φ", f"output y = {d.one(*OUTPUTS)}", f"δ = ({d.one('1 − y²', 'y', '0.5')}) φ"]
    if d.maybe("a state of every step", 0.4):
        hidden += ["m(0) = 0.2", d.one("m → 0.7·m + 0.3 a", "m += 0.1 a if chance(0.5)", "m → 0.9·m + 0.1 |a|")]
        hidden = [line.replace("a − θ", "a − θ + 0.1·m") for line in hidden]
    readout = ["input a", "input target", f"output y = {d.one('a', 'tanh(a)', 'σ(a)')}"]
    if d.maybe("a mean of an output", 0.3):
        readout += ["τ = 3 steps", "follows = ⟨y⟩_τ"]
    binary = ["input h", "θ = 0.0137", "output x ∈ {−1, +1}"]
    binary += by_cases("x →", [(d.one("+1", "−x"), d.one("h > θ", "h > θ", "chance(σ(h))")), ("−1", "")])
    if d.maybe("a flow beside steps", 0.4):
        binary += ["5 steps dm/dt = x − m"]
    rules = [RULES[d.random.randrange(len(RULES))], RULES[d.random.randrange(len(RULES))]]
    for lines in rules:
        d.features.update(
            word for word in ("∂L", "∂E", "Σ", "⟨", "chance", "~", "prune", "every", "dw/dt") if any(word in x for x in lines)
        )
    return [
        block("neuron Unit", hidden),
        block("neuron Readout", readout),
        block("neuron Bin", binary),
        block("synapse Forward", ["post.a = Σ w x"]),
        block("synapse Transposed(forward)", ["post.φ = Σ forward.wᵀ (pre.target − pre.y)"]),
        block("synapse Same(other)", [d.one("post.a = 0.1 Σ other.w x", "post.a = 0.1 Σ other.w − 0.1 Σ x")]),
        block("synapse Teacher", ["post.target = Σ x"]),
        block("synapse Coupling", ["post.h = Σ w x"]),
        block("rule First", ["η = 0.0513", *rules[0]]),
        block("rule Second", ["η = 0.0371", *rules[1]]),
        block("rule Imprint", ["Δw = x y/N_pre"]),
    ]


def patterns(d: Draw) -> list[str]:
    """Over the image and over the units of two values."""
    images = d.one(
        "ξ = 3 random patterns of N(0, 1) over image",
        "ξ = P random patterns of {0, 1} over image, p = 0.4",
        "ξ = 3 random patterns of {0, 1} over image, active = 0.5",
        "ξ = patterns [[1, 0, 0.5, 0], [0, 1, 0, 0.7], [0.2, 0.3, 1, 0]] over image",
        f"ξ = P random patterns of N(0.3, covariance = [{', '.join(_row(k) for k in range(UNITS))}]) over image",
    )
    return ["P = 3", images, "ζ = 2 random patterns of {−1, +1} over bin"]


def _row(number: int) -> str:
    return f"[{', '.join('1.1' if k == number else '0.2' for k in range(UNITS))}]"


def network(d: Draw) -> list[str]:
    """Two layers, the way back, and a memory."""
    weights = d.one("~ N(0, 0.4)", "= 0.2 − 0.07 i + 0.05 j", "~ U(−0.4, 0.5)", "= 0.1 exp(−|i − j|)")
    joined = d.one("all to all", "all to all", "p = 0.8", "where mod(i + j, 2) = 1")
    late = d.one("1 step", "2 steps", "1 step·mod(i + j, 2)") if "∂L" not in d.features and d.maybe("a sum that is delayed", 0.4) else ""
    late = late and f", dendritic delay = {late}"
    lines = [
        f"image = {UNITS} Source",
        f"hidden = {HIDDEN} Unit" + d.one("", ", θ ~ N(0, 0.1)", ", θ = [0.0313, 0.0517, −0.0411]"),
        "out = 2 Readout",
        f"bin = {BINARY} Bin" + d.one("", ", x(0) = −1", ", θ = 0.0137 + 0.01 i"),
        f"first = image → hidden: Forward with First, {joined}, w {weights}{late}",
        "second = hidden → out: Forward with Second, all to all, w ~ N(0, 0.5)",
        "image → out: Teacher, where j ≤ 2 and i = j",
    ]
    if d.maybe("transposed weights", 0.5):
        lines.append("back = out → hidden: Transposed(forward = second), all to all")
    if "∂L" not in d.features and d.maybe("weights of another projection", 0.5):
        lines.append("peek = hidden → out: Same(other = second), all to all")
    alike = ", w_ij = w_ji" if d.maybe("the same in both directions", 0.6) else ""
    rule = " with Imprint" if d.maybe("imprinted", 0.7) else ""
    drawn = d.one("= 0", "~ N(0, 0.3)", "= 0.1 exp(−|i − j|)")
    lines.append(f"J = bin → bin: Coupling{rule}, all to all{d.one(' except self', ' except self', '')}, w {drawn}{alike}")
    lines += [
        *patterns(d),
        "L = ½ Σ_{k ∈ out} (target_k − y_k)²" + d.one("", " + 0.01 Σ_{k ∈ hidden} y_k²", " + 0.01 Σ_ij second.w_ij²"),
        "H = −½ Σ_ij J.w_ij x_i x_j",
        "m_μ = (1/6) Σ_i ζ_μi bin.x_i",
    ]
    return block("network Net", lines)


def learning(d: Draw, number: int) -> list[str]:
    """A phase in which the layers are shown something."""
    image = d.one("image = x", "image = 0.5 x", "image[1 to 3] = 0.4", "image = 0.3 + x")
    more = [d.one("hidden.θ = 0.05", "First.η = 0.02", "second.η = 0.07", "hidden.θ = 0.01 i", "rules off", "rules off for Second")]
    more = more if d.maybe("changes of a phase", 0.5) else []
    more += [d.one("start second.w from 0.1", "start first.w from 0.13")] if d.maybe("weights that start anew", 0.3) else []
    more += [d.one("expect L < 999", "record L at end", "record argmax(out.y) as best", "record out.y, first.w at end")]
    match d.one("each", "each", "time", "until"):
        case "each":
            how = "".join(
                text
                for feature, text in (
                    ("shuffled", ", shuffled"),
                    ("epochs", ", 2 epochs"),
                    ("longer items", " for 2 steps each"),
                    ("pause", ", pause 1 step"),
                )
                if d.maybe(feature, 0.4)
            )
            again = ", again until L < 0.2137, at most 2 times" if d.maybe("shown again", 0.25) else ""
            return block(f"phase p{number} for each x in ξ{how}{again}", [image, *more])
        case "time":
            return block(
                f"phase p{number} for {d.one('2', '4')} steps",
                [d.one("image = ξ_2", "image = one_hot(2, 4)", "image = 0.3 if i ≤ 2"), *more],
            )
        case _:
            return block(
                f"phase p{number} until {d.one('L < 0.1137', 'mean(hidden.y) > 0.4137', 'stable within 1e-3')}, up to 5 steps",
                [image.replace("0.5 x", "0.5").replace("x", "0.3"), *more],
            )


def recalling(d: Draw, number: int) -> list[str]:
    """A phase in which the units of two values are stored or found."""
    if d.maybe("stored", 0.4):
        return block(f"phase p{number} for each x in ζ", ["bin.x = x"])
    changed = d.one("", " with 20 % flipped", " with 40 % redrawn", " with 50 % flipped")
    lines = [d.one(f"start bin.x from ζ_1{changed}", "start bin.x from ζ[2]", "start bin[1 to 3].x from −1", "bin[2].x = 1")]
    one_by_one = not d.features & {"a flow beside steps", "a sum that is delayed"}
    orders = (
        ("update asynchronously", "update asynchronously in fixed order", "update asynchronously, in random order") if one_by_one else ()
    )
    lines += [d.one("update synchronously", *orders)]
    lines += ["rules off"] if d.maybe("recall without rules", 0.6) else []
    lines += [d.one("record m_1 at end", "record H, m", "record bin.x", "expect H < 999", "record m at end as overlaps")]
    ends = d.one("until stable, up to 6 steps", "for 4 steps", "until m_1 > 0.9137, up to 5 steps")
    return block(f"phase p{number} {ends}", lines)


def experiments(d: Draw) -> tuple[list[str], tuple[str, tuple[str, ...]]]:
    """A course of such phases, what goes on from it, and a sweep."""
    lines, number = [f"seed = {d.random.randint(1, 99)}"], 0
    for _ in range(2):
        body = learning(d, number) + (recalling(d, number + 1) if d.maybe("both in a round", 0.6) else [])
        number += 2
        lines += block(d.one("repeat 2 times", "repeat until L < 0.2137, at most 2 times"), body) if d.maybe("repeated", 0.4) else body
    records = ["record hidden.y, out.y, bin.x, bin.h", "record first.w, second.w, J.w", "record L, H, m"]
    text = block("experiment Train on Net", [*lines, *records])
    if d.maybe("start from end of", 0.5):
        text += ["", *block("experiment Test on Net", ["start from end of Train", *learning(d, 0), *recalling(d, 1), *records])]
    swept = [("hidden.θ", ("0.01", "0.07")), ("First.η", ("0.02", "0.06")), ("second.w", ("0.1", "0.3")), ("P", ("2", "3"))]
    if not any(line.strip().startswith("ξ = P") for line in d.written):
        swept.pop()
    chosen = swept[d.random.randrange(len(swept))]
    repeats = ", 2 repeats" if d.maybe("repeats of a sweep", 0.4) else ""
    return [*text, "", *block("experiment Swept like Train", [f"sweep {chosen[0]} in [{', '.join(chosen[1])}]{repeats}"])], chosen


def program(number: int) -> Program:
    """Program of that number."""
    d = Draw(Random(number))
    blocks = layers(d)
    d.written = network(d)
    run, swept = experiments(d)
    parts = [["function σ(a) = 1/(1 + exp(−a))"], *blocks, d.written, run]
    return Program("\n\n".join("\n".join(lines) for lines in parts) + "\n", frozenset(d.features), swept)
