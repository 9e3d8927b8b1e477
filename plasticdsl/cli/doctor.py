"""`plasticdsl doctor`: what this installation consists of, where it keeps things, whether machine code can be made here, and what is missing for what."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import typer

from plasticdsl.api import parse
from plasticdsl.cache import VARIABLE, cache_folder, lasts
from plasticdsl.cli import console
from plasticdsl.document.pdf import latex_program
from plasticdsl.version import __version__

#: Packages that the main job needs, as their authors call them.
_NEEDED = ("numpy", "sympy", "lark", "jinja2", "llvmlite", "numba", "matplotlib", "xarray", "h5netcdf", "typer", "rich")
#: What others are for, by the name under which they are imported: what they are for, and the extra that installs them.
_OPTIONAL = {
    "scipy": ("files that end in .mat, sparse matrices", "files"),
    "panel": ("the page with sliders", "explore"),
    "pygls": ("the language server for editors", "lsp"),
    "IPython": ("models in notebooks", "notebook"),
    "tqdm": ("progress bars in notebooks", "notebook"),
    "distributed": ("sweeps on a Dask cluster", "cluster"),
    "mpi4py": ("a network on several processes", "mpi"),
    "optuna": ("fits of parameters", "fit"),
    "neo": ("results as neo.Block", "neo"),
    "pynwb": ("results as NWB files", "nwb"),
}

_TRIAL = """
neuron Cell:
    τ dV/dt = −V
    τ = 10 ms
    V(0) = 1

network Trial:
    cell = 1 Cell

experiment Decay on Trial:
    dt = 0.1 ms
    phase run for 10 ms
    expect cell.V ≈ exp(−1) ± 1e-12 at end
"""


def doctor() -> None:
    """Say what is installed, whether it works, and what is missing."""
    console.say(f"plasticdsl {__version__}, Python {platform.python_version()} ({sys.executable})")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    console.say(f"{platform.system()} on {platform.machine()}, {cores} cores")
    missing = list(_tell_packages())
    good = not missing and _tell_trial()
    _tell_cache()
    if missing:
        console.say(f"Missing: {', '.join(missing)}. Install plasticdsl again.")
    console.say("All is well." if good else "Something is wrong; see above.")
    if not good:
        raise typer.Exit(1)


def _tell_packages() -> Iterator[str]:
    """Shows versions; yields what is needed and not there."""
    found: list[str] = []
    for name in _NEEDED:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield name
    console.say("  " + ", ".join(found))
    for name, (use, extra) in _OPTIONAL.items():
        there = find_spec(name.partition(".")[0]) is not None
        console.say(f"  {name}: {'there' if there else f'not there; pip install plasticdsl[{extra}]'} (for {use})")
    program = latex_program()
    console.say(f"  LaTeX: {program or 'not there; pdflatex, for example'} (for ‘plasticdsl show FILE -o OUT.pdf’)")


def _tell_trial() -> bool:
    """Runs a small model as machine code and tells how it went."""
    begin = time.perf_counter()
    try:
        result = parse(_TRIAL).run()
    except Exception as error:  # whatever it is, this is where it is to be seen
        console.say(f"  a small model does not run: {type(error).__name__}: {console.sentence(error)}")
        return False
    console.say(f"  a small model runs in {time.perf_counter() - begin:.2f} s, {'right' if result.passed else 'with a WRONG result'}")
    return result.passed


def _tell_cache() -> None:
    folder = cache_folder()
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    lasting = "" if lasts() else " (gone when this process ends)"
    console.say(f"  cache: {folder}{lasting}, {len(files)} files, {size / 1e6:.1f} MB; {VARIABLE} chooses another folder")
