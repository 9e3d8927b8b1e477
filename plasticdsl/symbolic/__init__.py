"""Mathematics on expressions: algebra, derivatives, equality, removable singularities, learning windows. Only here and in `derive` is sympy used."""
