"""Hollow KubeVirt and Kubernetes controllers, standing on the API port."""
