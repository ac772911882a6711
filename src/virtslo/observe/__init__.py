"""From raw watch events to timelines, populations and counts."""
