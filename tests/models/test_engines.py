"""Every network of the library, tiny, on each engine: what defines the meaning, and the kernels as plain Python and as machine code."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl.library import library_models
from plasticdsl.model import Role
from plasticdsl.net import Net
from plasticdsl.options import EngineName
from tests.values import value_of


def blocks(kind: str, path: Path) -> list[str]:
    """The names of a file's blocks of a kind, found in the text, since nothing is compiled before tests begin."""
    return re.findall(rf"^{kind} (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)


NETWORKS = [(name, network) for name, path in library_models().items() for network in blocks("network", path)]

#: What sizes depend on, where a population of four is none: their patterns, lists or parts have a number of units of their own.
SIZES: dict[tuple[str, str], dict[str, int]] = {
    ("synapses/markov_receptors", "Potassium"): {},
    ("rules/calcium", "Many"): {"N": 4},
    ("rules/clopath", "Pairs"): {},
    ("rules/gaussian_inputs", "Gaussian"): {},
    ("rules/gaussian_inputs", "Offset"): {},
    ("rules/orchestrated", "Memory"): {},
    ("rules/orchestrated", "Curve"): {},
    ("rules/reward_stdp", "Many"): {"pre": 4, "post": 4},
    ("networks/jansen_rit", "Columns"): {},
    ("networks/wilson_cowan", "Pools"): {},
    ("networks/wang_decision", "Decision"): {"N": 50},
    ("networks/working_memory", "Memory"): {"N": 50},
    ("networks/cobahh", "COBAHH"): {"N": 80},
    ("networks/distal_reward", "Cortex"): {"N": 40, "lines": 4},
    ("networks/force_spiking", "Reservoir"): {"N": 10},
    ("networks/ring_attractor", "Ring"): {"N_E": 64},
    ("networks/assemblies", "Assemblies"): {"stimulus": 64, "N": 8, "M": 4},
    ("networks/assemblies", "Small"): {"stimulus": 64, "N": 8, "M": 4},
    ("networks/barrel_cortex", "Barrels"): {"B": 2, "M₄": 2, "M_E": 2, "M_I": 1},
    ("networks/nonmatch", "Nonmatch"): {"N": 8},
    ("neurons/cable", "Cables"): {},
    ("neurons/cable", "Dendrites"): {},
    ("neurons/spike_initiation", "Cells"): {},
    ("neurons/squid_axon", "Fibre"): {},
    ("neurons/squid_axon", "ThinFibres"): {},
    ("neurons/thalamic_dendrites", "Cells"): {},
}

STEPS = 20


def ran(name: str, network: str, engine: EngineName) -> Net:
    model = plasticdsl.load(name)
    found = next(n for n in model.loaded.module.networks if n.name == network)
    arguments = {third.population for p in found.projections for third in p.thirds if not third.each}  # of as many units as the text says
    sizes = SIZES.get((name, network), {p.name: 4 for p in found.populations if p.name not in arguments})
    net = model.build(network, engine=engine, parameters=sizes)
    net.run(steps=STEPS)
    return net


def states(net: Net) -> dict[str, np.ndarray]:
    network = net._network
    parts = [(p.name, p.block) for p in network.populations] + [(p.name, p.connection) for p in network.projections]
    return {
        f"{owner}.{v.name}": value_of(net._engine, owner, v.name).copy()
        for owner, block in parts
        for v in block.variables
        if v.role is Role.STATE
    }


#: How far rounding may move what two orders of elimination along a cable give: the condition of the system, 1 + 4 dt/τ with the time τ in which two
#: segments become equal, is about 1000 where these are 1 µm long.
ALONG_CABLES = {"neurons/spike_initiation": 1e-10}


def require_same(one: Net, other: Net, rounding: float = 1e-12) -> None:
    """But for the rounding of 20 steps, in which a value that begins at 0 is the difference of larger ones: the smallest are currents of some pA."""
    wanted = states(other)
    for name, values in states(one).items():
        np.testing.assert_allclose(values, wanted[name], rtol=rounding, atol=STEPS * np.finfo(float).eps * 1e-12, err_msg=name)
    for population in one.populations:
        assert one.spike_count(population) == other.spike_count(population)


@pytest.mark.parametrize(("name", "network"), NETWORKS)
def test_kernels_as_python_do_what_the_reference_does(name: str, network: str):
    require_same(ran(name, network, "python"), ran(name, network, "reference"), ALONG_CABLES.get(name, 1e-12))


@pytest.mark.parametrize(
    ("name", "network"), [("neurons/izhikevich", "Types"), ("rules/triplet", "Pair"), ("networks/hopfield", "Opposed")]
)
def test_machine_code_does_what_its_text_does(name: str, network: str):
    require_same(ran(name, network, "compiled"), ran(name, network, "python"))


SMALL = """
neuron Leak:
    10 ms dV/dt = −V
    V(0) = 10 mV

network N:
    c = 1 Leak

experiment A on N:
    dt = {dt} ms
    phase p for 10 ms
    expect c.V ≈ 3.679 mV ± 0.001 mV at end
"""


@pytest.mark.parametrize("engine", ["compiled", "python", "reference"])
def test_experiments_on_each_engine(engine: EngineName):
    assert plasticdsl.parse(SMALL.replace("{dt}", "1")).run(engine=engine).passed


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("numba", []),
        ("llvmlite", ["llvmlite is not installed, so the kernels run as plain Python, some hundred times slower; ‘pip install llvmlite’"]),
    ],
)
def test_without_a_compiler_kernels_run_as_python_and_say_so(
    missing: str, said: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """numba is for threads, and for those who use exported modules."""
    for module in [m for m in sys.modules if m.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, missing, None)
    assert plasticdsl.parse(SMALL.replace("{dt}", "0.77")).run(dt="0.5 ms").passed
    assert [r.getMessage() for r in caplog.records] == said


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"engine": "numba"}, "there is no engine 'numba'"),
        ({"engine": "python", "threads": 2}, "the python engine computes on one thread"),
        ({"engine": "reference", "precision": "single"}, "the reference engine computes in double precision"),
    ],
)
def test_what_engines_cannot_do_gets_a_sentence(wish, words: str):
    with pytest.raises(ValueError, match=words):
        plasticdsl.parse(SMALL.replace("{dt}", "1")).run(**wish)


