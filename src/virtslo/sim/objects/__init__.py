"""The verbs and subresources of the API, carried out on the store."""
