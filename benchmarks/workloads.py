"""What is measured: the workloads, their numbers, and what must come out of each.

Nothing is imported here but the standard library, since every tool reads this file in an environment of its own. Numbers are in mV, nS, ms and Hz; a
model written in plasticdsl says the same (`model`), and the scripts in `tools` say it once more in the words of each tool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

Found = Mapping[str, float]


#: The meaning of the model as it is written. Others: `ties` – pairs whose spikes meet at the connection in one step count for nothing; `after` – likewise,
#: and a connection learns before it sends, with conductances integrated as if the step were small.
AS_WRITTEN = "as written"


@dataclass(frozen=True)
class Variant:
    """The network in another meaning that a tool has: a file of `models`, and the step in ms."""

    file: str
    dt: float = 0.1


@dataclass(frozen=True)
class Workload:
    """One network and what is done with it.

    `turn` is what times are given for (a simulated second, a pattern), `turns` how many are measured after `settling` of them. `traversals` counts,
    from what was found, how many connections were passed in a turn: once for each spike that arrives, or once for each connection of a dense layer
    and pattern. `least_bytes` is what passing a connection must move if nothing stays in a cache: the weight, in double precision, read (8), and
    written where it changes (16), and the number of the target (4) where connections are sparse. `sizes` are those of the curve, relative to the
    network itself.

    `floor` is how far, relatively, what is found may lie from what plasticdsl finds beyond chance: integrators and precisions differ. `ties`: the
    file of the same network where pairs in one step count for nothing.
    """

    name: str
    title: str
    source: str
    model: str
    network: str
    turn: str
    turns: float
    settling: float
    traversals: Callable[[Found, float], float]
    least_bytes: float
    floor: float = 0.01
    variants: Mapping[str, Variant] = field(default_factory=dict)
    same_numbers: bool = False
    sizes: tuple[float, ...] = ()


# --- numbers ---------------------------------------------------------------------------------------------------------

#: 4000 neurons with synaptic currents in mV, static weights, no delay. Vogels & Abbott (2005); Brette et al. (2007), benchmark 2.
CURRENTS = SimpleNamespace(
    E=3200, I=800, p=0.02, tau_m=20.0, tau_e=5.0, tau_i=10.0, E_L=-49.0, V_t=-50.0, V_r=-60.0, refractory=5.0, w_e=1.62, w_i=-9.0
)

#: 10 000 neurons, 10 million connections, additive STDP on the 6.4 million between excitatory neurons; each neuron has its own Poisson input.
BRUNEL = SimpleNamespace(
    E=8000, I=2000, p=0.1, tau_m=20.0, tau_e=5.0, tau_i=10.0, E_L=-60.0, V_t=-50.0, V_r=-60.0, refractory=2.0, delay=1.5,
    w_e=0.2, w_i=-1.0, w_x=1.8, rate_x=2000.0, tau_plus=20.0, tau_minus=20.0, w_max=0.4, a_plus=0.001, ratio=1.05,
)  # fmt: skip

#: 1000 Poisson inputs on each of 100 cells, conductances in units of the leak, additive STDP. Song, Miller & Abbott (2000); Song & Abbott (2001).
COMPETITION = SimpleNamespace(
    inputs=1000, cells=100, rate=15.0, tau_m=10.0, tau_e=5.0, E_L=-74.0, E_e=0.0, V_t=-54.0, V_r=-60.0,
    tau_plus=20.0, tau_minus=20.0, w_max=0.01, a_plus=0.01, ratio=1.05,
)  # fmt: skip

#: 10 000 neurons with conductances in nS, 320 000 plastic inhibitory connections. Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011).
BALANCE = SimpleNamespace(
    E=8000, I=2000, p=0.02, C=200.0, g_L=10.0, tau_e=5.0, tau_i=10.0, E_L=-60.0, E_e=0.0, E_i=-80.0, V_t=-50.0, V_r=-60.0, current=200.0,
    refractory=5.0, delay=0.8, V_mean=-60.0, V_sd=5.0, w_e=3.0, w_i=30.0, w_max=300.0, eta=0.01, tau=20.0, target=3.0,
)  # fmt: skip

#: 1000 × 1000 weights, the rule of Bienenstock, Cooper & Munro (1982); the threshold is the running mean of y² over so many steps.
BCM = SimpleNamespace(units=1000, patterns=200, w_max=0.002, eta=1e-6, tau=100.0)

#: Feedback alignment, Lillicrap et al. (2016); standard deviations of the first weights of both layers and of those that carry the error back.
ALIGNMENT = SimpleNamespace(pixels=784, hidden=1000, digits=10, images=512, eta=0.001, sd_1=1 / 28, sd_2=1 / 32, sd_back=1 / 3)

#: Hopfield (1982), units that update one after the other; the share of a cue that is flipped.
MEMORY = SimpleNamespace(units=5000, patterns=250, flipped=0.15)

#: The step of all spiking networks, in ms.
DT = 0.1


def scaled(numbers: SimpleNamespace, size: float) -> SimpleNamespace:
    """The same network with `size` times the neurons; what a neuron receives in all stays as it was, and with it how often it spikes, roughly."""
    weights = {name: getattr(numbers, name) / size for name in ("w_e", "w_i", "w_max") if hasattr(numbers, name)}
    return SimpleNamespace(**{**vars(numbers), "E": round(numbers.E * size), "I": round(numbers.I * size), **weights})


# --- what a connection is passed by ----------------------------------------------------------------------------------


def _everybody(numbers: SimpleNamespace) -> Callable[[Found, float], float]:
    """Every neuron is connected with every other with probability p: connections passed in one second."""

    def passed(found: Found, size: float) -> float:
        n = scaled(numbers, size)
        return (found["rate E"] * n.E + found["rate I"] * n.I) * n.p * (n.E + n.I)

    return passed


WORKLOADS = (
    Workload(
        name="currents",
        title="CUBA: 4000 neurons, static weights",
        source="Vogels & Abbott (2005)",
        model="vogels_abbott",
        network="CUBA",
        turn="simulated second",
        turns=5.0,
        settling=0.2,
        traversals=_everybody(CURRENTS),
        least_bytes=4,
    ),
    Workload(
        name="brunel",
        title="Brunel: 10 000 neurons, 10 million connections, 6.4 million with additive STDP",
        source="Brunel (2000)",
        model="brunel_stdp",
        network="Brunel",
        turn="simulated second",
        turns=1.0,
        settling=0.2,
        traversals=_everybody(BRUNEL),
        least_bytes=20,
        variants={"ties": Variant("ties.plas")},
        sizes=(0.125, 0.25, 0.5, 1.0),
    ),
    Workload(
        name="competition",
        title="Competition: 1000 Poisson inputs on 100 neurons, additive STDP",
        source="Song & Abbott (2001)",
        model="competition.plas",
        network="Competition",
        turn="simulated second",
        turns=20.0,
        settling=0.0,
        traversals=lambda found, size: COMPETITION.inputs * COMPETITION.rate * COMPETITION.cells,
        least_bytes=16,
        variants={"ties": Variant("ties.plas"), "after": Variant("after.plas", 0.02)},
        floor=0.02,
    ),
    Workload(
        name="balance",
        title="Balance: 10 000 neurons with conductances, 320 000 plastic inhibitory connections",
        source="Vogels et al. (2011)",
        model="balance.plas",
        network="Balanced",
        turn="simulated second",
        turns=2.0,
        settling=5.0,  # all spike together, at 6 Hz, for as long as chance has it, in most networks less than four seconds, and then apart, at 10 Hz
        traversals=_everybody(BALANCE),
        least_bytes=20,
    ),
    Workload(
        name="bcm",
        title="BCM: 1000 × 1000 weights, a pattern in each step",
        source="Bienenstock, Cooper & Munro (1982)",
        model="bcm.plas",
        network="Selective",
        turn="pattern",
        turns=2000,
        settling=0,
        traversals=lambda found, size: (BCM.units * size) ** 2,
        least_bytes=16,
        floor=1e-4,
        same_numbers=True,
        sizes=(0.25, 0.5, 1.0, 2.0),
    ),
    Workload(
        name="alignment",
        title="Feedback alignment: 784, 1000 and 10 units, an image in each step",
        source="Lillicrap et al. (2016)",
        model="feedback_alignment.plas",
        network="Aligned",
        turn="image",
        turns=2048,
        settling=0,
        traversals=lambda found, size: ALIGNMENT.hidden * (ALIGNMENT.pixels + ALIGNMENT.digits),
        least_bytes=16,
        floor=1e-4,
        same_numbers=True,
    ),
    Workload(
        name="recall",
        title="Hopfield: 5000 units, from 15 % noise until nothing changes",
        source="Hopfield (1982)",
        model="hopfield.plas",
        network="Hopfield",
        turn="recall",
        turns=20,
        settling=0,
        traversals=lambda found, size: 2 * MEMORY.units**2,  # a sweep that changes units and one that changes none
        least_bytes=8,
    ),
    Workload(
        name="converged",
        title="Hopfield: 5000 units that have nothing left to change",
        source="Hopfield (1982)",
        model="hopfield.plas",
        network="Hopfield",
        turn="sweep",
        turns=5000,
        settling=0,
        traversals=lambda found, size: MEMORY.units**2,
        least_bytes=8,
    ),
    Workload(
        name="start",
        title="Start: a command until the first millisecond is simulated",
        source='Competition above with its 100 neurons; for plasticdsl `plasticdsl run song_abbott --for "1 ms"`, which has one neuron and more inputs',
        model="song_abbott",
        network="SongAbbott",
        turn="millisecond",
        turns=1e-3,
        settling=0,
        traversals=lambda found, size: 1.0,
        least_bytes=0,
    ),
)
