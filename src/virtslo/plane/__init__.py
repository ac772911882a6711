"""A real control plane without machines, on loopback: processes, certificates, hollow nodes."""
