"""`virtslo cost`: what a change costs the control plane."""
