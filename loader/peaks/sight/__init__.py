"""Where a camera looked, and which summits stood before it."""
