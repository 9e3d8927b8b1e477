"""What is taken from a run: recordings, statistics, expectations."""
