"""A component's process: its client, its limits, its work queues, its metrics."""
