"""The reference of Python names everything public, and everything in it has types and says what it is."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import pytest

import plasticdsl

from .pages import ROOT

_NAMED = re.compile(r"\.\. auto(?:class|exception|function):: ([\w.]+)")
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def named(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def members(of: type) -> list[tuple[str, Any]]:
    """What a class itself offers under public names."""
    found = [(name, value) for name, value in vars(of).items() if not name.startswith("_")]
    return [(name, value) for name, value in found if inspect.isfunction(value) or isinstance(value, property) or hasattr(value, "func")]


def test_everything_public_is_in_the_reference() -> None:
    public = {f"plasticdsl.{name}" for name in plasticdsl.__all__ if not name.startswith("__")}
    assert public <= set(_NAMED.findall(PAGE))


@pytest.mark.parametrize("path", _NAMED.findall(PAGE))
def test_everything_in_it_has_types_and_words(path: str) -> None:
    found = named(path)
    assert inspect.getdoc(found)
    offered = [(path, found)] if inspect.isfunction(found) else members(found)
    for name, member in offered:
        function = member.fget if isinstance(member, property) else getattr(member, "func", member)
        assert inspect.getdoc(function), name
        hints = function.__annotations__
        expected = [p for p in inspect.signature(function).parameters if p != "self"]
        assert {*expected, "return"} <= set(hints), name
