"""The parse tables: made by lark from `grammar/plasticdsl.lark`, and kept in the user's cache folder between runs."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from types import SimpleNamespace

import lark

from plasticdsl import cache
from plasticdsl._resources import resource
from plasticdsl.syntax.build_dynamics import DYNAMICS
from plasticdsl.syntax.build_experiments import EXPERIMENTS
from plasticdsl.syntax.build_expressions import EXPRESSIONS
from plasticdsl.syntax.build_networks import NETWORKS

#: The rules of the grammar that read one statement each.
START_RULES = ("item", "dynamics", "reaction", "network", "procedure", "setting")


@lru_cache(maxsize=1)
def tables() -> lark.Lark:
    """The LALR tables with the building functions attached; read from the cache where it holds them."""
    text = (resource("grammar") / "plasticdsl.lark").read_text(encoding="utf-8")
    build = SimpleNamespace(**EXPRESSIONS, **DYNAMICS, **NETWORKS, **EXPERIMENTS)
    name = _name_of(text)
    kept = cache.found(name)
    if kept is not None:
        with suppress(Exception):  # whatever is wrong with an old file, it is made anew
            return lark.Lark.__new__(lark.Lark)._load(io.BytesIO(kept), transformer=build)
    made, content = _make(text, build), io.BytesIO()
    made.save(content, exclude_options=("transformer",))
    cache.put(name, content.getvalue())
    return made


def _make(text: str, build: SimpleNamespace) -> lark.Lark:
    """The lexer is never used: `tokens` cuts the words."""
    return lark.Lark(
        text,
        parser="lalr",
        lexer="basic",
        start=list(START_RULES),
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=build,
    )


def _name_of(text: str) -> str:
    key = "\n".join((text, lark.__version__, str(sys.version_info[:2])))
    return f"grammar-{hashlib.sha256(key.encode()).hexdigest()[:20]}.bin"


@lru_cache(maxsize=1)
def keywords() -> Mapping[str, str]:
    """Every word of the grammar, with the name of its terminal."""
    words = ((str(t.pattern.value), t.name) for t in tables().terminals if t.pattern.type == "str")
    return {word: name for word, name in words if word[0].isalpha() and word.isascii()}
