"""Where a camera looked, and which summits were in front of it."""
