"""How a result is displayed in a notebook: what came of each expectation, rates, warnings, what was recorded, and the figures."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from plasticdsl.markup import Content, node, table, text_of
from plasticdsl.results.draw import png
from plasticdsl.runtime.watch.expectations import Outcome
from plasticdsl.units.display import counted, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from plasticdsl.results.result import Result

#: Word and colour of a verdict; both are read on white and on black.
_VERDICTS = {True: ("passed", "#1a9850"), False: ("failed", "#d9432f"), None: ("skipped", "#888888")}


def html_of(result: Result) -> str:
    """The result as HTML."""
    return text_of(node("div", *_parts(result)))


def _parts(result: Result) -> Iterator[Element]:
    study, summary = result.study, result.summary
    line = study.runs[0].line if study.runs else None
    runs = f"{len(study.runs)} runs, " if len(study.runs) > 1 else ""
    length = counted(summary["duration_s"], "step") if line is not None and line.in_steps else f"{summary['duration_s']:g} s"
    stopped = " (interrupted)" if result.interrupted else " (partial)" if result.failure else ""
    yield node("p", node("b", f"{study.network.called} · {study.experiment.called}"), f": {runs}{length}{stopped}")
    if result.expectations:
        yield table(("", "expected", "found"), [_verdict(outcome) for outcome in result.expectations])
    if summary["spikes"]:
        symbols = {p.name: p.symbol for p in study.network.populations}
        unit = "per step" if line is not None and line.in_steps else "Hz"
        rates = {name: "" if rate is None else shown(rate, unit=unit) for name, rate in summary["rates_hz"].items()}
        yield table(
            ("population", "spikes", "rate"), [(symbols[name], str(count), rates[name]) for name, count in summary["spikes"].items()]
        )
    for finding in (*result.failure, *result.warnings):
        yield node("p", node("b", f"{finding.severity}: "), finding.message)
    if len(result):
        yield node("p", "recorded: ", *_names(result))
    for name, figure in result.figures.items():
        yield _image(name, figure)


def _verdict(outcome: Outcome) -> tuple[Content, ...]:
    word, colour = _VERDICTS[outcome.passed]
    notes = ", ".join(filter(None, (outcome.found, outcome.reason)))
    return node("span", word, style=f"color: {colour}; font-weight: bold"), outcome.text, notes


def _names(result: Result) -> Iterator[Content]:
    for number, name in enumerate(result):
        yield from (", ",) if number else ()
        yield node("code", f'result["{name}"]')


def _image(name: str, figure: Figure) -> Element:
    data = base64.b64encode(png(figure)).decode()
    return node("div", node("img", src=f"data:image/png;base64,{data}", alt=name, title=name, style="max-width: 100%"))
