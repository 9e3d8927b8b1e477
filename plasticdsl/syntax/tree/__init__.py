"""The syntax tree: what was written, with the place of every node, and nothing about what it means.

Comes in from `parser.parse`; goes out to `check` (meaning) and `printer` (layout). Names are kept twice: `text` as
written (`τ₊`) and `name`, its canonical ASCII spelling (`tau_plus`, see `names.canonical`).

Expressions, statements of neurons, synapses and rules, those of networks and experiments, and the file have a module each; all are read as `tree.Name`.
"""

from plasticdsl.syntax.tree.dynamics import *
from plasticdsl.syntax.tree.experiments import *
from plasticdsl.syntax.tree.expressions import *
from plasticdsl.syntax.tree.file import *
from plasticdsl.syntax.tree.networks import *
