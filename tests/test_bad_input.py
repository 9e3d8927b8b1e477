"""What bad input gets: every file in `bad/` is named after the code it shows and has beside it the exact text the user sees.

`bad/<code>.plas` must produce at least one finding with its code, and all findings together must read as `bad/<code>.txt`. To write the texts
anew after a deliberate change, run this file as a script (with the codes meant, or none for all) and read the difference.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from plasticdsl.derive.integrate import integrate
from plasticdsl.derive.products import held_products
from plasticdsl.diagnostics.codes import CODES
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.diagnostics.render import render_all
from plasticdsl.driver import plan_of, read
from plasticdsl.model import Network
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.module import Module
from plasticdsl.options import CompileOptions
from plasticdsl.reference.interpreter import ReferenceEngine
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.runtime.instance.settings import Settings, from_experiment
from plasticdsl.runtime.instance.timestep import require_small_step
from plasticdsl.runtime.play import sweep
from plasticdsl.runtime.play.experiment import Order, Workshop
from plasticdsl.runtime.play.progress import SILENT
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.source import SourceFile

FOLDER = Path(__file__).parent / "bad"
FILES = sorted(FOLDER.glob("*.plas"))


def findings(source: SourceFile, folder: Path = FOLDER) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a file in a folder, as far as the last stage that it reaches: its experiments run in the interpreter."""
    found = read(source, folder)
    if found.module is None:
        return found.diagnostics
    try:
        networks = {n.name: n for n in map(integrate, found.module.networks)}
        for network in networks.values():
            plan_of(network, per_unit(network), CompileOptions(), found.module.asked_of(network.name))
        studies = [carried_out(e, found.module, networks[e.network]) for e in found.module.experiments]
    except PlasError as error:
        return error.diagnostics
    runs = [run for study in studies for run in study.runs]
    held = (d for network in networks.values() for d in held_products(network))
    return (*found.diagnostics, *held, *(d for run in runs for d in (*run.recorder.warnings, *run.failure)))


def carried_out(experiment: Experiment, module: Module, network: Network) -> Study:
    """The experiment in the interpreter."""

    def instance(dt: float, seed: int, settings: Settings) -> Instance:
        made = instantiate(network, dt=dt, seed=seed, settings=settings)
        require_small_step(network, made)
        return made

    workshop = Workshop(network, instance, lambda made, _: ReferenceEngine(network, made, module.asked_of(network.name)))
    return sweep.run(experiment, module, workshop, Order(1, from_experiment(experiment.settings, network, module)), SILENT)


def shown(path: Path) -> tuple[tuple[Diagnostic, ...], str]:
    """The findings of a file and their text, with the file's name alone as its path."""
    source = SourceFile(path.name, path.read_text(encoding="utf-8"))
    found = findings(source)
    return found, render_all(found, {source.path: source}) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_message_is_the_one_expected(path: Path) -> None:
    found, text = shown(path)
    assert path.stem in {d.code for d in found}
    assert {d.code for d in found} <= CODES.keys()
    assert text == path.with_suffix(".txt").read_text(encoding="utf-8")


def main() -> None:
    """Writes the expected texts as they are now."""
    for path in [f for f in FILES if f.stem in sys.argv[1:] or not sys.argv[1:]]:
        path.with_suffix(".txt").write_text(shown(path)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
