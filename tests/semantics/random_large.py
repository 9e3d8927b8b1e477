"""Random programs with networks of the kind that is large, though theirs are small: what passes for many connections take, or nearly.

`program(number)` writes one, the same for the same number, as `random_programs` does. Neurons with thresholds hear of each other after axonal delays,
sources drive a unit each, rates stand still, and what rules do at postsynaptic spikes may wait; here and there something stands in the way of a pass.
"""

from __future__ import annotations

from random import Random

from tests.semantics.random_programs import Draw, Program, block

BOUNDS = ("w ∈ [0, 1]", "w ∈ [0, w_max]", "w ∈ [0, 0.9]", "")
RATES = ("600 Hz", "ν", "2 ν", "40 Hz", "3700 Hz", "20 Hz", "400 Hz·(1 + sin(2 π·40 Hz·t))", "90 Hz")

#: What rules do at presynaptic and at postsynaptic spikes.
AT_PRE = ("w −= A₋ o", "w += η (0.5 − w)", "w *= 0.98", "w += η o (0.8 − w)", "w += η (post.V − 0.5)", "w −= η (o − 0.4)")
WAIT = ("w += A₊ r", "w −= η r", "w += A₊ r (1 + p)", "w += A₊ r + 0.01·q", "w += 0.01 (2 r + q) (1 + o)", "w += η r − 0.01 r o")
WAIT_WITHOUT_BOUNDS = ("w += (A₊ − 0.2 o) r", "w += A₊ r post.g", "w −= A₊ r/(1 + o)")
STAY = (
    "w += A₊ r (1 − w)",
    "w += A₊ r if chance(0.6)",
    "w −= 0.01 w",
    "w += 0.02",
    "w += A₊ r − 0.03 w post.g",
    "w += 0.1 r (1.1 − w)^0.4 (1 + o)",
)


def cell(d: Draw) -> list[str]:
    """A neuron with a threshold, V and g."""
    noise, adapts = d.one("", "", " + 0.3 √τ ξ(t)"), d.maybe("adaptation", 0.3)
    drive = d.one("g", "g", "g (1.7 − V)") + (" − a" if adapts else "")
    lines = [
        "τ = 11 ms",
        f"b = {d.one('0.3', '0.9', '1.07')}",
        f"τ dV/dt = b − V + {drive}{noise}",
        "V(0) ~ U(0, 0.9)",
        "5 ms dg/dt = −g",
        "g(0) = 0.05",
    ]
    jumps = [d.one("V → 0", "V → 0.0131", "V −= 0.9")]
    if adapts:
        lines.append(f"30 ms da/dt = {d.one('−a', '0.1·V − a')}")
        jumps.append("a += 0.0731")
    if d.maybe("the threshold moves", 0.3):
        lines += ["25 ms dθ/dt = 1.0137 − θ", "θ(0) = 1.0137"]
        jumps.append("θ += 0.113")
        crosses = "V > θ"
    else:
        crosses = d.one("V > 1.0137", "V > 1.0137", "V rises above 1.0137")
    if d.maybe("bounds of cells", 0.2):
        lines.append(d.one("g ∈ [0, 1.3]", "V ∈ [−0.4, 1.9]"))
    lines += block(f"spike when {crosses}", jumps)
    if d.maybe("refractory", 0.6):
        lines.append("refractory " + d.one("2 ms", "3 ms, hold V", "1 ms"))
    return block("neuron Cell", lines)


def synapses(d: Draw) -> list[list[str]]:
    """They kick, the other way, and less when they are used."""
    used = ["60 ms dx/dt = 1 − x", "x(0) = 1"]
    jumps = ["post.g += w x", d.one("x *= 0.7", "x −= 0.3 x", "x → 0.6 x + 0.05")]
    if d.maybe("facilitation", 0.4):
        used += ["40 ms du/dt = 0.2 − u", "u(0) = 0.2"]
        jumps = [d.one("u += 0.2 (1 − u)", "u += 0.1"), "post.g += w u x", "x −= u x"]
    kick = d.one("post.g += w", "post.g += w", "post.g += w if chance(0.7)", "post.g += 0.5 w (1 + w)")
    return [
        block("synapse Kick", [f"on pre: {kick}"]),
        block("synapse Inhibit", ["on pre: post.g −= w"]),
        block("synapse Depress", [*used, *block("on pre", jumps)]),
    ]


def rule(d: Draw, name: str, plain: bool) -> list[str]:
    """Traces, or a window; `plain`: nothing in it stands in the way."""
    bounds, lines = d.one(*BOUNDS), ["w_max = 0.97", "A₊ = 0.0731", "A₋ = 0.0613", "η = 0.0313"]
    lines += [bounds] if bounds else []
    if d.maybe("window", 0.25):
        lines += block("on " + d.one("all pairs", "all pairs", "nearest pairs", "nearest pairs reduced"), ["Δw = F(t_post − t_pre)"])
        lines += [f"F(Δt) = A₊ exp(−Δt/(17 ms))  if Δt {d.one('>', '≥')} 0", "        −A₋ exp(Δt/(23 ms))  otherwise"]
        return block(f"rule {name}", lines)
    lines += ["17 ms dr/dt = −r", "23 ms do/dt = −o"]
    lines += ["r(0) = 0.31", "o(0) = 0.17"] if d.maybe("traces begin above 0", 0.3) else []
    at_post = d.one(*WAIT, *(() if bounds else WAIT_WITHOUT_BOUNDS), *(() if plain else STAY))
    trace, others = [d.one("r += 1", "r += 1", "r → 1", "r += 0.5 (1 − r)")], [d.one("o += 1", "o → 1", "o += 0.3")]
    for more, jumps in (("q", trace), ("p", others)):
        if more in at_post:
            lines.append(f"40 ms d{more}/dt = −{more}")
            jumps.append(f"{more} += 0.7")
    change = d.one(*AT_PRE)
    lines += block("on pre", [change, *trace] if d.maybe("the trace jumps last") else [*trace, change])
    lines += block("on post", [at_post, *others])
    if not plain and d.maybe("connections change without spikes", 0.4):
        lines.append(d.one("300 ms dw/dt = 0.4 − w", "every 9 ms: w *= 0.98", "every 11 ms: w → w/(0.5 + Σ w)"))
    return block(f"rule {name}", lines)


