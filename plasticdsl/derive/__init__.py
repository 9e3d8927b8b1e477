"""From model to model: integrators, gradients, proofs, symmetry, time on the grid. The mathematics they use is in `symbolic`."""
