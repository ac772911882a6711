"""Sweeps: grids of simulated runs, and what each knob does.

Invariant: a sweep's outcome is a pure function of its points' results.
"""
