"""The truth of a run, figure by figure, from the cluster's own log of what happened."""