def driven(d: Draw, post: str, plain: bool) -> list[str]:
    """What drives a population from outside."""
    match d.one("one to one", "one to one", "source", "given", "none"):
        case "one to one":
            return [
                f"to_{post} = Poisson(rate = {d.one(*RATES)}) → {post}: {d.one('Kick', 'Kick', 'Inhibit')}, w = {d.one('0.21', '0.37')}"
            ]
        case "source":
            with_rule, joined = d.one("", " with One", " with Two"), d.one("p = 0.6", "in-degree 2", "p = 0.6" if plain else "all to all")
            return [
                f"src_{post} = {d.random.randint(1, 9)} Poisson(rate = {d.one(*RATES, '50 Hz + 10 Hz·i')})",
                f"to_{post} = src_{post} → {post}: {d.one('Kick', 'Depress')}{with_rule}, {joined}, w = 0.23{d.one('', ', axonal delay = 2 ms')}",
            ]
        case "given":
            times = "[1, 3, 3, 7, 12, 13, 21, 30, 31, 44, 57] ms"
            return [f"src_{post} = 4 SpikeTimes({times})", f"to_{post} = src_{post} → {post}: Kick, p = 0.7, w = 0.41"]
        case _:
            return []


def network(d: Draw, plain: bool) -> list[str]:
    """Two populations that drive each other."""
    size = d.random.randint(4, 17)
    lines = [
        f"E = {size} Cell{d.one('', ', b = 0.8 + 0.05 i', ', b ~ U(0.6, 1.2)', ', τ ~ U(8 ms, 14 ms)')}",
        f"I = {d.random.randint(1, 9)} Cell",
    ]
    lines += ["ν = 300 Hz", *driven(d, "E", plain), *driven(d, "I", plain)]
    for name in ("EE", "EI", "IE", *(("II",) if d.maybe("inhibition of inhibition", 0.4) else ())):
        kind = "Inhibit" if name[0] == "I" else d.one("Kick", "Kick", "Depress")
        with_rule = "" if name == "II" else d.one(" with One", " with Two", "")
        delay = f", axonal delay = {d.random.randint(1, 6)} ms"
        if not plain:
            delay = d.one(
                delay, delay, "", ", dendritic delay = 2 ms", ", axonal delay ~ U(1 ms, 4 ms)", f"{delay}, dendritic delay = 1 ms"
            )
        joined = d.one("p = 0.6", "p = 0.7", "out-degree 1", *(() if plain else ("all to all", "where mod(i + j, 2) = 0")))
        w = d.one("= {:.3f}", "~ U(0, {:.3f})", "= {:.3f} + 0.01 i").format(1.3 / size)
        lines.append(f"{name} = {name[0]} → {name[1]}: {kind}{with_rule}, {joined}, w {w}{delay}")
    return block("network Net", lines)


def phase(d: Draw, number: int) -> list[str]:
    """Time goes on, and something is changed before or looked at."""
    changes = ["E.b = 0.95", "start E.V from 0.31", "start E.g from 0.2", "rules off"]
    if any(line.strip().startswith("EE = ") and " with " in line for line in d.written):
        changes += ["EE.η = 0.05", "EE.w_max = 0.5", "start EE.w from 0.2"]
    looks = ["record EE.w at end", "record EE.w every 5 ms", "record rate(E) every 6 ms", "record mean(EE.w) every 3 ms"]
    if "plain" not in d.features:
        changes, looks = [*changes, "E[2].V = 0.4"], [*looks, "record E.V at spikes"]
    lines = [d.one(*changes)] if d.maybe("changed", 0.5) else []
    return block(f"phase p{number} for {d.one('23', '37', '61')} ms", [*lines, d.one(*looks)])


def experiments(d: Draw) -> tuple[list[str], tuple[str, tuple[str, ...]]]:
    """A training, a test that goes on from its end, and a sweep."""
    step = f"dt = {d.one('1 ms', '1 ms', '0.5 ms')}"
    records = ["record spikes of E, spikes of I", f"record E.V, I.V, E.g every {d.one('1 ms', '7 ms')}", "record EE.w, EI.w, IE.w at end"]
    course: list[str] = []
    for number in range(d.random.randint(1, 3)):
        course += block("repeat 2 times", phase(d, number)) if d.maybe("repeated", 0.25) else phase(d, number)
    swept = ("E.b", ("0.8", "1.1"))
    lines = block("experiment Train on Net", [step, f"seed = {d.random.randint(1, 99)}", *course, *records])
    lines += ["", *block("experiment Test on Net", [step, "start from end of Train", *phase(d, 0), *records])]
    return [*lines, "", *block("experiment Swept like Train", [f"sweep {swept[0]} in [{', '.join(swept[1])}]"])], swept


def program(number: int) -> Program:
    """Program of that number."""
    d = Draw(Random(number), number)
    plain = d.maybe("plain", 0.6)
    parts = [cell(d), *synapses(d), rule(d, "One", plain), rule(d, "Two", plain)]
    d.written = network(d, plain)
    run, swept = experiments(d)
    text = "\n\n".join("\n".join(lines) for lines in (*parts, d.written, run)) + "\n"
    return Program(text, frozenset(d.features), swept)
