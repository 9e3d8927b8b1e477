"""Writes `single_precision.md`: what single precision changes in the experiments of the library.

`python docs/single_precision_page.py [MODEL…]` carries out every experiment in double and in single precision, each in a process of its own and for ten
minutes at most, and writes the rows of these models anew; the row of one that takes longer says so. Of all it takes an hour or two.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import plasticdsl
from plasticdsl.library import library_models
from plasticdsl.results.result import Unfinished
from plasticdsl.results.summary import beside
from plasticdsl.runtime.watch.expectations import Outcome

PAGE = Path(__file__).with_name("single_precision.md")

_ROW = re.compile(r"^\| \[(\S+)\].*$", re.MULTILINE)


def row(model: str, experiment: str) -> str:
    """A line of the table."""
    name = f"[{Path(model).name}](../models/{model}.plas)"
    double = plasticdsl.load(model).run(experiment)
    try:
        single = plasticdsl.load(model).run(experiment, precision="single")
    except Unfinished:  # what grows without end comes to its end earlier
        return f"| {name} | {experiment} | beyond 10³⁸ | none |"
    pairs = [(a, b) for a, b in zip(single.expectations, beside(single.study, double.study), strict=True) if not a.skipped]
    lost = sum(b.passed is True and a.passed is False for a, b in pairs)
    most = max((_moved(a, b) for a, b in pairs), default=0.0)
    return f"| {name} | {experiment} | {most:.0e} | {len(pairs) - lost} of {len(pairs)} |"


def _moved(one: Outcome, other: Outcome) -> float:
    """Of its own size or of what it is compared with, whichever is larger."""
    assert one.value is not None and other.value is not None
    size = max(abs(v) for v in (one.value, other.value, one.limit) if v == v)
    return abs(one.value - other.value) / size if size else 0.0


def rows(model: str) -> Iterator[str]:
    """The lines of a model, one for each experiment."""
    for experiment in plasticdsl.load(model).loaded.module.experiments:
        command = [sys.executable, __file__, "--row", model, experiment.name]
        try:
            yield subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600).stdout.splitlines()[-1]
        except subprocess.TimeoutExpired:
            yield too_long(model, experiment.name)


def too_long(model: str, experiment: str) -> str:
    """The line of one that is not carried out."""
    return f"| [{Path(model).name}](../models/{model}.plas) | {experiment} | – | not measured: it takes long |"


def main() -> None:
    """Write the page, model by model."""
    if sys.argv[1:2] == ["--row"]:
        print(row(*sys.argv[2:]))
        return
    for model in library_models():
        if not sys.argv[1:] or Path(model).name in sys.argv[1:]:
            text = PAGE.read_text(encoding="utf-8")
            known: dict[str, list[str]] = {}
            for line in _ROW.finditer(text):
                known.setdefault(line[1], []).append(line[0])
            known[Path(model).name] = list(rows(model))
            head, rule, _ = text.partition("|---|---|--:|--:|\n")
            PAGE.write_text(head + rule + "".join(f"{line}\n" for name in sorted(known) for line in known[name]), encoding="utf-8")


if __name__ == "__main__":
    main()
