"""Photo files made to hurt a loader, each with what must become of it."""
