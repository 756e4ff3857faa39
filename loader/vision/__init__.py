"""Pixels become vectors: the vision tower of the checkpoint."""
