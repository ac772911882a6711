"""What a report shows: figures with their indicators, findings and verdicts."""
