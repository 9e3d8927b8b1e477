"""Networks: populations, projections and what is composed of blocks, in terms of the whole."""
