"""The HTTP front end: routes, encodings, authentication, and kubectl's tables."""
