"""What a record says: timelines, windows of calls, churn cycles, lateness."""
