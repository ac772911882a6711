"""A hollow node: kubelet, virt-handler, and the machine that they share."""
