"""`mpiexec -n N plasticdsl run`: real processes, which the MPI of the package index starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

from tests.mpi.test_shared import CELLS, DELAYED, NETWORKS, RUN

MPIEXEC = Path(sys.executable).with_name("mpiexec")


def run(folder: Path, text: str, size: int, *more: str) -> subprocess.CompletedProcess[str]:
    """The command on a model, by so many processes."""
    (folder / "model.plas").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "plasticdsl", "run", "model.plas", *more]
    start = [str(MPIEXEC), "-n", str(size)] if size > 1 else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([*start, *command], cwd=folder, capture_output=True, text=True, timeout=120, env=environment, check=False)


def written(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Everything in the folder of results that does not hang on the clock."""
    with xarray.open_datatree(folder / "recordings.nc") as tree:
        arrays = {f"{node.path}/{name}": values.to_numpy() for node in tree.subtree for name, values in node.variables.items()}
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return arrays, {name: value for name, value in summary.items() if name != "timing"}


@pytest.mark.parametrize(("name", "size"), [("delayed", 2), pytest.param("at once", 3, marks=pytest.mark.slow)])
def test_the_first_process_writes_what_one_would(tmp_path: Path, name: str, size: int) -> None:
    one, several = (run(tmp_path, NETWORKS[name], count, "--out", f"of_{count}", "--no-plots") for count in (1, size))
    assert (one.returncode, several.returncode) == (0, 0), several.stderr
    assert one.stdout.splitlines()[1:] == several.stdout.splitlines()[1:]  # the first line says how long it took
    (arrays, summary), (same, told) = written(tmp_path / "of_1"), written(tmp_path / f"of_{size}")
    assert summary == told and arrays.keys() == same.keys()
    for key, values in arrays.items():
        np.testing.assert_array_equal(values, same[key], err_msg=key)


def test_two_go_on_with_what_one_has_begun(tmp_path: Path) -> None:
    """A process alone is killed on its way; two go on from where it stood, to what one would have made."""
    text = NETWORKS["delayed"].replace("phase run for 60 ms", "phase run for 60 s")
    (tmp_path / "model.plas").write_text(text, encoding="utf-8")
    patched = "from plasticdsl.runtime.play import progress; progress.TICK = 0.02; from plasticdsl.__main__ import main; main()"
    command = [sys.executable, "-c", patched, "run", "model.plas", "--out", "of_2", "--checkpoint", "0.1 s", "--no-plots", "--for"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([*command, "2 s"], cwd=tmp_path, env=environment)
    while not list(tmp_path.glob("of_2/unfinished/*.checkpoint.npz")) and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert list(tmp_path.glob("of_2/unfinished/*.checkpoint.npz"))
    several = run(tmp_path, text, 2, "--out", "of_2", "--no-plots", "--for", "2 s", "--resume", "--checkpoint", "0.2 s")
    one = run(tmp_path, text, 1, "--out", "of_1", "--no-plots", "--for", "2 s")
    assert (one.returncode, several.returncode) == (0, 0), several.stderr
    (arrays, summary), (same, told) = written(tmp_path / "of_1"), written(tmp_path / "of_2")
    assert summary == told and arrays.keys() == same.keys()
    for key, values in arrays.items():
        np.testing.assert_array_equal(values, same[key], err_msg=key)


SWAPS = """
import numpy as np
from plasticdsl.runtime.engine import company
from plasticdsl.runtime.engine.company import company_of, everyone

own = company_of(everyone())

def require() -> None:
    for of in ("uint16", "int64"):
        parts = [np.full(7 * own.rank + to, 10 * own.rank + to, dtype=of) for to in range(own.size)]
        for rank, part in enumerate(own.swap(parts)):
            assert part.dtype == of and part.tolist() == [10 * rank + own.rank] * (7 * rank + own.rank), (part, rank)
    assert [part.tolist() for part in own.gather(np.arange(own.rank))] == [list(range(rank)) for rank in range(own.size)]

require()
company.MOST_BYTES, company.PART = 0, 5
require()
print("well")
"""


def test_parts_are_swapped_however_large_they_are(tmp_path: Path) -> None:
    """Once at a time, and some bytes at a time, as what is more than 32 bits count."""
    (tmp_path / "swaps.py").write_text(SWAPS, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [str(MPIEXEC), "-n", "3", sys.executable, "swaps.py"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert "".join(found.stdout.split()) == "well" * 3, found.stderr  # ends of lines come as they like


def test_a_refusal_is_said_once(tmp_path: Path) -> None:
    text = CELLS + DELAYED.replace("w = 0.4, axonal delay = 3 ms", "w = 0.4, axonal delay ~ U(2 ms, 3 ms)") + RUN
    found = run(tmp_path, text, 2)
    assert found.returncode == 1 and not found.stdout
    assert found.stderr.count("error[not-divisible]: ‘EI’ has delays that differ between connections") == 1
    assert "Traceback" not in found.stderr


def test_nothing_of_mpi_is_imported_in_one_process() -> None:
    code = "import sys; import plasticdsl.cli.app; sys.exit('mpi4py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
