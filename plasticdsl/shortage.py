"""Whether it was for want of memory that something went wrong: libraries that get no memory, or no thread, say all kinds of things.

Comes in: an error. Goes out: yes or no. Nothing is imported but what is there already, since this is asked where there is hardly any memory.
"""

from __future__ import annotations

import errno
import mmap

#: What is said then.
SENTENCE = "there is not enough memory for this network and its recordings"
#: Where there is not so much left (bytes), nothing can be expected of a library.
_LEAST = 32 << 20
_SIGNS = ("can't start new thread", "failed to map segment", "annot allocate memory")


def is_for_want_of_memory(error: BaseException) -> bool:
    """Whether the error says so, or one that it came of, or there is next to nothing left."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MemoryError) or (isinstance(seen, OSError) and seen.errno == errno.ENOMEM):
            return True
        if isinstance(seen, RuntimeError | ImportError | OSError) and any(sign in str(seen) for sign in _SIGNS):
            return True
        seen = seen.__cause__ or seen.__context__
    return not is_room(_LEAST)


def is_room(size: int) -> bool:
    """Whether there is memory for so many bytes."""
    try:
        mmap.mmap(-1, size).close()
    except OSError:
        return False
    return True
