"""The tables of the reference hold everything there is, and what they say is so."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest

import plasticdsl
from plasticdsl.check.experiments.statistics import ALIASES, STATISTICS
from plasticdsl.check.terms.scope import RENAMED
from plasticdsl.diagnostics.codes import CODES
from plasticdsl.explore.stands import stand
from plasticdsl.library import library_models
from plasticdsl.model.expr import FUNCTIONS
from plasticdsl.model.schemes import Method, method_named
from plasticdsl.names import NAME, canonical
from plasticdsl.source import SourceFile
from plasticdsl.support.distributions import KINDS
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse
from plasticdsl.syntax.words import RESERVED
from plasticdsl.units import table

from .pages import ROOT, script

LANGUAGE = ROOT / "docs" / "language"
_CODE = re.compile(r"`([^`]+)`")


def read(name: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"(?ms)^ *```.*?^ *```$", "", (LANGUAGE / name).read_text(encoding="utf-8"))


def codes(text: str) -> list[str]:
    """What stands in backquotes."""
    return _CODE.findall(text)


def words(text: str) -> set[str]:
    """Every word in backquotes, `rate(P)` as `rate`."""
    return {word for code in codes(text) for word in re.findall(r"\w+", code)}


def test_the_spellings_are_those_of_the_compiler() -> None:
    """Rows of the table whose two cells list names of equal number."""
    checked = 0
    for row in read("names.md").split("\n"):
        cells = [codes(cell) for cell in row.split(" | ")] if row.startswith("| `") else []
        if len(cells) < 2 or len(cells[0]) != len(cells[1]):
            continue
        if all(re.fullmatch(NAME, name) for name in (*cells[0], *cells[1])) and all(name.isascii() for name in cells[1]):
            assert [canonical(name) for name in cells[0]] == cells[1]
            checked += len(cells[0])
    assert checked > 25


def test_the_reserved_words_are_listed() -> None:
    section = read("names.md").split("## Reserved words")[1].split("`t`, ")[0]
    assert set(codes(section)) == RESERVED


def test_every_unit_and_prefix_is_listed() -> None:
    page = read("units.md").split("## The units")[1].split("## Every equation")[0]
    listed = set(codes(page))
    assert set(table._UNITS) <= listed
    assert set(table._PREFIXES) <= listed
    assert all(table.is_unit(word.rstrip("²³")) for word in listed - set(table._PREFIXES) - {"μ", "u"})


def test_every_function_is_listed() -> None:
    page = read("expressions.md").split("## Functions")[1].split("## Cases")[0]
    listed = words(page)
    assert set(FUNCTIONS) | set(RENAMED) - {"Theta"} <= listed | {"Θ"}


def test_every_statistic_is_listed() -> None:
    page = read("experiments.md").split("## Statistics")[1].split("## Plots")[0]
    assert {name.removesuffix(" over time") for name in STATISTICS} | set(ALIASES) <= words(page)
    of_each = next(line for line in page.splitlines() if line.startswith("| `max(e over time)`"))
    assert {name.removesuffix(" over time") for name in STATISTICS if name.endswith(" over time")} <= words(of_each)


def test_every_distribution_is_listed_with_its_arguments() -> None:
    page = read("networks.md").split("## Distributions")[1]
    for name, kind in KINDS.items():
        assert f"`{name}({', '.join(kind.arguments)})`" in page


def test_every_method_is_listed() -> None:
    page = read("integrators.md").split("## `method:`")[1]
    assert {method_named(code) for code in codes(page)} >= set(Method)


def writer(page: str) -> ModuleType:
    """The script that writes a page of the documentation."""
    spec = importlib.util.spec_from_file_location(f"{page}_page", ROOT / "docs" / f"{page}_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_errors_is_up_to_date() -> None:
    module = writer("errors")
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run docs/errors_page.py"


def test_the_page_of_single_precision_knows_the_library_and_is_right_of_one_experiment() -> None:
    module = writer("single_precision")
    lines = [line.split("|")[1:-1] for line in module.PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
    listed = {
        (model.split("](../models/")[1].strip().removesuffix(".plas)"), experiment.strip()): rest for model, experiment, *rest in lines
    }
    texts = {model: SourceFile(model, path.read_text(encoding="utf-8")) for model, path in library_models().items()}
    blocks = ((model, item) for model, text in texts.items() for item in parse(text).items if isinstance(item, tree.Block))
    library = {(model, block.name.name) for model, block in blocks if block.kind == "experiment"}
    assert listed.keys() == library and len(lines) == len(library), "run docs/single_precision_page.py"
    assert [cell.strip() for cell in module.row("neurons/lif", "PostsynapticPotential").split("|")[3:-1]] == [
        cell.strip() for cell in listed["neurons/lif", "PostsynapticPotential"]
    ]


#: Rules whose page has a sentence instead of a picture.
WITHOUT_A_PICTURE = {
    "networks/force_spiking Balanced": "It waits for no spikes and reads nothing of the two units",
    "networks/pattern_generation Adam": "It waits for no spikes and follows `T` and `g`, which its network alone computes",
    "networks/pattern_generation Descent": "It waits for no spikes and follows `T` and `g`, which its network alone computes",
    "networks/xor Descent": "It waits for no spikes and follows `L`, which its network alone computes",
    "rules/orchestrated Consolidation": "It waits for no spikes and reads nothing of the two units",
    "rules/shouval_calcium Clamped": "It waits for spikes, but what it changes `w` by does not depend on the lag",
    "rules/structural_rewiring SynapticElements": "It decides whether connections are there",
    "rules/structural_rewiring SynapticSampling": "It waits for no spikes and reads nothing of the two units",
}


def test_every_model_has_a_small_picture_in_the_gallery() -> None:
    found = list((ROOT / "docs" / "images" / "gallery").glob("*.png"))
    assert {path.stem for path in found} == {name.replace("/", "-") for name in library_models()}, "run docs/gallery_pages.py"
    assert sum(path.stat().st_size for path in found) < 3_000_000


def test_every_rule_in_the_gallery_has_a_picture_or_a_sentence_why_it_has_none() -> None:
    pages = script("rule_pages")
    pictures = list(pages.WINDOWS.glob("*.png"))
    assert sum(path.stat().st_size for path in pictures) < 1_500_000
    without, there = {}, set()
    for name in library_models():
        model = plasticdsl.load(name)
        for rule in pages.rules_of(model):
            there |= {path.name for path in pages.pictures_of(name, rule)}
            if not pages.pictures_of(name, rule):
                without[f"{name} {rule}"] = pages.words(stand(model.loaded.module, rule), False)
    assert {path.name for path in pictures} == there, "delete the pictures of rules that are gone"
    for rule, reason in WITHOUT_A_PICTURE.items():
        assert without.pop(rule).startswith(reason)
    assert not without, "run docs/gallery_pages.py"


# --- what is not available yet says so -------------------------------------------------------------------------------

NOT_YET = {
    "delays": "synapse Slow:\n    post.a = Σ w x\nneuron Flip:\n    input a\n    output x ∈ {−1, +1}\n    x → +1 if a > 0\n        −1 otherwise\n"
    "network Late:\n    u = 5 Flip\n    u → u: Slow, all to all, w = 1, delay = 1 steps\n"
    "experiment X on Late:\n    phase p for 3 steps:\n        update asynchronously\n",
    "leaps": "neuron Made:\n    reactions stochastic, tolerance 0.03:\n        ∅ → X : 1 Hz·Θ(X − 10)\n    X(0) = 1000\n"
    "network Net:\n    m = 5 Made\nexperiment X on Net:\n    dt = 1 s\n    phase p for 3 s\n",
}


@pytest.mark.parametrize("text", NOT_YET.values(), ids=NOT_YET)
def test_what_is_not_available_says_so(text: str) -> None:
    with pytest.raises(plasticdsl.PlasError) as caught:
        plasticdsl.parse(text).run("X")
    assert {d.code for d in caught.value.diagnostics} == {"unsupported"}


def test_every_code_that_can_be_reported_is_explained() -> None:
    reported = re.compile(r"""(?:error|Refusal|Diagnostic|fail|warning)\(\s*"([a-z]+(?:-[a-z]+)*)",""")
    found = {code for path in (ROOT / "plasticdsl").rglob("*.py") for code in reported.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 100
    assert found <= CODES.keys()
