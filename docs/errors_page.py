"""Writes `errors.md`: every code that a finding can have, from `plasticdsl.diagnostics.codes`.

`python docs/errors_page.py` writes it anew; a test says when that has been forgotten.
"""

from __future__ import annotations

from pathlib import Path

from plasticdsl.diagnostics.codes import CODES

PAGE = Path(__file__).with_name("errors.md")

_HEAD = """\
# Errors and warnings

Every finding has a code, in brackets after `error` or `warning`. How findings are shown is described under [What bad input gets](language/bad-input.md).
This page is written by `docs/errors_page.py`.
"""


def page() -> str:
    """The whole page."""
    entries = (f"(error-{code.name})=\n## {code.name}\n\n**{_sentence(code.title)}** {code.explanation}\n" for code in CODES.values())
    return "\n".join((_HEAD, *entries))


def _sentence(title: str) -> str:
    return f"{title[0].upper()}{title[1:]}."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
