"""`plasticdsl explain`: what the compiler derived and decided, in words and formulas."""

from __future__ import annotations

from plasticdsl import prepare
from plasticdsl.api import load
from plasticdsl.cli import console
from plasticdsl.cli.choices import File, Level, Without
from plasticdsl.options import CompileOptions


def explain(file: File, level: Level = 1, without: Without = None) -> None:
    """Say what was derived, where it is kept and which integrators were chosen."""
    model = load(file)
    console.tell_findings(model.warnings, model.loaded.sources)
    with console.asking():
        text = prepare.explanation(model.loaded, CompileOptions(level=level, without=frozenset(without or ())))
    console.say(text.rstrip())
