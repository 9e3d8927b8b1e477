"""Faults put into a copy of the package, one at a time, each of which a test has to catch (`python -m tests.mutations`)."""
