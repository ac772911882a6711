"""Files that people write: scenarios, workloads of other tools, templates."""
