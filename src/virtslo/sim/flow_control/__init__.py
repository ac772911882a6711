"""The API server's capacity: a queue of requests, and cores that they share."""
