"""A history as static pages."""
