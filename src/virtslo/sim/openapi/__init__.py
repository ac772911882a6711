"""Types of fields: OpenAPI documents, validation, and CustomResourceDefinitions."""
