"""Stored objects, their versions, lists and watches."""
