"""The parse tables: made by lark from `grammar/plasticdsl.lark`, and kept in the user's cache folder between runs."""

from __future__ import annotations

import hashlib
import io
import logging
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import lark

from plasticdsl._resources import resource
from plasticdsl.kernels.folder import cache_folder, write_whole
from plasticdsl.syntax.build_dynamics import DYNAMICS
from plasticdsl.syntax.build_experiments import EXPERIMENTS
from plasticdsl.syntax.build_expressions import EXPRESSIONS
from plasticdsl.syntax.build_networks import NETWORKS

#: The rules of the grammar that read one statement each.
START_RULES = ("item", "dynamics", "reaction", "network", "procedure", "setting")

_log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def tables() -> lark.Lark:
    """The LALR tables with the building functions attached; read from the cache where it holds them."""
    text = (resource("grammar") / "plasticdsl.lark").read_text(encoding="utf-8")
    build = SimpleNamespace(**EXPRESSIONS, **DYNAMICS, **NETWORKS, **EXPERIMENTS)
    try:
        path = _cache_file(text)
        with path.open("rb") as file:
            return lark.Lark.__new__(lark.Lark)._load(file, transformer=build)
    except Exception as error:  # whatever is wrong with the cache must not stop a run
        _log.debug("no cached grammar: %r", error)
    made = _make(text, build)
    _store(made, path)
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


def _cache_file(text: str) -> Path:
    key = "\n".join((text, lark.__version__, str(sys.version_info[:2])))
    return cache_folder() / f"grammar-{hashlib.sha256(key.encode()).hexdigest()[:20]}.bin"


def _store(made: lark.Lark, path: Path) -> None:
    """A folder that cannot be written costs time at the next start, nothing else."""
    content = io.BytesIO()
    made.save(content, exclude_options=("transformer",))
    try:
        write_whole(path, content.getvalue())
    except OSError as error:
        _log.debug("the grammar was not cached at %s: %r", path, error)


def keywords() -> Mapping[str, str]:
    """Every word of the grammar, with the name of its terminal."""
    words = ((str(t.pattern.value), t.name) for t in tables().terminals if t.pattern.type == "str")
    return {word: name for word, name in words if word[0].isalpha() and word.isascii()}
