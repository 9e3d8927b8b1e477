"""A fit of a network that several processes share: all try the same, since all see the same values of the goal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import xarray

import plasticdsl
from tests.mpi.rooms import together
from tests.mpi.test_mpiexec import MPIEXEC, run
from tests.mpi.test_shared import CELLS

pytest.importorskip("optuna")

FIT = (
    CELLS
    + """
network Net:
    E = 37 Cell
    J = 0.02
    fast = Poisson(rate = 600 Hz) → E: Kick, w = 0.5
    EE = E → E: Kick, p = 0.5, w = J, axonal delay = 3 ms

experiment Look on Net:
    dt = 1 ms
    phase run for 100 ms
    record mean(E.V) every 10 ms
    fit J in −0.2 … 0.1, 20 trials to minimise (rate(E) − 60 Hz)²
"""
)
#: The command, which is killed when so many runs are done.
KILLED = """
import os
from plasticdsl.runtime.play import fitting

taken, done = fitting._Fitting.take, []

def take(self, found):
    taken(self, found)
    done.append(found)
    if len(done) == 11:
        os._exit(9)

fitting._Fitting.take = take

from plasticdsl.__main__ import main
main()
"""


def test_all_processes_find_what_one_finds() -> None:
    model = plasticdsl.parse(FIT.replace("20 trials", "10 trials"))
    one = model.run()
    assert len(one.trials["goal"]) == 10
    for found in together(2, lambda seat: model.run(communicator=seat)):
        assert found.best == one.best
        assert found.trials.identical(one.trials)


@pytest.mark.slow
def test_three_go_on_with_a_fit_that_two_have_begun(tmp_path: Path) -> None:
    (tmp_path / "model.plas").write_text(FIT, encoding="utf-8")
    (tmp_path / "killed.py").write_text(KILLED, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    begun = [str(MPIEXEC), "-n", "2", sys.executable, "killed.py", "run", "model.plas", "--out", "of_3", "--no-plots"]
    subprocess.run(begun, cwd=tmp_path, env=environment, timeout=120, capture_output=True, check=False)
    assert 10 <= len(list(tmp_path.glob("of_3/unfinished/*.run.npz"))) < 20
    several = run(tmp_path, FIT, 3, "--out", "of_3", "--no-plots", "--resume")
    one = run(tmp_path, FIT, 1, "--out", "of_1", "--no-plots")
    assert (one.returncode, several.returncode) == (0, 0), several.stderr
    assert one.stdout.splitlines()[1:] == several.stdout.splitlines()[1:]
    with xarray.open_dataset(tmp_path / "of_1" / "trials.nc") as trials, xarray.open_dataset(tmp_path / "of_3" / "trials.nc") as same:
        assert trials.sizes["trial"] == 20 and trials.identical(same)
