"""Templates and the process in which they are rendered."""
