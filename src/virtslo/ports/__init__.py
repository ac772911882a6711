"""The seams: protocols behind which parts can be replaced alone."""
