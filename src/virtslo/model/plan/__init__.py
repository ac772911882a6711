"""What is to be run and judged: scenarios, suites, workloads, objectives."""
