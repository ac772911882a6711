"""Hollow virt-api: KubeVirt's subresource API."""
