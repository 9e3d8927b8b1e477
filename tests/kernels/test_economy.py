"""What numba is spared changes nothing in the machine code."""

import subprocess
import sys
from pathlib import Path

import pytest

COMPILED = """
import hashlib
import sys
from contextlib import nullcontext

import plasticdsl
from plasticdsl import driver
from plasticdsl.kernels import compile as compiling
from plasticdsl.options import CompileOptions
from plasticdsl.runtime.instance.dependence import per_unit

if sys.argv[1] == "all":
    compiling.with_few_passes = lambda kernels: None
    compiling.each_call_typed_once = nullcontext
loaded = plasticdsl.load(sys.argv[2]).loaded
network = loaded.module.networks[0]
asked = loaded.module.asked_of(network.name)
_, found = compiling.compile_entry(driver.compile(loaded, network, per_unit(network, {}, asked.spread), CompileOptions()))
print(hashlib.blake2b(found.code).hexdigest(), len(found.code))
"""


def digest(work: str, name: str) -> str:
    run = subprocess.run([sys.executable, "-c", COMPILED, work, name], text=True, stdout=subprocess.PIPE, check=True, cwd=Path.cwd())
    return run.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hodgkin_huxley", "hopfield", "pair_stdp", "song_abbott", "structural_rewiring", "wang_decision"])
def test_the_same_object_code(name: str) -> None:
    """To the byte: gates, units one by one, traces, draws, connections that come and go, delayed sums."""
    assert digest("all", name) == digest("less", name)
