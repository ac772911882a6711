"""virtslo measures the scale and performance of KubeVirt's control plane."""

__version__ = "0.2.0"
