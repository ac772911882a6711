"""Patches, and server-side apply's ownership of fields."""
