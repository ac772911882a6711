"""`virtslo plane`: a real control plane without machines, on loopback."""
