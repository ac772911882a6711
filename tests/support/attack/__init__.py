"""Inputs that are wrong, in every place where virtslo reads, and how each was refused."""
