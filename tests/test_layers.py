"""Which folder may import which: the contracts in pyproject.toml; and that every module is used."""

from __future__ import annotations

import ast
from pathlib import Path

import importlinter.api  # noqa: F401  # which prepares what `lint_imports` needs
import pytest
from importlinter.application.use_cases import SUCCESS, lint_imports

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def test_no_stage_reaches_back(capsys: pytest.CaptureFixture[str]) -> None:
    """Not by import-linter's command, which sets up logging anew: what this process tests afterwards would log nothing."""
    assert lint_imports(config_filename=str(PROJECT), cache_dir=None) == SUCCESS, capsys.readouterr().out


#: What others than modules of the package ask for: Python itself, the page of codes, and functions that are written into generated modules.
ENTRANCES = frozenset(
    (
        "__main__",
        "diagnostics.codes",
        "support.functions",
        "support.noise",
        "support.sorting",
        "support.trees",
        "support.vmath_single",
    )
)


def test_every_module_is_imported_by_another() -> None:
    package = PROJECT.parent / "plasticdsl"
    files = {".".join(path.relative_to(package).with_suffix("").parts): path for path in package.rglob("*.py") if path.stem != "__init__"}
    read: set[str] = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                read |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    assert {name for name in files if f"plasticdsl.{name}" not in read} == ENTRANCES
