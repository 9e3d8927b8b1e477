"""Finds the folders that lie beside the package in a checkout and inside it once installed (`grammar`, `models`)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


@cache
def resource(name: str) -> Traversable:
    """The folder or file `name`: a name comes in, something that can be read (`.read_text()`, `/ name`) goes out."""
    inside = files("plasticdsl") / name
    if inside.is_dir() or inside.is_file():
        return inside
    return Path(__file__).parents[1] / name
