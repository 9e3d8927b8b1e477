"""Neurons, synapses and rules, each by itself."""
