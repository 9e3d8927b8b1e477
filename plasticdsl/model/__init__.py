"""The checked model: what a file means, with every name resolved and every number in SI.

Comes in from `check`; goes out to `derive.schemes` (which fills `Block.schemes`), to `plan.lower` and to the reference
interpreter. It knows neither the syntax tree (but for spans) nor sympy, NumPy or numba, and pickles.

Names, what happens to them, blocks of both, and networks of blocks have a module each; all are read as `model.Name`.
"""

from plasticdsl.model.blocks import *
from plasticdsl.model.dynamics import *
from plasticdsl.model.networks import *
from plasticdsl.model.variables import *
