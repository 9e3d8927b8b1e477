"""Rewrites of the plan, each exact, each in its own file; `pipeline.py` says which level runs which."""
