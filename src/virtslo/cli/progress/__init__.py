"""Live progress on the terminal."""
