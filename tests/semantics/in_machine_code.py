"""`python -m tests.semantics.in_machine_code [--first N] [--count N] [--effort 0…3]`: random texts in machine code against the interpreter.

Each is tried in a process of its own, which may die without the others; a text for which they differ is made as short as it goes. In the end, which
constructs of the language the texts had.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.semantics.compared import Difference, Refused, Text, difference, quickly, text_of, way_of
from tests.semantics.constructs import counted, every
from tests.semantics.shrinking import shrunk

ALIKE, DIFFERENT, REFUSED = range(3)


def main(arguments: Sequence[str]) -> int:
    """Tries them one after the other; 1 where some differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.semantics.in_machine_code")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--effort", type=int, default=0, help="how much LLVM optimises: 3 as for users, 0 (default) fifty times as fast")
    chosen = parser.parse_args(arguments)
    came: Counter[int] = Counter()
    numbers = range(chosen.first, chosen.first + chosen.count)
    begun = time.monotonic()
    with quickly(chosen.effort):
        for number in numbers:
            came[_in_a_process(number)] += 1
    died = sum(count for code, count in came.items() if code not in (ALIKE, DIFFERENT, REFUSED))
    print(
        f"{len(numbers)} texts in {time.monotonic() - begun:.0f} s: {came[ALIKE]} alike, {came[REFUSED]} refused, {came[DIFFERENT]} different, "
        f"{died} ended their process"
    )
    _tell_constructs(numbers)
    return 1 if came[DIFFERENT] or died else 0


def _in_a_process(number: int) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code not in (ALIKE, DIFFERENT, REFUSED):
            print(f"{number}: the process ended with {code}", flush=True)
        return code
    code = 70
    try:
        code = _tried(text_of(number))
    finally:
        sys.stdout.flush()
        os._exit(code)


def _tried(text: Text) -> int:
    way = way_of(text.number)
    try:
        found = difference(text.text, way)
    except Refused as refused:
        print(f"{text.number} ({text.kind}): refused: {str(refused)[-200:]!r}", flush=True)
        return REFUSED
    if found is None:
        return ALIKE
    print(f"{text.number} ({text.kind}, {way}): {found.said}\n{shortest(text, found)}", flush=True)
    return DIFFERENT


def shortest(text: Text, found: Difference, most: int = 400) -> str:
    """A text with a difference of the same kind from which nothing can be taken."""
    way = way_of(text.number)

    def differs(other: str) -> bool:
        try:
            there = difference(other, way)
        except Refused:
            return False
        return there is not None and there.kind == found.kind

    return shrunk(text.text, differs, most)


def _tell_constructs(numbers: range) -> None:
    count = counted(text_of(number).text for number in numbers)
    there = every() & count.keys()
    print(f"{len(there)} of {len(every())} constructs of the grammar; in how many texts:")
    for construct, many in sorted(count.items(), key=lambda entry: (entry[1], entry[0])):
        print(f"{many:6} {construct}")
    print("in none:")
    for construct in sorted(every() - there):
        print(f"       {construct}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
