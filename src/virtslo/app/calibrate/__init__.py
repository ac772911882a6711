"""Calibration: a profile whose simulated runs are like recorded ones.

Invariant: the simulation is the model that is fitted; nothing is inferred from a formula beside it.
"""
