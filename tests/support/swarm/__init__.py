"""Random runs of the simulated cluster, and what must hold of each."""
