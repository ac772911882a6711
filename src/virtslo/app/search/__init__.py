"""Capacity search: the highest load at which objectives hold.

Invariant: which load is tried next is a pure function of the trials so far.
"""
