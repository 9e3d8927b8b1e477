"""Writes `errors.md`: every code that a finding can have, from `plasticdsl.diagnostics.codes`, with a text that causes it and the mend (`mistakes.txt`).

`python docs/errors_page.py` writes it anew; a test says when that has been forgotten, and tries every text.

An entry of `mistakes.txt` is headed by `=== CODE | KIND`, where the kind is `file` or that of the block in which its lines stand; after `+++` follows
the text in which the mistake is mended. Behind the kind `, among others` says that the text has other errors too, and `, run by mpiexec -n 2` how it is
run. A text may begin with a file beside it, between `--- NAME` (or `--- NAME in Latin-1`) and `---`. `‹201 × (›` stands for 201 brackets.
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
`‹201 × (›` in a text stands for 201 opening brackets.
"""


class Text(NamedTuple):
    """A model, and the file beside it: its name, what is in it, and in which encoding; no name for none."""

    text: str
    name: str = ""
    beside: str = ""
    encoding: str = "utf-8"

    @property
    def whole(self) -> str:
        """The model with what is repeated in it."""
        return re.sub(r"‹([\d ]+) × ([^›]+)›", lambda found: int(found[1].replace(" ", "")) * found[2], self.text)


class Mistake(NamedTuple):
    """A text that causes a finding, and the same text mended; `kind`: of the block that its lines stand in, or `file`; `how`: what is said behind it."""

    code: str
    kind: str
    text: Text
    mended: Text
    how: str


def mistakes() -> Iterator[Mistake]:
    """The entries of `mistakes.txt`."""
    for entry in re.split(r"^=== ", MISTAKES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, rest = entry.partition("\n")
        code, _, kind = (part.strip() for part in head.partition("|"))
        text, _, mended = rest.partition("+++\n")
        kind, _, how = kind.partition(", ")
        yield Mistake(code, kind, _text(text), _text(mended), how)


def _text(written: str) -> Text:
    found = re.fullmatch(r"--- (\S+)(?: in (\S+))?\n(.*?\n)---\n(.*)", written, re.DOTALL)
    if found is None:
        return Text(written.strip("\n") + "\n")
    name, encoding, beside, text = found.groups()
    return Text(text.strip("\n") + "\n", name, beside, encoding or "utf-8")


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
    before, after = mistake.text, mistake.mended
    if before.name:
        written = "" if before.encoding == "utf-8" else f", written in {before.encoding}"
        where = f"With a file `{before.name}` beside it{written}:\n\n```text\n{before.beside}```\n\n{where}"
    if mistake.how.startswith("run by"):
        where = f"{mistake.how.capitalize().replace('mpiexec -n 2', '`mpiexec -n 2`')}:\n\n{where}"
    changed = _changed(before.beside, after.beside) + _changed(before.text, after.text)
    return f"{where}```plas mistake\n{before.text}```\n\n```diff\n{chr(10).join(changed)}\n```\n"


def _changed(before: str, after: str) -> list[str]:
    old, new = before.splitlines(), after.splitlines()
    edits = [e for e in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if e[0] != "equal"]
    return [f"{sign} {line}" for _, i, j, k, m in edits for sign, part in (("-", old[i:j]), ("+", new[k:m])) for line in part]


def _sentence(title: str) -> str:
    return f"{title[0].upper()}{title[1:]}."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
