"""Hollow kube-scheduler and kube-controller-manager."""
