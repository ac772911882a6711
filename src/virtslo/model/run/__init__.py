"""What a run recorded: stages, operations, observations, REST calls."""
