"""`use`: files beside the model and in the library, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from plasticdsl.check.files import read_used
from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import Sight, in_sight, needed
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.driver import Loaded
from plasticdsl.driver import load as load_text
from plasticdsl.library import read as read_file
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


@dataclass(frozen=True)
class Gathered:
    """What a file of some text has in sight."""

    sight: Sight
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]


def gathered(folder: Path, text: str) -> Gathered:
    report = Reporter()
    read = read_used(parse(SourceFile("main.plas", text)), folder, report, {})
    sight = in_sight(read, report)
    return Gathered(sight, report.diagnostics, read.sources)


def parse_model(text: str, folder: Path) -> Loaded:
    """The checked model of a text in `folder`."""
    return load_text(SourceFile("<text>", text), folder)


def names(found: Gathered) -> list[str]:
    return [i.name.name for i in found.sight.items["main.plas"].values()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "neurons.plas").write_text(NEURONS, encoding="utf-8")
    (tmp_path.parent / "outside.plas").write_text(NEURONS, encoding="utf-8")
    return tmp_path / "inside"


def test_everything(folder: Path) -> None:
    found = gathered(folder, 'use "neurons"\n\nneuron Mine:\n    x = 1\n')
    assert names(found) == ["double", "LIF", "Other", "Alone", "Mine"] and not found.diagnostics


def test_what_is_named_with_what_it_is_built_from(folder: Path) -> None:
    found = gathered(folder, 'use Other from "neurons"\n')
    assert names(found) == ["Other"]
    assert [b.name.name for b in needed(found.sight, "main.plas")] == ["Other", "LIF"]
    assert names(gathered(folder, 'use Alone from "neurons.plas"\n')) == ["Alone"]


def test_under_another_name(folder: Path) -> None:
    found = gathered(folder, 'use LIF as Cell, double as twice from "neurons"\n\nneuron LIF:\n    x = 1\n')
    assert names(found) == ["Cell", "twice", "LIF"] and not found.diagnostics


@pytest.mark.parametrize("use", ['use LIF from "neurons"', 'use "neurons"', 'use Alone as LIF from "neurons"'])
def test_a_name_means_one_thing(folder: Path, use: str) -> None:
    (finding,) = gathered(folder, f"{use}\n\nneuron LIF:\n    x = 1\n").diagnostics
    written = "Alone" if "Alone" in use else "LIF"
    assert finding.code == "name-clash"
    assert f'‘use {written} as {written}_2 from "neurons"’' in finding.hint
    (label,) = finding.labels
    assert label.text == "the file’s own" and label.span.path == "main.plas"


def test_the_same_name_from_two_files(folder: Path) -> None:
    (folder / "more.plas").write_text("neuron LIF:\n    x = 1\n\nrule Alone:\n    x = 1\n", encoding="utf-8")
    (finding,) = gathered(folder, 'use LIF from "neurons"\nuse LIF from "more"\n').diagnostics
    assert finding.code == "name-clash" and finding.span.start == 27
    assert not gathered(folder, 'use LIF from "neurons"\nuse LIF as Other from "more"\n').diagnostics
    assert not gathered(folder, 'use Alone from "neurons"\nuse Alone from "more"\n').diagnostics  # a neuron and a rule


def test_the_same_thing_twice_is_no_clash(folder: Path) -> None:
    (folder / "more.plas").write_text('use LIF as Cell from "neurons"\n', encoding="utf-8")
    text = 'use LIF from "neurons"\nuse "neurons"\nuse Cell, Cell as LIF from "more"\n'
    found = gathered(folder, text)
    assert names(found) == ["LIF", "double", "Other", "Alone", "Cell"]
    assert [d.code for d in found.diagnostics] == []


def test_everything_of_a_file_is_what_it_declares_itself(folder: Path) -> None:
    (folder / "more.plas").write_text('use LIF from "neurons"\n\nneuron Mine like LIF:\n    x = 1\n', encoding="utf-8")
    assert names(gathered(folder, 'use "more"\n')) == ["Mine"]
    assert names(gathered(folder, 'use LIF from "more"\n')) == ["LIF"]


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


def test_names_that_no_system_takes_and_links_in_a_circle_are_no_files(folder: Path) -> None:
    (folder / "one.plas").symlink_to(folder / "two.plas")
    (folder / "two.plas").symlink_to(folder / "one.plas")
    for name in ("a" * 300, "b/" * 3000 + "c", "one", "x\ud800"):
        (finding,) = gathered(folder, f'use "{name}"\n').diagnostics
        assert finding.code == "use-not-found"


def test_files_that_use_each_other(folder: Path) -> None:
    (folder / "a.plas").write_text('use "b"\n\nneuron A:\n    x = 1\n', encoding="utf-8")
    (folder / "b.plas").write_text('use "a"\n\nneuron B:\n    x = 1\n', encoding="utf-8")
    found = gathered(folder, 'use "a"\n')
    assert names(found) == ["A"] and not found.diagnostics
    assert names(gathered(folder, 'use A, B from "a"\n')) == ["A", "B"]


def test_a_file_that_is_used_in_turn_is_not_another(folder: Path) -> None:
    (folder / "b.plas").write_text('use A from "main"\n\nneuron B like A:\n    x = 1\n', encoding="utf-8")
    main = 'use "b"\nuse A from "b"\n\nneuron A:\n    y = 1\n'
    (folder / "main.plas").write_text(main, encoding="utf-8")
    found = gathered(folder, main)
    assert names(found) == ["B", "A"] and not found.diagnostics


def test_errors_of_a_used_file_are_shown_there(folder: Path) -> None:
    (folder / "broken.plas").write_text("neuron A:\n    x = = 1\n", encoding="utf-8")
    found = gathered(folder, 'use "broken"\n')
    assert found.diagnostics[0].span.path.endswith("broken.plas")
    assert found.diagnostics[0].span.path in found.sources


def test_what_is_wrong_in_a_used_file_is_shown_there(folder: Path) -> None:
    (folder / "bad.plas").write_text("function g(x) = x + q\n\nneuron A:\n    x = g(1) + 2 mV\n", encoding="utf-8")
    with pytest.raises(PlasError) as caught:
        parse_model('use A from "bad"\n\nneuron B like A:\n    y = 1\n', folder)
    path = folder / "bad.plas"
    assert str(caught.value).startswith(f"{path}:1:21: error[unknown-name]: Nothing here is called ‘q’.\n    1 | function g(x) = x + q\n")


def test_a_network_with_two_blocks_of_one_name(folder: Path) -> None:
    (folder / "net.plas").write_text("neuron A:\n    x = 1\n\nnetwork N:\n    a = 1 A\n", encoding="utf-8")
    text = 'use N from "net"\n\nneuron A:\n    x = 1\n\nnetwork M like N:\n    b = 1 A\n'
    with pytest.raises(PlasError) as caught:
        parse_model(text, folder)
    (finding,) = caught.value.diagnostics
    assert finding.code == "name-clash" and finding.span.path == "<text>"
    assert not parse_model(text.replace("neuron A", "neuron B").replace("1 A", "1 B"), folder).warnings


def test_an_experiment_of_another_network_of_the_same_name(folder: Path) -> None:
    net = "neuron A:\n    x = 1\n\nnetwork N:\n    a = 1 A\n\nexperiment E:\n    phase p for 1 steps\n    expect a.x = 1\n"
    (folder / "net.plas").write_text(net, encoding="utf-8")
    text = 'use E from "net"\n\nneuron B:\n    x = 2\n\nnetwork N:\n    a = 1 B\n\nexperiment F like E{}:\n    phase q for 1 steps\n'
    with pytest.raises(PlasError) as caught:
        parse_model(text.format(""), folder)
    assert [d.code for d in caught.value.diagnostics] == ["name-clash"]
    assert [n.name for n in parse_model(text.format(" on N"), folder).module.networks] == ["N"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "This file begins as UTF-16 text, and is none from byte 3 on."),
        ("# x\nfunction f(x) = x²\n".encode("cp1252"), "byte 22, on line 2, is 0xB2; in Windows’ encoding cp1252 it is ‘²’."),
        (b"# \x81\n", "byte 3, on line 1, is 0x81."),
        ("function f(x) = 1\n".encode("utf-16-le"), "it looks like UTF-16, without the mark that says so."),
    ],
)
def test_what_is_no_text(folder: Path, content: bytes, said: str) -> None:
    (folder / "binary.plas").write_bytes(content)
    (finding,) = gathered(folder, 'use "binary"\n').diagnostics
    assert finding.code == "not-text" and finding.message.endswith(said) and "Save it as UTF-8" in finding.hint


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_file_whose_byte_order_mark_says_its_encoding(folder: Path, encoding: str, line_end: str) -> None:
    (folder / "marked.plas").write_bytes(NEURONS.replace("\n", line_end).encode(encoding))
    found = gathered(folder, 'use LIF from "marked"\n')
    assert names(found) == ["LIF"] and not found.diagnostics
    source = read_file(folder / "marked.plas")
    assert source.text == NEURONS and source.is_unchanged()
