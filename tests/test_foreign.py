"""Lines as other programs write them: what is said of each, and that what the hints show is accepted when it is written.

Every file in `foreign/` holds texts of one kind: a title after `===`, the text, after `---` what is said of it, and after `+++` what `fmt --fix` changes,
line by line. To write the last two anew after a deliberate change, run this file as a script and read the difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import ndiff
from pathlib import Path

import pytest

from plasticdsl.diagnostics.diagnostic import Severity
from plasticdsl.diagnostics.render import render_all
from plasticdsl.mending import findings, mended
from plasticdsl.source import SourceFile

FOLDER = Path(__file__).parent / "foreign"


@dataclass(frozen=True)
class Text:
    """A foreign text; what is said of it, and what becomes of its lines."""

    kind: str
    title: str
    text: str
    said: str = ""
    done: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"

    @property
    def source(self) -> SourceFile:
        return SourceFile("model.plas", self.text)

    def now(self) -> Text:
        """The same with what is said and done now."""
        said = render_all(findings(self.source, FOLDER), {"model.plas": self.source})
        result = mended(self.source, FOLDER).source.text
        changed = [line.rstrip() for line in ndiff(self.text.splitlines(), result.splitlines()) if line[0] in "+-"]
        return Text(self.kind, self.title, self.text, said, "\n".join(changed))

    def written(self) -> str:
        return f"=== {self.title}\n{self.text}--- said\n{self.said}\n+++ mended\n{self.done}\n\n"


def texts(path: Path) -> Iterator[Text]:
    for part in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, rest = part.partition("\n")
        text, _, after = rest.partition("--- said\n")
        said, _, done = after.partition("\n+++ mended\n")
        yield Text(path.stem, title, text.rstrip("\n") + "\n", said, done.rstrip("\n"))


#: Texts that do not say enough: a hint shows an example.
WITHOUT = (
    "threshold as a parameter",
    "on spike without a threshold",
    "on spike alone on one line",
    "an inserted channel",
    "sections that are connected by a line",
    "from a place along a section",
    "measures without names",
    "the voltage of a section in its neuron",
    "a section in an experiment",
    "a place in an experiment",
    "over distance",
    "a coupling without resistivity",
    "a rate constant of first order",
    "blocks of compartments",
    "a draw without a unit for a voltage",
    "noise from rand",
    "initial values from uniform without a unit",
    "an identity matrix",
    "a range as a parameter",
    "a sweep over what is computed",
    "linspace in a neuron",
)

TEXTS = [text for path in sorted(FOLDER.glob("*.txt")) for text in texts(path)]


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_what_is_said_of_it_is_accepted_when_it_is_written(text: Text) -> None:
    assert text.now() == text
    if text.title in WITHOUT:
        assert "hint: " in text.said
    else:
        assert text.done
        left = mended(text.source, FOLDER).left
        assert not [d.message for d in left if d.severity is Severity.ERROR]


def main() -> None:
    """Writes what is said and done now."""
    for path in sorted(FOLDER.glob("*.txt")):
        path.write_text("".join(text.now().written() for text in texts(path)), encoding="utf-8")


if __name__ == "__main__":
    main()
