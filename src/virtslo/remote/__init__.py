"""Adapters to other people's services: where metrics and results are kept."""
