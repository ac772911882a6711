"""The simulated cluster as data: how long things take, and what goes wrong."""
