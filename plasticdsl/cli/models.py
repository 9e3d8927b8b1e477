"""`plasticdsl models`: the library, a line each, with the paper it comes from."""

from __future__ import annotations

import re

from plasticdsl.cli import console
from plasticdsl.library import library_models

_YEAR = re.compile(r"\((?:[^()]*\s)?(?:18|19|20)\d\d[a-z]?\)|\b(?:18|19|20)\d\d\b")


def models() -> None:
    """List the models of the library."""
    found = [(name, *_description(path.read_text(encoding="utf-8"))) for name, path in library_models().items()]
    width = max((len(name) for name, _, _ in found), default=0)
    for name, title, reference in found:
        console.say(f"{name:{width}}  {title}" + (f" [{reference}]" if reference else ""))


def _description(text: str) -> tuple[str, str]:
    """The first line of a file's docstring, and the first further one that names a year, as references do."""
    doc = re.match(r'\s*(?:#[^\n]*\n\s*)*"""(.*?)"""', text, re.DOTALL)
    lines = [line.strip() for line in doc[1].strip().splitlines()] if doc else []
    title = lines[0].rstrip(".") if lines else ""
    reference = "" if _YEAR.search(title) else next((line.rstrip(".") for line in lines[1:] if _YEAR.search(line)), "")
    return title, reference
