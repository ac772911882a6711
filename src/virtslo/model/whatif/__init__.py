"""Values of what runs many runs for one answer: sweeps, searches, calibration, traces."""
