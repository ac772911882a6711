"""A VMI's status, its launcher pod and its run strategy, as pure functions."""
