"""Ctrl-C that falls where Python can raise nothing."""

from __future__ import annotations

import subprocess
import sys

LOST = """
import signal, sys, time, weakref
from plasticdsl.__main__ import come_again

class Gone:
    pass

def callback(_):
    raise KeyboardInterrupt

signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell that runs this in the background ignores it
sys.unraisablehook = come_again
gone = Gone()
watched = weakref.ref(gone, callback)
try:
    del gone
    time.sleep(60)
    print("lost")
except KeyboardInterrupt:
    print("came again")
"""


def test_an_interrupt_that_a_callback_swallows_comes_again():
    assert subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, check=True).stdout == "came again\n"
