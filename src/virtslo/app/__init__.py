"""Use cases: what a command does, without knowing where its parts come from."""
