"""Changes over time and between runs: pure functions of series and samples."""
