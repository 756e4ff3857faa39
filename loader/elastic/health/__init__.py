"""What is in order in a cluster and what is not, for `peaks doctor`."""
