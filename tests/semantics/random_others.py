"""Random programs with what the other kinds do not have.

`program(number)` writes one, the same for the same number, as `random_programs` does: blocks like others, places, other ways to write products, powers and
roots, reactions one by one, titles and axes of figures.
"""

from __future__ import annotations

from random import Random

from tests.semantics.random_programs import Draw, Program, block

#: What a cell is driven by, beside its inputs.
DRIVES = (
    "1.2 * −u",
    "0.4 / −(1 + v²)",
    "0.3 · +u",
    "0.2 · 2^−v",
    "0.2 · 2^-2",
    "0.1 · (1 + v²)^-1",
    "0.1·2^v",
    "0.2·√√(1 + v²)",
    "0.1·√2 v",
    "{0.2 + v}·0.1",
)
#: Sums over connections.
SUMS = ("0.1 * Σ w f", "0.05 * 2 Σ w f", "0.3 Σ w f/N_pre")
METHODS = ("Euler, 3 substeps", "RK4", "Runge-Kutta 4", "Heun", "Euler", "midpoint")
REACTIONS = (
    "A → B : 40 Hz, stochastic",
    "A ⇌ B : 40 Hz, 20 Hz, stochastic",
    "A ⇌ B : 40 Hz, 20 Hz, deterministic",
    "A ⇌ B : 40 Hz, 20 Hz",
    "A → B : 40 Hz, deterministic",
)
PLACES = (
    "φ on a ring",
    "φ at random on a ring",
    "X at random on a line of 3",
    "(X, Y) at random on a sheet of 3 × 2",
    "(X, Y) on a sheet of 3 × 1",
    "X on a line of 3",
)


def cells(d: Draw) -> list[list[str]]:
    """A cell, one like it, and one in which molecules react."""
    lines = [
        "τ = 10 ms",
        "b = 1.1",
        "input I",
        "input z",
        "v(0) ~ U(0, 0.9)",
        "u(0) = 0.1",
        f"τ * dv/dt = b + I + 0.3 z − v + {d.turn(*DRIVES)}",
        "30 ms du/dt = 0.3 v − u",
        d.one("spike when v > 0.9137: v /= 3.1", "spike when v rises above 0.9137: v → 0.1"),
        d.one("refractory 2 ms", "refractory while u > 0.2137, hold v"),
        "event burst when " + d.one("u > 0.2137", "u rises above 0.1713"),
        d.one("every 3 ms: u *= 0.9", "every 4 ms: u /= 1.1"),
        "output y = tanh(v)",
    ]
    other = ["b = 1.3", f"method: {d.one(*METHODS)}", d.one("u(0) = 0.2", "τ = 12 ms")]
    react = [
        "A(0) = 20",
        "B(0) = 5",
        *block("reactions" + d.one("", " stochastic", " deterministic"), [d.one(*REACTIONS), "B → ∅ : 10 Hz"]),
    ]
    return [block("neuron Cell", lines), block("neuron Other like Cell", other), block("neuron Mixed", react)]


def connections(d: Draw) -> list[list[str]]:
    """Synapses and rules, and some like them."""
    pairs = d.one("on nearest pairs centered on post:", "on nearest pairs centered on pre:", "on all pairs:", "on nearest pairs reduced:")
    return [
        block(
            "synapse Kick",
            ["8 ms df/dt = −f", "f(0) = 0.2", "k = 1", *block("on pre", ["post.v += 0.2 k w", "f += 0.3"]), f"post.z = {d.one(*SUMS)}"],
        ),
        block("synapse Twice like Kick", ["k = 1.7"]),
        block(
            "rule Pairs",
            [
                "A = 0.03",
                pairs,
                "    Δw = F(t_post − t_pre)",
                "F(Δt) = A exp(−|Δt|/(11 ms))  if Δt > 0",
                "        −A exp(−|Δt|/(13 ms))  otherwise",
            ],
        ),
        block("rule More like Pairs", ["A = 0.05"]),
    ]


def network(d: Draw) -> list[str]:
    """Sources, cells in places, and connections between them."""
    place = d.one(*PLACES)
    joined = d.one("all to all", "p = 0.7", "in-degree 2", "p = exp(−distance)")
    delay = d.one("", ", dendritic delay ~ U(0 ms, 3 ms)", ", dendritic delay = 2 ms", ", axonal delay = 1 ms")
    target = d.one("cell", "cell[1 to 2]", "cell[1, 3]")
    return block(
        "network Base",
        [
            f"src = 4 {d.one('Poisson(rate = 90 Hz)', 'Regular(rate = 110 Hz)', 'SpikeTimes([1, 4, 6, 9, 14] ms)')}",
            f"cell = 3 Cell, {place}",
            "other = 2 Other",
            "mixed = 3 Mixed",
            f"ex = src → {target}: Kick with Pairs, {joined if 'distance' not in joined else 'all to all'}, w ~ U(0.2, 0.6){delay}",
            f"src → other: Twice with {d.one('Pairs', 'More')}, all to all, w = 0.3",
            f"rec = cell → cell: Kick, {joined}, except self, w = 0.1",
        ],
    )


def experiments(d: Draw) -> list[str]:
    """One experiment, and one like it on another network."""
    plot = d.one(
        "plot cell.v over time with log x from 1 ms to 30 ms",
        'plot cell.v over time with log x as "t" from 1 ms to 30 ms',
        'plot cell.v over time with x as "t" from 1 ms to 30 ms',
        'plot cell.v over time with x as "when"',
        "plot cell.v over time from 2 ms to 9 ms",
        "plot ex.w as image at end",
        'plot cell.v over time as "a potential"',
    )
    lines = [
        "dt = 1 ms",
        f"seed = {d.random.randint(1, 99)}",
        *block("phase p for 20 ms", [d.one("cell.b = 1.2", "start cell.v from 0.3", "cell[2].u = 0.2", "rules off")]),
        "record cell.v, cell.u, cell.z, other.v",
        "record ex.w, spikes of cell, spikes of src",
        "record mixed.A, mixed.B",
        d.one(
            "record mean(cell.v) over last 5 ms",
            "record mean(cell.v) from 2 ms to 9 ms",
            "record mean(cell.v) at 5 ms",
            "record mean(cell.v) in phase p",
        ),
        plot,
        d.one("expect mean(cell.v) ≈ 0.5 ± 99", "expect mean(cell.u) < 99 at 5 ms", "expect mean(cell.v) < 99 over last 5 ms"),
    ]
    more = block("network Net like Base", [d.one("other = 3 Other", "cell.b = 1.2")]) if d.maybe("a network like another", 0.5) else []
    on = "Net" if more else "Base"
    return [
        *more,
        "",
        *block(f"experiment Train on {on}", lines),
        "",
        *block(f"experiment Swept like Train on {on}", ["sweep cell.b in [1.1, 1.2]"]),
    ]


def program(number: int) -> Program:
    """Program of that number."""
    d = Draw(Random(number), number)
    parts = [*cells(d), *connections(d), network(d), experiments(d)]
    return Program("\n\n".join("\n".join(lines) for lines in parts) + "\n", frozenset(d.features), ("cell.b", ("1.1", "1.2")))
