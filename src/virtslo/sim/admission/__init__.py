"""The admission chain: KubeVirt's webhooks and the built-in defaults."""
