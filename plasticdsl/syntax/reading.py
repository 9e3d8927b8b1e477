"""What is left of a file with errors of notation: a file and its findings come in, a `Reading` goes out.

A block without an error can be examined further, as long as it is known what the others would have declared. So each finding is laid to the item
in whose lines it stands, and the names of these items are kept: whatever mentions them cannot be judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.names import NAME, canonical
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree

#: (kind, name); the kind is empty where it is not known.
Lost = frozenset[tuple[str, str]]

# After these, lines or whole blocks may stand elsewhere than the text seems to say.
_UNSETTLING = frozenset(("open-docstring", "misplaced-docstring", "tab-indentation"))
_HEADER = re.compile(rf"(neuron|synapse|rule|network|experiment|function)\s+({NAME})")
_FUNCTION = re.compile(rf"function\s+{NAME}\(")
_USE = re.compile(r"use\b")
_NAME = re.compile(NAME)


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read of a file, and what is wrong. `file` has the blocks, functions and `use` lines without error, `lost` names those with
    one; None where it is not known what else the file would declare."""

    file: tree.File
    findings: tuple[Diagnostic, ...] = ()
    lost: Lost | None = frozenset()


def intact(source: SourceFile, file: tree.File, starts: Sequence[int], findings: Sequence[Diagnostic]) -> Reading:
    """`file`: the items that were read, errors in them or not; `starts`: where each item begins in the text, whether it was read or not."""
    if any(f.code in _UNSETTLING for f in findings):
        return Reading(replace(file, items=()), tuple(findings), None)
    by_start = {item.span.start: item for item in file.items}
    hit = {max((s for s in starts if s <= f.span.start), default=0) for f in findings} | {
        start for start in starts if start not in by_start
    }
    lost: set[tuple[str, str]] = set()
    for number, start in enumerate(starts):
        if start in hit:
            header = _line(source, start)
            if _USE.match(header) or (header.startswith("function") and not _FUNCTION.match(header)):
                return Reading(replace(file, items=()), tuple(findings), None)
            lost.update(_declared(header))
            if number and not _HEADER.match(header) and not header.rstrip().endswith(":"):
                hit.add(starts[number - 1])  # a statement that is not indented is one of the block before it
                lost.update(_declared(_line(source, starts[number - 1])))
    lost.update(name for f in findings if f.code == "nested-block" for name in _declared(_line(source, f.span.start)))
    kept = tuple(item for start, item in by_start.items() if start not in hit)
    return Reading(replace(file, items=kept), tuple(findings), frozenset(lost))


def _line(source: SourceFile, start: int) -> str:
    """From `start` to the end of its line."""
    stop = source.text.find("\n", start)
    return source.text[start : None if stop < 0 else stop]


def _declared(header: str) -> Iterator[tuple[str, str]]:
    """What an item would declare as far as its first line tells; a first line of no known form may declare any word in it."""
    match = _HEADER.match(header)
    if match is not None:
        yield match[1], canonical(match[2])
    else:
        yield from (("", canonical(word)) for word in _NAME.findall(header))
