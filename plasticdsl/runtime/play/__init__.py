"""Carrying out an experiment: phases, what they show and hold, sweeps."""
