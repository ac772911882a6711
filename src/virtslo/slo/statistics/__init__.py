"""Statistics of measured values: throughput, and intervals. Pure functions of numbers."""
