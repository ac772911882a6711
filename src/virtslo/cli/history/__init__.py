"""`virtslo history`: runs over time, what changed, and whether to believe it."""
