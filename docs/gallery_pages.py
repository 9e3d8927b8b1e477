"""The gallery: a page for each model of the library, with its picture, its text, its tables and what the compiler derives.

`sphinx-build` writes the pages anew into `gallery/` (they are not kept). The pictures are kept, in `images/gallery`, since making them runs the models:
`python docs/gallery_pages.py [NAME …]` makes them anew, of all models or of those named, and those of their rules (`rule_pages`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from rule_pages import elsewhere, save, tables, write_windows
from rule_pages import of_rules as of_rules_in  # lies beside this file

import plasticdsl
from plasticdsl import driver
from plasticdsl.cli.library import Entry, entries
from plasticdsl.document.describe import describe
from plasticdsl.document.html import piece
from plasticdsl.model.lookup import UnknownParameter, find_parameter
from plasticdsl.model.module import Module
from plasticdsl.options import CompileOptions
from plasticdsl.plan.explain import explain as in_words
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse

HERE = Path(__file__).parent
PAGES = HERE / "gallery"
PICTURES = HERE / "images" / "gallery"
#: What the folders of the library hold, in the order in which a lecture would come to them.
_PARTS = {
    "rules": "Learning rules",
    "synapses": "Synapses",
    "neurons": "Neurons",
    "molecules": "Molecules of a spine",
    "networks": "Networks",
}

#: Of these another figure than the first of the first experiment is shown, by its number: of a short experiment, or one that says more.
_PICTURED = {
    "molecules/camkii": ("Steps", 0),
    "networks/hopfield": ("Cues", 0),
    "networks/brunel_stdp": ("Short", 0),
    "networks/cobahh": ("Small", 0),
    "networks/distal_reward": ("Short", 0),
    "networks/pattern_generation": ("Learning", 2),
    "networks/ring_attractor": ("Small", 0),
    "networks/wang_decision": ("Small", 0),
    "rules/calcium": ("Windows", 0),
    "rules/homeostatic_stdp": ("Held", 0),
    "rules/orchestrated": ("Map", 0),
    "rules/rate_rules": ("Selectivity", 0),
    "rules/reward_stdp": ("DistalReward", 2),
    "rules/scaling": ("Recovery", 1),
    "rules/shouval_calcium": ("Window", 0),
}


def write_pages() -> None:
    """The index and a page for each model."""
    PAGES.mkdir(exist_ok=True)
    found = list(entries())
    for entry in found:
        (PAGES / f"{_stem(entry.name)}.md").write_text(_page(entry), encoding="utf-8")
    (PAGES / "index.md").write_text(_index(found), encoding="utf-8")


def write_pictures(names: Iterable[str]) -> None:
    """The first figure of the first experiment that draws one, or of that named in `_PICTURED`, of each model named."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in names:
        model = plasticdsl.load(name)
        chosen = _pictured(name, model)
        if chosen is not None:
            save(list(model.run(chosen[0]).figures.values())[chosen[1]], PICTURES / f"{_stem(name)}.png")
            print(name, flush=True)


