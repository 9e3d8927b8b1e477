"""Functions that generated modules contain as text; the runtime and the interpreter call them here."""
