"""Every example of the documentation does what the page says; `pages.py` lists the kinds of blocks and what each must do. A model that is run finds what
the prose of the page says of it, too (`claims.py`)."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import plasticdsl
from plasticdsl.cli import app

from .claims import checked, claims
from .pages import ROOT, Example, agrees, examples, pages

PRELUDE = (Path(__file__).parent / "prelude.plas").read_text(encoding="utf-8")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


EXAMPLES = {path: examples(path.read_text(encoding="utf-8")) for path in pages()}
CLAIMS = {path: claims(path.read_text(encoding="utf-8")) for path in EXAMPLES}
PLAS = [
    pytest.param(checked(e, CLAIMS[path]) if "run" in e.marks else e, found, id=f"{named(path)}:{e.line}")
    for path, found in EXAMPLES.items()
    for e in found
    if e.language == "plas" and "mistake" not in e.marks
]
EXECUTED = [
    pytest.param(found, id=named(path)) for path, found in EXAMPLES.items() if any(e.language in ("python", "console") for e in found)
]


# --- models ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("example", "page"), PLAS)
def test_a_model_is_what_the_page_says(
    example: Example, page: tuple[Example, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for other in page:
        save(other)
    if "error" in example.marks:
        with pytest.raises(plasticdsl.PlasError) as caught:
            model(example)
        assert agrees(str(caught.value), example.shown), str(caught.value)
        return
    found = model(example)
    if "run" in example.marks:
        assert found.experiments
        for name in found.experiments:
            problems = [f"{o.text}: found {o.value}" for o in found.run(name).expectations if o.passed is not True]
            assert not problems


def model(example: Example) -> plasticdsl.Model:
    """The checked model of a block, with what a fragment needs around it."""
    path = Path(example.file_name or "model.plas")
    path.write_text(whole(example) if "fragment" in example.marks else example.text, encoding="utf-8")
    return plasticdsl.load(path)


def save(block: Example) -> None:
    """Writes a file that has a name into the present folder, for the files that use it."""
    if block.file_name:
        Path(block.file_name).write_text(block.text, encoding="utf-8")


def whole(example: Example) -> str:
    """A fragment inside a block of its kind, or a block as it is; an experiment gets the phase and the time step it does not mention."""
    kind, body = example.kind, example.text
    if not kind:
        return f"{PRELUDE}\n{body}" if body.startswith(("network", "experiment")) else body
    header = f"{kind} Example"
    if kind == "experiment":
        network = next((m for m in example.marks if m[0].isupper()), "Recurrent")
        header += f" on {network}"
        if "phase" not in body:
            body += "phase run for 1 s\n" if network == "Recurrent" else "phase run for 10 steps\n"
        if network == "Recurrent" and not any(line.startswith("dt =") for line in body.split("\n")):
            body += "dt = 0.1 ms\n"
    indented = "".join(f"    {line}\n" if line else "\n" for line in body.split("\n"))
    return f"{PRELUDE if kind in ('network', 'experiment') else ''}\n{header}:\n{indented}"


# --- programs and commands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", EXECUTED)
def test_the_programs_of_a_page_run(blocks: tuple[Example, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("COLUMNS", "150")
    before = set(sys.modules)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    try:
        for block in blocks:
            save(block)
            if block.language == "python":
                exec(compile(block.text, f"line {block.line}", "exec"), namespace)
            elif block.language == "console":
                run_commands(block, tmp_path)
    finally:
        for name in set(sys.modules) - before:
            if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]


def run_commands(block: Example, folder: Path) -> None:
    """Runs each `$` line and compares what it prints with the lines after it."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.text.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            commands.append((line.removeprefix("$ "), []))
        else:
            commands[-1][1].append(line)
    for command, shown in commands:
        printed, status = run_command(command, folder)
        assert "Traceback" not in printed, printed
        if "\n".join(shown).strip():
            assert agrees(printed, "\n".join(shown)), f"{command} printed\n{printed}"
        else:
            assert status == 0, printed


def run_command(command: str, folder: Path) -> tuple[str, int]:
    """What `plasticdsl …` or `python …` prints (both channels) and its exit status. `plasticdsl` runs in this process (`tests/cli` has it in one of its
    own); a compiled module runs as the plain Python that it is, and the same page imports it, and then it is machine code."""
    program, *arguments = shlex.split(command.partition(" #")[0])
    if program == "plasticdsl":
        with redirect_stdout(StringIO()) as printed, redirect_stderr(printed):
            status = app.status(arguments)
        return printed.getvalue(), status
    assert program == "python"
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8", "NUMBA_DISABLE_JIT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout, done.returncode
