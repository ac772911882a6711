"""Use cases of the history: import, changes, comparison, findings."""
