"""Sweeps, searches, calibration and prediction: commands that run many runs for one answer."""