# --- inputs of the library's neurons ---------------------------------------------------------------------------------

NEURONS = [(name, neuron) for name, path in library_models().items() if name.startswith("neurons/") for neuron in blocks("neuron", path)]


#: What moves each noticeably, in SI.
WEIGHTS = {
    "neurons/adex": 1e-10,
    "neurons/cable": 1e-2,
    "neurons/connor_stevens": 1e-2,
    "neurons/hodgkin_huxley": 1e-2,
    "neurons/hodgkin_huxley_cortex": 1e-10,
    "neurons/izhikevich": 1.0,
    "neurons/lif": 1e-3,
    "neurons/mainen_sejnowski": 1e-10,
    "neurons/morris_lecar": 1e-2,
    "neurons/pinsky_rinzel": 1e-2,
    "neurons/spike_initiation": 1e-2,
    "neurons/squid_axon": 1e-2,
    "neurons/thalamic_dendrites": 1e-2,
    "neurons/thalamic_relay": 1e-10,
}


@pytest.mark.parametrize(("name", "neuron"), NEURONS)
def test_synapses_can_drive_every_neuron(name: str, neuron: str):
    """An input of the same name everywhere, and it moves the potential."""
    text = f"""
use {neuron} from "{name}"

synapse Drive:
    post.I_in = Σ w x

network N:
    source = 1 Source
    cell = 2 {neuron}
    drive = source → cell: Drive, w = 0
"""
    model = plasticdsl.parse(text)
    units = np.size(model.build(dt="0.01 ms", engine="python")["drive"].w)
    given = [[*[0.0] * (units - 1), w] for w in (0.0, WEIGHTS[name])]
    nets = [model.build(dt="0.01 ms", engine="python", parameters={"drive.w": weights}) for weights in given]
    for net in nets:
        net["source"].x = 1.0
        net.run(steps=3)
    potential = "v" if "izhikevich" in name else "V"
    still, driven = (getattr(net["cell"], potential) for net in nets)
    assert driven[0] == still[0]
    assert driven[-1] > still[-1]
