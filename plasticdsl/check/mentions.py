"""Names where they are written, and where what they stand for is declared: what whoever looks a name up leaves behind, for editors.

There is one for each name that a check looked up. A place can be that of a whole statement, in which the name stands once or first.
"""

from __future__ import annotations

from typing import NamedTuple

from plasticdsl.source import Span


class Mention(NamedTuple):
    """At `span` stands what is declared at `declared` under the canonical name `name`; `what` it is, in words, where that is known."""

    span: Span
    name: str
    declared: Span
    what: str = ""
