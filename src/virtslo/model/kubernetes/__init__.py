"""Facts of Kubernetes and KubeVirt: resources, REST calls, client limits, metrics."""
