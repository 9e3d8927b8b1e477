"""What the prose of the documentation says that runs find, and what its lines set, is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import plasticdsl
from plasticdsl.library import library_models
from plasticdsl.model import Network, Variable
from plasticdsl.model.expr import Ref
from plasticdsl.model.lookup import find_parameter
from plasticdsl.model.owners import Whose
from plasticdsl.options import EngineName
from plasticdsl.runtime.instance.settings import sorted_wishes

from .claims import changed, checked, claims
from .pages import ROOT, Example, examples, pages, script

#: Pages whose changed experiments take long.
LONG = {"coming/brian2.md", "howto/fitting.md", "lecture/competition.md"}

PAGE = """
# A page

Begins at 10 mV<!-- expect cell.V ≈ this at 0 ms -->.

```plas run
neuron Leak:
    τ = 20 ms
    τ dV/dt = −V
    V(0) = 10 mV

network Net:
    cell = 1 Leak

experiment Decay on Net:
    dt = 0.1 ms
    phase run for 20 ms
    expect cell.V < 10 mV
```

After 20 ms it is at 3.679 mV<!-- expect cell.V ≈ this -->, or 37 %<!-- expect cell.V/10 mV ≈ this -->; with half the time constant
at 1.4 ± 0.1 mV<!-- Leak.τ = 10 ms; expect cell.V ≈ this -->, which is less<!-- Leak.τ = 10 ms; expect cell.V < 3 mV -->.
"""


def apart() -> list[object]:
    """The experiments that prose changes."""
    found: list[object] = []
    for path in pages():
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        marks = [pytest.mark.slow] if name.removeprefix("docs/") in LONG else []
        for (line, changes), block in changed(claims(text)).items():
            found.append(pytest.param(block, examples(text), id=f"{name}:{line} {'; '.join(changes)}".rstrip(), marks=marks))
    return found


def problems(block: Example, engine: EngineName = "compiled") -> list[str]:
    """The expectations of its last experiment that do not hold."""
    Path("model.plas").write_text(block.text, encoding="utf-8")
    model = plasticdsl.load("model.plas")
    result = model.run(list(model.experiments)[-1], engine=engine)
    return [f"{o.text}: found {o.value}" for o in result.expectations if o.passed is not True]


@pytest.mark.parametrize(("block", "page"), apart())
def test_a_changed_experiment_finds_what_the_prose_says(
    block: Example, page: tuple[Example, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for other in page:
        if other.file_name:
            Path(other.file_name).write_text(other.text, encoding="utf-8")
    assert not problems(block)


# --- how claims are read ---------------------------------------------------------------------------------------------


def test_claims_are_read_with_their_numbers() -> None:
    found = claims(PAGE)
    assert [c.expected for c in found] == [
        ("expect cell.V ≈ 10 mV ± 0.5 mV at 0 ms",),
        ("expect cell.V ≈ 3.679 mV ± 0.0005 mV",),
        ("expect cell.V/10 mV ≈ 0.37 ± 0.005",),
        ("expect cell.V ≈ 1.4 mV ± 0.1 mV",),
        ("expect cell.V < 3 mV",),
    ]
    assert [c.changes for c in found] == [(), (), (), ("Leak.τ = 10 ms",), ("Leak.τ = 10 ms",)]
    assert {c.block for c in found} == {examples(PAGE)[0]}


def test_a_claim_is_of_the_model_in_its_section() -> None:
    other = PAGE.replace("# A page", "## Another page").replace("10 mV", "20 mV")
    first, second = examples(PAGE + other)
    assert [c.block for c in claims(PAGE + other)] == [first] * 5 + [second] * 5


def test_what_is_claimed_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = PAGE.replace("3.679 mV<", "3.681 mV<").replace("37 %", "38 %").replace("1.4 ±", "1.6 ±").replace("V < 3 mV", "V > 3 mV")
    for page, expected in ((PAGE, 0), (wrong, 2)):
        found = claims(page)
        (apart,) = changed(found).values()
        assert len(problems(checked(examples(page)[0], found), "python")) == len(problems(apart, "python")) == expected


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="line 21: no number before the comment"):
        claims(PAGE.replace("3.679 mV<", "so much<"))
    with pytest.raises(ValueError, match="no model on the page"):
        claims("It is 3 mV<!-- expect cell.V ≈ this -->.")


# --- a table ---------------------------------------------------------------------------------------------------------


def rows(text: str, head: str) -> list[list[str]]:
    """The rows of the table that begins with a line, as their cells."""
    lines = text.split(head)[1].split("\n\n")[0].strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


@pytest.mark.slow
def test_the_tables_of_song_and_abbotts_network() -> None:
    """What expectations find, in their order: a column for each seed, and a row for each step."""
    text = (ROOT / "docs" / "song_abbott.md").read_text(encoding="utf-8")
    by_seed = list(zip(*rows(text, "| quantity | expected | seed 1 | seed 2 | seed 3 |\n"), strict=True))
    by_step = rows(text, "| dt | rate (last 600 s) | CV | mean weight / w_max | below 0.1 | above 0.9 |\n")
    shown = {(seed, "0.1 ms"): column for seed, column in enumerate(by_seed[2:], 1)} | {(1, dt): tuple(row) for dt, *row in by_step[1:]}
    assert len(shown) == 4
    assert tuple(by_step[0][1:]) == shown[1, "0.1 ms"]
    model = plasticdsl.load("song_abbott")
    for (seed, dt), cells in shown.items():
        found = [o.value for o in model.run("Competition", seed=seed, dt=dt).expectations]
        assert [f"{v:.{len(c.split()[0].split('.')[1])}f}" for v, c in zip(found, cells, strict=True)] == [c.split()[0] for c in cells]


# --- the gallery -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", library_models())
def test_what_a_page_of_the_gallery_sets_is_the_number_of_its_model(name: str) -> None:
    model = plasticdsl.load(name)
    module = model.loaded.module
    experiments = {e.name: e for e in module.experiments}
    networks = {n.name: n for n in module.networks}
    for line in re.findall(r"^plasticdsl run .*$", script("gallery_pages").changes(name.rpartition("/")[2], model), re.MULTILINE):
        _, _, _, experiment, _, setting = shlex.split(line)
        network = networks[experiments[experiment].network]
        wanted, _, value = setting.partition("=")
        (given,) = set(sorted_wishes({wanted: value}, network, module).settings.values())
        assert {own(target, network) for target in find_parameter(network, module, wanted).targets} == {given}, line


def own(target: Ref, network: Network) -> object:
    """What the file gives a parameter; a block may have it from the network."""
    there: tuple[Variable, ...] = network.variables if target.owner is Whose.NETWORK else network.blocks[target.owner].variables
    value = next(v.value for v in there if v.name == target.name)
    return own(value, network) if isinstance(value, Ref) else value
