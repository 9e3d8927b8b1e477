"""From the syntax tree to the checked model: names, units, and what belongs together.

Comes in: a parsed file. Goes out: `module.Checked`, the model or every finding. The work is in `blocks` (neurons, synapses, rules), `networks` and
`experiments`, all with `terms`; `module` says in which order.
"""
