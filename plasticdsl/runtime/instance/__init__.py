"""A network with numbers: sizes, parameters, initial states, connections, delays."""
