"""Every network of the model library, made small, runs alike in the interpreter and in machine code at every level."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from plasticdsl.driver import prepared, read
from plasticdsl.model import Network, Role
from plasticdsl.model.expr import Number, Ref
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.runtime.instance.settings import Settings
from plasticdsl.source import SourceFile
from tests.semantics.agreement import Case, assert_agree
from tests.semantics.engines import LEVELS, in_machine_code, reference

LIBRARY = Path(__file__).parents[2] / "models"
FILES = sorted(str(path.relative_to(LIBRARY)) for path in LIBRARY.rglob("*.plas"))
STEPS = 1000
UNITS = 200
#: Where the shrunken network would stay silent, or its sizes are formulas of its parameters; in SI.
ADJUSTED = {
    network: {Ref(Whose.NETWORK, name): Number(value) for name, value in values.items()}
    for network, values in {
        "SongAbbott": {"r_ex": 80.0},
        "Barrels": {"B": 2.0, "M_4": 3.0, "M_E": 3.0, "M_I": 2.0, "EPSC": 0.1},
        "Nonmatch": {"N": 12.0, "T": 0.02},
        "Assemblies": {"N": 32.0, "p": 0.4},
        "Small": {"N": 32.0},
    }.items()
}


def networks(file: str) -> Iterator[Network]:
    path = LIBRARY / file
    module = prepared(read(SourceFile(file, path.read_text(encoding="utf-8")), path.parent))
    yield from module.networks


def small(network: Network, dt: float) -> Case:
    """At most 200 units in all; clamped sources give 0.7."""
    settings: Settings = dict(ADJUSTED.get(network.name, {}))
    sizes = {p.name: p.size.value for p in network.populations if isinstance(p.size, Number)}
    share = min(1.0, UNITS / max(1.0, sum(sizes.values())))
    for name, size in sizes.items():
        settings[Ref(OfPopulation(name), "")] = Number(float(max(1, int(size * share))))
    instance = instantiate(network, dt=dt, seed=3, settings=settings, horizon=STEPS)
    clamped = {(p.name, v.name): 0.7 for p in network.populations for v in p.block.variables if v.role is Role.CLAMPED}
    return Case(network, lambda: deepcopy(instance), per_unit(network, settings), STEPS, {}, STEPS, clamped)


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("file", FILES)
def test_library_model(file: str, level: int) -> None:
    # rules are shown with regular spikes that begin after 100 ms
    dt = 1e-3 if file.startswith("rules") else 1e-4
    for network in networks(file):
        assert assert_agree(small(network, dt), in_machine_code(level), reference, every=50) == STEPS
