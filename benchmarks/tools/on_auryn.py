"""Auryn, in single precision, which is its own: a C++ program (`auryn_networks.cpp`) against its library, with the flags that its CMake file sets.

`AURYN` names its folder, in which it was built. Membranes are integrated by forward Euler, as its neurons do, and exactly in `brunel`, whose background
goes from spike to spike of all neurons together, as its Poisson groups do. Its axonal delay is 0.8 ms at least, also where the model has none, which does
not matter where nothing comes back. It uses more than one core through MPI, as processes of their own, and is measured on one. Spikes of a step count
in traces from the next on, so that pairs in one step count for nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import workloads
from measure import Order, Report, Spent, ordered, say

SOURCE = Path(__file__).parent / "auryn_networks.cpp"
LIBRARIES = ("mpi", "serialization", "program_options", "date_time", "system", "filesystem")


def program(folder: Path, cache: Path) -> Path:
    """Compiled, if it was not before."""
    made = cache / "auryn_networks"
    if not made.exists():
        library = next(iter(sorted(folder.rglob("libauryn.a"))), None)
        if library is None:
            raise SystemExit("Auryn was not built: there is no libauryn.a in the folder that AURYN names")
        flags = ["-O3", "-DNDEBUG", "-march=native", "-ffast-math", "-pipe", f"-I{folder / 'src'}"]
        links = [str(library), *(f"-lboost_{name}" for name in LIBRARIES)]
        subprocess.run([os.environ.get("MPICXX", "mpicxx"), *flags, str(SOURCE), "-o", str(made), *links], check=True)
    return made


def version(folder: Path) -> str:
    """As its source says."""
    text = (folder / "src" / "auryn" / "AurynVersion.cpp").read_text(encoding="utf-8")
    return ".".join(re.search(rf"::{part} = (\d+)", text)[1] for part in ("version", "subversion", "revision_number"))


def numbers(order: Order) -> tuple[list[float], tuple[int, ...]]:
    """What the program reads, in SI, and the sizes of populations."""
    if order.workload == "balance":
        n = workloads.BALANCE
        membrane = [n.current / n.g_L * 1e-3, n.V_mean * 1e-3, n.V_sd * 1e-3]
        weights = [w / n.g_L for w in (n.w_e, n.w_i, n.w_max, n.eta)]  # in units of the leak
        return [n.E, n.I, n.p, *membrane, *weights, n.target, n.tau * 1e-3], (n.E, n.I)
    if order.workload == "brunel":  # in mV
        n = workloads.scaled(workloads.BRUNEL, order.size)
        times, up = [n.tau_m, n.tau_e, n.tau_i, n.tau_plus, n.tau_minus, n.refractory, n.delay], n.a_plus * n.w_max
        weights = [n.w_x, n.w_e, -n.w_i, n.w_max, up, n.ratio * up]
        return [n.E, n.I, n.p, *(t * 1e-3 for t in times), n.E_L, n.V_t, n.V_r, n.rate_x, *weights], (n.E, n.I)
    n = workloads.COMPETITION
    times, up = [n.tau_m, n.tau_e, n.E_L, n.E_e, n.V_t, n.V_r, n.tau_plus, n.tau_minus], n.a_plus * n.w_max
    return [n.inputs, n.cells, n.rate, *(t * 1e-3 for t in times), n.w_max, up, n.ratio * up], (n.cells,)


def main() -> None:
    order = ordered()
    cache = Path(order.cache)
    folder = Path(os.environ["AURYN"])
    called = program(folder, cache)
    values, sizes = numbers(order)
    workload = "competition" if order.workload == "start" else order.workload
    arguments = [workload, str(order.seed), str(order.settling), str(order.turns), str(cache), *map(repr, map(float, values))]
    done = subprocess.run([str(called), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    line = [float(word) for word in done.stdout.strip().splitlines()[-1].split()]
    at = [Spent(*line[2 * i : 2 * i + 2]) for i in range(3)]
    peak, first, second, mean, sd = line[6:]
    settle, run = (Spent(b.processor - a.processor, b.elapsed - a.elapsed) for a, b in ((at[0], at[1]), (at[1], at[2])))
    rates = [count / size / order.turns for count, size in zip((first, second), sizes, strict=False)]
    unit = workloads.BALANCE.g_L if workload == "balance" else 1.0
    found = dict(zip(("rate E", "rate I") if len(rates) == 2 else ("rate",), rates, strict=True))
    found |= {"mean w": mean * unit, "sd w": sd * unit}
    # the most memory is that of the program, which the compiler has not had
    say(Report(version(folder), Spent(at[0].processor, 0.0), settle, run, peak / 1024, found))


if __name__ == "__main__":
    main()
