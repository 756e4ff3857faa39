"""Where a camera stood, where it looked, and which summits it had before it."""
