"""Readers of published results: KubeVirt CI, perfscale-audit, kube-burner, VEP-411."""
