"""The photos of the index in use, brought into the next one with vectors of another checkpoint."""
