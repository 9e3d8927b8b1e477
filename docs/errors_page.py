"""Writes `errors.md`: every code that a finding can have, from `plasticdsl.diagnostics.codes`, with a text that causes it and the mend (`mistakes.txt`).

`python docs/errors_page.py` writes it anew; a test says when that has been forgotten, and tries every text.

An entry of `mistakes.txt` is headed by `=== CODE | KIND`, where the kind is `file` or that of the block in which its lines stand; after `+++` follows
the text in which the mistake is mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from plasticdsl.diagnostics.codes import CODES, Code

PAGE = Path(__file__).with_name("errors.md")
MISTAKES = Path(__file__).with_name("mistakes.txt")

_HEAD = """\
# Errors and warnings

Every finding has a code, in brackets after `error` or `warning`. How findings are shown is described under [What bad input gets](language/bad-input.md).
This page is written by `docs/errors_page.py`. Below a code stands a text that causes it, and the lines that change where it is mended.
"""


class Mistake(NamedTuple):
    """A text that causes a finding, and the same text mended; `kind`: of the block that its lines stand in, or `file`."""

    code: str
    kind: str
    text: str
    mended: str


def mistakes() -> Iterator[Mistake]:
    """The entries of `mistakes.txt`."""
    for entry in re.split(r"^=== ", MISTAKES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, rest = entry.partition("\n")
        code, _, kind = (part.strip() for part in head.partition("|"))
        text, _, mended = rest.partition("+++\n")
        yield Mistake(code, kind, text.strip("\n") + "\n", mended.strip("\n") + "\n")


def page() -> str:
    """The whole page."""
    known = {mistake.code: mistake for mistake in mistakes()}
    return "\n".join((_HEAD, *(_entry(code, known.get(code.name)) for code in CODES.values())))


def _entry(code: Code, mistake: Mistake | None) -> str:
    text = f"(error-{code.name})=\n## {code.name}\n\n**{_sentence(code.title)}** {code.explanation}\n"
    return text if mistake is None else f"{text}\n{_shown(mistake)}"


def _shown(mistake: Mistake) -> str:
    """The text, and what changes."""
    where = "" if mistake.kind == "file" else f"In {'an' if mistake.kind[0] in 'aeiou' else 'a'} {mistake.kind}:\n\n"
    before, after = (text.splitlines() for text in (mistake.text, mistake.mended))
    edits = [e for e in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if e[0] != "equal"]
    changed = [f"{sign} {line}" for _, i, j, k, m in edits for sign, part in (("-", before[i:j]), ("+", after[k:m])) for line in part]
    return f"{where}```plas mistake\n{mistake.text}```\n\n```diff\n{chr(10).join(changed)}\n```\n"


def _sentence(title: str) -> str:
    return f"{title[0].upper()}{title[1:]}."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
