"""What all tests share: a cache folder, and how they are dealt out where several processes run them (`-n auto`)."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest
from hypothesis import settings

from plasticdsl.cache import VARIABLE
from plasticdsl.options import EngineName

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is read from or left in the user's cache, while tests are collected neither; `PLASTICDSL_CACHE` keeps kernels between test runs.
    Processes that run tests side by side share it, so that none compiles what another has: most of the time goes there."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of shells: programs begun here would ignore it too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = os.environ.get(VARIABLE)
    if not folder:
        folder = tempfile.mkdtemp(prefix="plasticdsl-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ[VARIABLE] = folder


#: Where single tests take longest: begun last, one would keep a process busy while the others have nothing left to do.
LONGEST = "test_compiled.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests come first, and the others keep their order."""
    items.sort(key=lambda item: item.path.name != LONGEST)


def pytest_collection_finish() -> None:
    """The tests and the modules that they imported stay to the end, so the collector need not look through them again and again."""
    gc.collect()
    gc.freeze()


#: Of tests that are one with other numbers, one in so many is measured where lines and branches are: being measured takes twice the time.
SAMPLE = 8


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """What is not measured is not slowed down either."""
    measuring = sys.gettrace() if "coverage" in sys.modules else None
    if measuring is None or "[" not in item.nodeid or crc32(item.nodeid.encode()) % SAMPLE == 0:
        return (yield)
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(measuring)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each process has a stretch of neighbouring tests, which share kernels; one that is done takes from the end of another's."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


@pytest.fixture(params=["python", pytest.param("compiled", marks=pytest.mark.slow)])
def kernels(request: pytest.FixtureRequest) -> EngineName:
    """How kernels run: as plain Python, where that is over before machine code would be there, and as machine code among the slow tests."""
    engine: EngineName = request.param
    return engine
