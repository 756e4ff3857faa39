"""Indices of another model, built beside those in use, and the swap that puts them in their place."""
