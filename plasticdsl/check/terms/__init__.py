"""Expressions and their dimensions: names in sight, numbers, functions, unification of units."""
