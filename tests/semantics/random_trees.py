"""Random neurons with sections, as text: sections, parents and places of any kind, one to three neurons, channels in some sections, diffusion, integrators
of their own, currents that are injected or come from synapses."""

from __future__ import annotations

import numpy as np

DIAMETERS, LENGTHS = ("0.4 µm", "1 µm", "2.5 µm", "d"), ("30 µm", "80 µm", "150 µm", "l")


def _sections(rng: np.random.Generator) -> tuple[list[str], list[int]]:
    """The lines of sections, and how many segments each has."""
    lines: list[str] = []
    segments: list[int] = []
    spheres: list[bool] = []
    for number in range(int(rng.integers(1, 7))):
        sphere = bool(rng.random() < 0.5) if number == 0 else False
        count = 1 if sphere else int(rng.integers(1, 6))
        shape = f"sphere(diameter {rng.choice(['8 µm', '20 µm'])})"
        if not sphere:
            written = "" if count == 1 and rng.random() < 0.5 else f", {count} segments"
            shape = f"cylinder(diameter {rng.choice(DIAMETERS)}, length {rng.choice(LENGTHS)}{written})"
        parent = int(rng.integers(0, number)) if number else -1
        places = ["", "", ""]
        if parent >= 0 and segments[parent] % 2 == 1:
            places += [" at middle", " at middle"]
        if parent == 0:
            places += [" at start"]
        joined = f" from s{parent}{rng.choice(places)}" if number else ""
        lines.append(f"    s{number} = {shape}{joined}")
        segments.append(count)
        spheres.append(sphere)
    cables = [n for n, sphere in enumerate(spheres) if not sphere]
    if cables and cables[-1] == len(segments) - 1 and rng.random() < 0.4:  # nothing else begins at its end
        lines.append(f"    s{len(segments)} = sphere(diameter 2 µm) from s{cables[-1]}")
        segments.append(1)
    return lines, segments


def random_tree(seed: int) -> str:
    """A file with one network, `Net`: cells with a shape, sources, and synapses onto one of their sections."""
    rng = np.random.default_rng(seed)
    lines, segments = _sections(rng)
    some, other = (f"s{int(rng.integers(0, len(segments)))}" for _ in range(2))
    neurons = int(rng.integers(1, 4))
    resistivity = rng.choice(["150 Ω·cm", "R_i", "R_by_section", "R_of_unit"])
    leak = rng.choice(["g_L (V + 65 mV)", "g_L (V + 65 mV) + 5 nS/cm²·(V + 65 mV)²/1 mV"])
    channels, states = "", ""
    if rng.random() < 0.7:
        channels = " − g_max m³ (V − 50 mV)"
        states += "    2 ms dm/dt = 1/(1 + exp(−(V + 40 mV)/8 mV)) − m\n    m(0) = 0.05\n"
    if rng.random() < 0.4:
        channels += " − g_max w (V + 80 mV)"
        states += "    dw/dt = (1 − w) Ca/(1 µM·20 ms) − w/30 ms\n    w(0) = 0\n"
    diffuses = "w(0)" in states or rng.random() < 0.4
    if diffuses:
        along = " + diffusion(Ca, D)" if rng.random() < 0.8 else ""
        states += f"    dCa/dt = (1 µM − Ca)/50 ms + 20 nM/ms·{other}{along}\n    Ca(0) = 1 µM\n"
    spike = rng.choice(["spike when V rises above −40 mV", f"spike when V rises above −40 mV in {some}"])
    moving = rng.choice(["", " sin(t/3 ms)"])
    delayed = "    part → cell: Opens, all to all, w = 0.1, delay = 0.5 ms\n" if rng.random() < 0.5 else ""
    own = [name for name in ("m", "w") if f"{name}(0)" in states]
    method = str(rng.choice(["", "Rosenbrock", "adaptive, tolerance 1e-7", "RK4", "Heun", "exponential Euler"])) if own else ""
    noise = str(rng.choice(["", "", " + 1 pA/µm √(1 ms) ξ(t)/√area", " + 0.1 mS/cm² √(1 ms) V ξ(t)"]))
    states += f"    method: {method} for {', '.join(own)}\n" if method else ""
    return (
        "neuron Cell:\n    C_m = 1 µF/cm²\n    R_i = 100 Ω·cm\n    d = 1.5 µm\n    l = 60 µm\n    D = 2 µm²/ms\n    input I : nA\n    input g : mS/cm²\n"
        + "\n".join(lines)
        + f"\n    g_L = {rng.choice(['0.3 mS/cm²', '0.05 mS/cm² (1 + distance/100 µm)'])}\n"
        + f"    R_by_section = 80 Ω·cm  if {other} = 1\n                   200 Ω·cm otherwise\n"
        + "    R_of_unit ~ U(50 Ω·cm, 250 Ω·cm)\n"
        + f"    g_max = 4 mS/cm²  if {some} = 1\n            0 mS/cm²  otherwise\n"
        + f"    C_m dV/dt = −({leak}){channels} − g V + axial(V, {resistivity}) + I/area + 0.2 µA/cm²{moving}{noise}\n"
        + states
        + f"    V(0) = −65 mV\n    {spike}:\n        n += 1\n    n(0) = 0\n\n"
        + "synapse Opens:\n    5 ms dx/dt = −x\n    on pre: x += 1\n    post.g = 0.01 mS/cm² Σ w x\n\n"
        + f"network Net:\n    N = {neurons}\n    cell = N Cell\n    part = cell.{some}\n    source = 3 Regular(rate = 770 Hz)\n"
        + "    source → part: Opens, w = 0.7\n"
        + delayed
    )
