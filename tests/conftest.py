"""What all tests share: a cache folder of their own, unless one is given."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from plasticdsl.cache import VARIABLE

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory):
    """Nothing is read from or left in the user's cache; `PLASTICDSL_CACHE` keeps kernels between test runs."""
    if not os.environ.get(VARIABLE):
        os.environ[VARIABLE] = str(tmp_path_factory.mktemp("cache"))
