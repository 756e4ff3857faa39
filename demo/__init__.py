"""A rendered trek and a small trained checkpoint: the first run needs no weights and no photos of its own."""
