"""Machine code: right numbers, cold and warm, whatever happens to the cache."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plasticdsl.kernels.compile import object_code
from plasticdsl.kernels.store import ObjectCode, machine, read_object, write_object
from plasticdsl.runtime.engine.load import LEAST_UNITS_FOR_THREADS, NativeAdvance, Threaded, Unresolved, link, load
from plasticdsl.runtime.engine.plain import ModuleAdvance
from tests.kernels.programs import arrays_of, artifact_of, bound_network, expected, field, network

STEPS = 400


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLASTICDSL_CACHE", str(folder))
        yield folder


def ran(kernels: Any, chunks: list[int], units: int = 50) -> dict[str, Any]:
    bound = bound_network(units)
    advance = kernels.bind(bound)
    step = 0
    for chunk in chunks:
        assert advance.advance(step, chunk) == chunk
        step += chunk
    return arrays_of(bound)


def objects(folder: Path) -> list[Path]:
    return sorted((folder / "kernels").glob("*.o"))


def test_right_numbers(cache: Path) -> None:
    wanted = expected(bound_network(), STEPS)
    found = ran(load(artifact_of(network())), [STEPS])
    assert wanted["total"].sum() > 100
    for name in ("V", "g", "total"):
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)


@pytest.mark.parametrize("chunks", [[STEPS], [1] * STEPS, [7] * 57 + [1], [399, 1]])
def test_same_bits_for_any_chunks(cache: Path, chunks: list[int]) -> None:
    one, other = ran(load(artifact_of(network())), [STEPS]), ran(load(artifact_of(network())), chunks)
    for name, values in one.items():
        assert values.tobytes() == other[name].tobytes(), name


def test_scalars_are_read_at_each_call(cache: Path) -> None:
    bound = bound_network()
    advance = load(artifact_of(network())).bind(bound)
    bound.scalars[field("threshold")] = 100.0
    advance.advance(0, STEPS)
    assert bound.arrays[field("total")].sum() == 0
    bound.scalars[field("threshold")] = 1.0
    advance.advance(STEPS, STEPS)
    assert bound.arrays[field("total")].sum() > 0


WARM = """
import sys
from plasticdsl.runtime.engine.load import load
from tests.kernels.programs import bound_network, field
import pickle
artifact = pickle.load(open(sys.argv[1], "rb"))
bound = bound_network()
load(artifact).bind(bound).advance(0, 400)
heavy = {"numba", "sympy", "lark", "jinja2"} & set(sys.modules)
print(bound.arrays[field("V")].tobytes().hex(), sorted(heavy))
"""


def in_process(artifact: Any, folder: Path, tmp_path: Path) -> subprocess.Popen[str]:
    import pickle

    kept = tmp_path / "artifact.pickle"
    kept.write_bytes(pickle.dumps(artifact))
    environment = {**os.environ, "PLASTICDSL_CACHE": str(folder)}
    return subprocess.Popen([sys.executable, "-c", WARM, str(kept)], env=environment, text=True, stdout=subprocess.PIPE, cwd=Path.cwd())


def printed(artifact: Any, folder: Path, tmp_path: Path) -> list[str]:
    process = in_process(artifact, folder, tmp_path)
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return out.split(" ", 1)


def test_another_process_needs_no_numba_and_gets_the_same_bits(cache: Path, tmp_path: Path) -> None:
    """Neither cold nor warm."""
    artifact, folder = artifact_of(network()), tmp_path / "cold"
    here = ran(load(artifact), [STEPS])["V"].tobytes().hex()
    for where, compiled in ((folder, 1), (folder, 1), (cache, len(objects(cache)))):
        bits, heavy = printed(artifact, where, tmp_path)
        assert bits == here
        # the process imports the test's helpers, which import the templates
        assert "numba" not in heavy and "sympy" not in heavy and "lark" not in heavy
        assert len(objects(where)) == compiled


@pytest.mark.slow
def test_two_processes_compile_at_once(tmp_path: Path) -> None:
    artifact, folder = artifact_of(network()), tmp_path / "shared"
    processes = [in_process(artifact, folder, tmp_path) for _ in range(2)]
    lines = [p.communicate(timeout=300)[0] for p in processes]
    assert all(p.returncode == 0 for p in processes)
    assert lines[0].split()[0] == lines[1].split()[0]
    assert len(objects(folder)) == 1


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "text"])
def test_a_damaged_entry_is_compiled_again(cache: Path, damage: str) -> None:
    artifact = artifact_of(network())
    wanted = ran(load(artifact), [STEPS])["V"]
    file = next(o for o in objects(cache) if artifact.digest in o.name)
    content = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "changed":
            file.write_bytes(content[:-100] + bytes(100))
        case "empty":
            file.write_bytes(b"")
        case _:
            file.write_text("no object code")
    assert read_object(file.stem) is None
    np.testing.assert_array_equal(ran(load(artifact), [STEPS])["V"], wanted)
    assert read_object(file.stem) is not None


def test_symbols_that_do_not_exist(cache: Path) -> None:
    found = object_code(artifact_of(network()))
    with pytest.raises(Unresolved, match="no_such_function"):
        link(replace(found, externals=(*found.externals, "no_such_function")))
    with pytest.raises(Unresolved, match="no_such_entry"):
        link(replace(found, symbol="no_such_entry"))


def test_object_code_keeps_what_it_is(cache: Path) -> None:
    found = ObjectCode(b"line\nline\0", "entry", ("exp",))
    write_object("some", found)
    assert read_object("some") == found
    assert read_object("other") is None


def test_the_machine_has_a_name() -> None:
    assert machine() == machine()
    assert machine().isalnum()


@pytest.mark.parametrize("wrong", [np.zeros(49), np.zeros(50, dtype=np.float32), np.zeros(100)[::2], np.zeros((50, 1))])
def test_wrong_arrays_are_refused(cache: Path, wrong: Any) -> None:
    bound = bound_network()
    bound.arrays[field("V")] = wrong
    with pytest.raises(ValueError, match="V is float"):
        load(artifact_of(network())).bind(bound)


# --- threads ---------------------------------------------------------------------------------------------------------


def test_threads_give_the_same_bits(cache: Path) -> None:
    units = LEAST_UNITS_FOR_THREADS
    threaded = load(artifact_of(network(), parallel=True), threads=2)
    assert isinstance(threaded, Threaded)
    assert isinstance(threaded.bind(bound_network(units)), ModuleAdvance)
    one, other = ran(load(artifact_of(network())), [50], units), ran(threaded, [20, 30], units)
    for name, values in one.items():
        assert values.tobytes() == other[name].tobytes(), name


def test_without_numba_one_thread_computes_and_says_so_once(
    cache: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    threaded, units = load(artifact_of(network(), parallel=True), threads=2), LEAST_UNITS_FOR_THREADS
    for _ in range(2):
        assert isinstance(threaded.bind(bound_network(units)), NativeAdvance)
    assert [r.getMessage() for r in caplog.records] == [
        "one thread computes: threads share such loops by numba, which is not installed; ‘pip install numba’"
    ]
    np.testing.assert_array_equal(ran(threaded, [50], units)["V"], expected(bound_network(units), 50)["V"])


def test_a_small_network_stays_on_one_thread_and_says_so_once(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    threaded = load(artifact_of(network(), parallel=True), threads=2)
    for _ in range(2):
        assert isinstance(threaded.bind(bound_network(51)), NativeAdvance)
    assert [r.getMessage() for r in caplog.records] == [
        "one thread computes: the longest loop that threads could share has 51 units, and they pay from 100,000 units on"
    ]
    np.testing.assert_array_equal(ran(threaded, [STEPS])["V"], expected(bound_network(), STEPS)["V"])
