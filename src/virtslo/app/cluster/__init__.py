"""The cluster under test: environment, namespaces, clean-up, hollow parts."""
