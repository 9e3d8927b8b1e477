"""What needs mathematics rather than bookkeeping: integrators, learning windows, derivatives, removable singularities, equality."""
