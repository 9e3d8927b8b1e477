"""What experiments of the library recorded, for all tests that look at it."""

from functools import cache

import plasticdsl
from plasticdsl.results.result import Result


@cache
def ran(name: str, experiment: str) -> Result:
    """An experiment with the numbers of its file, carried out once in a process. `name`: with its folder."""
    return plasticdsl.load(name).run(experiment)
