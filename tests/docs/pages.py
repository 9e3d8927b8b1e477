"""Fenced code blocks of the Markdown pages: what each is and what is to be done with it.

A page's text comes in, its blocks in order go out. The first word after the fence is the language, the others are marks:

| fence | what the tests do |
|---|---|
| `plas` | a whole file: parse and check it; one whose first line is `# name.plas` is also saved under that name |
| `plas run` | also run each of its experiments, whose expectations must pass |
| `plas fragment KIND` | statements of a neuron, synapse, rule, …: put into such a block, after `prelude.plas`; without a kind, blocks |
| `plas error` (also with `fragment KIND`) | must be refused with the message that the next `text` block shows |
| `plas mistake` | nothing: `test_mistakes.py` tries it where it was written |
| `python` | executed, all blocks of a page in one namespace and one temporary folder |
| `console` | every line that begins with `$` is run there; the lines after it are what it prints |

`…` stands for any text in what is printed.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
BLOCK_KINDS = ("neuron", "synapse", "rule", "network", "experiment")

_FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`]*)$")
_SAVED = re.compile(r"# ([\w.-]+\.plas)\n")


def script(name: str) -> ModuleType:
    """A module that lies among the pages, and may use others that lie there."""
    folder = str(ROOT / "docs")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


@dataclass(frozen=True, slots=True)
class Example:
    """One block. `line`: of its fence, from 1; `shown`: the text of the block right after it, for errors."""

    language: str
    marks: tuple[str, ...]
    text: str
    line: int
    shown: str = ""

    @property
    def kind(self) -> str:
        """The kind of block that a fragment belongs in; empty for a whole file."""
        return next((m for m in self.marks if m in BLOCK_KINDS), "")

    @property
    def file_name(self) -> str:
        """Under which name a whole file is saved, if any."""
        match = _SAVED.match(self.text)
        return match[1] if match else ""


def pages() -> tuple[Path, ...]:
    """The README and every page of the documentation that people wrote or that is generated."""
    found = [p for p in sorted((ROOT / "docs").rglob("*.md")) if not {"_build", "gallery"} & set(p.parts)]
    return tuple(p for p in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *found) if p.is_file())


def examples(text: str) -> tuple[Example, ...]:
    """The blocks of a page in order."""
    blocks = tuple(_blocks(text))
    return tuple(
        replace(b, shown=then.text) if "error" in b.marks and then is not None and then.language == "text" else b
        for b, then in zip_longest(blocks, blocks[1:])
    )


def _blocks(text: str) -> Iterator[Example]:
    lines = iter(enumerate(text.split("\n"), 1))
    for number, line in lines:
        opened = _FENCE.match(line)
        if opened is None:
            continue
        words = opened["info"].split()
        body: list[str] = []
        for _, inner in lines:
            if re.fullmatch(rf" *`{{{len(opened['ticks'])},}} *", inner):
                break
            body.append(inner.removeprefix(opened["indent"]))
        if words:
            yield Example(words[0], tuple(words[1:]), "\n".join(body) + "\n", number)


def agrees(printed: str, shown: str) -> bool:
    """Whether the lines of `shown` occur in what was printed, in order and next to each other; blanks at line ends and their number do not
    matter, `…` stands for any text, on a line of its own for any lines."""
    pattern = "".join(_pattern(line) for line in shown.strip().split("\n"))
    return re.search(pattern, "\n".join(_bare(line) for line in printed.strip().split("\n")) + "\n") is not None


def _pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in _bare(line).split("…")) + r"\n"


def _bare(line: str) -> str:
    return " ".join(line.split())
