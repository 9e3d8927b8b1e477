"""The notebooks of the documentation run, and display what they are to display."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import plasticdsl

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(path: Path) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cell by cell; one that is tagged with `raises-exception` shows an error of the model, and others that displayed something do so again."""
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    for cell in cells(path):
        source = "".join(cell["source"])
        with capture_output():
            done = shell.run_cell(source)
        if "raises-exception" in cell["metadata"].get("tags", []):
            assert isinstance(done.error_in_exec, plasticdsl.PlasError)
            continue
        assert done.success, f"{source}\n{done.error_before_exec or done.error_in_exec}"
        shown = next((set(out["data"]) for out in cell["outputs"] if out["output_type"] == "execute_result"), set())
        made, _ = shell.display_formatter.format(done.result) if done.result is not None else ({}, {})
        assert shown <= set(made), source


def test_they_are_listed_and_have_been_run() -> None:
    listed = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) > 1
    for path in NOTEBOOKS:
        assert path.name in listed
        assert [cell["execution_count"] for cell in cells(path)] == list(range(1, len(cells(path)) + 1))
        assert str(Path.home()) not in path.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_a_kernel(path: Path, tmp_path: Path) -> None:
    nbformat, client = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(path, as_version=4)
    client.NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
