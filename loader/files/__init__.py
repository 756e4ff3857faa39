"""One file on disk becomes pixels and facts."""
