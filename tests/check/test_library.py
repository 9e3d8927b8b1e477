"""`use`: files beside the model and in the library, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from plasticdsl.check.library import Gathered, gather
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import parse

NEURONS = """\
function double(x) = 2 x

neuron LIF:
    τ = 10 ms
    dV/dt = −V/τ

neuron Other like LIF:
    τ = double(10 ms)

neuron Alone:
    dV/dt = −V/(3 ms)
"""


def gathered(folder: Path, text: str) -> Gathered:
    """What a file of this text in `folder` has in sight."""
    return gather(parse(SourceFile("main.plas", text)), folder)


def names(found: Gathered) -> list[str]:
    return [b.name.name for b in found.blocks]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "neurons.plas").write_text(NEURONS, encoding="utf-8")
    (tmp_path.parent / "outside.plas").write_text(NEURONS, encoding="utf-8")
    return tmp_path / "inside"


def test_everything(folder: Path) -> None:
    found = gathered(folder, 'use "neurons"\n\nneuron Mine:\n    x = 1\n')
    assert names(found) == ["LIF", "Other", "Alone", "Mine"] and not found.diagnostics
    assert [f.name.name for f in found.functions] == ["double"]
    assert ("neuron", "LIF") in found.used and ("neuron", "Mine") not in found.used


def test_what_is_named_with_what_it_is_built_from(folder: Path) -> None:
    assert names(gathered(folder, 'use Other from "neurons"\n')) == ["LIF", "Other"]
    assert names(gathered(folder, 'use Alone from "neurons.plas"\n')) == ["Alone"]


def test_own_declarations_win(folder: Path) -> None:
    found = gathered(folder, 'use "neurons"\n\nneuron LIF:\n    x = 1\n')
    assert sorted(names(found)) == ["Alone", "LIF", "Other"]
    (own,) = (b for b in found.blocks if b.name.name == "LIF")
    assert own.span.path == "main.plas"


def test_an_unknown_name_is_reported_with_the_nearest(folder: Path) -> None:
    (finding,) = gathered(folder, 'use LIV from "neurons"\n').diagnostics
    assert finding.code == "unknown-name" and "LIF" in finding.hint


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../outside", "..", ""])
def test_nothing_outside_is_opened(folder: Path, path: str) -> None:
    found = gathered(folder, f'use "{path}"\n')
    assert {d.code for d in found.diagnostics} <= {"use-outside", "use-not-found"} and found.diagnostics
    assert not found.sources


def test_a_link_to_the_outside_is_not_followed(folder: Path) -> None:
    (folder / "link.plas").symlink_to(folder.parent.parent / "outside.plas")
    (finding,) = gathered(folder, 'use "link"\n').diagnostics
    assert finding.code == "use-outside"


def test_files_that_use_each_other(folder: Path) -> None:
    (folder / "a.plas").write_text('use "b"\n\nneuron A:\n    x = 1\n', encoding="utf-8")
    (folder / "b.plas").write_text('use "a"\n\nneuron B:\n    x = 1\n', encoding="utf-8")
    found = gathered(folder, 'use "a"\n')
    assert sorted(names(found)) == ["A", "B"] and not found.diagnostics


def test_errors_of_a_used_file_are_shown_there(folder: Path) -> None:
    (folder / "broken.plas").write_text("neuron A:\n    x = = 1\n", encoding="utf-8")
    found = gathered(folder, 'use "broken"\n')
    assert found.diagnostics[0].span.path.endswith("broken.plas")
    assert found.diagnostics[0].span.path in found.sources


def test_what_is_no_text(folder: Path) -> None:
    (folder / "binary.plas").write_bytes(b"\xff\xfe\x00")
    (finding,) = gathered(folder, 'use "binary"\n').diagnostics
    assert finding.code == "use-not-found"
