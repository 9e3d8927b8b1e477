"""Expressions and draws as NumPy numbers."""