def _words(text: str) -> str:
    """As Markdown shows it as it is."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", text)


def _stem(name: str) -> str:
    return name.replace("/", "-")


def _picture(entry: Entry) -> Path | None:
    path = PICTURES / f"{_stem(entry.name)}.png"
    return path if path.is_file() else None


def _page(entry: Entry) -> str:
    model = plasticdsl.load(entry.name)
    loaded = model.loaded
    short = entry.name.rpartition("/")[2]
    run = next(
        (f"plasticdsl run {short} {name} --out results" for name in sorted(model.experiments, key=_is_long)), f"plasticdsl explain {short}"
    )
    picture, document = _picture(entry), describe(loaded.module, loaded.sources)
    plans = list(driver.plans(loaded, CompileOptions()))
    of_rules = of_rules_in(entry.name, model, document, plans)
    derived = "\n".join(map(in_words, plans))
    parts = [
        f"# {short}",
        f"{_words(entry.title)}.",
        f"*{_words(entry.reference)}.*" if entry.reference else "",
        f"```sh\n{run}\nplasticdsl new mine --from {short}\n```",
        f"![{_words(entry.title)}](../images/gallery/{picture.name})" if picture is not None and not of_rules else "",
        of_rules,
        elsewhere(model),
        _figure_of(entry, model) if of_rules else "",
        changes(short, model),
        f"## The model\n\n```plas\n{entry.text.rstrip()}\n```",
        f"## As a methods section\n\n`plasticdsl show {short}`, also as LaTeX and PDF.\n\n{tables(piece(document))}",
        f"## What the compiler derives\n\n```text\n{derived.rstrip()}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _figure_of(entry: Entry, model: plasticdsl.Model) -> str:
    """The figure of the paper that an experiment of the model makes."""
    picture, name = _picture(entry), _pictured(entry.name, model)
    if picture is None or name is None:
        return ""
    experiment = model.find_experiment(name[0])
    short = entry.name.rpartition("/")[2]
    said = " ".join(experiment.doc.split())
    parts = ["## The figure", f"`plasticdsl run {short} {experiment.name}` makes it. {_words(said)}".rstrip()]
    return "\n\n".join([*parts, f"![{_words(entry.title)}](../images/gallery/{picture.name})"])


def _pictured(name: str, model: plasticdsl.Model) -> tuple[str, int] | None:
    """The experiment whose figure is the picture of a model, and the number of that figure; None where none draws one."""
    drawn = next((e.name for e in model.loaded.module.experiments if e.plots), None)
    return _PICTURED.get(name, None if drawn is None else (drawn, 0))


def _is_long(experiment: str) -> bool:
    """Experiments cut short for tests come first in a quick start."""
    return not experiment.endswith("Short")


def changes(short: str, model: plasticdsl.Model) -> str:
    """Lines that set what the file gives a number: of its first network, and of its rules, each with the first experiment that has it."""
    module = model.loaded.module
    if not module.experiments:
        return ""
    source = model.loaded.sources[module.path]
    blocks = [item for item in parse(source).items if isinstance(item, tree.Block)]
    first = module.experiments[0].network
    lines = [
        f'plasticdsl run {short} {experiment} --set "{setting}"'
        for block in (*(b for b in blocks if b.kind == "network" and b.name.name == first), *(b for b in blocks if b.kind == "rule"))
        for one in block.body
        if isinstance(one, tree.Define) and isinstance(one.target, tree.Name) and isinstance(one.rhs, tree.Number)
        for experiment, setting in islice(_settings(module, block, one, source.text[one.span.start : one.span.end]), 1)
    ]
    if not lines:
        return ""
    shown = "\n".join(lines[:4])
    return f"## What to change\n\nThese are its own numbers; write others, or sweep them in a file of your own:\n\n```sh\n{shown}\n```"


def _settings(module: Module, block: tree.Block, one: tree.Define, text: str) -> Iterator[tuple[str, str]]:
    """Each experiment that knows the number, and what is set: its name alone where no other block has it, else with its block's."""
    name, _, number = re.sub(r"\s*=\s*", "=", text).partition("=")
    whole = f"{block.name.text}.{name}"
    networks = {network.name: network for network in module.networks}
    for experiment in module.experiments:
        for said in (name, whole) if block.kind == "network" else (whole,):
            with suppress(UnknownParameter):
                find_parameter(networks[experiment.network], module, said)
                yield experiment.name, f"{said}={number}"
                break


def _index(found: list[Entry]) -> str:
    lines = [
        "# Gallery",
        f"The {len(found)} models of the library. Each runs by its name, is its own test, and names the paper whose numbers it reproduces.",
    ]
    for folder, title in _PARTS.items():
        lines.append(f"## {title}")
        for entry in (one for one in found if one.name.startswith(f"{folder}/")):
            stem, short = _stem(entry.name), entry.name.rpartition("/")[2]
            picture = _picture(entry)
            shown = f"\n\n  [![{short}](../images/gallery/{picture.name})]({stem}.md)" if picture is not None else ""
            lines.append(f"- [{short}]({stem}.md): {_words(entry.title)}.{shown}")
    lines.append("```{toctree}\n:hidden:\n\n" + "\n".join(_stem(entry.name) for entry in found) + "\n```")
    return "\n\n".join(lines) + "\n"


if __name__ == "__main__":
    names = [entry.name for entry in entries() if not sys.argv[1:] or {entry.name, entry.name.rpartition("/")[2]} & {*sys.argv[1:]}]
    write_pictures(names)
    write_windows(names)
