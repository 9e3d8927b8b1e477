"""Experiments: what is set, shown, recorded, plotted and expected."""
